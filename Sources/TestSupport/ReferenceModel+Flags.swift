import ConfigPlatformFlags
import ConfigPlatformModel
import JSONSchema

/// What flags come to and what they must not, from all items afresh. What a flag's items mean together is `FlagLowering`'s to say; which of
/// them count where, and what a change makes of that, is said here.
extension ReferenceModel.Project {
    func flagDocument(_ environment: EnvironmentName) throws -> JSONValue {
        let lowering = try lowering(in: environment)
        var flags: JSONObject = [:]
        var evaluators: JSONObject = [:]
        for case .flag(let key) in self.flags.keys {
            guard let lowered = try lowering.definition(of: key) else { continue }
            flags[key.rawValue] = .object(lowered.definition)
            for member in try lowering.evaluators(lowered.shared) { evaluators[member.name] = member.value }
        }
        return ["$evaluators": .object(evaluators), "flags": .object(flags)]
    }

    func checkFlags(since before: Self?) throws {
        if try isAnythingMissed(since: before) { throw ReferenceModel.Refusal(code: .inUse) }
        let isInvalid =
            flags.contains { place, _ in place.environment != nil && place.flag.map { flag($0) == nil } ?? false }
            || flags.contains { place, item in
                guard case .flag(let body) = item.body else { return false }
                if let schema = body.schema.map({ try? Schema(compiling: $0) }),
                    !body.variants.values.allSatisfy({ schema?.isValid($0) ?? false })
                {
                    return true
                }
                guard case .flag(let old)? = before?.flags[place]?.body else { return false }
                return Self.isForbidden(old, body)
            }
            || flags.keys.contains { place in
                guard case .segment(let name) = place else { return false }
                return !projectLowering.violations(of: name).isEmpty
            }
        guard !isInvalid else { throw ReferenceModel.Refusal(code: .invalidChange) }
        for environment in environments.keys {
            let lowering = try lowering(in: environment)
            for case .flag(let key) in flags.keys where !lowering.violations(of: key).isEmpty {
                throw ReferenceModel.Refusal(code: .invalidChange)
            }
        }
    }

    /// Whether something ends, or is archived, that others name.
    private func isAnythingMissed(since before: Self?) throws -> Bool {
        for place in before?.flags.keys.map({ $0 }) ?? [] {
            switch place {
            case .flag(let key):
                let isNamed = flags.values.contains { $0.body.prerequisites.contains(key) }
                guard let flag = flag(key) else {
                    if isNamed || flags.keys.contains(where: { $0.flag == key }) { return true }
                    continue
                }
                let isArchived = flag.lifecycle == .archived && before?.flag(key)?.lifecycle != .archived
                if isArchived, isNamed { return true }
            case .segment(let name):
                if flags[place] == nil, flags.values.contains(where: { $0.body.segments.contains(name) }) {
                    return true
                }
            default: continue
            }
        }
        return false
    }

    private static func isForbidden(_ old: FlagBody, _ new: FlagBody) -> Bool {
        guard old.lifecycle != .draft else { return false }
        return old.type != new.type
            || (old.lifecycle == .archived && ![.archived, .inactive].contains(new.lifecycle))
    }

    private func flag(_ key: FlagKey) -> FlagBody? {
        if case .flag(let body)? = flags[.flag(key)]?.body { body } else { nil }
    }

    private func segment(_ name: SegmentName) -> SegmentBody? {
        if case .segment(let body)? = flags[.segment(name)]?.body { body } else { nil }
    }

    private var projectLowering: FlagLowering { FlagLowering(flag: { _ in nil }, segment: { segment($0) }) }

    private func lowering(in environment: EnvironmentName) throws -> FlagLowering {
        let layers = Array(try layers(environment).reversed())
        return FlagLowering(
            flag: { key in
                func winner<Body>(
                    _ place: (EnvironmentName) -> FlagPlace, _ body: (FlagItemBody) -> Body?
                ) -> Body? {
                    layers.compactMap { flags[place($0)] }.first.flatMap { body($0.body) }
                }
                guard let flag = flag(key) else { return nil }
                return FlagItems(
                    flag: flag,
                    rule: winner({ .rule(key, $0) }) { if case .rule(let body) = $0 { body } else { nil } },
                    rollout: winner({ .rollout(key, $0) }) { if case .rollout(let body) = $0 { body } else { nil } },
                    kill: winner({ .kill(key, $0) }) { if case .kill(let body) = $0 { body } else { nil } })
            }, segment: { segment($0) })
    }
}

extension FlagItemBody {
    fileprivate var prerequisites: [FlagKey] { if case .rule(let body) = self { body.namedFlags } else { [] } }

    fileprivate var segments: [SegmentName] {
        switch self {
        case .rule(let body): body.namedSegments
        case .rollout(let body): body.namedSegments
        case .segment(let body): body.namedSegments
        case .flag, .kill: []
        }
    }
}
