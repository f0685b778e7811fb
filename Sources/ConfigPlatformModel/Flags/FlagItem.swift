package import ConfigPlatformFlags

/// Where an item of flags is: its kind, its own name, and the environment where it is of one.
package enum FlagPlace: Hashable, Sendable {
    case flag(FlagKey)
    case segment(SegmentName)
    case rule(FlagKey, EnvironmentName)
    case rollout(FlagKey, EnvironmentName)
    case kill(FlagKey, EnvironmentName)

    /// Parsed from an address, or from what a client wrote. Throws where the kind is none of flags, or where an environment is missing.
    package init(_ kind: Kind, key: String, environment: EnvironmentName?) throws(InvalidIdentifier) {
        func named() throws(InvalidIdentifier) -> EnvironmentName {
            guard let environment else {
                throw InvalidIdentifier("An item of kind \(kind.rawValue) belongs to an environment; name it.")
            }
            return environment
        }
        switch kind {
        case .flag: self = .flag(try FlagKey(named: key))
        case .segment: self = .segment(try SegmentName(named: key))
        case .flagRule: self = .rule(try FlagKey(named: key), try named())
        case .flagRollout: self = .rollout(try FlagKey(named: key), try named())
        case .flagKill: self = .kill(try FlagKey(named: key), try named())
        default: throw InvalidIdentifier("\(kind.rawValue) is no kind of flags.")
        }
    }

    package var kind: Kind {
        switch self {
        case .flag: .flag
        case .segment: .segment
        case .rule: .flagRule
        case .rollout: .flagRollout
        case .kill: .flagKill
        }
    }

    /// Nil for what belongs to the project as a whole.
    package var environment: EnvironmentName? {
        switch self {
        case .flag, .segment: nil
        case .rule(_, let environment), .rollout(_, let environment), .kill(_, let environment): environment
        }
    }

    /// The flag that it is about; nil for a segment.
    package var flag: FlagKey? {
        switch self {
        case .flag(let key), .rule(let key, _), .rollout(let key, _), .kill(let key, _): key
        case .segment: nil
        }
    }

    /// Nil for what is about a flag.
    package var segment: SegmentName? { if case .segment(let name) = self { name } else { nil } }

    /// The item's own name.
    package var key: String {
        switch self {
        case .segment(let name): name.rawValue
        case .flag(let key), .rule(let key, _), .rollout(let key, _), .kill(let key, _): key.rawValue
        }
    }

    package func address(in project: ProjectName) -> ItemAddress {
        ItemAddress(project: project, environment: environment, kind: kind, key: key)
    }
}

/// What such an item says.
package enum FlagItemBody: Hashable, Sendable {
    case flag(FlagBody)
    case segment(SegmentBody)
    case rule(FlagRuleBody)
    case rollout(FlagRolloutBody)
    case kill(FlagKillBody)
}

extension FlagItemBody {
    /// What a client wrote. Violations of a problem point into the body.
    package init(_ kind: Kind, parsing json: JSONValue) throws(Problem) {
        do throws(InvalidFlagItem) {
            self = try Self.read(kind, json)
        } catch {
            throw Problem(error, in: kind)
        }
    }

    /// What ``bytes`` wrote.
    init(_ kind: Kind, stored body: [UInt8]) throws {
        self = try Self.read(kind, JSONValue(parsing: body, limits: .trusted))
    }

    private static func read(_ kind: Kind, _ json: JSONValue) throws(InvalidFlagItem) -> FlagItemBody {
        switch kind {
        case .flag: .flag(try FlagBody(parsing: json))
        case .segment: .segment(try SegmentBody(parsing: json))
        case .flagRule: .rule(try FlagRuleBody(parsing: json))
        case .flagRollout: .rollout(try FlagRolloutBody(parsing: json))
        case .flagKill: .kill(try FlagKillBody(parsing: json))
        default: preconditionFailure("\(kind.rawValue) is no kind of flags")
        }
    }

    package var json: JSONValue {
        switch self {
        case .flag(let body): body.json
        case .segment(let body): body.json
        case .rule(let body): body.json
        case .rollout(let body): body.json
        case .kill(let body): body.json
        }
    }

    /// Canonical JSON.
    package var bytes: [UInt8] { json.canonicalBytes() }
}

extension Problem {
    /// Why a body is none, with the places in it.
    fileprivate init(_ error: InvalidFlagItem, in kind: Kind) {
        self.init(
            .invalidRequest, error.message,
            violations: error.faults.map { Violation($0.message, pointer: $0.pointer.text, keyword: kind.rawValue) })
    }
}

extension FlagIdentifier {
    /// As ``init(parsing:)``, for those who know identifiers and not items of flags.
    package init(named text: some StringProtocol) throws(InvalidIdentifier) {
        do throws(InvalidFlagItem) { try self.init(parsing: text) } catch { throw InvalidIdentifier(error.message) }
    }
}
