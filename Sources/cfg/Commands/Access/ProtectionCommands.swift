import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct ProtectCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "protect", abstract: "Ask for approvals before an environment alters.",
        discussion: """
            A change that alters what a protected environment's programs read, or who may alter it, opens a change request \
            instead, and is applied once enough others have approved it: 'cfg request'. What is not given stays as it is; \
            at first that is one approval by anybody else who may approve.

            A freeze is a time in which nothing alters, as JSON or the name of a file of it:
              {"from": "2026-12-24T00:00:00+01:00", "to": "2026-12-27T00:00:00+01:00", "reason": "holidays"}
              {"days": ["friday"], "from": "16:00", "to": "24:00", "timeZone": "Europe/Berlin"}

            Examples:
              cfg protect production -p shop --approvals 2 --approver group:corp/sre --approver role:operator
              cfg protect production -p shop --freeze freezes.json --emergency-rollback
              cfg protect production -p shop --show
            """)

    @OptionGroup var project: ProjectOptions
    @OptionGroup var write: CommitOptions

    @Option(help: ArgumentHelp("So many must approve, 0 to 10.", valueName: "count")) var approvals: Int64?

    @Option(
        help: ArgumentHelp(
            "Whose approval counts: role:NAME, group:NAME or user:NAME; may be given again.", valueName: "approver"))
    var approver: [String] = []

    @Flag(inversion: .prefixedNo, help: "Whether who wrote a change may approve it.") var selfApproval: Bool?

    @Flag(inversion: .prefixedNo, help: "Whether a rollback needs no approval, nor the end of a freeze.")
    var emergencyRollback: Bool?

    @Option(help: ArgumentHelp("A change of so many values at most needs no approval.", valueName: "count"))
    var unapprovedKeys: Int64?

    @Option(
        name: .customLong("require-schema"),
        help: ArgumentHelp("A schema that must stand and refuse; may be given again.", valueName: "schema"),
        transform: SchemaName.argument)
    var schemas: [SchemaName] = []

    @Option(
        name: .customLong("require-validator"),
        help: ArgumentHelp(
            "A validator that must have allowed the change; may be given again.", valueName: "validator"),
        transform: ValidatorName.argument)
    var validators: [ValidatorName] = []

    @Option(
        help: ArgumentHelp("A time in which nothing alters; may be given again.", valueName: "json|file"),
        completion: .file())
    var freeze: [String] = []

    @Flag(help: "Begin anew: what is not given is not kept.") var replace = false
    @Flag(help: "Show what protects it; write nothing.") var show = false

    @Argument(
        help: "The environment.", completion: Completions.environments, transform: EnvironmentName.argument)
    var environment: EnvironmentName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let given = try given()
        let session = try Session(connection)
        let standing = try await session.client.protection(of: environment, in: project)
        guard !show else {
            guard let standing else {
                return session.show(.null) {
                    "\(environment.rawValue) of \(project.rawValue) is not protected; whoever may write there writes at once.\n"
                }
            }
            return session.show(standing) { protection in
                Self.text(protection, of: "\(project.rawValue)/\(environment.rawValue)", session.style)
            }
        }
        let body = Self.merged(given, over: replace ? nil : standing?.json)
        _ = try ProtectionBody(parsing: body)
        try await session.commit(
            [ItemOperation.put(.protection, nil, in: environment, body, expecting: standing?.value.revision ?? 0)],
            to: project, write, saying: "Protect \(environment.rawValue)")
    }

    /// What was given on the command line.
    func given() throws -> JSONObject {
        var body: JSONObject = [:]
        func list(_ name: String, _ texts: [String]) {
            if !texts.isEmpty { body[name] = .array(texts.map { .string($0) }) }
        }
        body["approvals"] = approvals.map { .int($0) }
        list("approvers", approver)
        body["selfApproval"] = selfApproval.map { .bool($0) }
        body["emergencyRollback"] = emergencyRollback.map { .bool($0) }
        body["unapprovedKeys"] = unapprovedKeys.map { .int($0) }
        list("requiredSchemas", schemas.map(\.rawValue))
        list("requiredValidators", validators.map(\.rawValue))
        let freezes = try freeze.flatMap { try Self.freezes($0) }
        if !freezes.isEmpty { body["freezes"] = .array(freezes) }
        return body
    }

    static func merged(_ given: JSONObject, over standing: JSONValue?) -> JSONValue {
        var body = standing.map { ItemBody.written($0) }?.objectValue ?? [:]
        for member in given.members { body[member.name] = member.value }
        if body["approvals"] == nil { body["approvals"] = 1 }
        return .object(body)
    }

    /// One freeze or a list of them: JSON, or a file of it.
    private static func freezes(_ text: String) throws -> [JSONValue] {
        let isJSON = text.hasPrefix("{") || text.hasPrefix("[")
        let json: JSONValue
        if isJSON {
            do throws(JSONParseError) {
                json = try JSONValue(parsing: text)
            } catch {
                throw ValidationError("--freeze is not JSON: \(error)")
            }
        } else {
            json = try SchemaFiles.document(text)
        }
        return json.arrayValue ?? [json]
    }

    static func text(_ protection: ProtectionView, of place: String, _ style: Style) -> String {
        Facts(
            [
                ("Environment", place), ("Approvals", String(protection.approvals)),
                (
                    "Approvers",
                    protection.approvers.isEmpty
                        ? "all who may approve there" : protection.approvers.joined(separator: ", ")
                ),
                ("Own changes", protection.allowsSelfApproval ? "may be approved by who wrote them" : nil),
                (
                    "Small changes",
                    protection.unapprovedKeys > 0
                        ? "of at most \(protection.unapprovedKeys) values need no approval" : nil
                ),
                ("Rollbacks", protection.allowsEmergencyRollback ? "need no approval, nor the end of a freeze" : nil),
                ("Schemas", protection.requiredSchemas.joined(separator: ", ")),
                ("Validators", protection.requiredValidators.joined(separator: ", ")),
            ] + protection.freezes.map { ("Frozen", Self.text(freeze: $0)) } + [
                ("Revision", String(protection.revision))
            ]
        )
        .text(style)
    }

    static func text(freeze: JSONValue) -> String {
        func member(_ name: String) -> String { freeze[name]?.stringValue ?? "" }
        let days = (freeze["days"]?.arrayValue ?? []).compactMap(\.stringValue)
        let time =
            days.isEmpty
            ? "\(member("from")) to \(member("to"))"
            : "every \(days.joined(separator: ", ")) from \(member("from")) to \(member("to")) (\(member("timeZone")))"
        return member("reason").isEmpty ? time : "\(time): \(member("reason"))"
    }
}

struct UnprotectCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "unprotect",
        abstract: "Ask for no approvals any more; while it is protected that needs them itself.")

    @OptionGroup var project: ProjectOptions
    @OptionGroup var write: CommitOptions

    @Argument(
        help: "The environment.", completion: Completions.environments, transform: EnvironmentName.argument)
    var environment: EnvironmentName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        guard let standing = try await session.client.protection(of: environment, in: project) else {
            throw ConfigPlatformError(
                .notFound,
                "\(environment.rawValue) of \(project.rawValue) is not protected; there is nothing to take away.")
        }
        try await session.commit(
            [ItemOperation.delete(.protection, nil, in: environment, expecting: standing.value.revision)], to: project,
            write,
            saying: "Unprotect \(environment.rawValue)")
    }
}
