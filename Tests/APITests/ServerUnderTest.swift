import API
import ConfigPlatformModel
import ControlPlane
import Foundation
import HTTPTypes
import Logging
import ServiceLifecycle
import Store
import Synchronization
import TestSupport
import Testing

/// A whole server on a free loopback port, over a real SQLite file. The one helper through which these suites touch the
/// API; every answer it sees is held against the contract, and the ledger is verified after every scenario.
final class ServerUnderTest: Sendable {
    let platform: Platform
    let store: any Store
    let server: HTTPServer
    let metrics: PrometheusMetrics
    let clock: ManualWorld
    let port: Int
    /// 0 where gRPC is not served.
    let grpcPort: Int
    let token: String
    let log: LogLines
    let client: WireClient
    private let group: ServiceGroup

    static let base = "/api/v1"
    static let shop = "/api/v1/projects/shop"

    /// Runs `body` against a fresh server, then stops it in order.
    static func run(
        settings make: () throws -> ServerSettings = { try ServerSettings(listen: "127.0.0.1:0") },
        signIn: SignInSettings = SignInSettings(), logLevel: Logger.Level = .debug,
        _ body: (ServerUnderTest) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore.open(directory: folder.path("data"), mode: .readWrite, platformID: { "plt_test" })
        let clock = ManualWorld()
        let log = LogLines()
        let logger = log.logger(logLevel)
        let platform = try await Platform(
            store: store, world: clock.world, logger: logger, signIn: signIn,
            hookKey: HookKey(Array("a key of kill hooks for tests alone".utf8)))
        let metrics = PrometheusMetrics()
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let settings = try make()
        let server = try HTTPServer(
            platform: platform, settings: settings, metrics: metrics, logger: logger, onListening: { port.yield($0) })
        let (grpcPorts, grpcPort) = AsyncStream.makeStream(of: Int.self)
        var services: [any Service] = [platform, server]
        if let address = settings.grpcListen {
            services.append(
                try FlagdServer(
                    platform: platform, address: address, settings: settings, certificates: server.certificates,
                    metrics: metrics, logger: logger, onListening: { grpcPort.yield($0) }))
        } else {
            grpcPort.yield(0)
        }
        let group = ServiceGroup(services: services + [platform.watches], logger: LogLines().logger(.critical))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            var grpcIterator = grpcPorts.makeAsyncIterator()
            let result: Result<Void, any Error>
            do {
                guard let port = await iterator.next(), let grpcPort = await grpcIterator.next() else {
                    throw CancellationError()
                }
                let token = try await platform.developmentToken(kept: nil).text
                let test = ServerUnderTest(platform, store, server, metrics, clock, port, grpcPort, token, log, group)
                try await body(test)
                result = .success(())
            } catch {
                result = .failure(error)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try result.get()
        }
        // The server has closed its store: what is looked at is what it left on disk.
        let left = try SQLiteStore.open(directory: folder.path("data"), mode: .readOnly, platformID: { "" })
        let faults = try await LedgerCheck.run(left) { _ in }
        #expect(faults == [])
        await left.close()
    }

    private init(
        _ platform: Platform, _ store: any Store, _ server: HTTPServer, _ metrics: PrometheusMetrics,
        _ clock: ManualWorld,
        _ port: Int, _ grpcPort: Int, _ token: String, _ log: LogLines, _ group: ServiceGroup
    ) {
        self.platform = platform
        self.store = store
        self.server = server
        self.metrics = metrics
        self.clock = clock
        self.port = port
        self.grpcPort = grpcPort
        self.token = token
        self.log = log
        self.group = group
        client = WireClient(port: port, token: token)
    }

    func beginToStop() async { await group.triggerGracefulShutdown() }

    var revision: Int64 { platform.state.revision.number }

    /// Sends a request and holds the answer against the contract.
    @discardableResult
    func send(
        _ method: String, _ path: String, query: [(String, String)] = [], headers: [(String, String)] = [],
        body: WireClient.Body? = nil, token: Token = .own, _ location: SourceLocation = #_sourceLocation
    ) async throws -> HTTPAnswer {
        let client =
            switch token {
            case .own: client
            case .none: client.with(token: nil)
            case .other(let text): client.with(token: text)
            }
        let answer = try await client.send(method, path, query: query, headers: headers, body: body)
        Contract.check(answer, to: method, path, location)
        return answer
    }

    enum Token {
        case own, none
        case other(String)
    }

    func get(
        _ path: String, query: [(String, String)] = [], headers: [(String, String)] = [],
        _ location: SourceLocation = #_sourceLocation
    ) async throws -> HTTPAnswer {
        try await send("GET", path, query: query, headers: headers, location)
    }

    /// Sends a request that must be answered with that status, and returns its JSON.
    @discardableResult
    func json(
        _ status: Int, _ method: String, _ path: String, query: [(String, String)] = [],
        headers: [(String, String)] = [],
        _ body: JSONValue? = nil, _ location: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        let answer = try await send(
            method, path, query: query, headers: headers, body: body.map { .json($0) }, location)
        #expect(answer.status == status, "\(method) \(path): \(answer.text)", sourceLocation: location)
        return try answer.json()
    }

    /// Sends a request that must be refused: with the problem's document, and without anything written.
    @discardableResult
    func refused(
        _ code: Problem.Code, _ method: String, _ path: String, query: [(String, String)] = [],
        headers: [(String, String)] = [], body: WireClient.Body? = nil, token: Token = .own, pointer: String? = nil,
        _ location: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        let before = revision
        let answer = try await send(method, path, query: query, headers: headers, body: body, token: token, location)
        return try expectProblem(code, answer, pointer: pointer, revision: before, location)
    }

    @discardableResult
    func expectProblem(
        _ code: Problem.Code, _ answer: HTTPAnswer, pointer: String? = nil, revision before: Int64? = nil,
        _ location: SourceLocation = #_sourceLocation
    ) throws -> JSONValue {
        #expect(answer.header("Content-Type") == "application/problem+json", sourceLocation: location)
        let problem = try answer.json()
        #expect(problem["type"]?.stringValue == code.type, "\(problem)", sourceLocation: location)
        #expect(answer.status == code.row.status.code, sourceLocation: location)
        #expect(problem["status"]?.int64Value == Int64(code.row.status.code), sourceLocation: location)
        #expect(problem["title"]?.stringValue == code.row.title, sourceLocation: location)
        #expect(problem["detail"]?.stringValue?.isEmpty == false, sourceLocation: location)
        #expect(problem["instance"]?.stringValue == answer.header("X-Request-ID"), sourceLocation: location)
        if let pointer {
            let pointers = problem["violations"]?.arrayValue?.compactMap { $0["pointer"]?.stringValue } ?? []
            #expect(pointers.contains(pointer), "\(problem)", sourceLocation: location)
        }
        if let before { #expect(revision == before, "something was written", sourceLocation: location) }
        return problem
    }

    /// A project with `base`, `staging` and `production` over it, and two settings in `base`.
    func makeShop() async throws {
        try await json(
            201, "POST", "\(Self.shop)/changes",
            body: [
                "message": "make the shop",
                "operations": [
                    ["op": "put", "kind": "project", "value": ["description": "A shop"]],
                    ["op": "put", "kind": "environment", "key": "base", "value": [:]],
                    ["op": "put", "kind": "environment", "key": "staging", "value": ["inherits": ["base"]]],
                    ["op": "put", "kind": "environment", "key": "production", "value": ["inherits": ["base"]]],
                    Self.put("checkout.timeout", 2000, in: "base"),
                    Self.put("checkout.url", "https://shop.example", in: "base"),
                ],
            ])
    }

    @discardableResult
    func json(
        _ status: Int, _ method: String, _ path: String, query: [(String, String)] = [], body: JSONValue,
        _ location: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        try await json(status, method, path, query: query, headers: [], body, location)
    }

    static func put(_ key: String, _ value: JSONValue, in environment: String, expect: JSONValue? = nil) -> JSONValue {
        var operation: JSONObject = [
            "op": "put", "kind": "setting", "environment": .string(environment), "key": .string(key), "value": value,
        ]
        if let expect { operation["expect"] = expect }
        return .object(operation)
    }

    /// The same request over a connection of its own, byte by byte as given.
    func raw(_ bytes: String) async throws -> HTTPAnswer {
        let connection = try HTTPConnection(port: port)
        try await connection.send(Array(bytes.utf8))
        return try await connection.answer()
    }

    /// The lines that every request here begins with.
    func head(_ method: String, _ target: String) -> String {
        "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n"
    }
}

/// What was logged, as text.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func logger(_ level: Logger.Level) -> Logger {
        var logger = Logger(label: "test") { _ in Handler(lines: self) }
        logger.logLevel = level
        return logger
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        init(lines: LogLines) { self.lines = lines }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
        }
    }
}
