import Foundation
import Synchronization

/// A real `cfg serve` on a free loopback port, with whatever it prints kept. It never outlives the test process.
package final class CfgProcess: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    /// How a server is started.
    package struct Options: Sendable {
        /// Folder of the embedded database; nil for one of the server's own.
        package var data: String?
        /// A folder whose copy the server's own begins as.
        package var initialData: String?
        /// PostgreSQL instead.
        package var databaseURL: String?
        package var isDevelopment: Bool
        package var listen: String
        /// Further flags of `cfg serve`.
        package var arguments: [String]
        package var environment: [String: String]

        package init(
            data: String? = nil, initialData: String? = nil, databaseURL: String? = nil, isDevelopment: Bool? = nil,
            listen: String = "127.0.0.1:0", arguments: [String] = [], environment: [String: String] = [:]
        ) {
            self.data = data
            self.initialData = initialData
            self.databaseURL = databaseURL
            self.isDevelopment = isDevelopment ?? (databaseURL == nil)
            self.listen = listen
            self.arguments = arguments
            self.environment = environment
        }
    }

    /// The binary under test: `CFG_BINARY` in the environment, or `cfg` beside the test bundle.
    package static let binary: String = {
        if let named = ProcessInfo.processInfo.environment["CFG_BINARY"], !named.isEmpty { return named }
        let executable =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        var folder = URL(filePath: executable).deletingLastPathComponent()
        // On macOS the bundle's executable lies three folders deep.
        while folder.pathComponents.contains(where: { $0.hasSuffix(".xctest") }) {
            folder = folder.deletingLastPathComponent()
        }
        return folder.appending(path: "cfg").path(percentEncoded: false)
    }()

    private struct State {
        var process: WatchedProcess
        var address: Address
        var client: WireClient
        /// What earlier processes of this server have printed.
        var earlierOutput = ""
    }

    private struct Address {
        let url: String
        let port: Int
    }

    package let options: Options
    /// The folder of the embedded database.
    package let data: String
    private let folder: TemporaryFolder
    private let state: Mutex<State>
    private let givenToken: String?

    /// Starts a server and returns when it says that it is ready.
    ///
    /// - Parameter token: what the client sends; nil for the development token, or the bootstrap token that the server prints.
    package convenience init(_ options: Options = Options(), token: String? = nil) async throws {
        let folder = try TemporaryFolder()
        var options = options
        let data = options.data ?? folder.path("data")
        if options.databaseURL == nil { options.data = data }
        if let initial = options.initialData { try FileManager.default.copyItem(atPath: initial, toPath: data) }
        let (process, address) = try await Self.start(options, in: folder)
        let token = try token ?? Self.token(options, data, process.output)
        self.init(options, data: data, folder, process, address, token)
    }

    private init(
        _ options: Options, data: String, _ folder: TemporaryFolder, _ process: WatchedProcess, _ address: Address,
        _ token: String?
    ) {
        self.options = options
        self.data = data
        self.folder = folder
        givenToken = token
        state = Mutex(State(process: process, address: address, client: WireClient(port: address.port, token: token)))
    }

    /// Runs `cfg` once with these arguments, in a folder of its own and with no environment but the given one.
    package static func run(
        _ arguments: [String], environment: [String: String] = [:], directory: String? = nil, input: String = ""
    ) async throws -> CommandResult {
        let folder = try TemporaryFolder()
        return try await CommandRun.run(
            binary, arguments, environment: self.environment(in: directory ?? folder.root, environment),
            directory: directory ?? folder.root,
            input: Array(input.utf8))
    }

    /// Starts `cfg` with these arguments and does not wait for its end.
    package static func begin(
        _ arguments: [String], environment: [String: String], in folder: TemporaryFolder
    ) throws -> WatchedProcess {
        try WatchedProcess(
            binary, arguments, environment: self.environment(in: folder.root, environment), directory: folder.root,
            errorFile: folder.path("errors"))
    }

    /// Runs `cfg` against this server, as its users do.
    package func cli(_ arguments: String..., input: String = "", directory: String? = nil) async throws -> CommandResult
    {
        try await Self.run(
            arguments, environment: ["CFG_SERVER": url, "CFG_TOKEN": token ?? ""], directory: directory, input: input)
    }

    package var url: String { state.withLock { $0.address.url } }
    package var port: Int { state.withLock { $0.address.port } }
    package var token: String? { givenToken }
    package var client: WireClient { state.withLock { $0.client } }
    package var process: WatchedProcess { state.withLock { $0.process } }

    /// All it has printed on standard output, by every process of this server.
    package var output: String { state.withLock { $0.earlierOutput + $0.process.output } }
    /// All it has logged.
    package var log: String { process.errors }

    /// SIGTERM; returns when the process has ended, which must be in order.
    package func stop() async throws {
        process.signal(SIGTERM)
        let status = await process.end()
        guard status == 0 else {
            throw Failure(description: "cfg serve ended with \(status) after SIGTERM:\n\(log.suffix(4_000))")
        }
    }

    /// SIGKILL; returns when the process is gone.
    package func kill() async {
        process.signal(SIGKILL)
        await process.end()
    }

    /// Starts it again on what it has stored, after `stop` or `kill`; on another port.
    package func start() async throws {
        let (process, address) = try await Self.start(options, in: folder)
        state.withLock { state in
            state.earlierOutput += state.process.output
            state.process = process
            state.address = address
            state.client = WireClient(port: address.port, token: givenToken)
        }
    }

    package func restart() async throws {
        try await stop()
        try await start()
    }

    private static func start(_ options: Options, in folder: TemporaryFolder) async throws -> (WatchedProcess, Address)
    {
        var arguments = ["serve", "--listen", options.listen]
        if let data = options.data { arguments += ["--data", data] }
        if let url = options.databaseURL { arguments += ["--database-url", url] }
        if options.isDevelopment { arguments.append("--dev") }
        let process = try WatchedProcess(
            binary, arguments + options.arguments, environment: environment(in: folder.root, options.environment),
            directory: folder.root,
            errorFile: folder.path("log"))
        guard let url = await process.line(after: "cfg is ready at ") else {
            let status = await process.end()
            throw Failure(
                description: "cfg serve ended with \(status) before it was ready:\n\(process.errors.suffix(4_000))")
        }
        guard let port = url.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw Failure(description: "'\(url)' is no address to be ready at")
        }
        return (process, Address(url: url, port: port))
    }

    private static func token(_ options: Options, _ data: String, _ output: String) throws -> String? {
        if options.isDevelopment {
            return try String(contentsOfFile: data + "/dev-token", encoding: .utf8).trimmingCharacters(
                in: .whitespacesAndNewlines)
        }
        return tokens(in: output).first
    }

    /// The texts that look like access tokens, in order.
    package static func tokens(in text: String) -> [String] {
        text.matches(of: /cfg_[0-9A-Za-z]{38}/).map { String($0.output) }
    }

    private static func environment(in home: String, _ more: [String: String]) -> [String: String] {
        let own = ProcessInfo.processInfo.environment
        var environment = ["HOME": home, "PATH": own["PATH"] ?? "/usr/bin:/bin", "LANG": "C.UTF-8"]
        for name in ["LD_LIBRARY_PATH", "TMPDIR", "LLVM_PROFILE_FILE"] { environment[name] = own[name] }
        return environment.merging(more) { $1 }
    }
}
