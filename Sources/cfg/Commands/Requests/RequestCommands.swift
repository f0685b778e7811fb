import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct RequestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request", abstract: "Change requests: changes that wait for somebody else to approve them.",
        discussion: """
            A change of a protected environment opens one instead of being written ('cfg protect'). An approval is of exactly \
            what was looked at: where the change comes to something else by now, it counts no more.

            Examples:
              cfg request list -p shop
              cfg request show cr_0123456789abcdef -p shop
              cfg request approve cr_0123456789abcdef -p shop && cfg request apply cr_0123456789abcdef -p shop
            """,
        subcommands: [
            RequestListCommand.self, RequestShowCommand.self, RequestDiffCommand.self, RequestApproveCommand.self,
            RequestRejectCommand.self, RequestWithdrawCommand.self, RequestCommentCommand.self,
            RequestEditCommand.self, RequestApplyCommand.self, RequestScheduleCommand.self, RequestWatchCommand.self,
        ])
}

/// The one request that a command is about.
struct RequestOptions: ParsableArguments {
    @OptionGroup var home: HomeOptions

    @Argument(
        help: "The request, such as cr_0123456789abcdef.", completion: Completions.requests,
        transform: ChangeRequestID.argument)
    var id: ChangeRequestID

    /// What else a user types to mean it.
    func text(in project: ProjectName) -> String { "\(id.rawValue) \(project.option)" }
}

struct RequestListCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show change requests, newest first.", aliases: ["ls"])

    enum StateFilter: String, CaseIterable, ExpressibleByArgument {
        case open, applied, rejected, withdrawn, all

        var state: ChangeRequestBody.State? { ChangeRequestBody.State(rawValue: rawValue) }
    }

    @OptionGroup var home: HomeOptions

    @Option(help: "Those that are so: open, applied, rejected, withdrawn or all.") var state: StateFilter = .open
    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("So many at most.", valueName: "count")) var limit = 50

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard (1...Pages.sizeMax).contains(limit) else { throw ValidationError("--limit is 1 to \(Pages.sizeMax).") }
    }

    func run() async throws {
        let project = try home.name()
        let session = try Session(connection)
        let answer = try await session.client.changeRequests(of: project, state: state.state, limit: limit)
        session.show(answer.json) {
            let requests = answer.value.items
            guard !requests.isEmpty else {
                return state == .all ? "No change requests.\n" : "No change requests are \(state.rawValue).\n"
            }
            return Self.table(requests, now: session.now, session.style)
                .text(width: session.terminal.columns, style: session.style)
                + (answer.json["complete"]?.boolValue == false ? "… and more; --limit shows more of them.\n" : "")
        }
    }

    static func table(_ requests: [ChangeRequestSummary], now: Timestamp?, _ style: Style) -> Table {
        var table = Table([
            .init(title: "REQUEST", style: style.cyan), .init(title: "STATE"), .init(title: "OPENED"),
            .init(title: "AUTHOR"), .init(title: "DUE"), .init(title: "MESSAGE", isFlexible: true),
        ])
        for request in requests {
            table.add(
                request.id, request.state, TimeText.shown(request.createdAt, now: now), request.author,
                request.scheduledFor.map { TimeText.shown($0, now: now) } ?? "", FirstLine.of(request.message))
        }
        return table
    }
}

struct RequestShowCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a request: who, why, what it comes to, and what is still to be had.",
        discussion: """
            With --as-change the change that it asks for, to alter it:
              cfg request show ID --as-change > change.json; $EDITOR change.json; cfg request edit ID change.json
            """)

    @OptionGroup var request: RequestOptions
    @Flag(help: "Write the change as JSON, as 'cfg request edit' takes it.") var asChange = false

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try request.home.name()
        let session = try Session(connection)
        let answer = try await session.client.changeRequest(request.id, of: project)
        guard !asChange else {
            guard answer.value.isOpen, answer.value.obstacle == nil else {
                throw ConfigPlatformError(
                    .inUse, answer.value.obstacle ?? "The change request is \(answer.value.state) already.")
            }
            let change = RequestedChange.json(of: answer.value)
            return session.show(change) { change.prettyText() + "\n" }
        }
        session.show(answer) { view in
            RequestText(changes: session.changes).whole(view, in: project)
        }
    }
}

struct RequestDiffCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show what a request would alter, and nothing else of it.")

    @OptionGroup var request: RequestOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try request.home.name()
        let session = try Session(connection)
        let answer = try await session.client.changeRequest(request.id, of: project)
        session.show(answer) { view in
            guard view.isOpen else {
                return "The change request is \(view.state); what it did, 'cfg log \(project.option)' shows.\n"
            }
            return RequestText(changes: session.changes).difference(view)
        }
    }
}

struct RequestApproveCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Approve what a request comes to, after a look at it.",
        discussion: """
            Shows what it would alter, and asks. The approval is of that alone: it carries its digest (Impact), and where the \
            request comes to something else by now nothing is approved. With --impact it is of that digest, which \
            'cfg request show' named.

            Examples:
              cfg request approve cr_0123456789abcdef -p shop -m "looks right"
              cfg request approve cr_0123456789abcdef -p shop --yes --impact 6b86b273ff34fce1…
            """)

    @OptionGroup var request: RequestOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("What to say with it.", valueName: "text")) var message: String?
    @Option(
        help: ArgumentHelp("Only if the request still comes to this.", valueName: "digest"), transform: Digest.argument)
    var impact: Digest?
    @Flag(help: "Do not ask.") var yes = false

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try request.home.name()
        let session = try Session(connection)
        let texts = RequestText(changes: session.changes)
        let seen = try await session.client.changeRequest(request.id, of: project).value
        guard seen.isOpen else {
            throw ConfigPlatformError(.inUse, "The change request is \(seen.state) already.")
        }
        if let obstacle = seen.obstacle {
            throw ConfigPlatformError(.invalidChange, "It cannot be applied as it is: \(obstacle)")
        }
        guard let shown = seen.impact.flatMap({ Digest(hexadecimal: $0) }) else {
            throw ConfigPlatformError(
                .forbidden, "You do not see all that the request would alter, and so cannot approve it.")
        }
        Output.writeError(texts.difference(seen) + "Impact \(shown.hexadecimal)\n")
        guard impact == nil || impact == shown else {
            throw ConfigPlatformError(
                .revisionConflict,
                "The request comes to something else by now than what --impact names. Look at it again.")
        }
        try Prompt.confirm("This approves \(request.id.rawValue) by \(seen.author).", isConfirmed: yes)
        let answer = try await session.client.approve(request.id, of: project, impact: shown, comment: message)
        session.show(answer) { view in
            "Approved \(request.id.rawValue). " + texts.outlook(view, in: project)
        }
    }
}

/// What closes a request.
struct ClosingOptions: ParsableArguments {
    @OptionGroup var request: RequestOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("Why.", valueName: "text")) var message: String?
}

struct RequestRejectCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject", abstract: "Close a request without applying it: for those who could approve it.")

    @OptionGroup var closing: ClosingOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try closing.request.home.name()
        let session = try Session(connection)
        let answer = try await session.client.reject(closing.request.id, of: project, comment: closing.message)
        session.show(answer) { _ in "Rejected \(closing.request.id.rawValue); nothing of it was written.\n" }
    }
}

struct RequestWithdrawCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw", abstract: "Close a request without applying it: for those who wrote it.")

    @OptionGroup var closing: ClosingOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try closing.request.home.name()
        let session = try Session(connection)
        let answer = try await session.client.withdraw(closing.request.id, of: project, comment: closing.message)
        session.show(answer) { _ in "Withdrew \(closing.request.id.rawValue); nothing of it was written.\n" }
    }
}

struct RequestCommentCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "comment", abstract: "Say something about a request.",
        discussion: """
            Example:
              cfg request comment cr_0123456789abcdef "why not on Monday?" -p shop
            """)

    @OptionGroup var request: RequestOptions
    @Argument(help: "The text; '-' to read it from standard input.") var text: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try request.home.name()
        let text = text == "-" ? try StandardInput.text(bytesMax: Limits.messageBytes) : text
        let session = try Session(connection)
        let answer = try await session.client.comment(on: request.id, of: project, text)
        session.show(answer) { _ in "Commented on \(request.id.rawValue).\n" }
    }
}

struct RequestEditCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Give a request another change; who edits it answers for it too.",
        discussion: """
            The file holds {"message": …, "operations": […]}, or the operations alone, as 'cfg request show --as-change' \
            writes them. Approvals so far count no more, and it is no longer scheduled.
            """)

    @OptionGroup var request: RequestOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("What the request is said to be for.", valueName: "text"))
    var message: String?

    @Argument(help: "The file, in JSON or YAML; '-' for JSON on standard input.", completion: .file()) var file: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try request.home.name()
        let change = try RequestedChange.read(try SchemaFiles.document(file), named: file)
        let session = try Session(connection)
        let answer = try await session.client.edit(
            request.id, of: project, message: message ?? change.message, operations: change.operations)
        session.show(answer) { view in
            let texts = RequestText(changes: session.changes)
            return "Edited \(request.id.rawValue).\n" + texts.difference(view) + texts.outlook(view, in: project)
        }
    }
}

/// The change that a request asks for, as the API takes changes.
enum RequestedChange {
    static func json(of request: ChangeRequestView) -> JSONValue {
        let operations = request.operations.map { operation -> JSONValue in
            var json: JSONObject = ["op": .string(operation.operation), "kind": .string(operation.kind)]
            json["environment"] = operation.environment.map { .string($0) }
            let hasKey = operation.kind != Kind.project.rawValue && operation.kind != Kind.protection.rawValue
            if hasKey { json["key"] = .string(operation.key) }
            if operation.operation == "put" {
                if case .value(let value) = operation.after { json["value"] = value }
                if operation.references == "literal" { json["references"] = "literal" }
            }
            return .object(json)
        }
        return ["message": .string(request.message), "operations": .array(operations)]
    }

    static func read(_ json: JSONValue, named file: String) throws -> (message: String?, operations: [JSONValue]) {
        guard let operations = json.arrayValue ?? json["operations"]?.arrayValue else {
            throw ValidationError(
                "\(file) holds no change: it is to hold {\"operations\": […]}, as 'cfg request show ID --as-change' writes it."
            )
        }
        return (json["message"]?.stringValue, operations)
    }
}

struct RequestApplyCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Write what a request asks for, once it has its approvals.")

    @OptionGroup var request: RequestOptions
    @Flag(help: "Show what would happen; write nothing.") var dryRun = false

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try request.home.name()
        let session = try Session(connection)
        let answer = try await session.working("Applying \(request.id.rawValue)") {
            try await session.client.apply(request.id, of: project, isDryRun: dryRun)
        }
        try session.show(answer, in: project)
    }
}

struct RequestScheduleCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule", abstract: "Have a request applied at a time, with your rights.",
        discussion: """
            It needs its approvals by then. Where it cannot be applied when it is due, the request says so in a comment.

            Examples:
              cfg request schedule cr_0123456789abcdef --at 2026-12-01T06:00:00+01:00 -p shop
              cfg request schedule cr_0123456789abcdef --never -p shop
            """)

    @OptionGroup var request: RequestOptions

    @Option(
        help: ArgumentHelp("A time, or how long from now: 8h, 2d.", valueName: "time"),
        transform: FutureArgument.argument)
    var at: FutureArgument?
    @Flag(help: "Not at any time.") var never = false

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard (at == nil) == never else { throw ValidationError("Give --at TIME or --never.") }
    }

    func run() async throws {
        let project = try request.home.name()
        let session = try Session(connection)
        let answer = try await session.client.schedule(request.id, of: project, at: at?.time)
        session.show(answer) { view in
            guard let time = view.scheduledFor else { return "\(request.id.rawValue) is not scheduled any more.\n" }
            return "\(request.id.rawValue) is applied at \(time), with your rights. "
                + RequestText(changes: session.changes).outlook(view, in: project)
        }
    }
}

struct RequestWatchCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Show what becomes of a request, until it is closed.",
        discussion: """
            Ends with 0 once it is applied, and with 1 where it was rejected or withdrawn. With --output json each line is the \
            request as it is then.

            Example:
              cfg request watch cr_0123456789abcdef -p shop && echo live
            """)

    @OptionGroup var request: RequestOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try request.home.name()
        let session = try Session(connection)
        let texts = RequestText(changes: session.changes)
        var answer = try await session.client.changeRequest(request.id, of: project)
        var last: JSONValue?
        var interruptions = 0
        while true {
            if answer.json != last {
                switch session.format {
                case .json: Output.write(answer.json.canonicalText + "\n")
                case .text: Output.write(texts.line(answer.value, in: project))
                }
                last = answer.json
            }
            guard answer.value.isOpen else { break }
            do {
                answer = try await session.client.changeRequest(
                    request.id, of: project, writtenAfter: answer.value.revision)
                interruptions = 0
            } catch let error as ConfigPlatformError where error.isTransient {
                interruptions += 1
                let seconds = min(30, interruptions * 2)
                Output.writeError("\(error.detail) Trying again in \(seconds) s.\n")
                try await Task.sleep(for: .seconds(seconds))
            }
        }
        guard answer.value.state == ChangeRequestBody.State.applied.rawValue else {
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }
}
