/// Where an item is that says who may do what: its kind and its own name within its project, or within the platform.
package struct AccessPlace: Hashable, Sendable, Comparable {
    package let kind: Kind
    /// Of a protection or a kill hook.
    package let environment: EnvironmentName?
    package let key: String

    private init(_ kind: Kind, _ key: String, environment: EnvironmentName? = nil) {
        self.kind = kind
        self.environment = environment
        self.key = key
    }

    package static func role(_ name: RoleName) -> AccessPlace { AccessPlace(.role, name.rawValue) }
    package static func binding(_ name: BindingName) -> AccessPlace { AccessPlace(.binding, name.rawValue) }
    package static func group(_ name: Principal) -> AccessPlace { AccessPlace(.group, name.rawValue) }
    package static func identity(_ name: Principal) -> AccessPlace { AccessPlace(.identity, name.rawValue) }
    package static func issuer(_ name: IssuerName) -> AccessPlace { AccessPlace(.issuer, name.rawValue) }
    package static func protection(of name: EnvironmentName) -> AccessPlace {
        AccessPlace(.protection, "protection", environment: name)
    }
    package static func killHook(_ name: KillHookName, in environment: EnvironmentName) -> AccessPlace {
        AccessPlace(.killHook, name.rawValue, environment: environment)
    }
    package static func request(_ id: ChangeRequestID) -> AccessPlace { AccessPlace(.changeRequest, id.rawValue) }

    /// Parsed from an address, or from what a client wrote. Throws where the kind is none of access.
    package init(_ kind: Kind, key: String, environment: EnvironmentName?) throws(InvalidIdentifier) {
        switch kind {
        case .role: self = .role(try RoleName(parsing: key))
        case .binding: self = .binding(try BindingName(parsing: key))
        case .issuer: self = .issuer(try IssuerName(parsing: key))
        case .changeRequest: self = .request(try ChangeRequestID(parsing: key))
        case .group:
            let name = try Principal(parsing: key)
            guard name.realm == .group, !name.name.isEmpty, name.issuer == nil else {
                throw InvalidIdentifier(
                    "'\(InvalidIdentifier.shown(key))' is no group of the platform: write group:NAME, without a '/'.")
            }
            self = .group(name)
        case .identity:
            let name = try Principal(parsing: key)
            guard let realm = name.realm, [.user, .workload, .certificate].contains(realm), !name.isPattern,
                !name.name.isEmpty
            else {
                throw InvalidIdentifier(
                    "'\(InvalidIdentifier.shown(key))' is no identity: write user:, workload: or certificate: and its name."
                )
            }
            self = .identity(name)
        case .protection:
            guard let environment, key == "protection" else {
                throw InvalidIdentifier("A protection belongs to an environment, and its key is 'protection'.")
            }
            self = .protection(of: environment)
        case .killHook:
            guard let environment else {
                throw InvalidIdentifier("A kill hook belongs to an environment; name it.")
            }
            self = .killHook(try KillHookName(parsing: key), in: environment)
        case .project, .environment, .setting, .settingDefinition, .schema, .validator, .flag, .segment, .flagRule,
            .flagRollout, .flagKill:
            throw InvalidIdentifier("\(kind.rawValue) is no kind of access.")
        }
    }

    package func address(in project: ProjectName) -> ItemAddress {
        ItemAddress(project: project, environment: environment, kind: kind, key: key)
    }

    package static func < (a: Self, b: Self) -> Bool {
        (a.kind.rawValue, a.environment?.rawValue ?? "", a.key) < (
            b.kind.rawValue, b.environment?.rawValue ?? "", b.key
        )
    }
}

/// The name of a binding: the rule of a project's name.
package struct BindingName: Hashable, Sendable, Comparable {
    package let rawValue: String

    package init(parsing text: some StringProtocol) throws(InvalidIdentifier) {
        rawValue = try NameRule.parse(text, what: "binding", allowsAt: true)
    }

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// What such an item says.
package enum AccessBody: Hashable, Sendable {
    case role(RoleBody)
    case binding(BindingBody)
    case group(GroupBody)
    case identity(IdentityBody)
    case issuer(IssuerBody)
    case protection(ProtectionBody)
    case killHook(KillHookBody)
    case request(ChangeRequestBody)

    /// What a client wrote.
    package init(_ kind: Kind, parsing json: JSONValue) throws(Problem) {
        switch kind {
        case .role: self = .role(try RoleBody(parsing: json))
        case .binding: self = .binding(try BindingBody(parsing: json))
        case .group: self = .group(try GroupBody(parsing: json))
        case .identity: self = .identity(try IdentityBody(parsing: json))
        case .issuer: self = .issuer(try IssuerBody(parsing: json))
        case .protection: self = .protection(try ProtectionBody(parsing: json))
        case .killHook: self = .killHook(try KillHookBody(parsing: json))
        case .changeRequest:
            throw Problem(.invalidRequest, "Change requests are not written; they come of changes that need approval.")
        case .project, .environment, .setting, .settingDefinition, .schema, .validator, .flag, .segment, .flagRule,
            .flagRollout, .flagKill:
            throw Problem(.fault, "\(kind.rawValue) is no kind of access.")
        }
    }

    /// What ``bytes`` wrote.
    init(_ kind: Kind, stored body: [UInt8], in project: ProjectName) throws {
        let json = try JSONValue(parsing: body, limits: .trusted)
        self =
            kind == .changeRequest
            ? .request(try ChangeRequestBody(stored: json, in: project)) : try AccessBody(kind, parsing: json)
    }

    /// Canonical JSON.
    package var bytes: [UInt8] { json.canonicalBytes() }

    package var json: JSONValue {
        switch self {
        case .role(let body): body.json
        case .binding(let body): body.json
        case .group(let body): body.json
        case .identity(let body): body.json
        case .issuer(let body): body.json
        case .protection(let body): body.json
        case .killHook(let body): body.json
        case .request(let body): body.json
        }
    }
}

/// An item of access as it stands.
package struct StoredAccess: Sendable {
    package let body: AccessBody
    package let revision: Revision
}

/// The items of access of one project, or of the platform.
package struct AccessItems: Sendable {
    /// By kind, for every change asks for the protections, and there may be many of the others.
    private var kinds: [Kind: [AccessPlace: StoredAccess]] = [:]

    package subscript(place: AccessPlace) -> StoredAccess? { kinds[place.kind]?[place] }

    package var count: Int { kinds.values.reduce(0) { $0 + $1.count } }

    mutating func set(_ place: AccessPlace, _ item: StoredAccess?) { kinds[place.kind, default: [:]][place] = item }

    /// Forgets what ended with its environment.
    mutating func end(_ environment: EnvironmentName) {
        for place in places(in: environment) { set(place, nil) }
    }

    /// Where there are items of the environment itself, in no order.
    private func places(in environment: EnvironmentName) -> [AccessPlace] {
        [Kind.protection, .killHook].flatMap { kind in
            (kinds[kind] ?? [:]).keys.filter { $0.environment == environment }
        }
    }

    /// The environments that have items of their own.
    var environments: Set<EnvironmentName> {
        Set([Kind.protection, .killHook].flatMap { (kinds[$0] ?? [:]).keys.compactMap(\.environment) })
    }

    /// All of them, in order of kind and name.
    package var all: [(place: AccessPlace, item: StoredAccess)] {
        kinds.values.joined().sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// All of a kind, in order of name.
    package func all(_ kind: Kind) -> [(place: AccessPlace, item: StoredAccess)] {
        (kinds[kind] ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    package func protection(of environment: EnvironmentName) -> ProtectionBody? {
        guard case .protection(let body)? = self[.protection(of: environment)]?.body else { return nil }
        return body
    }

    package func killHook(_ name: KillHookName, in environment: EnvironmentName) -> KillHookBody? {
        guard case .killHook(let body)? = self[.killHook(name, in: environment)]?.body else { return nil }
        return body
    }

    package func request(_ id: ChangeRequestID) -> ChangeRequestBody? {
        guard case .request(let body)? = self[.request(id)]?.body else { return nil }
        return body
    }

    /// The environments that are protected, in order.
    var protected: [EnvironmentName] { (kinds[.protection] ?? [:]).keys.compactMap(\.environment).sorted() }
}

extension Kind {
    /// Whether items of the kind say who may do what.
    package var isAccess: Bool {
        switch self {
        case .role, .binding, .group, .identity, .issuer, .protection, .changeRequest, .killHook: true
        case .project, .environment, .setting, .settingDefinition, .schema, .validator, .flag, .segment, .flagRule,
            .flagRollout, .flagKill:
            false
        }
    }

    /// Whether items of the kind are the platform's alone.
    var isOfPlatform: Bool { [.role, .group, .identity, .issuer].contains(self) }
}
