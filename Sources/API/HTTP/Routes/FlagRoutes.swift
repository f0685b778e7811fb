import ConfigPlatformFlags
import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// What flags are, in every environment of a project.
enum FlagRoutes {
    private static let collection = "\(RouteTable.base)/projects/{project}/flags"
    private static let item = "\(collection)/{flag}"
    /// What a list of flags may be narrowed by.
    static let filters = ["tag", "owner", "lifecycle", "purpose"]

    static let all: [Route] = [
        .get(collection, query: ["limit", "after", "at"] + filters, list),
        .get(item, query: ["at"], show),
        .write(.put, item, body: .json, put),
        .write(.patch, item, body: .mergePatch, patch),
        .write(.delete, item, body: .none, delete),
        .get("\(item)/history", query: ["limit", "before"], history),
    ]

    private static func list(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let limit = try request.query.limit()
        let view = try await platform.view(caller, request.project(), at: request.query.moment("at"))
        let flags = try view.flags(matching: request.flagFilter(), after: request.flagAfter())
        let page = flags.prefix(limit)
        return .json { json in
            json.array("flags", of: page) { json, flag in json.element(.object(flag.told)) }
            json.member("next", flags.count > limit ? page.last?.order : nil)
        }
    }

    /// The flag, and how it stands in the environments that the caller may read.
    private static func show(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let key = try request.flagKey()
        let view = try await platform.view(caller, request.project(), at: request.query.moment("at"))
        let flag = try view.flag(key)
        var members = flag.told
        members["environments"] = .array(view.everywhere(key).map { .object($0.summary) })
        return Answer.json { $0.members(members) }.tagged(Precondition.entityTag(flag.revision))
    }

    private static func put(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let key = try request.flagKey()
        let body = try BodyReader(parsing: request.body).flagItem(of: .flag)
        return try request.write(
            Operation(.putFlag(.flag(key), body)), in: request.project(), caller, saying: "Put flag \(key)")
    }

    private static func patch(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let key = try request.flagKey()
        return try request.patch(
            .flag(key), caller, allowed: FlagBody.members, saying: "Patch flag \(key)", orElse: .noFlag(key))
    }

    private static func delete(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let key = try request.flagKey()
        return try request.write(
            Operation(.deleteFlag(.flag(key))), in: request.project(), caller, saying: "Delete flag \(key)",
            orElse: .noFlag(key))
    }

    private static func history(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let key = try request.flagKey()
        return try await request.history(of: [.flag(key)], platform, caller, orElse: .noFlag(key))
    }
}

/// Groups of contexts that rules name.
enum SegmentRoutes {
    private static let collection = "\(RouteTable.base)/projects/{project}/segments"
    private static let item = "\(collection)/{segment}"

    static let all: [Route] = [
        .get(collection, query: ["limit", "after", "at"], list),
        .get(item, query: ["at"], show),
        .write(.put, item, body: .json, put),
        .write(.patch, item, body: .mergePatch, patch),
        .write(.delete, item, body: .none, delete),
        .get("\(item)/history", query: ["limit", "before"], history),
    ]

    private static func list(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let limit = try request.query.limit()
        let after = try request.query.parsed("after") { text throws(InvalidIdentifier) in
            try SegmentName(named: text)
        }
        let view = try await platform.view(caller, request.project(), at: request.query.moment("at"))
        let segments = try view.segments(after: after)
        let page = segments.prefix(limit)
        return .json { json in
            json.member("next", segments.count > limit ? page.last?.order : nil)
            json.array("segments", of: page) { json, segment in
                json.object { json in
                    json.member("description", segment.body.description)
                    json.member("name", segment.order)
                    json.member("revision", segment.revision.number)
                }
            }
        }
    }

    private static func show(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let name = try request.segmentName()
        let view = try await platform.view(caller, request.project(), at: request.query.moment("at"))
        let segment = try view.segment(name)
        var members = segment.body.json.objectValue ?? JSONObject()
        members["name"] = .string(segment.order)
        members["revision"] = .int(segment.revision.number)
        members["usedBy"] = .object(view.users(of: name))
        return Answer.json { $0.members(members) }.tagged(Precondition.entityTag(segment.revision))
    }

    private static func put(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let name = try request.segmentName()
        let body = try BodyReader(parsing: request.body).flagItem(of: .segment)
        return try request.write(
            Operation(.putFlag(.segment(name), body)), in: request.project(), caller, saying: "Put segment \(name)")
    }

    private static func patch(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let name = try request.segmentName()
        return try request.patch(
            .segment(name), caller, allowed: SegmentBody.memberNames, saying: "Patch segment \(name)",
            orElse: .noSegment(name))
    }

    private static func delete(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let name = try request.segmentName()
        return try request.write(
            Operation(.deleteFlag(.segment(name))), in: request.project(), caller, saying: "Delete segment \(name)",
            orElse: .noSegment(name))
    }

    private static func history(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let name = try request.segmentName()
        return try await request.history(of: [.segment(name)], platform, caller, orElse: .noSegment(name))
    }
}

extension IncomingRequest {
    func flagKey() throws(Problem) -> FlagKey {
        let text = try parameter("flag")
        return try ItemText.parsed { () throws(InvalidIdentifier) in try FlagKey(named: text) }
    }

    func segmentName() throws(Problem) -> SegmentName {
        let text = try parameter("segment")
        return try ItemText.parsed { () throws(InvalidIdentifier) in try SegmentName(named: text) }
    }

    func flagAfter() throws(Problem) -> FlagKey? {
        try query.parsed("after") { text throws(InvalidIdentifier) in try FlagKey(named: text) }
    }

    func flagFilter() throws(Problem) -> FlagFilter {
        FlagFilter(
            tag: query["tag"], owner: query["owner"],
            lifecycle: try query.choice("lifecycle", of: FlagBody.Lifecycle.self),
            purpose: try query.choice("purpose", of: FlagBody.Purpose.self))
    }

    /// The write that merges a patch into an item of flags as it stands under the writer's lock.
    ///
    /// - Parameter missing: what to say where the item must stand and does not.
    func patch(
        _ place: FlagPlace, _ caller: Caller, allowed: [String], saying what: String, orElse missing: Problem
    ) throws(Problem) -> PlannedWrite {
        let patch = try BodyReader(parsing: body)
        _ = try patch.members(allowed, of: "A patch of a \(place.kind.rawValue)")
        let project = try project()
        let address = place.address(in: project)
        let precondition = try Precondition(fields)
        let proposal = Proposal(
            project: project, by: caller.author, about: address, message: try message() ?? what
        ) { state throws(Problem) in
            let found = try state.project(project)
            if let environment = place.environment { _ = try found.environment(environment) }
            guard let standing = found.flagItem(place) else { throw missing }
            try precondition.check(standing.revision, address)
            let merged = BodyReader(standing.body.json.merging(patch: patch.value))
            return [Operation(.putFlag(place, try merged.flagItem(of: place.kind)))]
        }
        return PlannedWrite(proposal: proposal)
    }

    /// A page of the history of items of flags.
    ///
    /// - Parameter missing: what to say where none of them is there, nor ever was.
    func history(
        of places: [FlagPlace], _ platform: Platform, _ caller: Caller, orElse missing: Problem
    ) async throws(Problem) -> Answer {
        let limit = try query.limit()
        let project = try project()
        let before = try query.revision("before")
        let versions = try await platform.history(caller, of: places, in: project, before: before, limit: limit)
        if versions.elements.isEmpty, before == nil {
            let view = try await platform.view(caller, project)
            let isKnown = places.contains { place in
                place.flag.map { view.project.flags[$0] != nil } ?? false
            }
            guard isKnown else { throw missing }
        }
        return .json { json in
            json.array("history", of: versions.elements) { json, found in
                let (place, version) = found
                json.object { json in
                    json.member("author", version.author.rawValue)
                    json.member("committedAt", version.committedAt.text)
                    if version.body == nil { json.member("deleted", true) }
                    json.member("kind", place.kind.rawValue)
                    json.member("message", version.message)
                    json.member("revision", version.revision.number)
                    json.member("value", canonical: version.body)
                }
            }
            json.member("next", versions.hasMore ? versions.elements.last?.version.revision.number : nil)
        }
    }
}

extension StoredFlag {
    /// The body with the flag's key and revision.
    fileprivate var told: JSONObject {
        var members = body.json.objectValue ?? JSONObject()
        members["key"] = .string(order)
        members["revision"] = .int(revision.number)
        return members
    }
}

extension ProjectView {
    /// Flags and segments that name the segment, those that the caller may know of.
    fileprivate func users(of name: SegmentName) -> JSONObject {
        let users = project.flags.users(of: name)
        var members: JSONObject = ["segments": .array(users.segments.map { .string($0.rawValue) })]
        if viewpoint.permits(.read, .flag) { members["flags"] = .array(users.flags.map { .string($0.rawValue) }) }
        return members
    }
}
