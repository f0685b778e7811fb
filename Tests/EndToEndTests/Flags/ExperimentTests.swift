import ConfigPlatformClient
import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// An experiment from its rule to the units that analysis reads: evaluated by a server and in a program, over the command line.
@Suite("Experiments", .timeLimit(.minutes(9)))
struct ExperimentTests {
    private let project = ProjectPath("shop")
    /// Of these a quarter is evaluated by the server, the rest in a program.
    private static let units = 20_000

    private static let flag: JSONValue = [
        "op": "put", "kind": "flag", "key": "button",
        "value": ["type": "string", "variants": ["red": "#f00", "blue": "#00f"], "defaultVariant": "blue"],
    ]

    private func token(_ server: CfgProcess, _ role: String) async throws -> String {
        let made = try await server.cli(
            "token", "create", role, "--role", role, "--project", "shop", "--environment", "live"
        ).succeeded()
        return try #require(CfgProcess.tokens(in: made.output).first)
    }

    private func experiment(_ server: CfgProcess) async throws -> JSONValue {
        try await server.client.call("GET", project.environment("live") + "/flags/button/experiments/colour").json()
    }

    private func evaluateRemotely(_ units: Range<Int>, _ client: WireClient) async throws {
        try await withThrowingTaskGroup { group in
            for part in 0..<4 {
                group.addTask {
                    for unit in units where unit % 4 == part {
                        try await client.call(
                            "POST", "/ofrep/v1/evaluate/flags",
                            body: .json(["context": ["targetingKey": .string("user-\(unit)"), "country": "DE"]]))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test
    func
        `twenty thousand units are divided as asked for, wherever they were evaluated; a split that is told wrongly is found`()
        async throws
    {
        let server = try await CfgProcess(.init())
        let folder = try TemporaryFolder()
        try await server.client.makeProject(project, environments: [("live", [])])
        try await server.client.change(project, "A flag", [Self.flag])
        _ = try await server.cli(
            "flag", "rule", "button", "-p", "shop", "-e", "live", "--split", "red=30", "--split", "blue=70",
            "--experiment", "colour", "--log", "country"
        ).succeeded()
        let token = try await token(server, "evaluator")

        let quarter = Self.units / 4
        try await evaluateRemotely(0..<quarter, server.client.with(token: token))
        let flags = try FlagClient(
            server: server.url, token: AccessToken(token), project: "shop", environment: "live",
            usage: FlagUsageReporting(client: "tests", interval: .milliseconds(200)))
        try await flags.waitUntilReady()
        for unit in quarter..<Self.units {
            _ = flags.string(
                "button", default: "", context: FlagContext(targetingKey: "user-\(unit)", ["country": "FR"]))
        }
        // One unit is the same wherever it is evaluated.
        for unit in 0..<100 {
            _ = flags.string(
                "button", default: "", context: FlagContext(targetingKey: "user-\(unit)", ["country": "FR"]))
        }
        await flags.shutdown()

        let found = try await experiment(server)
        #expect(found["units"]?.int64Value == Int64(Self.units), "\(found)")
        // What a program tells and hears no answer to, on a busy machine say, it tells again.
        let exposures = try #require(found["exposures"]?.int64Value)
        #expect(exposures >= Int64(Self.units + 100), "\(found)")
        #expect(found["verdict"] == "asExpected" && found["unitsOfSeveralVariants"] == 0, "\(found)")
        let shown = try await server.cli("flag", "experiment", "button", "-p", "shop", "-e", "live").succeeded()
        #expect(shown.output.contains("as expected"), "\(shown.output)")

        let path = folder.root + "/units.csv"
        _ = try await server.cli(
            "flag", "experiment", "export", "button", "-p", "shop", "-e", "live", "--format", "csv", "--file", path
        ).succeeded()
        let table = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\r\n")
        #expect(table.count == Self.units + 1 && table[0].hasSuffix("client,country"))
        #expect(table.count { $0.hasSuffix(",tests,FR") } == Self.units - quarter)
        #expect(table.count { $0.hasSuffix(",DE") } == quarter)
        folder.remove()

        // What was told is still there after a restart.
        try await server.restart()
        #expect(try await experiment(server)["units"] == found["units"])

        let now = JSONValue.string(try await serverTime(server))
        let version = try #require(found["version"])
        let wrong = (0..<1_000).map { number -> JSONValue in
            [
                "flag": "button", "experiment": "colour", "version": version, "unit": .string("other-\(number)"),
                "variant": "red", "exposures": 1, "firstAt": now, "lastAt": now,
            ]
        }
        try await server.client.with(token: token).call(
            "POST", project.environment("live") + "/flag-assignments",
            body: .json(["client": "broken", "assignments": .array(wrong)]), expecting: [204])
        let tampered = try await experiment(server)
        #expect(tampered["verdict"] == "mismatch" && tampered["units"]?.int64Value == Int64(Self.units + 1_000))
        let told = try await server.cli("flag", "experiment", "button", "-p", "shop", "-e", "live").succeeded()
        #expect(told.output.contains("mismatch"), "\(told.output)")
        try await server.stop()
    }

    /// When the last change was made, which the server has seen.
    private func serverTime(_ server: CfgProcess) async throws -> String {
        let changes = try await server.client.call("GET", project.root + "/changes").json()
        return try #require(changes["changes"]?.arrayValue?.first?["committedAt"]?.stringValue)
    }
}
