import ConfigPlatformFlags
import JSONSchema

extension ProjectState {
    /// What is wrong with flags, segments and what environments say of them, wherever the change touches them. At most
    /// ``Problem/violationsMax``.
    ///
    /// Throws `in-use` where something ends that others name, and `limit-exceeded`.
    ///
    /// - Parameters:
    ///   - isRestoring: whether the change puts back what stood before, so that an archived flag may be what it was, and of the type it had.
    ///   - isReplacing: whether the change makes everything what a file says, so that a flag may come to have the type it has there.
    func flagViolations(
        of change: ChangeRecord, since before: ProjectState?, _ touched: Touched, isRestoring: Bool,
        isReplacing: Bool = false
    ) throws(Problem) -> [Violation] {
        guard !touched.flagEnvironments.isEmpty || change.effects.contains(where: { $0.address.kind.isOfFlags }) else {
            return []
        }
        try checkFlagCounts()
        var violations: [Violation] = []
        var segments: Set<SegmentName> = []
        for effect in change.effects {
            let address = effect.address
            guard address.kind.isOfFlags,
                let place = try? FlagPlace(address.kind, key: address.key, environment: address.environment)
            else { continue }
            switch place {
            case .flag(let key):
                try checkUse(of: key, since: before)
                violations += violationsOfFlag(
                    key, since: before, isRestoring: isRestoring, mayRetype: isRestoring || isReplacing)
            case .segment(let name):
                try checkUse(of: name)
                segments.insert(name)
            case .rule(let key, let environment), .rollout(let key, let environment), .kill(let key, let environment):
                guard effect.body != nil, flags[key] == nil else { continue }
                violations.append(
                    Violation(
                        "There is no flag '\(InvalidIdentifier.shown(key.rawValue))' in this project; define it first, or in the same change.",
                        keyword: "flag", environment: environment, key: key.rawValue, kind: address.kind))
            }
        }
        violations += violationsOfSegments(segments)
        if violations.isEmpty { violations = violationsOfResolvedFlags(since: before, touched) }
        return Array(violations.prefix(Problem.violationsMax))
    }

    private func checkFlagCounts() throws(Problem) {
        guard flags.flags.count <= Limits.flagsPerProject else {
            throw Problem(
                .limitExceeded,
                "'\(name.rawValue)' would have \(flags.flags.count) flags; a project has at most \(Limits.flagsPerProject)."
            )
        }
        guard flags.segments.count <= Limits.segmentsPerProject else {
            throw Problem(
                .limitExceeded,
                "'\(name.rawValue)' would have \(flags.segments.count) segments; a project has at most "
                    + "\(Limits.segmentsPerProject).")
        }
    }

    // MARK: What ends

    /// Refuses the end of a flag of which environments say something, and that others are to come to, its archiving too.
    private func checkUse(of key: FlagKey, since before: ProjectState?) throws(Problem) {
        let flag = flags[key]
        let isArchived =
            flag?.body.lifecycle == .archived && before?.flags[key]?.body.lifecycle != .archived
        guard flag == nil || isArchived else { return }
        let shown = InvalidIdentifier.shown(key.rawValue)
        if flag == nil {
            let saying = sortedEnvironments.filter { $0.flags.says(of: key) }
            guard saying.isEmpty else {
                throw Problem(
                    .inUse,
                    "\(saying.count == 1 ? "The environment" : "Environments, among them") '\(saying[0].name.rawValue)' "
                        + "\(saying.count == 1 ? "has" : "have") a rule, a rollout or a kill of the flag '\(shown)'. Delete these first, or in "
                        + "the same change; or archive the flag.",
                    violations: saying.map { environment in
                        Violation(
                            "Says something of the flag.", keyword: "flag", environment: environment.name,
                            key: key.rawValue, kind: environment.flags.kind(saying: key))
                    })
            }
        }
        let users = flags.users(of: key)
        guard let user = users.first else { return }
        throw Problem(
            .inUse,
            "The flag '\(InvalidIdentifier.shown(user.rawValue))'\(users.count > 1 ? " (and \(users.count - 1) more)" : "") has '\(shown)' as "
                + "a prerequisite. Take it out there first, or in the same change.",
            violations: users.map {
                Violation("Has the flag as a prerequisite.", keyword: "prerequisites", key: $0.rawValue, kind: .flag)
            })
    }

    private func checkUse(of name: SegmentName) throws(Problem) {
        let users: [NameUser] = flags.users(of: name)
        guard flags[name] == nil, let first = users.first else { return }
        throw Problem(
            .inUse,
            "\(first.text)\(users.count > 1 ? " (and \(users.count - 1) more)" : "") names the segment '\(name)'. Take it out there first, or "
                + "in the same change.",
            violations: users.map { Violation("Names the segment.", keyword: "segment", key: $0.key, kind: $0.kind) })
    }

    // MARK: What a flag is

    private func violationsOfFlag(
        _ key: FlagKey, since before: ProjectState?, isRestoring: Bool, mayRetype: Bool
    ) -> [Violation] {
        guard let flag = flags[key]?.body else { return [] }
        func violation(_ message: String, at pointer: String, keyword: String) -> Violation {
            Violation(message, pointer: pointer, keyword: keyword, key: key.rawValue, kind: .flag)
        }
        var violations: [Violation] = []
        if let standing = before?.flags[key]?.body, standing.lifecycle != .draft {
            if standing.type != flag.type, !mayRetype {
                violations.append(
                    violation(
                        "The flag is \(standing.lifecycle.rawValue), so its type stays \(standing.type.rawValue): programs ask for it. Define "
                            + "another flag.", at: "/type", keyword: "type"))
            }
            let isKept = [.archived, .inactive].contains(flag.lifecycle) || isRestoring
            if standing.lifecycle == .archived, !isKept {
                violations.append(
                    violation(
                        "The flag is archived; it can only be restored to inactive, or deleted.", at: "/lifecycle",
                        keyword: "lifecycle"))
            }
        }
        if let schema = flag.schema {
            violations += Self.violations(of: flag, by: schema, key)
        }
        return violations
    }

    /// Variants that the flag's own schema finds wrong, or why that is none.
    private static func violations(of flag: FlagBody, by schema: JSONValue, _ key: FlagKey) -> [Violation] {
        let compiled: Schema
        do throws(SchemaError) {
            compiled = try Schema(
                compiling: schema, baseURI: "cfg:/flags", registry: SchemaRegistry(),
                options: SchemaOptions(assertsFormats: true))
        } catch {
            return [
                Violation(
                    "The flag's schema cannot be used: \(error.message)", pointer: "/schema\(error.location.text)",
                    keyword: error.kind.rawValue, key: key.rawValue, kind: .flag)
            ]
        }
        return flag.variants.members.flatMap { variant in
            compiled.validate(variant.value).violations.map { violation in
                Violation(
                    "The variant '\(InvalidIdentifier.shown(variant.name))' does not fit the flag's schema: \(violation.message)",
                    pointer: JSONPointer(tokens: ["variants", variant.name] + violation.instanceLocation.tokens).text,
                    keyword: violation.keyword, key: key.rawValue, kind: .flag)
            }
        }
    }

    // MARK: What it comes to

    private func violationsOfSegments(_ written: Set<SegmentName>) -> [Violation] {
        let lowering = FlagLowering(flag: { _ in nil }, segment: { self.flags[$0]?.body })
        return flags.namingSegments(written).sorted().flatMap { lowering.violations(of: $0) }
            .map { Violation($0, in: nil) }
    }

    private func place(of rule: SharedRule, in reading: ResolvedFlags) -> LoweredRule? {
        switch rule {
        case .flag(let key): reading[key]?.shared
        case .segment(let name): flags.resolvedSegments[name.rawValue]?.shared
        }
    }

    /// Each combination of what is said of a flag is looked at once, however many environments read it.
    private func violationsOfResolvedFlags(since before: ProjectState?, _ touched: Touched) -> [Violation] {
        var violations: [Violation] = []
        var known: [ObjectIdentifier: [FlagViolation]] = [:]
        for name in touched.flagEnvironments.sorted() {
            guard let reading = resolvedFlags[name] else { continue }
            let standing = before?.resolvedFlags[name]
            let lowering = FlagLowering(
                flag: { reading[$0]?.items }, segment: { self.flags[$0]?.body },
                recalling: { self.place(of: $0, in: reading)?.rule },
                keeping: { self.place(of: $0, in: reading)?.rule = $1 })
            let keys = reading.keysSaidOf(among: touched.relayered.contains(name) ? nil : touched.flags[name] ?? [])
            for key in keys {
                guard let flag = reading[key], flag !== standing?[key] else { continue }
                let found = known[ObjectIdentifier(flag)] ?? lowering.violations(of: key)
                known[ObjectIdentifier(flag)] = found
                violations += found.map { Violation($0, in: name) }
                if violations.count >= Problem.violationsMax { return violations }
            }
        }
        return violations
    }
}

extension Violation {
    fileprivate init(_ violation: FlagViolation, in environment: EnvironmentName?) {
        let (kind, key): (Kind, String) =
            switch violation.item {
            case .flag(let key): (.flag, key.rawValue)
            case .rule(let key): (.flagRule, key.rawValue)
            case .rollout(let key): (.flagRollout, key.rawValue)
            case .kill(let key): (.flagKill, key.rawValue)
            case .segment(let name): (.segment, name.rawValue)
            }
        self.init(
            "\(violation.item): \(violation.message)", pointer: violation.pointer.text, keyword: kind.rawValue,
            environment: kind.isOfFlagInEnvironment ? environment : nil, key: key, kind: kind)
    }
}

extension NameUser {
    fileprivate var text: String {
        switch self {
        case .flag(let key): "The flag '\(InvalidIdentifier.shown(key.rawValue))'"
        case .segment(let name): "The segment '\(name)'"
        }
    }

    fileprivate var key: String {
        switch self {
        case .flag(let key): key.rawValue
        case .segment(let name): name.rawValue
        }
    }

    fileprivate var kind: Kind {
        switch self {
        case .flag: .flag
        case .segment: .segment
        }
    }
}

extension OwnFlags {
    /// The kind of what is said of the flag; nil where nothing is.
    fileprivate func kind(saying key: FlagKey) -> Kind? {
        if rules[key.rawValue] != nil { return .flagRule }
        if rollouts[key.rawValue] != nil { return .flagRollout }
        return kills[key.rawValue] != nil ? .flagKill : nil
    }
}
