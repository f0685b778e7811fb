import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct KillHookTestCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Call a kill hook as its alerting system would, and kill nothing.",
        discussion: """
            The secret, whsec_… or cfg_…, is read from standard input or from --secret-file. The answer names the flags that a \
            call would kill now. No token of your own is needed.

            Example:
              cfg flag hook test pager -p shop -e production --secret-file hook-secret
            """)

    @OptionGroup var hook: KillHookOptions

    @Option(help: ArgumentHelp("Holds the hook's secret.", valueName: "file"), completion: .file())
    var secretFile: String?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let (project, environment) = try hook.place.place()
        let text =
            try secretFile.map { String(decoding: try InputFile.bytes(of: $0), as: UTF8.self) }
            ?? Prompt.secret("Secret of the hook: ")
        let secret = String(text.drop { $0.isWhitespace }.prefix { !$0.isWhitespace })
        let isToken = secret.hasPrefix("cfg_")
        let variables = ProcessVariables.all
        let isNamed = (connection.server ?? variables["CFG_SERVER"]) != nil
        let login = isNamed ? nil : try Credentials.read(Credentials.path(variables))
        let choice = try ServerChoice(
            server: connection.server, caFile: connection.caFile, variables: variables, login: login)
        let session = try Session(choice, token: isToken ? secret : nil, connection)
        let answer = try await session.client.pullKillHook(
            hook.name, in: environment, of: project, secret: isToken ? nil : secret, isTest: true)
        session.show(answer) { pulled in
            guard !pulled.killed.isEmpty else { return "The hook is called well. It would kill nothing now.\n" }
            return "The hook is called well. It would kill "
                + pulled.killed.map { SafeText.line($0) }.joined(separator: ", ") + ".\n"
        }
    }
}
