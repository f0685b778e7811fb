import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// OpenFeature's remote evaluation against a real server: flagd's scenarios as plain requests, and with OpenFeature's own client.
@Suite(
    "Remote evaluation", .enabled(if: FlagdTestbed.isPresent, Comment(rawValue: FlagdTestbed.absence)),
    .timeLimit(.minutes(9)))
struct OFREPTests {
    private static let evaluate = "/ofrep/v1/evaluate/flags"

    /// A server with the test bed's flags, and a client whose token may evaluate in their environment and nothing else.
    private static func server(
        _ part: FlagdTestbed.Part = .providers
    ) async throws -> (server: CfgProcess, client: WireClient, token: String) {
        let server = try await CfgProcess(.init())
        try await FlagdTestbed.load(part, into: server.client)
        let answer = try await server.client.call(
            "POST", "/api/v1/tokens",
            body: .json([
                "name": "client",
                "grants": [
                    ["role": "evaluator", "project": .string(part.rawValue), "environments": ["production"]]
                ],
            ]))
        let token = try #require(try answer.json()["token"]?.stringValue)
        return (server, server.client.with(token: token), token)
    }

    @Test(arguments: FlagdTestbed.Part.allCases)
    func `every scenario about evaluation holds for plain requests`(_ part: FlagdTestbed.Part) async throws {
        let (server, client, _) = try await Self.server(part)
        for scenario in try FlagdTestbed.cases(of: part) {
            let answer = try await client.send(
                "POST", "\(Self.evaluate)/\(scenario.key)", body: .json(["context": .object(scenario.context)]))
            let json = try answer.json()
            let isTyped = json["value"].map { Self.isOf($0, scenario.type) } ?? true
            if let code = scenario.errorCode, code != "TYPE_MISMATCH" {
                #expect(json["errorCode"]?.stringValue == code, "\(scenario): \(answer)")
            } else if isTyped, scenario.value != scenario.fallback {
                #expect(answer.status == 200, "\(scenario): \(answer)")
            }
            if let value = scenario.value {
                let found = isTyped && answer.status == 200 ? json["value"] ?? scenario.fallback : scenario.fallback
                #expect(found == value, "\(scenario): \(answer)")
            }
            if let reason = scenario.reason, answer.status == 200 {
                #expect(json["reason"]?.stringValue == reason, "\(scenario): \(answer)")
            }
            for member in scenario.metadata.members {
                #expect(json["metadata"]?[member.name] == member.value, "\(scenario): \(answer)")
            }
            // Clients tell doubles from integers by how they are written.
            if scenario.type == "Float", answer.status == 200, isTyped, json["value"] != nil {
                #expect(answer.text.contains(/"value":-?[0-9]+(\.|e)/), "\(scenario): \(answer)")
            }
            if scenario.type == "Integer", answer.status == 200, case .number? = json["value"], isTyped {
                #expect(answer.text.contains(/"value":-?[0-9]+[,}]/), "\(scenario): \(answer)")
            }
        }
        try await server.stop()
    }

    private static func isOf(_ value: JSONValue, _ type: String) -> Bool {
        switch (value, type) {
        case (.bool, "Boolean"), (.string, "String"), (.number, "Float"), (.object, "Object"), (.array, "Object"): true
        case (.number(let number), "Integer"): number.isInteger
        default: false
        }
    }

    @Test(arguments: FlagdTestbed.Part.allCases)
    func `every scenario about evaluation holds for OpenFeature's own client`(_ part: FlagdTestbed.Part) async throws {
        guard try await OpenFeatureTools.areInstalled() else {
            try Test.cancel(Comment(rawValue: OpenFeatureTools.absence))
        }
        let (server, _, token) = try await Self.server(part)
        let cases = try FlagdTestbed.cases(of: part)
        let requests = cases.map { $0.request.canonicalText + "\n" }.joined()
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Oracles/ofrep_client.py").path(percentEncoded: false)
        let output = try await CommandRun.run(
            OpenFeatureTools.python, [script, server.url, token], input: Array(requests.utf8)
        ).succeeded().standardOutput
        let answers = try output.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }
        #expect(answers.count == cases.count)
        for (scenario, answer) in zip(cases, answers) {
            if let value = scenario.value { #expect(answer["value"] == value, "\(scenario): \(answer)") }
            if let reason = scenario.reason {
                #expect(answer["reason"]?.stringValue == reason, "\(scenario): \(answer)")
            }
            if let code = scenario.errorCode {
                #expect(answer["errorCode"]?.stringValue == code, "\(scenario): \(answer)")
            }
            for member in scenario.metadata.members {
                #expect(answer["metadata"]?[member.name] == member.value, "\(scenario): \(answer)")
            }
        }
        try await server.stop()
    }

    @Test func `all flags at once are of one revision, and are not sent again to who has them`() async throws {
        let (server, client, _) = try await Self.server()
        let context = WireClient.Body.json(["context": ["targetingKey": "user-7"]])
        let first = try await client.call("POST", Self.evaluate, body: context)
        let flags = try #require(try first.json()["flags"]?.arrayValue)
        #expect(flags.count > 50)
        #expect(try first.json()["metadata"]?["flagSetId"] == "testbed/production")
        let tag = try #require(first.header("ETag"))
        let again = try await client.call(
            "POST", Self.evaluate, headers: [("If-None-Match", tag)], body: context, expecting: [304])
        #expect(again.body.isEmpty)

        // A setting alters no flag.
        try await server.client.put(1, "some.setting", "production", of: FlagdTestbed.project)
        try await client.call("POST", Self.evaluate, headers: [("If-None-Match", tag)], body: context, expecting: [304])
        try await server.client.call(
            "POST", FlagdTestbed.project.environment("production") + "/flags/boolean-flag/kill",
            body: .json(["variant": "off", "reason": "a test"]))
        let killed = try await client.call("POST", Self.evaluate, headers: [("If-None-Match", tag)], body: context)
        let flag = try killed.json()["flags"]?.arrayValue?.first { $0["key"] == "boolean-flag" }
        #expect(flag?["value"] == false)
        try await server.stop()
    }

    @Test func `the stream that an answer names tells of the next change, and of none that was before`() async throws {
        let (server, client, _) = try await Self.server()
        let answer = try await client.call("POST", Self.evaluate, body: .json(["context": [:]]))
        let stream = try #require(try answer.json()["eventStreams"]?.arrayValue?.first)
        #expect(stream["type"] == "sse")
        let uri = try #require(stream["endpoint"]?["requestUri"]?.stringValue)
        let parts = uri.split(separator: "?", maxSplits: 1)
        let after = String(try #require(parts.last).dropFirst("after=".count))

        // What happens before the stream is opened is told by it too.
        try await server.client.call(
            "POST", FlagdTestbed.project.environment("production") + "/flags/boolean-flag/kill",
            body: .json(["variant": "off", "reason": "a test"]))
        let (_, events) = try await client.events(String(parts[0]), query: [("after", after)])
        let event = try #require(try await events.next())
        #expect(event.event == "message")
        #expect(event.data["type"] == "refetchEvaluation")
        try await server.stop()
    }

    @Test func `what is wrong with a request is said in the protocol's words`() async throws {
        let (server, client, _) = try await Self.server()
        let missing = try await client.call(
            "POST", "\(Self.evaluate)/nowhere", body: .json(["context": [:]]), expecting: [404])
        #expect(try missing.json()["errorCode"] == "FLAG_NOT_FOUND")
        #expect(try missing.json()["errorDetails"]?.stringValue?.isEmpty == false)
        let broken = try await client.call(
            "POST", "\(Self.evaluate)/boolean-flag", body: .bytes(Array("{".utf8), type: "application/json"),
            expecting: [400])
        #expect(try broken.json()["errorCode"] == "PARSE_ERROR")
        let context = try await client.call(
            "POST", "\(Self.evaluate)/boolean-flag", body: .json(["context": 7]), expecting: [400])
        #expect(try context.json()["errorCode"] == "INVALID_CONTEXT")
        try await client.with(token: nil).call(
            "POST", "\(Self.evaluate)/boolean-flag", body: .json(["context": [:]]), expecting: [401])
        try await server.stop()
    }
}
