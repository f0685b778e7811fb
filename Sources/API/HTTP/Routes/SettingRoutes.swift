import ConfigFormats
import ConfigPlatformModel
import ControlPlane
import HTTPTypes
import NIOCore

enum SettingRoutes {
    private static let collection = "\(RouteTable.base)/projects/{project}/environments/{environment}/settings"
    private static let item = "\(collection)/{key}"

    static let all: [Route] = [
        .get(collection, query: ["format", "origin", "at"], document),
        .get(item, query: ["at"], show),
        .write(.put, item, query: ["message", "references"], body: .json, put),
        .write(.delete, item, body: .none, delete),
        .write(.post, "\(item)/unset", body: .none, unset),
        .get("\(item)/history", query: ["limit", "before"], history),
    ]

    // MARK: The resolved document

    private static func document(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let format = try request.format()
        let environment = try request.environment()
        let project = try request.project()
        let moment = try request.query.moment("at")
        if try request.query.flag("origin") {
            guard format == .json else {
                throw Problem(.notAcceptable, "Origins are told in JSON only; leave out 'format', or 'origin'.")
            }
            return origins(try await platform.read(caller, environment, of: project, at: moment))
        }
        let noneMatch = try request.fields[.ifNoneMatch].map { text throws(Problem) in
            try EntityTagList(parsing: text, of: "If-None-Match")
        }
        guard format == .json else {
            let (bytes, reading) = try await platform.export(caller, environment, of: project, as: format, at: moment)
            let tag = reading.environment.document.entityTag.dropLast() + "-\(format.rawValue)\""
            return Answer(bytes: bytes, contentType: .json).document(format, tag: String(tag), unless: noneMatch)
        }
        let reading = try await platform.read(caller, environment, of: project, at: moment)
        let document = reading.environment.document
        var answer = Answer(bytes: document.bytes, contentType: .json)
            .document(.json, tag: document.entityTag, unless: noneMatch)
        if moment == .now, reading.isWhole { answer.validity = .environment(reading.environment, of: project) }
        return answer
    }

    private static func origins(_ reading: EnvironmentReading) -> Answer {
        let contents = reading.environment.contents
        return .json { json in
            json.member("environment", reading.environment.name.rawValue)
            json.member("revision", reading.token.revision.number)
            json.array("settings", of: contents.settings) { json, setting in
                let definition = reading.project.definitions[setting.key]?.body
                json.object { json in
                    json.member("description", definition?.shownDescription)
                    json.member("environment", setting.environment.rawValue)
                    json.member("key", setting.key.text)
                    json.member("raw", canonical: setting.raw)
                    json.member("references", setting.shownReferences)
                    json.member("revision", setting.revision.number)
                    if let tags = definition?.shownTags { json.array("tags", of: tags) }
                    json.member("value", canonical: contents.value(of: setting))
                }
            }
        }
    }

    // MARK: One setting

    private static func show(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let environment = try request.environment()
        let project = try request.project()
        let moment = try request.query.moment("at")
        let reading = try await platform.read(caller, request.key(), in: environment, of: project, at: moment)
        let setting = reading.setting
        var answer = Answer.json { json in
            json.member("description", reading.definition?.shownDescription)
            json.member("key", setting.key.text)
            json.object("origin") { json in
                json.member("environment", setting.environment.rawValue)
                json.member("revision", setting.revision.number)
            }
            json.member("raw", canonical: setting.raw)
            json.member("references", setting.shownReferences)
            json.member("revision", setting.revision.number)
            if let tags = reading.definition?.shownTags { json.array("tags", of: tags) }
            json.member("value", canonical: reading.value)
        }.tagged(Precondition.entityTag(setting.revision))
        if moment == .now, reading.isWhole { answer.validity = .project(reading.project, environment) }
        return answer
    }

    private static func history(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let limit = try request.query.limit()
        let project = try request.project()
        let environment = try request.environment()
        let key = try request.key()
        let versions = try await platform.history(
            caller, of: key, in: environment, of: project, before: request.query.revision("before"), limit: limit)
        if versions.elements.isEmpty { _ = try await platform.view(caller, project).project.environment(environment) }
        return .json { json in
            json.array("history", of: versions.elements) { json, version in
                let body = version.body.flatMap { try? JSONValue(parsing: $0) }
                json.object { json in
                    json.member("author", version.author.rawValue)
                    json.member("committedAt", version.committedAt.text)
                    if version.body == nil { json.member("deleted", true) }
                    json.member("message", version.message)
                    json.member("references", body?["references"])
                    json.member("revision", version.revision.number)
                    json.member("unset", body?["unset"])
                    json.member("value", body?["value"])
                }
            }
            json.member("next", versions.hasMore ? versions.elements.last?.revision.number : nil)
        }
    }

    // MARK: Writing one

    private static func put(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let references = try request.query.choice("references", of: SettingBody.References.self) ?? .live
        let body = try BodyReader(parsing: request.body).parsed { json throws(Problem) in
            try SettingBody(json, references: references)
        }
        return try plan(caller, request, saying: "Set", mustExist: false) { .putSetting($0, $1, body) }
    }

    private static func unset(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        try plan(caller, request, saying: "Unset", mustExist: false) { .putSetting($0, $1, .unset) }
    }

    private static func delete(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        try plan(caller, request, saying: "Delete", mustExist: true) { .deleteSetting($0, $1) }
    }

    private static func plan(
        _ caller: Caller, _ request: IncomingRequest, saying verb: String, mustExist: Bool,
        _ target: @escaping @Sendable (ConfigKey, EnvironmentName) -> Operation.Target
    ) throws(Problem) -> PlannedWrite {
        let project = try request.project()
        let environment = try request.environment()
        let key = try request.key()
        let precondition = try Precondition(request.fields)
        let proposal = Proposal(
            project: project, by: caller.author, about: .setting(key, in: environment, of: project),
            message: try request.message() ?? "\(verb) \(key) in \(environment.rawValue)"
        ) { state throws(Problem) in
            let found = try state.project(project)
            let own = try found.environment(environment).own[key]
            if mustExist, own == nil {
                throw Problem(
                    .notFound,
                    "'\(environment.rawValue)' has no setting '\(key)' of its own. To hide an inherited one, unset it here."
                ).lacking(Missing(.setting, key.text, in: environment, of: project))
            }
            let shown = own ?? found.resolved[environment]?.contents.settings[key]
            try precondition.check(
                own: own?.revision, shown: shown?.revision, .setting(key, in: environment, of: project))
            return [Operation(target(key, environment))]
        }
        return PlannedWrite(proposal: proposal)
    }
}

extension StoredSetting {
    /// The value as it stands, where what programs read may differ from it.
    fileprivate var raw: [UInt8]? { body.content == .live ? body.value : nil }

    /// Told where it matters: of values that hold a `${`.
    fileprivate var shownReferences: String? {
        switch body.content {
        case .live: SettingBody.References.live.rawValue
        case .literal: SettingBody.References.literal.rawValue
        case .plain, .unset: nil
        }
    }
}

extension SettingDefinitionBody {
    fileprivate var shownDescription: String? { description.isEmpty ? nil : description }
    fileprivate var shownTags: [String]? { tags.isEmpty ? nil : tags }
}

extension Answer {
    /// The same answer as a document of that format, which may be kept and asked after; 304 where the caller has it
    /// already.
    fileprivate func document(_ format: ConfigFormat, tag: String, unless noneMatch: EntityTagList?) -> Answer {
        var answer = self
        answer.fields[.contentType] = format.mediaTypes[0]
        answer.fields[.eTag] = tag
        answer.fields[.cacheControl] = "private, no-cache"
        answer.fields[.vary] = "Accept"
        if noneMatch?.weaklyMatches(tag) == true {
            answer.status = .notModified
            answer.content = .none
        }
        return answer
    }
}
