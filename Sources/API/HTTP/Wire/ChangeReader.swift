import ConfigPlatformModel

/// A change as a client writes it: `{"message": …, "operations": [{"op": "put", "kind": "setting", …}, …]}`.
struct ChangeBody: Sendable {
    let message: String
    let operations: [Operation]

    /// Throws one problem for all operations that cannot be read, the code and the detail of which are the first one's.
    init(parsing bytes: [UInt8]) throws(Problem) {
        let members = try BodyReader(parsing: bytes).members(["message", "operations"], of: "A change")
        message = try members["message"]?.string() ?? ""
        let readers = try members.required("operations").elements(max: Limits.operationsPerChange, of: "'operations'")
        var operations: [Operation] = []
        operations.reserveCapacity(readers.count)
        var refusals: [Problem] = []
        for reader in readers where refusals.count < Problem.violationsMax {
            do throws(Problem) {
                operations.append(try Self.operation(reader))
            } catch {
                refusals.append(error)
            }
        }
        if let first = refusals.first {
            let others = refusals.count - 1
            throw Problem(
                first.code, first.detail + (others > 0 ? " (and \(others) more)" : ""),
                violations: refusals.flatMap(\.violations))
        }
        self.operations = operations
    }

    private enum Verb: String, CaseIterable {
        case put, delete, unset
    }

    private static func operation(_ reader: BodyReader) throws(Problem) -> Operation {
        let members = try reader.members(
            ["op", "kind", "environment", "key", "value", "references", "expect"], of: "An operation")
        let verb = try members.required("op").choice(of: Verb.self)
        let kind = try members.required("kind").choice(of: Kind.self)
        if kind != .setting {
            for name in ["environment", "references"] where name != "environment" || !kind.isEnvironmental {
                if let reader = members[name] { throw reader.problem("'\(name)' belongs to settings only; remove it.") }
            }
            if verb == .unset {
                throw try members.required("op").problem("Only a setting can be unset; delete this instead.")
            }
        }
        if verb != .put {
            for name in ["value", "references"] {
                if let reader = members[name] { throw reader.problem("'\(name)' belongs to 'put' only; remove it.") }
            }
        }
        let expectation = try members["expect"].map { reader throws(Problem) in try self.expectation(reader) }
        return Operation(try target(verb, kind, members), expecting: expectation)
    }

    private static func target(
        _ verb: Verb, _ kind: Kind, _ members: BodyReader.Members
    ) throws(Problem) -> Operation.Target {
        switch kind {
        case .project:
            if let key = members["key"] { throw key.problem("A project's own item has no key; remove it.") }
            guard verb == .put else { return .deleteProject }
            return .putProject(try value(members) { json throws(Problem) in try ProjectBody(parsing: json) })
        case .environment:
            let name = try members.required("key").environmentName()
            guard verb == .put else { return .deleteEnvironment(name) }
            return .putEnvironment(
                name, try value(members) { json throws(Problem) in try EnvironmentBody(parsing: json) })
        case .settingDefinition:
            let key = try members.required("key").key()
            guard verb == .put else { return .deleteDefinition(key) }
            return .putDefinition(
                key, try value(members) { json throws(Problem) in try SettingDefinitionBody(parsing: json) })
        case .schema:
            let name = try members.required("key").schemaName()
            guard verb == .put else { return .deleteSchema(name) }
            return .putSchema(name, try value(members) { json throws(Problem) in try SchemaBody(parsing: json) })
        case .validator:
            let name = try members.required("key").validatorName()
            guard verb == .put else { return .deleteValidator(name) }
            return .putValidator(name, try value(members) { json throws(Problem) in try ValidatorBody(parsing: json) })
        case .flag, .segment, .flagRule, .flagRollout, .flagKill:
            let place = try flagPlace(kind, members)
            guard verb == .put else { return .deleteFlag(place) }
            return .putFlag(place, try members.required("value").flagItem(of: kind))
        case .role, .binding, .group, .identity, .issuer, .protection, .changeRequest, .killHook:
            let place = try accessPlace(kind, members)
            guard verb == .put else { return .deleteAccess(place) }
            return .putAccess(
                place, try value(members) { json throws(Problem) in try AccessBody(kind, parsing: json) })
        case .setting:
            let environment = try members.required("environment").environmentName()
            let key = try members.required("key").key()
            switch verb {
            case .delete: return .deleteSetting(key, environment)
            case .unset: return .putSetting(key, environment, .unset)
            case .put:
                let references =
                    try members["references"].map { reader throws(Problem) in
                        try reader.choice(of: SettingBody.References.self)
                    } ?? .live
                let body = try value(members) { json throws(Problem) in try SettingBody(json, references: references) }
                return .putSetting(key, environment, body)
            }
        }
    }

    private static func flagPlace(_ kind: Kind, _ members: BodyReader.Members) throws(Problem) -> FlagPlace {
        let environment =
            kind.isEnvironmental ? try members.required("environment").environmentName() : nil
        let key = try members.required("key")
        let text = try key.string()
        return try key.identifier { () throws(InvalidIdentifier) in
            try FlagPlace(kind, key: text, environment: environment)
        }
    }

    private static func accessPlace(_ kind: Kind, _ members: BodyReader.Members) throws(Problem) -> AccessPlace {
        guard kind == .protection else {
            let environment = kind.isEnvironmental ? try members.required("environment").environmentName() : nil
            let key = try members.required("key")
            let text = try key.string()
            return try key.identifier { () throws(InvalidIdentifier) in
                try AccessPlace(kind, key: text, environment: environment)
            }
        }
        if let key = members["key"] {
            throw key.problem("An environment has one protection, without a key; remove it.")
        }
        return .protection(of: try members.required("environment").environmentName())
    }

    private static func value<Body>(
        _ members: BodyReader.Members, _ parse: (JSONValue) throws(Problem) -> Body
    ) throws(Problem) -> Body {
        try members.required("value").parsed(parse)
    }

    private static func expectation(_ reader: BodyReader) throws(Problem) -> Operation.Expectation {
        if case .string("absent") = reader.value { return .absent }
        guard reader.value.int64Value != nil else {
            throw reader.problem("'expect' is a revision, such as 41, or \"absent\".", keyword: "type")
        }
        return .revision(try reader.revision())
    }
}

extension Problem {
    /// Points the violations that know only an environment and a key at the operation that causes them: the one that
    /// writes the key in that environment, or else the only one that writes it in any, or else the one that writes a
    /// key above it. Otherwise at the one that writes the schema that finds it. Those of flags, which point into an
    /// item's body, at the operation that writes this item, or else at one that writes something of that flag.
    ///
    /// - Parameter item: what the request is about, where its whole body is that of one item.
    func located(among operations: [Operation], about item: ItemAddress? = nil) -> Problem {
        let isOfFlags = violations.contains { $0.kind != nil }
        guard isOfFlags || violations.contains(where: { $0.pointer == nil && ($0.key ?? $0.schema) != nil }) else {
            return self
        }
        let places = isOfFlags ? FlagPlaces(operations, item) : nil
        var exact: [Place: Int] = [:]
        var byKey: [[UInt8]: Int?] = [:]
        var bySchema: [String: Int] = [:]
        for (index, operation) in operations.enumerated() {
            if case .putSchema(let name, _) = operation.target { bySchema[name.rawValue] = index }
            guard let (environment, key) = operation.target.settingPlace else { continue }
            let bytes = Array(key.text.utf8)
            exact[Place(environment: environment, key: bytes)] = index
            byKey[bytes] = byKey.keys.contains(bytes) ? .some(nil) : index
        }
        var violations = violations
        for (index, violation) in violations.enumerated() where violation.kind != nil {
            violations[index].pointer = places?.pointer(to: violation)
        }
        for (index, violation) in violations.enumerated() where violation.pointer == nil && violation.kind == nil {
            var found: Int?
            if let key = violation.key.map({ Array($0.utf8) }) {
                found =
                    violation.environment.flatMap { exact[Place(environment: $0, key: key)] } ?? byKey[key]
                    ?? Self.above(key, byKey)
            }
            let schema = violation.schema?.split(separator: "#", maxSplits: 1).first.map(String.init)
            found = found ?? schema.flatMap { bySchema[$0] }
            if let found { violations[index].pointer = "/operations/\(found)" }
        }
        return Problem(code, detail, violations: violations, current: current, retryAfterSeconds: retryAfterSeconds)
            .lacking(missing)
    }

    /// The operation that writes a key above this one, which is what keeps the two apart.
    private static func above(_ key: [UInt8], _ byKey: [[UInt8]: Int?]) -> Int? {
        guard let key = try? ConfigKey(parsing: String(decoding: key, as: UTF8.self)) else { return nil }
        return key.strictPrefixes.lazy.compactMap { byKey[Array($0.text.utf8)] ?? nil }.first
    }

    private struct Place: Hashable {
        let environment: EnvironmentName
        let key: [UInt8]
    }
}

/// Where in a request's body items of flags are written.
private struct FlagPlaces {
    private let item: ItemAddress?
    private var exact: [ItemAddress: Int] = [:]
    /// By kind and key the only one.
    private var byKind: [ItemAddress: Int?] = [:]
    /// By key of the flag the first.
    private var byKey: [[UInt8]: Int] = [:]

    init(_ operations: [Operation], _ item: ItemAddress?) {
        self.item = item
        for (index, operation) in operations.enumerated() {
            let place: FlagPlace
            switch operation.target {
            case .putFlag(let written, _), .deleteFlag(let written): place = written
            case .putAccess(let written, _) where written.kind == .killHook:
                exact[written.address(in: .platform)] = index
                continue
            default: continue
            }
            exact[place.address(in: .platform)] = index
            let anywhere = Self.address(place.kind, place.key, nil)
            byKind[anywhere] = byKind.keys.contains(anywhere) ? .some(nil) : index
            if place.flag != nil, byKey[Array(place.key.utf8)] == nil { byKey[Array(place.key.utf8)] = index }
        }
    }

    private static func address(_ kind: Kind, _ key: String, _ environment: EnvironmentName?) -> ItemAddress {
        ItemAddress(project: .platform, environment: environment, kind: kind, key: key)
    }

    func pointer(to violation: Violation) -> String? {
        guard let kind = violation.kind, let key = violation.key else { return nil }
        if let item {
            return item.kind == kind && item.key.hasSameBytes(as: key) ? violation.pointer : nil
        }
        // What is inherited is told of where it is read, too.
        if let index = exact[Self.address(kind, key, violation.environment)]
            ?? byKind[Self.address(kind, key, nil)] ?? nil
        {
            return "/operations/\(index)" + (violation.pointer.map { "/value" + $0 } ?? "")
        }
        return kind == .segment ? nil : byKey[Array(key.utf8)].map { "/operations/\($0)" }
    }
}

extension Operation.Target {
    fileprivate var settingPlace: (EnvironmentName, ConfigKey)? {
        switch self {
        case .putSetting(let key, let environment, _), .deleteSetting(let key, let environment): (environment, key)
        default: nil
        }
    }
}
