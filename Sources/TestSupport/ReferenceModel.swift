import ConfigPlatformFlags
package import ConfigPlatformModel
import JSONSchema

/// What a platform should do, written to be read: tests run a history against it and against the real thing, and compare.
///
/// It works everything out afresh from the items each time. It knows the rules but not the limits, save those of inheritance and
/// of references; histories stay below the others. Dictionaries go by `ConfigKey` and never by the text of a key, because Swift
/// takes two Unicode normalisations of a text for one.
package struct ReferenceModel: Sendable {
    /// The newest revision.
    package private(set) var revision: Int64
    private var projects: [ProjectName: Project] = [:]

    package enum Outcome: Hashable, Sendable {
        case committed, unchanged
        case refused(Problem.Code)
    }

    struct Item<Body: Equatable & Sendable>: Equatable, Sendable {
        let body: Body
        let revision: Int64
    }

    struct Project: Equatable, Sendable {
        var item: Item<ProjectBody>
        var environments: [EnvironmentName: Item<EnvironmentBody>] = [:]
        var settings: [EnvironmentName: [ConfigKey: Item<SettingBody>]] = [:]
        var definitions: [ConfigKey: Item<SettingDefinitionBody>] = [:]
        var schemas: [SchemaName: Item<SchemaBody>] = [:]
        var validators: [ValidatorName: Item<ValidatorBody>] = [:]
        var access: [AccessPlace: Item<AccessBody>] = [:]
        var flags: [FlagPlace: Item<FlagItemBody>] = [:]
    }

    struct Refusal: Error {
        let code: Problem.Code
    }

    package init(revision: Int64 = 0) {
        self.revision = revision
    }

    // MARK: Reading

    package var projectNames: [ProjectName] { projects.keys.sorted() }

    package func environments(of project: ProjectName) -> [EnvironmentName] {
        (projects[project]?.environments.keys.map { $0 } ?? []).sorted()
    }

    /// What programs of an environment read; nil where there is no such environment.
    package func resolved(_ environment: EnvironmentName, of project: ProjectName) -> [ConfigKey: JSONValue]? {
        projects[project].flatMap { $0.environments[environment] == nil ? nil : try? $0.resolved(environment) }
    }

    /// What flags come to in an environment, in flagd's format; nil where there is no such environment.
    package func flagDocument(_ environment: EnvironmentName, of project: ProjectName) -> JSONValue? {
        projects[project].flatMap { $0.environments[environment] == nil ? nil : try? $0.flagDocument(environment) }
    }

    package func flagPlaces(of project: ProjectName) -> [FlagPlace] {
        (projects[project]?.flags.keys.map { $0 } ?? []).sorted { "\($0)" < "\($1)" }
    }

    /// The same nested by segment, as the resolved document shows it.
    package func document(_ environment: EnvironmentName, of project: ProjectName) -> JSONValue? {
        resolved(environment, of: project).map(Self.document)
    }

    /// Values nested by segment.
    package static func document(of values: [ConfigKey: JSONValue]) -> JSONValue {
        values.reduce(.object([:])) { document, setting in
            nesting(setting.value, under: setting.key.segments[...], in: document)
        }
    }

    private static func nesting(_ value: JSONValue, under path: ArraySlice<String>, in document: JSONValue?)
        -> JSONValue
    {
        guard let name = path.first else { return value }
        var members = document?.objectValue ?? JSONObject()
        members[name] = nesting(value, under: path.dropFirst(), in: members[name])
        return .object(members)
    }

    /// The revision that last wrote the item that the operation is about; nil where there is none.
    package func revision(of target: Operation.Target, in project: ProjectName) -> Int64? {
        guard let project = projects[project] else { return nil }
        switch target {
        case .putProject, .deleteProject: return project.item.revision
        case .putEnvironment(let name, _), .deleteEnvironment(let name): return project.environments[name]?.revision
        case .putSetting(let key, let environment, _), .deleteSetting(let key, let environment):
            return project.settings[environment]?[key]?.revision
        case .putDefinition(let key, _), .deleteDefinition(let key): return project.definitions[key]?.revision
        case .putSchema(let name, _), .deleteSchema(let name): return project.schemas[name]?.revision
        case .putValidator(let name, _), .deleteValidator(let name): return project.validators[name]?.revision
        case .putAccess(let place, _), .deleteAccess(let place): return project.access[place]?.revision
        case .putFlag(let place, _), .deleteFlag(let place): return project.flags[place]?.revision
        }
    }

    // MARK: Changing

    /// Commits the operations as one change, or refuses them and stays as it was.
    package mutating func apply(_ operations: [Operation], to name: ProjectName) -> Outcome {
        do {
            let before = projects[name]
            let after = try changed(before, by: operations, in: name)
            guard before != after else { return .unchanged }
            projects[name] = after
            revision += 1
            return .committed
        } catch let refusal as Refusal {
            return .refused(refusal.code)
        } catch {
            return .refused(.fault)
        }
    }

    private func changed(_ before: Project?, by operations: [Operation], in name: ProjectName) throws -> Project? {
        let isBegun = operations.contains { if case .putProject = $0.target { true } else { false } }
        let isEnded = operations.contains { $0.target == .deleteProject }
        if before == nil, !isBegun { throw Refusal(code: .notFound) }
        if Set(operations.map { $0.address(in: name) }).count < operations.count { throw Refusal(code: .invalidChange) }
        if isEnded, operations.count > 1 { throw Refusal(code: .invalidChange) }
        for operation in operations {
            let found = revision(of: operation.target, in: name)
            switch operation.expectation {
            case nil: break
            case .absent: if found != nil { throw Refusal(code: .revisionConflict) }
            case .revision(let expected): if found != expected.number { throw Refusal(code: .revisionConflict) }
            }
        }
        if isEnded { return nil }
        var after = try before ?? Project(item: Item(body: ProjectBody(), revision: revision + 1))
        for operation in operations { after.applyUnlessOwn(operation.target, at: revision + 1) }
        // An environment that others stand on stays, unless the change itself takes it from under them.
        for child in after.environments.values where child.revision <= revision {
            let isStanding = child.body.inherits.allSatisfy { after.environments[$0] != nil }
            if !isStanding { throw Refusal(code: .inUse) }
        }
        for operation in operations {
            guard let environment = operation.address(in: name).environment else { continue }
            guard after.environments[environment] != nil else {
                throw Refusal(code: before?.environments[environment] == nil ? .notFound : .invalidChange)
            }
            after.applyOwn(operation.target, at: revision + 1)
        }
        for environment in after.environments.keys { _ = try after.layers(environment) }
        try after.checkFlags(since: before)
        for environment in after.environments.keys {
            try after.checkSchemas(Self.document(of: try after.resolved(environment)), of: environment)
        }
        return after
    }
}

extension ReferenceModel.Project {
    /// Writes one item. One that is put as it stands already keeps its revision.
    fileprivate mutating func applyUnlessOwn(_ target: Operation.Target, at revision: Int64) {
        switch target {
        case .putProject(let body):
            if item.body.json != body.json { item = .init(body: body, revision: revision) }
        case .putEnvironment(let name, let body):
            if environments[name]?.body.json != body.json { environments[name] = .init(body: body, revision: revision) }
        case .deleteEnvironment(let name):
            environments[name] = nil
            settings[name] = nil
            access = access.filter { $0.key.environment != name }
            flags = flags.filter { $0.key.environment != name }
        case .putDefinition(let key, let body):
            if definitions[key]?.body.json != body.json { definitions[key] = .init(body: body, revision: revision) }
        case .deleteDefinition(let key): definitions[key] = nil
        case .putSchema(let name, let body):
            if schemas[name]?.body.json != body.json { schemas[name] = .init(body: body, revision: revision) }
        case .deleteSchema(let name): schemas[name] = nil
        case .putValidator(let name, let body):
            if validators[name]?.body.json != body.json { validators[name] = .init(body: body, revision: revision) }
        case .deleteValidator(let name): validators[name] = nil
        case .putAccess(let place, let body):
            if access[place]?.body != body { access[place] = .init(body: body, revision: revision) }
        case .deleteAccess(let place): access[place] = nil
        case .putFlag(let place, _) where place.environment == nil: applyOwn(target, at: revision)
        case .deleteFlag(let place) where place.environment == nil: applyOwn(target, at: revision)
        case .deleteProject, .putSetting, .deleteSetting, .putFlag, .deleteFlag: break
        }
    }

    /// What an environment has itself, which cannot be before the environment is there.
    fileprivate mutating func applyOwn(_ target: Operation.Target, at revision: Int64) {
        if case .putSetting(let key, let environment, let body) = target {
            if settings[environment]?[key]?.body.bytes == body.bytes { return }
            settings[environment, default: [:]][key] = .init(body: body, revision: revision)
        } else if case .deleteSetting(let key, let environment) = target {
            settings[environment]?[key] = nil
        } else if case .putFlag(let place, let body) = target {
            if flags[place]?.body.json != body.json { flags[place] = .init(body: body, revision: revision) }
        } else if case .deleteFlag(let place) = target {
            flags[place] = nil
        }
    }

    /// Every schema by itself, against what it is for: without references to other schemas, which histories have none of.
    fileprivate func checkSchemas(_ document: JSONValue, of environment: EnvironmentName) throws {
        for item in schemas.values where !item.body.isReportOnly {
            let isAbstract = environments[environment]?.body.isAbstract == true
            guard item.body.environments?.contains(environment) ?? !isAbstract else { continue }
            let found: JSONValue?
            switch item.body.scope {
            case .shared: continue
            case .document: found = document
            case .key(let key), .prefix(let key):
                found = key.segments.reduce(JSONValue?.some(document)) { $0?[$1] }
            }
            guard let found else { continue }
            if try !Schema(compiling: item.body.schema).isValid(found) {
                throw ReferenceModel.Refusal(code: .invalidChange)
            }
        }
    }

    /// Lowest first, each once and after all that it inherits from, the environment last.
    func layers(_ name: EnvironmentName, below: [EnvironmentName] = []) throws -> [EnvironmentName] {
        guard let environment = environments[name], !below.contains(name), below.count <= Limits.inheritanceDepth else {
            throw ReferenceModel.Refusal(code: .invalidChange)
        }
        var layers: [EnvironmentName] = []
        for parent in environment.body.inherits {
            for layer in try self.layers(parent, below: below + [name]) where !layers.contains(layer) {
                layers.append(layer)
            }
        }
        return layers + [name]
    }

    fileprivate func resolved(_ name: EnvironmentName) throws -> [ConfigKey: JSONValue] {
        let layers = try layers(name)
        var winners: [ConfigKey: SettingBody] = [:]
        for layer in layers {
            for (key, item) in settings[layer] ?? [:] {
                winners[key] = item.body.content == .unset ? nil : item.body
            }
        }
        let paths = Set(winners.keys.map(\.segments).map { $0.map { Array($0.utf8) } })
        for path in paths {
            for length in 1..<path.count where paths.contains(Array(path[..<length])) {
                throw ReferenceModel.Refusal(code: .invalidChange)
            }
        }
        guard layers.count <= Limits.layersPerEnvironment else { throw ReferenceModel.Refusal(code: .invalidChange) }
        var reading = Reading(winners: winners)
        for key in winners.keys { _ = try reading.value(of: key, after: []) }
        return reading.known.mapValues { $0.value }
    }
}

/// The values of one environment, references replaced as they are asked for.
private struct Reading {
    let winners: [ConfigKey: SettingBody]
    var known: [ConfigKey: (value: JSONValue, depth: Int)] = [:]

    init(winners: [ConfigKey: SettingBody]) { self.winners = winners }

    /// The value, and how many references follow one another below it.
    mutating func value(of key: ConfigKey, after trail: [ConfigKey]) throws -> (value: JSONValue, depth: Int) {
        if let known = known[key] { return known }
        guard let body = winners[key], let raw = body.json, !trail.contains(key) else {
            throw ReferenceModel.Refusal(code: .invalidChange)
        }
        var depth = 0
        let value = body.content == .live ? try replaced(raw, after: trail + [key], &depth) : raw
        guard depth <= Limits.referenceDepth else { throw ReferenceModel.Refusal(code: .invalidChange) }
        known[key] = (value, depth)
        return (value, depth)
    }

    private mutating func replaced(_ raw: JSONValue, after trail: [ConfigKey], _ depth: inout Int) throws -> JSONValue {
        switch raw {
        case .string(let text): return try replaced(try ReferenceText.parse(text), after: trail, &depth)
        case .array(let values):
            var result: [JSONValue] = []
            for value in values { result.append(try replaced(value, after: trail, &depth)) }
            return .array(result)
        case .object(let members):
            var result = members
            for (name, value) in members { result[name] = try replaced(value, after: trail, &depth) }
            return .object(result)
        default: return raw
        }
    }

    /// One reference alone keeps the type of what it refers to; anything else is text.
    private mutating func replaced(
        _ parts: [ReferenceText.Part], after trail: [ConfigKey], _ depth: inout Int
    ) throws -> JSONValue {
        var values: [JSONValue] = []
        for part in parts {
            switch part {
            case .text(let text): values.append(.string(text))
            case .reference(let key, let fallback):
                if let fallback, winners[key] == nil {
                    values.append(try replaced(fallback, after: trail, &depth))
                } else {
                    let target = try value(of: key, after: trail)
                    depth = max(depth, target.depth + 1)
                    values.append(target.value)
                }
            }
        }
        if values.count == 1 { return values[0] }
        return .string(
            try values.map { value in
                switch value {
                case .string(let text): return text
                case .array, .object: throw ReferenceModel.Refusal(code: .invalidChange)
                default: return value.canonicalText
                }
            }.joined())
    }
}
