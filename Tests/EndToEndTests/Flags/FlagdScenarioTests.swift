import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// The scenarios of flagd's test bed in which a server is lost, comes back, refuses, or has its flags altered, with OpenFeature's flagd
/// provider for Python as the client and a real server in flagd's place.
@Suite(
    "flagd's scenarios with OpenFeature's provider",
    .enabled(if: FlagdTestbed.isPresent, Comment(rawValue: FlagdTestbed.absence)), .timeLimit(.minutes(9)))
struct FlagdScenarioTests {
    typealias Mode = FlagdProviderTests.Mode

    /// Which scenario of the provider's features is not run, and why.
    static func reasonToLeaveOut(_ scenario: GherkinScenario) -> String? {
        if scenario.feature == "gherkin/config.feature" { return "of the provider's own options; no server is asked" }
        if scenario.tags.contains("targetURI") { return "the provider for Python has no such option" }
        if scenario.tags.contains("unixsocket") { return "the server listens on no socket of a file system" }
        if scenario.feature == "gherkin/contextEnrichment.feature", scenario.tags.contains("grace") {
            return "of attributes that flagd's own configuration adds to every context; here contexts are the caller's"
        }
        return nil
    }

    private static let features = [
        "config", "connection", "contextEnrichment", "events", "metadata", "rpc-caching", "selector", "sync-payload",
    ].map { "gherkin/\($0).feature" }

    /// Those that are run, in a mode: all but the one over TLS, or that alone.
    private static func scenarios(_ mode: Mode, overTLS isSecure: Bool) throws -> [GherkinScenario] {
        let disabled = try FlagdTestbed.scenarios(of: "gherkin/disabled.feature").filter { scenario in
            scenario.steps.contains { $0.text.hasPrefix("an option \"selector\"") }
        }
        return try (features.flatMap { try FlagdTestbed.scenarios(of: $0) } + disabled).filter { scenario in
            reasonToLeaveOut(scenario) == nil && scenario.tags.contains(mode.rawValue)
                && scenario.tags.contains("customCert") == isSecure
        }
    }

    /// What the test bed's sources of flags are called here.
    private static let selectors: JSONValue = [
        "": "testbed/production", "flags/allFlags.json": "testbed/production",
        "rawflags/selector-flags.json": "selected/production",
        "rawflags/selector-flag-combined-metadata.json": "combined/production",
    ]

    @Test(
        .enabled(Comment(rawValue: OpenFeatureTools.absence)) { try await OpenFeatureTools.areInstalled() },
        arguments: Mode.allCases)
    func `every scenario that a server has a say in holds`(_ mode: Mode) async throws {
        let scenarios = try Self.scenarios(mode, overTLS: false)
        #expect(scenarios.count == (mode == .rpc ? 12 : 18))
        let server = try await CfgProcess(.init(arguments: ["--grpc-listen", "127.0.0.1:\(try FreePort.find())"]))
        try await FlagdTestbed.load(into: server.client)
        for (name, file) in [("selected", "selector-flags"), ("combined", "selector-flag-combined-metadata")] {
            try await FlagdTestbed.load(["flags/\(file)"], as: ProjectPath(name), into: server.client)
        }
        let made = try await server.client.call(
            "POST", "/api/v1/tokens", body: .json(["name": "reader", "role": "viewer"]))
        let forbidden = try #require(try made.json()["token"]?.stringValue)
        try await LostAndFound(server).run(
            mode, scenarios,
            environment: ["SELECTORS": Self.selectors.canonicalText, "FORBIDDEN": forbidden])
    }

    @Test(
        .enabled(if: Authority.canBeMade, "skipped: openssl or curl is not installed"),
        .enabled(Comment(rawValue: OpenFeatureTools.absence)) { try await OpenFeatureTools.areInstalled() },
        arguments: Mode.allCases)
    func `the scenario over TLS holds`(_ mode: Mode) async throws {
        let scenarios = try Self.scenarios(mode, overTLS: true)
        #expect(scenarios.count == 1)
        let ground = try await FlagGround(isSecure: true)
        try await ground.change([
            [
                "op": "put", "kind": "flag", "key": "boolean-flag",
                "value": ["type": "boolean", "variants": ["on": true, "off": false], "defaultVariant": "on"],
            ],
            ["op": "put", "kind": "flag-rule", "environment": "production", "key": "boolean-flag", "value": [:]],
        ])
        var environment = ["SELECTORS": #"{"": "shop/production"}"#]
        environment["AUTHORITY"] = ground.authorityFile
        try await LostAndFound(ground.server).run(mode, scenarios, environment: environment)
    }

    @Test func `of what is left out it is known why`() throws {
        // As docs/conformance.md says.
        #expect(try FlagdTestbed.cases(of: .providers).count == 226)
        #expect(try FlagdTestbed.cases(of: .evaluator).count == 79)
        var reasons: [String: Int] = [:]
        for feature in Self.features {
            for scenario in try FlagdTestbed.scenarios(of: feature) {
                if let reason = Self.reasonToLeaveOut(scenario) { reasons["\(feature): \(reason)", default: 0] += 1 }
            }
        }
        #expect(
            reasons == [
                "gherkin/config.feature: of the provider's own options; no server is asked": 92,
                "gherkin/connection.feature: the provider for Python has no such option": 4,
                "gherkin/connection.feature: the server listens on no socket of a file system": 1,
                "gherkin/contextEnrichment.feature: of attributes that flagd's own configuration adds to every context; here contexts are the caller's":
                    2,
            ])
    }
}

/// A server that a provider loses and finds again.
private final class LostAndFound {
    private var server: CfgProcess
    private let grpcPort: Int
    private var isAltered = false

    init(_ server: CfgProcess) async throws {
        self.server = server
        let address = try #require(await server.process.line(after: "  gRPC at "))
        grpcPort = try #require(address.split(separator: ":").last.flatMap { Int($0) })
    }

    func run(
        _ mode: FlagdScenarioTests.Mode, _ scenarios: [GherkinScenario], environment: [String: String]
    ) async throws {
        let folder = try TemporaryFolder()
        let told = scenarios.map { scenario -> JSONValue in
            let steps = scenario.steps.map { step -> JSONValue in
                [
                    "text": .string(step.text), "quoted": .array(step.quoted.map { .string($0) }),
                    "table": .array(step.table.map { .array($0.map { .string($0) }) }),
                ]
            }
            return ["name": .string("\(scenario.feature): \(scenario.name)"), "steps": .array(steps)]
        }
        let file = try folder.write("scenarios.json", JSONValue.array(told).canonicalText)
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Oracles/flagd_scenarios.py").path(percentEncoded: false)
        let process = try WatchedProcess(
            OpenFeatureTools.python, [script, String(grpcPort), mode.rawValue, file, folder.root],
            environment: environment.merging(["PATH": "/usr/bin:/bin", "TOKEN": server.token ?? ""]) { $1 },
            directory: folder.root, errorFile: folder.path("errors"))
        var results = 0
        var number = 1
        while let word = await process.line(after: "say \(number) ") {
            if word.hasPrefix("result ") {
                let result = try JSONValue(parsing: String(word.dropFirst("result ".count)))
                #expect(result["failure"] == .null, "\(result)")
                results += 1
            } else {
                try await perform(word)
                try folder.write(String(number), "")
            }
            number += 1
        }
        #expect(results == scenarios.count, "\(process.errors)")
        try await server.stop()
    }

    private func perform(_ word: String) async throws {
        switch word {
        case "lose": try await server.stop()
        case "restore":
            server = try await CfgProcess(
                .init(data: server.data, arguments: ["--grpc-listen", "127.0.0.1:\(grpcPort)"]))
        case "alter":
            isAltered.toggle()
            try await server.client.change(
                FlagdTestbed.project, "Alter it",
                [
                    [
                        "op": "put", "kind": "flag-rule", "environment": "production", "key": "changing-flag",
                        "value": ["defaultVariant": isAltered ? "bar" : "foo"],
                    ]
                ])
        default: Issue.record("what is to be done is not understood: \(word)")
        }
    }
}
