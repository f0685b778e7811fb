import ConfigFormats
import ConfigPlatformFlags
package import ConfigPlatformModel

/// The flags of an import, and what they come to beside what stands.
struct TakenFlags: Sendable {
    private(set) var flags: [FlagKey: FlagBody] = [:]
    private(set) var segments: [SegmentName: SegmentBody] = [:]
    private var rules: [FlagKey: FlagRuleBody] = [:]
    /// Whose files say all that there is to say of a flag's description and metadata.
    private var isWhole: Set<FlagKey> = []
    private let base: EnvironmentName
    private let mode: WriteMode
    private let order: FlagImportOrder

    private static let limits = JSONLimits(maxDepth: Limits.requestBodyDepth, maxBytes: Limits.requestBodyBytes)

    /// What stands is a help for readers only as far as the caller may read it.
    init(of request: ImportRequest, beside project: ProjectState?, _ viewpoint: Viewpoint) {
        base = request.environment
        mode = request.mode
        let reading = project?.resolvedFlags[request.environment]
        let readsFlags = viewpoint.permits(.read, .flag) && viewpoint.permits(.read, .flagRule, in: request.environment)
        let readsSegments = viewpoint.permits(.read, .segment)
        order = FlagImportOrder(
            environment: request.fileEnvironment, likelyEnvironment: request.environment.rawValue,
            flag: { readsFlags ? reading?[$0]?.items : nil },
            segment: { readsSegments ? project?.flags[$0]?.body : nil })
    }

    /// Throws `unreadable-file` where the file as a whole cannot be taken.
    mutating func take(_ bytes: [UInt8], as format: FlagFormat) throws(Problem) -> [ImportNotice] {
        let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        let json: JSONValue
        do throws(JSONParseError) {
            json = try JSONValue(parsing: bytes, limits: Self.limits)
        } catch {
            throw Problem(
                .unreadableFile, "The file is not JSON: line \(error.line), column \(error.column): \(error.message)",
                violations: [Violation(error.message, line: error.line, column: error.column)])
        }
        let file: ImportedFlags
        do throws(InvalidFlagItem) {
            file = try format.read(json, order, fractions: JSONFractions(in: bytes))
        } catch {
            throw Problem(
                .unreadableFile, error.message,
                violations: error.faults.map { Violation($0.message, pointer: $0.pointer.text) })
        }
        var notices = file.notices.map { notice in
            ImportNotice(
                ImportNotice.Severity(rawValue: notice.severity.rawValue) ?? .error, notice.message, key: notice.key,
                pointer: notice.pointer.text)
        }
        for key in file.flags.keys.sorted() where flags[key] != nil {
            notices.append(
                ImportNotice(.warning, "An earlier file has this flag too; this one counts.", key: key.rawValue))
        }
        flags.merge(file.flags) { _, later in later }
        segments.merge(file.segments) { _, later in later }
        for key in file.flags.keys {
            rules[key] = file.rules[key]
            if format == .flagd { isWhole.insert(key) } else { isWhole.remove(key) }
        }
        return notices
    }

    // MARK: Beside what stands

    private func isArchived(_ key: FlagKey, in project: ProjectState) -> Bool {
        project.flags[key]?.body.lifecycle == .archived && flags[key]?.lifecycle != .archived
    }

    /// The flag as it is to be: what its file does not say stays as it is.
    private func body(_ key: FlagKey, _ flag: FlagBody, over standing: FlagBody?) -> FlagBody {
        guard let standing else { return flag }
        guard case .object(let old) = standing.json, case .object(var new) = flag.json else { return flag }
        let isAllSaid = mode == .replace && isWhole.contains(key)
        for member in old.members where new[member.name] == nil {
            if isAllSaid, ["description", "metadata"].contains(member.name) { continue }
            new[member.name] = member.value
        }
        if let name = standing.defaultVariant, flag.variants[name.rawValue] == nil { new["defaultVariant"] = nil }
        return (try? FlagBody(parsing: .object(new))) ?? flag
    }

    func requireWriting(_ viewpoint: Viewpoint) throws(Problem) {
        if !flags.isEmpty { try viewpoint.require(.write, .flag) }
        if !segments.isEmpty { try viewpoint.require(.write, .segment) }
        try viewpoint.require(.write, .flagRule, in: base)
    }

    func operations(in project: ProjectState) -> [Operation] {
        var operations: [Operation] = []
        for (name, body) in segments.sorted(by: { $0.key < $1.key }) where project.flags[name]?.body != body {
            operations.append(Operation(.putFlag(.segment(name), .segment(body))))
        }
        let own = project.environments[base]?.flags.rules
        for (key, flag) in flags.sorted(by: { $0.key < $1.key }) where !isArchived(key, in: project) {
            let standing = project.flags[key]?.body
            let body = body(key, flag, over: standing)
            if body != standing { operations.append(Operation(.putFlag(.flag(key), .flag(body)))) }
            if let rule = rules[key], own?[key.rawValue]?.body != rule {
                operations.append(Operation(.putFlag(.rule(key, base), .rule(rule))))
            }
        }
        guard mode == .replace else { return operations }
        for rule in own ?? OrderedItems() {
            if let key = rule.place.flag, rules[key] == nil { operations.append(Operation(.deleteFlag(rule.place))) }
        }
        operations += ended(in: project).map { Operation(.deleteFlag(.flag($0))) }
        return operations
    }

    /// Flags whose last rule ends: the files lack them, and no other environment says anything of them.
    private func ended(in project: ProjectState) -> [FlagKey] {
        let own = project.environments[base]?.flags.rules ?? OrderedItems()
        let gone = own.compactMap { rule in rule.place.flag.flatMap { flags[$0] == nil ? $0 : nil } }
        guard !gone.isEmpty else { return [] }
        var needed: Set<FlagKey> = []
        for rule in rules.values { needed.formUnion(rule.namedFlags) }
        for (name, environment) in project.environments {
            if name != base {
                for rule in environment.flags.rules {
                    if let key = rule.place.flag { needed.insert(key) }
                    needed.formUnion(rule.body.namedFlags)
                }
            }
            for rollout in environment.flags.rollouts { if let key = rollout.place.flag { needed.insert(key) } }
            for kill in environment.flags.kills { if let key = kill.place.flag { needed.insert(key) } }
        }
        return gone.filter { project.flags[$0] != nil && !needed.contains($0) }
    }

    /// What there is to say of the files beside what stands now.
    func noticesOfStanding(in project: ProjectState) -> [ImportNotice] {
        var notices: [ImportNotice] = []
        func say(_ severity: ImportNotice.Severity, _ key: String, _ message: String) {
            if notices.count < FlagImportLimits.notices { notices.append(ImportNotice(severity, message, key: key)) }
        }
        for (name, body) in segments.sorted(by: { $0.key < $1.key }) {
            guard let standing = project.flags[name]?.body, standing != body else { continue }
            say(
                .warning, name.rawValue,
                "The segment was another until now; it is replaced for every flag of the project that names it.")
        }
        let environment = project.environments[base]
        for (key, flag) in flags.sorted(by: { $0.key < $1.key }) {
            guard let standing = project.flags[key]?.body else { continue }
            if isArchived(key, in: project) {
                say(
                    .error, key.rawValue,
                    "The flag is archived here and is left out; restore it first, or delete it.")
                continue
            }
            if standing.lifecycle == .draft || standing.lifecycle == .inactive, flag.lifecycle != .archived {
                say(
                    .warning, key.rawValue,
                    "The flag is \(standing.lifecycle.rawValue) here and stays so: callers get their own default.")
            }
            if standing.type != flag.type, standing.lifecycle != .draft, mode == .replace {
                say(
                    .warning, key.rawValue,
                    "The flag's type changes from \(standing.type.rawValue) to \(flag.type.rawValue), in every environment; programs that ask for the old one get an error."
                )
            }
            if environment?.flags.kills[key.rawValue] != nil {
                say(.warning, key.rawValue, "The flag is killed here; that stays, whatever its rule says.")
            }
            if environment?.flags.rollouts[key.rawValue] != nil {
                say(
                    .information, key.rawValue,
                    "The flag has a rollout here, which goes on for those whom no rule matches.")
            }
        }
        guard mode == .replace else { return notices }
        for key in ended(in: project) {
            say(
                .information, key.rawValue,
                "The flag is not in the file and no other environment says anything of it; it is deleted.")
        }
        return notices
    }
}

extension Platform {
    /// What flags of an environment come to, as a definition file of flagd.
    package func exportFlags(
        _ caller: Caller, _ environment: EnvironmentName, of project: ProjectName, at moment: Moment
    ) async throws(Problem) -> (bytes: [UInt8], token: RevisionToken) {
        let viewpoint = try viewpoint(caller, of: project, at: moment)
        try viewpoint.requireProject(at: moment)
        try viewpoint.require(.read, .flag)
        try viewpoint.require(.read, .segment)
        try viewpoint.require(.read, .flagRule, in: environment, at: moment)
        let state = try await state(of: project, at: moment)
        let found = try viewpoint.found(in: state, at: moment)
        let flags = try viewpoint.flags(of: environment, in: state, at: moment)
        let lowering = FlagLowering(flag: { flags[$0]?.items }, segment: { found.flags[$0]?.body })
        var document: JSONObject
        do throws(FlagViolation) {
            document = try lowering.document(of: flags.contents.map(\.key))
        } catch {
            throw Problem(.fault, "The flags cannot be lowered. \(error)")
        }
        if case .object(var definitions)? = document["flags"] {
            for flag in flags.contents {
                guard let description = flag.flag.body.description,
                    case .object(var definition)? = definitions[flag.key.rawValue]
                else { continue }
                definition["description"] = .string(description)
                definitions[flag.key.rawValue] = .object(definition)
            }
            document["flags"] = .object(definitions)
        }
        document["$schema"] = "https://flagd.dev/schema/v0/flags.json"
        // Read in again, a flag of doubles is one of doubles.
        let doubles = JSONFractions(
            places: flags.contents.filter { $0.flag.body.type == .double }.reduce(into: []) { places, flag in
                for variant in flag.flag.body.variants.members {
                    places.insert(JSONPointer(tokens: ["flags", flag.key.rawValue, "variants", variant.name]))
                }
            })
        return (Array((JSONValue.object(document).prettyText(doubles: doubles) + "\n").utf8), state.token)
    }
}
