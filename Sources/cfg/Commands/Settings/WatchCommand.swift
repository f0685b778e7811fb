import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct WatchCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Show changes as they happen.",
        discussion: """
            Goes on until it is interrupted, over lost connections too, without missing or repeating a change. With \
            --output json each event is one line, {"event":"change","token":"43-…","data":{…}}, beginning with the \
            whole settings as event 'snapshot'.

            Examples:
              cfg watch -p shop -e production
              cfg watch -p shop --output json | jq -r 'select(.event == "change") | .data.changes[].key'
            """)

    @OptionGroup var scope: ScopeOptions

    @Option(
        help: ArgumentHelp(
            "Go on after this revision token, rather than begin with the whole settings.", valueName: "token"),
        transform: RevisionToken.argument)
    var after: RevisionToken?

    @Flag(help: "Also show the server's heartbeats, which say that nothing has happened.") var heartbeats = false

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    /// A server that lives says so every so often; three times as long without a word means that it does not.
    private static let silenceMax = Duration.seconds(3 * Limits.watchHeartbeatSeconds)

    func run() async throws {
        let (project, environment) = try scope.scope()
        let session = try Session(connection, silenceMax: Self.silenceMax)
        let place = environment.map { "\(project.rawValue)/\($0.rawValue)" } ?? project.rawValue
        try await session.client.watch(project, environment: environment, after: after) { event in
            guard event.kind != "heartbeat" || heartbeats else { return }
            switch session.format {
            case .json: Output.write(Self.line(event).canonicalText + "\n")
            case .text: Output.write(Self.text(event, session.differences))
            }
        } onInterruption: { failure, delay in
            let seconds = Double(delay.components.seconds) + Double(delay.components.attoseconds) / 1e18
            Output.writeError(
                "\(place): \(failure.detail) Trying again in \((seconds * 10).rounded() / 10) s.\n")
        }
    }

    static func line(_ event: WatchedEvent) -> JSONValue {
        var line: JSONObject = ["event": .string(event.kind), "data": event.data]
        line["token"] = event.token.map { .string($0.text) }
        return .object(line)
    }

    static func text(_ event: WatchedEvent, _ differences: DifferenceText) -> String {
        let style = differences.style
        let environment = style.cyan(SafeText.line(event.data["environment"]?.stringValue ?? ""))
        let revision = "revision \(event.data["revision"]?.int64Value ?? event.token?.revision.number ?? 0)"
        switch event.kind {
        case "snapshot":
            return "\(environment)  \(style.bold(revision))  following\n"
        case "change":
            let time = event.data["committedAt"]?.stringValue ?? ""
            let message = FirstLine.of(event.data["message"]?.stringValue ?? "")
            let head = [style.bold(revision), time, event.data["author"]?.stringValue ?? "", message]
            let changes = (event.data["changes"]?.arrayValue ?? []).compactMap {
                try? ValueDifferenceView(WireReader($0))
            }
            return "\(environment)  \(head.map { $0.isEmpty ? "" : $0 }.joined(separator: "  "))\n"
                + differences.text(changes, indent: 2)
        case "deleted": return "\(environment)  \(style.bold(revision))  \(style.red("the environment was deleted"))\n"
        case "behind": return "\(style.bold(revision))  this program was too slow and catches up\n"
        case "heartbeat": return style.dim("\(revision)  nothing new") + "\n"
        default: return "\(SafeText.line(event.kind))  \(SafeText.line(event.data.canonicalText))\n"
        }
    }
}
