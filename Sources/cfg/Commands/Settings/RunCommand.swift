import ArgumentParser
import ConfigFormats
import ConfigPlatformClient
import ConfigPlatformModel
import Foundation

struct RunCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a command with an environment's settings as environment variables.",
        discussion: """
            Names are those of a dotenv export: checkout.timeout becomes CHECKOUT_TIMEOUT. The command takes this \
            one's place, so signals and its exit status are its own; 127 means that there is no such command, 126 that \
            it cannot be run.

            Example:
              cfg run -p shop -e staging -- node server.js
            """)

    @OptionGroup var place: PlaceOptions

    @Flag(help: "Let variables that are set already win over settings.") var preserveEnv = false

    @Option(
        help: ArgumentHelp("As it was at a revision, a time, or so long ago.", valueName: "moment"),
        transform: MomentArgument.argument)
    var at: MomentArgument?

    @Argument(parsing: .postTerminator, help: "The command and its arguments, after '--'.")
    var command: [String] = []

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("Give the command to run after '--'.") }
    }

    func run() async throws {
        let (project, environment) = try place.place()
        let session = try Session(connection)
        let listing = try await session.working("Reading \(environment.rawValue)") {
            try await session.client.settings(of: environment, in: project, at: at?.text).value
        }
        let variables = Self.merged(
            inherited: ProcessVariables.all, settings: try Self.variables(of: listing.settings),
            preservesInherited: preserveEnv)
        throw ExitCode(Replacement.execute(command, variables: variables))
    }

    /// Names and values as a dotenv export has them. Throws ``Problem`` where two keys become one name, or a key none.
    static func variables(of settings: [SettingView]) throws -> [(name: String, value: String)] {
        let pairs = try settings.map { setting in
            (key: try ConfigKey(parsing: setting.key), value: setting.value)
        }
        let file: [UInt8]
        do throws(Problem) {
            file = try ConfigFormat.dotenv.write(pairs)
        } catch {
            // There is no other format to choose, as for a file.
            let first = error.violations.first?.message ?? error.detail
            throw Problem(
                error.code,
                "The settings cannot be environment variables: \(first) Give the key another name, or unset it in this environment.",
                violations: error.violations)
        }
        let read = try ConfigFormat.dotenv.read(file, options: ImportOptions(references: .literal))
        return read.documents.flatMap(\.settings).map { ($0.key.text, $0.value.stringValue ?? $0.value.canonicalText) }
    }

    static func merged(
        inherited: [String: String], settings: [(name: String, value: String)], preservesInherited: Bool
    ) -> [String: String] {
        var variables = inherited
        for (name, value) in settings where !(preservesInherited && variables[name] != nil) { variables[name] = value }
        return variables
    }
}

/// Another program in place of this one.
enum Replacement {
    /// Returns only where that fails, with the status shells use for it.
    static func execute(_ command: [String], variables: [String: String]) -> Int32 {
        // Ignored signals stay ignored over exec, and the network library ignores this one.
        signal(SIGPIPE, SIG_DFL)
        var arguments = command.map { strdup($0) } + [nil]
        var environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            for pointer in arguments + environment { free(pointer) }
        }
        // Found on the PATH the command will have.
        let path = variables["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        var reason = ENOENT
        for candidate in candidates(command[0], path: path) {
            execve(candidate, &arguments, &environment)
            if errno != ENOENT, errno != ENOTDIR { reason = errno }
        }
        Output.writeError("cfg run: '\(command[0])' cannot be run: \(String(cString: strerror(reason)).lowercased())\n")
        return reason == ENOENT ? 127 : 126
    }

    static func candidates(_ name: String, path: String) -> [String] {
        guard !name.contains("/") else { return [name] }
        return path.split(separator: ":", omittingEmptySubsequences: false).map {
            $0.isEmpty ? "./\(name)" : "\($0)/\(name)"
        }
    }
}
