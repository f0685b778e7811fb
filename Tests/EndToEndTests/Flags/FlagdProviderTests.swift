import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// OpenFeature's flagd provider for Python, the real client, against a real server: asking for each flag, and evaluating in its own process.
@Suite(
    "OpenFeature's flagd provider", .enabled(if: Authority.canBeMade, "skipped: openssl or curl is not installed"),
    .timeLimit(.minutes(9)))
struct FlagdProviderTests {
    enum Mode: String, CaseIterable {
        case rpc
        case inProcess = "in-process"
    }

    @Test(
        .enabled(Comment(rawValue: OpenFeatureTools.absence)) { try await OpenFeatureTools.areInstalled() },
        arguments: Mode.allCases, [false, true])
    func `it is given what the platform says, and follows it`(_ mode: Mode, overTLS isSecure: Bool) async throws {
        let ground = try await FlagGround(isSecure: isSecure)
        let provider = try await ground.provider(mode)
        let first = try await provider.answers { _ in true }
        #expect(first["plain"] == ["value": true, "variant": "on", "reason": "STATIC", "errorCode": .null])
        #expect(first["text"] == ["value": "hello", "variant": "a", "reason": "DEFAULT", "errorCode": .null])
        #expect(first["text DE"] == ["value": "bye", "variant": "b", "reason": "TARGETING_MATCH", "errorCode": .null])
        #expect(first["count"]?["value"] == 10)
        #expect(first["share"]?["value"] == 0.5)
        #expect(first["object"]?["value"] == ["a": 1, "b": [true, "z"]])
        #expect(first["off"] == ["value": true, "variant": .null, "reason": "DISABLED", "errorCode": .null])
        #expect(first["open"] == ["value": true, "variant": .null, "reason": "DEFAULT", "errorCode": .null])
        #expect(first["none"]?["errorCode"] == "FLAG_NOT_FOUND" && first["none"]?["value"] == false)
        #expect(first["other type"]?["errorCode"] == "TYPE_MISMATCH")

        try await ground.change([
            [
                "op": "put", "kind": "flag-kill", "environment": "production", "key": "plain",
                "value": ["variant": "off"],
            ]
        ])
        let killed = try await provider.answers { $0["plain"]?["value"] == false }
        #expect(killed["plain"]?["variant"] == "off")
        let event = #"event {"flags": ["plain"], "name": "PROVIDER_CONFIGURATION_CHANGED"}"#
        #expect(provider.process.output.contains(event), "\(provider.process.output)")

        try await ground.change([
            ["op": "delete", "kind": "flag-rule", "environment": "production", "key": "text"],
            ["op": "delete", "kind": "flag", "key": "text"],
        ])
        _ = try await provider.answers { $0["text"]?["errorCode"] == "FLAG_NOT_FOUND" }
        try await provider.stop()
        try await ground.server.stop()
    }

    @Test(
        .enabled(Comment(rawValue: OpenFeatureTools.absence)) { try await OpenFeatureTools.areInstalled() },
        arguments: Mode.allCases)
    func `it outlives the server, and learns what has changed meanwhile`(_ mode: Mode) async throws {
        let ground = try await FlagGround(isSecure: false)
        let provider = try await ground.provider(mode)
        _ = try await provider.answers { $0["text"]?["value"] == "hello" }
        try await ground.server.stop()
        #expect(await provider.process.line(after: #"event {"flags": [], "name": "PROVIDER_STALE""#) != nil)

        let again = try await CfgProcess(
            .init(data: ground.server.data, arguments: ["--grpc-listen", "127.0.0.1:\(ground.grpcPort)"]))
        try await ground.change(
            [
                [
                    "op": "put", "kind": "flag-kill", "environment": "production", "key": "text",
                    "value": ["variant": "b"],
                ]
            ], on: again)
        // In its own process it takes the whole definition when it comes back; otherwise it asks, here after the next change it is told of,
        // and when it listens again only it knows.
        var isDisabled = false
        while try !provider.allAnswers().contains(where: { $0["text"]?["value"] == "bye" }) {
            try #require(!provider.process.hasEnded, "\(provider.process.errors)")
            if mode == .rpc {
                isDisabled.toggle()
                try await ground.change(
                    [
                        [
                            "op": "put", "kind": "flag-rule", "environment": "production", "key": "count",
                            "value": ["state": isDisabled ? "DISABLED" : "ENABLED"],
                        ]
                    ], on: again)
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        try await provider.stop()
        try await again.stop()
    }

    @Test(
        .enabled(Comment(rawValue: OpenFeatureTools.absence)) { try await OpenFeatureTools.areInstalled() },
        arguments: Mode.allCases)
    func `with a token for more it says which environment, and without one it is refused`(_ mode: Mode) async throws {
        let ground = try await FlagGround(isSecure: false)
        let administrator = try #require(ground.server.token)
        let chosen = try await ground.provider(mode, token: administrator, selector: "shop/staging")
        let staging = try await chosen.answers { _ in true }
        #expect(staging["plain"]?["reason"] == "DISABLED")
        try await chosen.stop()
        for token in [nil, "cfg_" + String(repeating: "0", count: 38)] {
            let refused = try await ground.provider(mode, token: token)
            #expect(await refused.process.line(after: "failed ") != nil)
            #expect(await refused.process.end() == 1)
            #expect(refused.process.output.contains("UNAUTHENTICATED"), "\(refused.process.output)")
        }
        let outsider = try await ground.provider(mode, selector: "shop/staging")
        #expect(await outsider.process.line(after: "failed ") != nil, "a token of production sees no staging")
        await outsider.process.end()
        try await ground.server.stop()
    }
}

extension FlagdProviderTests {
    @Test(
        .enabled(if: FlagdTestbed.isPresent, Comment(rawValue: FlagdTestbed.absence)),
        .enabled(Comment(rawValue: OpenFeatureTools.absence)) { try await OpenFeatureTools.areInstalled() },
        arguments: Mode.allCases, FlagdTestbed.Part.allCases)
    func `every scenario of flagd's test bed about evaluation holds`(_ mode: Mode, _ part: FlagdTestbed.Part)
        async throws
    {
        let ground = try await FlagGround(isSecure: false)
        try await FlagdTestbed.load(part, into: ground.server.client)
        // Answers to single questions carry metadata, but that client passes on only what it has evaluated itself.
        let cases = try FlagdTestbed.cases(of: part).filter { mode == .inProcess || $0.metadata.isEmpty }
        let provider = try await ground.provider(
            mode, token: ground.server.token, selector: "\(part.rawValue)/production", asking: cases.map(\.request))
        let line = try #require(await provider.process.line(after: "answers "), "\(provider.process.errors)")
        let answers = try JSONValue(parsing: line).arrayValue ?? []
        #expect(answers.count == cases.count && answers.count > 50)
        for (scenario, answer) in zip(cases, answers) {
            if let value = scenario.value { #expect(answer["value"] == value, "\(scenario): \(answer)") }
            if let reason = scenario.reason {
                // What it has asked before and is the same for all it does not ask again.
                let found = answer["reason"] == "CACHED" ? "STATIC" : answer["reason"]?.stringValue
                #expect(found == reason, "\(scenario): \(answer)")
            }
            if let code = scenario.errorCode {
                #expect(answer["errorCode"]?.stringValue == code, "\(scenario): \(answer)")
            }
            for member in scenario.metadata.members {
                #expect(answer["metadata"]?[member.name] == member.value, "\(scenario): \(answer)")
            }
        }
        try await provider.stop()
        try await ground.server.stop()
    }

    @Test(
        .enabled(Comment(rawValue: OpenFeatureTools.absence)) { try await OpenFeatureTools.areInstalled() },
        arguments: Mode.allCases)
    func `a certificate proves who calls`(_ mode: Mode) async throws {
        let ground = try await FlagGround(isSecure: true)
        let robot = try #require(try await ground.certificate("robot"))
        let stranger = try await ground.provider(
            mode, token: nil, selector: "shop/production", asking: nil, showing: robot)
        #expect(await stranger.process.line(after: "failed ") != nil, "it has no role yet")
        await stranger.process.end()
        try await ground.bind("certificate:robot")
        let provider = try await ground.provider(
            mode, token: nil, selector: "shop/production", asking: nil, showing: robot)
        #expect(try await provider.answers { _ in true }["plain"]?["value"] == true)
        try await provider.stop()
        try await ground.server.stop()
    }
}

/// A server with flags, and tokens for them.
struct FlagGround {
    let server: CfgProcess
    let grpcPort: Int
    private let wire: Wire
    private let authority: Authority?
    private let token: String
    private let questions: String
    private let folder: TemporaryFolder

    /// What is asked: a name, and what the flag is asked as.
    private static let questions: [(name: String, question: JSONValue)] = [
        ("plain", ["flag": "plain", "type": "boolean", "default": false]),
        ("text", ["flag": "text", "type": "string", "default": "?", "context": ["country": "FR"]]),
        (
            "text DE",
            ["flag": "text", "type": "string", "default": "?", "context": ["country": "DE", "targetingKey": "u"]]
        ),
        ("count", ["flag": "count", "type": "integer", "default": 0]),
        ("share", ["flag": "share", "type": "float", "default": 0.1]),
        ("object", ["flag": "object", "type": "object", "default": [:]]),
        ("off", ["flag": "off", "type": "boolean", "default": true]),
        ("open", ["flag": "open", "type": "boolean", "default": true]),
        ("none", ["flag": "none", "type": "boolean", "default": false]),
        ("other type", ["flag": "text", "type": "boolean", "default": false]),
    ]

    private static let flags: [(key: String, flag: JSONValue, rule: JSONValue)] = [
        ("plain", ["type": "boolean", "variants": ["on": true, "off": false], "defaultVariant": "on"], [:]),
        (
            "text", ["type": "string", "variants": ["a": "hello", "b": "bye"], "defaultVariant": "a"],
            ["rules": [["when": [["attribute": "country", "operator": "equals", "values": ["DE"]]], "serve": "b"]]]
        ),
        ("count", ["type": "integer", "variants": ["ten": 10], "defaultVariant": "ten"], [:]),
        ("share", ["type": "double", "variants": ["half": 0.5], "defaultVariant": "half"], [:]),
        ("object", ["type": "object", "variants": ["x": ["a": 1, "b": [true, "z"]]], "defaultVariant": "x"], [:]),
        ("off", ["type": "boolean", "variants": ["on": true], "defaultVariant": "on"], ["state": "DISABLED"]),
        ("open", ["type": "boolean", "variants": ["on": false], "defaultVariant": .null], [:]),
    ]

    init(isSecure: Bool) async throws {
        let folder = try TemporaryFolder()
        var arguments = ["--grpc-listen", "127.0.0.1:\(try FreePort.find())"]
        var authority: Authority?
        if isSecure {
            let signing = try await Authority("servers")
            let own = try await signing.certificate("localhost", names: "IP:127.0.0.1,DNS:localhost")
            arguments += [
                "--tls-certificate", own.certificate, "--tls-key", own.key, "--client-ca", signing.certificate,
            ]
            authority = signing
        }
        let server = try await CfgProcess(.init(arguments: arguments))
        let address = try #require(await server.process.line(after: "  gRPC at "))
        let wire = Wire(authority: authority?.certificate)
        try await wire.change(
            [
                ["op": "put", "kind": "project", "value": [:]],
                ["op": "put", "kind": "environment", "key": "staging", "value": [:]],
                ["op": "put", "kind": "environment", "key": "production", "value": [:]],
            ], on: server)
        let operations = Self.flags.flatMap { key, flag, rule -> [JSONValue] in
            [
                ["op": "put", "kind": "flag", "key": .string(key), "value": flag],
                [
                    "op": "put", "kind": "flag-rule", "environment": "production", "key": .string(key), "value": rule,
                ],
            ]
        }
        try await wire.change(operations, on: server)
        let made = try await wire.post(
            ["name": "shop", "role": "evaluator", "project": "shop", "environments": ["production"]],
            to: "/api/v1/tokens", on: server)
        token = try #require(made["token"]?.stringValue, "\(made)")
        questions = folder.path("questions.json")
        try folder.write("questions.json", JSONValue.array(Self.questions.map(\.question)).canonicalText)
        grpcPort = try #require(address.split(separator: ":").last.flatMap { Int($0) })
        self.server = server
        self.wire = wire
        self.authority = authority
        self.folder = folder
    }

    /// What signed the server's certificate.
    var authorityFile: String? { authority?.certificate }

    func change(_ operations: [JSONValue], on server: CfgProcess? = nil) async throws {
        try await wire.change(operations, on: server ?? self.server)
    }

    /// The provider, started with the token of production.
    func provider(_ mode: FlagdProviderTests.Mode, selector: String? = nil) async throws -> RunningProvider {
        try await provider(mode, token: token, selector: selector)
    }

    /// - Parameters:
    ///   - asking: nil for the questions about its own flags.
    ///   - showing: what the client shows in the handshake.
    func provider(
        _ mode: FlagdProviderTests.Mode, token: String?, selector: String? = nil, asking: [JSONValue]? = nil,
        showing certificate: Authority.Certificate? = nil
    ) async throws -> RunningProvider {
        var environment = ["PATH": "/usr/bin:/bin"]
        environment["TOKEN"] = token
        environment["AUTHORITY"] = authority?.certificate
        environment["SELECTOR"] = selector
        environment["CERTIFICATE"] = certificate?.certificate
        environment["KEY"] = certificate?.key
        let id = UUID().uuidString
        let file = try asking.map { try folder.write("\(id).json", JSONValue.array($0).canonicalText) } ?? questions
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Oracles/flagd_provider.py").path(percentEncoded: false)
        let process = try WatchedProcess(
            OpenFeatureTools.python, [script, String(grpcPort), mode.rawValue, file], environment: environment,
            directory: folder.root, errorFile: folder.path(id))
        return RunningProvider(process: process, names: Self.questions.map(\.name))
    }

    /// A certificate that the server takes for its holder's.
    func certificate(_ name: String) async throws -> Authority.Certificate? { try await authority?.certificate(name) }

    /// Lets somebody evaluate in production.
    func bind(_ subject: String) async throws {
        try await wire.change(
            [
                [
                    "op": "put", "kind": "binding", "key": "robot",
                    "value": ["subject": .string(subject), "role": "evaluator", "environments": ["production"]],
                ]
            ], on: server)
    }

    /// The API over HTTP or HTTPS, as curl has it.
    private struct Wire {
        let authority: String?

        @discardableResult
        func change(_ operations: [JSONValue], on server: CfgProcess) async throws -> JSONValue {
            try await post(
                ["message": "change", "operations": .array(operations)], to: "/api/v1/projects/shop/changes", on: server
            )
        }

        func post(_ body: JSONValue, to path: String, on server: CfgProcess) async throws -> JSONValue {
            let result = try await CommandRun.run(
                "curl",
                ["--silent", "--show-error", "--fail-with-body", "--max-time", "60"]
                    + (authority.map { ["--cacert", $0] } ?? []) + [
                        "--header", "Authorization: Bearer \(server.token ?? "")", "--header",
                        "Content-Type: application/json", "--data-binary", body.canonicalText, server.url + path,
                    ])
            return try JSONValue(parsing: result.succeeded().output)
        }
    }
}

/// The provider at work.
struct RunningProvider {
    let process: WatchedProcess
    fileprivate let names: [String]

    /// The first answers that are as they should be, by the question's name.
    func answers(_ isRight: ([String: JSONValue]) -> Bool) async throws -> [String: JSONValue] {
        while true {
            if let answers = try allAnswers().first(where: isRight) { return answers }
            guard !process.hasEnded else {
                throw UnexpectedAnswer(description: "the provider ended:\n\(process.output)\n\(process.errors)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// What it has answered so far, each time by the question's name.
    func allAnswers() throws -> [[String: JSONValue]] {
        try process.output.split(separator: "\n").filter { $0.hasPrefix("answers ") }.map { line in
            let values = try JSONValue(parsing: String(line.dropFirst("answers ".count))).arrayValue ?? []
            return Dictionary(uniqueKeysWithValues: zip(names, values.map(Self.withoutMetadata)))
        }
    }

    func stop() async throws {
        process.signal(SIGTERM)
        #expect(await process.end() == 0, "\(process.errors)")
    }

    /// Only evaluation in the provider's own process tells it.
    private static func withoutMetadata(_ answer: JSONValue) -> JSONValue {
        guard var object = answer.objectValue else { return answer }
        object["metadata"] = nil
        return .object(object)
    }
}
