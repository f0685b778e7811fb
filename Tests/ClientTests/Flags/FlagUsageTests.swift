import Foundation
import Synchronization
import Testing

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel

@Suite(.timeLimit(.minutes(2))) struct FlagUsageTests {
    /// One that was under way when its client was shut down has been told twice, under one name.
    private func told(_ calls: [StandInPlatform.Call]) throws -> [String: Int] {
        var told: [String: Int] = [:]
        var seen: Set<String> = []
        for call in calls where call.isUsage {
            let json = try JSONValue(parsing: call.body)
            #expect(json["client"] == "tests")
            guard seen.insert(json["report"]?.stringValue ?? "").inserted else { continue }
            let from = try Timestamp(parsing: json["from"]?.stringValue ?? "")
            #expect(from <= (try Timestamp(parsing: json["until"]?.stringValue ?? "")))
            for count in json["counts"]?.arrayValue ?? [] {
                let name = [count["flag"], count["variant"], count["reason"]].map { $0?.stringValue ?? "null" }
                told[name.joined(separator: " "), default: 0] += Int(count["count"]?.int64Value ?? 0)
            }
        }
        return told
    }

    @Test func `what flags came to is counted and told, also over changes and on many threads`() async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(["a": .switchFlag(true), "b": .switchFlag(true, state: "DISABLED")])
            let client = try platform.flagClient(
                usage: FlagUsageReporting(client: "tests", interval: .milliseconds(20)))
            try await client.waitUntilReady()
            await withTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<10_000 {
                            _ = client.boolean("a", default: false)
                            _ = client.booleanDetails("b", default: false)
                        }
                    }
                }
                group.addTask {
                    for number in 0..<20 {
                        platform.commitFlags(["a": .switchFlag(number % 2 == 0)])
                        try? await Task.sleep(for: .milliseconds(2))
                    }
                }
            }
            _ = client.string("a", default: "")
            _ = client.string("missing", default: "")
            await client.shutdown()
            let told = try told(platform.allCalls)
            #expect((told["a on STATIC"] ?? 0) + (told["a off STATIC"] ?? 0) == 80_000)
            #expect(told["b null DISABLED"] == 80_000)
            #expect(told["a null ERROR"] == 1)
            #expect(told.keys.filter { $0.hasPrefix("missing") }.isEmpty)
        }
    }

    @Test func `while the platform cannot be told the counts are kept, and told once it can`() async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(["a": .switchFlag(true)])
            platform.answer(3, where: \.isUsage, with: .problem(503, "unavailable"))
            let client = try platform.flagClient(usage: FlagUsageReporting(client: "tests", interval: .milliseconds(5)))
            try await client.waitUntilReady()
            for _ in 0..<5 { _ = client.boolean("a", default: false) }
            let calls = await platform.calls(4, where: \.isUsage)
            await client.shutdown()
            // Nobody knows whether what was refused was counted, so it is told again as it was.
            #expect(Set(calls.prefix(4).map(\.body)).count == 1)
            #expect(try told(platform.allCalls) == ["a on STATIC": 5])
        }
    }

    @Test func `no two reports have one name, neither of one client nor of two`() async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(["a": .switchFlag(true)])
            for _ in 0..<2 {
                let client = try platform.flagClient(
                    usage: FlagUsageReporting(client: "tests", interval: .milliseconds(5)))
                try await client.waitUntilReady()
                let before = platform.allCalls.filter(\.isUsage).count
                for number in 1...3 {
                    _ = client.boolean("a", default: false)
                    _ = await platform.calls(before + number, where: \.isUsage)
                }
                await client.shutdown()
            }
            let names = try Set(platform.allCalls.filter(\.isUsage).map(\.body)).map {
                try JSONValue(parsing: $0)["report"]?.stringValue
            }
            #expect(names.count == 6 && Set(names).count == 6 && !names.contains(nil))
            #expect(names.allSatisfy { ($0?.utf8.count ?? 0) <= 64 })
        }
    }

    @Test func `hours are told apart, and what is refused is not told again`() async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(["a": .switchFlag(true)])
            platform.answer(2, where: \.isUsage, with: .problem(503, "unavailable"))
            let clock = Mutex(Date(timeIntervalSince1970: 3_600 * 400_000 + 3_000))
            let surroundings = Surroundings(
                now: { clock.withLock { $0 } },
                sleep: { duration in
                    // The time that is waited for passes at once for the reporter, and as it does for all else.
                    if duration == .seconds(600) || duration == .seconds(3_600) {
                        try await Task.sleep(for: .milliseconds(20))
                        clock.withLock { $0 += duration == .seconds(600) ? 600 : 3_600 }
                    } else {
                        try await Task.sleep(for: min(duration, .seconds(60)))
                    }
                }, fraction: { 0.5 })
            let client = try platform.flagClient(
                usage: FlagUsageReporting(client: "tests", interval: .seconds(7_200)), surroundings: surroundings)
            try await client.waitUntilReady()
            for await _ in AsyncStream(unfolding: { try? await Task.sleep(for: .milliseconds(5)) }) {
                _ = client.boolean("a", default: false)
                if platform.allCalls.filter(\.isUsage).count >= 5 { break }
            }
            await client.shutdown()
            // One that was told again is told again as it was.
            let reports = Set(platform.allCalls.filter(\.isUsage).dropFirst(2).map(\.body))
            let hours = try reports.map { body -> Int64 in
                let json = try JSONValue(parsing: body)
                let from = try Timestamp(parsing: json["from"]?.stringValue ?? "").microseconds
                let until = try Timestamp(parsing: json["until"]?.stringValue ?? "").microseconds
                // The clock stands still between waits: what was counted at the end of an hour may be told at once.
                #expect(max(from, until - 1) / 3_600_000_000 == from / 3_600_000_000)
                return from / 3_600_000_000
            }
            #expect(Set(hours).count == hours.count)
        }
    }

    @Test func `names that are none are refused before anything is connected`() {
        #expect(throws: ConfigPlatformError.self) {
            try StandInPlatform.flagClient(of: "http://127.0.0.1:1", usage: FlagUsageReporting(client: ""))
        }
    }
}

extension StandInServer.Call {
    fileprivate var isUsage: Bool { path.hasSuffix("/flag-usage") }
}
