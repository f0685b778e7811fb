import Foundation
import Testing

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel

@Suite(.timeLimit(.minutes(2))) struct FlagAssignmentTests {
    /// A flag whose split is an experiment, as the platform's definitions have it.
    private static let button: JSONValue = [
        "state": "ENABLED", "variants": ["red": "r", "blue": "b"], "defaultVariant": "blue",
        "targeting": [
            "if": [
                [">": [["var": "age"], 17]],
                [
                    "if": [
                        ["var": "targetingKey"],
                        ["fractional": [["cat": ["button", ["var": "targetingKey"]]], ["red", 1], ["blue", 1]]], .null,
                    ]
                ],
            ]
        ],
        "experiments": [
            [
                "key": "colour", "version": "v1", "by": "targetingKey", "at": "/targeting/if/1",
                "attributes": ["country"],
            ]
        ],
    ]

    private func told(_ calls: [StandInPlatform.Call]) throws -> [JSONValue] {
        try calls.filter(\.tellsAssignments).flatMap { call in
            let json = try JSONValue(parsing: call.body)
            #expect(json["client"] == "tests")
            return json["assignments"]?.arrayValue ?? []
        }
    }

    @Test func `who was in an experiment is told with what it names, each unit once`() async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(["button": Self.button, "plain": .switchFlag(true)])
            let client = try platform.flagClient(usage: FlagUsageReporting(client: "tests", interval: .seconds(3_600)))
            try await client.waitUntilReady()
            for unit in 0..<50 {
                let context = FlagContext(
                    targetingKey: "u\(unit)", ["age": .int(unit < 40 ? 30 : 3), "country": "DE", "mail": "a@b.c"])
                for _ in 0..<3 { _ = client.string("button", default: "", context: context) }
                _ = client.stringDetails("button", default: "", context: context)
                _ = client.boolean("plain", default: false, context: context)
            }
            await client.shutdown()
            let all = try told(platform.allCalls)
            #expect(Set(all.compactMap { $0["unit"]?.stringValue }) == Set((0..<40).map { "u\($0)" }))
            #expect(
                all.count == 40 && all.allSatisfy { $0["exposures"] == 4 && $0["attributes"] == ["country": "DE"] })
            #expect(all.allSatisfy { $0["flag"] == "button" && $0["experiment"] == "colour" && $0["version"] == "v1" })
            #expect(Set(all.compactMap { $0["variant"]?.stringValue }) == ["red", "blue"])
            for assignment in all {
                let first = try Timestamp(parsing: assignment["firstAt"]?.stringValue ?? "")
                #expect(first <= (try Timestamp(parsing: assignment["lastAt"]?.stringValue ?? "")))
            }
        }
    }

    @Test func `what cannot be told is kept, and what is refused is not told again`() async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(["button": Self.button])
            platform.answer(2, where: \.tellsAssignments, with: .problem(503, "unavailable"))
            let client = try platform.flagClient(usage: FlagUsageReporting(client: "tests", interval: .milliseconds(5)))
            try await client.waitUntilReady()
            _ = client.string("button", default: "", context: FlagContext(targetingKey: "u", ["age": 30]))
            let calls = await platform.calls(3, where: \.tellsAssignments)
            for call in calls {
                let units = try told([call]).map { $0["unit"] }
                #expect(units == ["u"])
            }
            platform.answer(1, where: \.tellsAssignments, with: .problem(400, "invalid-request"))
            _ = client.string("button", default: "", context: FlagContext(targetingKey: "w", ["age": 30]))
            _ = await platform.calls(4, where: \.tellsAssignments)
            _ = client.string("button", default: "", context: FlagContext(targetingKey: "x", ["age": 30]))
            let fifth = await platform.calls(5, where: \.tellsAssignments)[4]
            let units = try told([fifth]).map { $0["unit"] }
            #expect(units == ["x"])
            await client.shutdown()
        }
    }

    @Test func `nobody is told of where that is not wanted`() async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(["button": Self.button])
            let client = try platform.flagClient(
                usage: FlagUsageReporting(client: "tests", interval: .milliseconds(5), tellsAssignments: false))
            try await client.waitUntilReady()
            _ = client.string("button", default: "", context: FlagContext(targetingKey: "u", ["age": 30]))
            await client.shutdown()
            #expect(platform.allCalls.filter(\.tellsAssignments).isEmpty)
        }
    }
}

extension StandInServer.Call {
    fileprivate var tellsAssignments: Bool { path.hasSuffix("/flag-assignments") }
}
