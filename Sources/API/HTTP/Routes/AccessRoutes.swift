import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// The items that say who may do what, and answers to what they come to.
enum AccessRoutes {
    private static let base = RouteTable.base
    private static let project = "\(base)/projects/{project}"

    static let all: [Route] =
        items(.role, at: "\(base)/roles", named: "role") + items(.group, at: "\(base)/groups", named: "group")
        + items(.identity, at: "\(base)/identities", named: "identity")
        + items(.issuer, at: "\(base)/issuers", named: "issuer")
        + items(.binding, at: "\(base)/bindings", named: "binding")
        + items(.binding, at: "\(project)/bindings", named: "binding")
        + item(.protection, at: "\(project)/environments/{environment}/protection", named: nil) + [
            Route(
                method: .put, pattern: "\(base)/identities/{identity}/password", access: .administer, query: [],
                body: .json, handler: .administration(.passwordSet, setPassword)),
            .get(
                "\(base)/access/explain",
                query: ["subject", "action", "project", "environment", "kind", "key"], explain),
            Route(
                method: .post, pattern: "\(base)/projects/{project}/break-glass", access: .write, query: [],
                body: .json, handler: .administration(.breakGlass, breakGlass)),
        ]

    // MARK: Items

    private static func items(_ kind: Kind, at collection: String, named name: String) -> [Route] {
        [
            .get(collection, query: ["limit", "after"]) { platform, caller, request throws(Problem) in
                try await list(kind, platform, caller, request)
            }
        ] + item(kind, at: "\(collection)/{\(name)}", named: name)
    }

    private static func item(_ kind: Kind, at pattern: String, named name: String?) -> [Route] {
        [
            .get(pattern) { platform, caller, request throws(Problem) in
                try await show(kind, try place(kind, name, request), platform, caller, request)
            },
            .write(.put, pattern, body: .json) { platform, caller, request throws(Problem) in
                let place = try place(kind, name, request)
                let body = try BodyReader(parsing: request.body).parsed { json throws(Problem) in
                    try AccessBody(kind, parsing: json)
                }
                return try request.write(
                    Operation(.putAccess(place, try keepingGroups(body, at: place, platform))), in: request.scope(),
                    caller, saying: "Put \(kind.rawValue) \(place.shown)")
            },
            .write(.delete, pattern, body: .none) { platform, caller, request throws(Problem) in
                let place = try place(kind, name, request)
                return try request.write(
                    Operation(.deleteAccess(place)), in: request.scope(), caller,
                    saying: "Delete \(kind.rawValue) \(place.shown)", orElse: unknown(place))
            },
        ]
    }

    /// What an issuer says of an identity is not written by who writes the rest.
    private static func keepingGroups(
        _ body: AccessBody, at place: AccessPlace, _ platform: Platform
    ) throws(Problem) -> AccessBody {
        guard case .identity(let given) = body, given.groups.isEmpty,
            case .identity(let standing)? = platform.state.access.platform[place]?.body
        else { return body }
        return .identity(
            try IdentityBody(
                displayName: given.displayName, groups: standing.groups, isDisabled: given.isDisabled))
    }

    private static func place(
        _ kind: Kind, _ name: String?, _ request: IncomingRequest
    ) throws(Problem) -> AccessPlace {
        guard let name else { return .protection(of: try request.environment()) }
        let text = try request.parameter(name)
        return try ItemText.parsed { () throws(InvalidIdentifier) in
            // A group of the platform may be named without saying that it is one.
            try AccessPlace(
                kind, key: kind == .group && !text.hasPrefix("group:") ? "group:" + text : text, environment: nil)
        }
    }

    private static func unknown(_ place: AccessPlace) -> Problem {
        Problem(.notFound, "There is no \(place.kind.rawValue) '\(InvalidIdentifier.shown(place.shown))'.")
            .lacking(Missing(place.kind, place.key, in: place.environment))
    }

    private static func list(
        _ kind: Kind, _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let limit = try request.query.limit()
        let after = request.query["after"]
        let scope = try request.scope()
        let viewpoint = platform.viewpoint(caller, of: scope)
        try viewpoint.require(.read, kind)
        _ = try platform.servedState()
        var found = (viewpoint.project?.access.all(kind) ?? []).map {
            (name: $0.place.key, json: $0.item.json($0.place))
        }
        if kind == .role {
            found += RoleBody.builtIn.map { (name: $0.key.rawValue, json: builtIn($0.key, $0.value)) }
            found.sort { $0.name < $1.name }
        }
        let rest = found.filter { item in after.map { item.name > $0 } ?? true }
        let page = rest.prefix(limit)
        return .json { json in
            json.array("items", of: page) { $0.element($1.json) }
            json.member("next", rest.count > limit ? page.last?.name : nil)
        }
    }

    private static func show(
        _ kind: Kind, _ place: AccessPlace, _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let viewpoint = platform.viewpoint(caller, of: try request.scope())
        if let environment = place.environment {
            try viewpoint.requireEnvironment(environment)
        } else {
            try viewpoint.require(.read, kind)
        }
        _ = try platform.servedState()
        if kind == .role, let name = try? RoleName(parsing: place.key), let body = RoleBody.builtIn[name] {
            return .json { json in write(builtIn(name, body), into: &json) }
        }
        if let environment = place.environment, let project = viewpoint.project {
            _ = try project.environment(environment)
        }
        guard let item = viewpoint.project?.access[place] else { throw unknown(place) }
        return Answer.json { write(item.json(place), into: &$0) }.tagged(Precondition.entityTag(item.revision))
    }

    private static func builtIn(_ name: RoleName, _ body: RoleBody) -> JSONValue {
        guard case .object(var members) = body.json else { return body.json }
        members["builtIn"] = true
        members["name"] = .string(name.rawValue)
        return .object(members)
    }

    /// Members in the order of their names, whatever the order they were put in.
    private static func write(_ value: JSONValue, into json: inout JSONBytes) {
        guard case .object(let members) = value else { return }
        json.members(members)
    }

    private static func setPassword(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let text = try request.parameter("identity")
        let user = try ItemText.parsed { () throws(InvalidIdentifier) in try Principal(parsing: text) }
        let members = try BodyReader(parsing: request.body).members(["password"], of: "A password")
        try await platform.setPassword(caller, of: user, to: try members.required("password").string())
        return Answer(status: .noContent)
    }

    // MARK: Questions

    /// With a subject and an action why it may; with an action alone who may; with a subject alone what it may.
    private static func explain(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let query = request.query
        let subject = try query.parsed("subject") { text throws(InvalidIdentifier) in try Principal(parsing: text) }
        guard let action = try query.choice("action", of: Action.self) else {
            return try what(platform, caller, subject ?? caller.principal)
        }
        let project = try query.parsed("project") { text throws(InvalidIdentifier) in try ProjectName(parsing: text) }
        let key = try query.parsed("key") { text throws(InvalidIdentifier) in try ConfigKey(parsing: text) }
        let viewpoint = platform.viewpoint(caller, of: project ?? .platform)
        let environment = try request.queriedEnvironment()
        if project == nil, environment != nil || key != nil {
            throw Query.problem("Environments and keys belong to a project; name it too.", "project")
        }
        try viewpoint.requireProject()
        if let environment { try viewpoint.requireEnvironment(environment) }
        let resource = viewpoint.resource(
            try query.choice("kind", of: Kind.self) ?? .setting, in: environment, key: key)
        guard let subject else {
            let holders = try platform.whoCan(caller, action, on: resource)
            return .json { json in
                json.member("action", action.rawValue)
                json.array("subjects", of: holders) { json, holder in
                    json.object { json in
                        json.array("because", of: holder.because) { $0.element($1) }
                        json.member("subject", holder.principal.rawValue)
                    }
                }
            }
        }
        let verdict = try platform.explain(caller, subject, action, on: resource)
        return .json { json in
            json.member("action", action.rawValue)
            json.member("allowed", verdict.isAllowed)
            json.array("because", of: verdict.because) { $0.element($1) }
            if verdict.isDisabled { json.member("disabled", true) }
            json.member("owner", verdict.subject.owner?.rawValue)
            json.member("subject", subject.rawValue)
        }
    }

    private static func what(
        _ platform: Platform, _ caller: Caller, _ principal: Principal
    ) throws(Problem) -> Answer {
        let (subject, isDisabled, rules) = try platform.whatCan(caller, principal)
        return .json { json in
            if isDisabled { json.member("disabled", true) }
            json.member("owner", subject.owner?.rawValue)
            json.array("rules", of: rules) { $0.element($1) }
            json.member("subject", principal.rawValue)
        }
    }

    private static func breakGlass(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let members = try BodyReader(parsing: request.body).members(
            ["environments", "reason", "seconds"], of: "An emergency")
        let environments = try members.list("environments", max: Limits.environmentsPerProject) {
            reader throws(Problem) in try reader.environmentName()
        }
        let (name, body) = try await platform.breakGlass(
            caller, in: request.project(), environments: environments, reason: try members.required("reason").string(),
            seconds: try members["seconds"]?.int64() ?? 3_600)
        return .json(.created) { json in
            json.member("binding", name.rawValue)
            json.member("expiresAt", body.expiresAt?.text)
            json.member("role", body.role.rawValue)
            json.member("subject", body.subject.rawValue)
        }
    }
}

extension StoredAccess {
    /// The body with the item's name and revision.
    fileprivate func json(_ place: AccessPlace) -> JSONValue {
        guard case .object(var members) = body.json else { return body.json }
        members["name"] = place.environment == nil ? .string(place.key) : nil
        members["revision"] = .int(revision.number)
        return .object(members)
    }
}

extension AccessPlace {
    fileprivate var shown: String { environment.map { "of \($0.rawValue)" } ?? key }
}

extension JSONBytes {
    /// `{"actions":[…],"because":…,"effect":…,"expiresAt":…,…}`
    mutating func element(_ rule: AccessRule) {
        object { json in
            json.array("actions", of: rule.actions.actions.map(\.rawValue))
            if case .binding(let address, _, _, _) = rule.source {
                json.member("binding", address.key)
                json.member("bindingProject", address.project == .platform ? nil : address.project.rawValue)
            }
            if rule.isBreakGlass { json.member("breakGlass", true) }
            json.member("effect", rule.effect.rawValue)
            json.member("environments", rule.pattern.environments.map { .array($0.map { .string($0.text) }) })
            json.member("expiresAt", rule.expiresAt?.text)
            json.member("keys", rule.pattern.keys.map { .array($0.map { .string($0.text) }) })
            json.member("kinds", rule.pattern.kinds.map { .array($0.map(\.rawValue).sorted().map { .string($0) }) })
            json.member("projects", rule.pattern.projects.map { .array($0.map { .string($0.text) }) })
            switch rule.source {
            case .binding(_, let subject, let role, _):
                json.member("role", role.rawValue)
                json.member("subject", subject.rawValue)
            case .grant(let role, _): json.member("role", role.rawValue)
            }
            json.member("tags", rule.pattern.tags.map { .array($0.map { .string($0) }) })
        }
    }
}
