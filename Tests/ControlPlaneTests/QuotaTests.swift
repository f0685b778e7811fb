import ConfigPlatformModel
import ControlPlane
import Foundation
import Store
import TestSupport
import Testing

@Suite struct QuotaTests {
    private func quotas(_ quotas: JSONValue) throws -> Operation {
        Operation(.putProject(try ProjectBody(quotas: ProjectQuotas(parsing: quotas))))
    }

    @Test func `as many watch a project on one server as its quota says, of settings and flags together`() async throws
    {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([quotas(["watchers": 1])])
            let first = try await test.platform.watch(test.caller, test.name("base"), of: test.project, after: nil)
            await test.expect(.tooManyRequests) {
                _ = try await test.platform.watch(test.caller, nil, of: test.project, after: nil)
            }
            await test.expect(.tooManyRequests) {
                _ = try await test.platform.watchFlags(test.caller, test.name("base"), of: test.project, after: nil)
            }
            first.end()
            let second = try await test.platform.watch(test.caller, test.name("base"), of: test.project, after: nil)
            second.end()
        }
    }

    @Test func `a server that starts in the middle of a day goes on counting its changes`() async throws {
        let directory = NSTemporaryDirectory() + "cfg-test-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: directory) }
        func opened() throws -> SQLiteStore {
            try SQLiteStore.open(directory: directory, mode: .readWrite, platformID: { "plt_test" })
        }
        try await PlatformUnderTest.serve(try opened()) { test in
            try await test.makeShop()
            try await test.write([quotas(["changesPerDay": 4])])
            try await test.write([test.put("a", 1, in: "base")])
        }
        let clock = ManualWorld()
        try await PlatformUnderTest.serve(try opened(), clock: clock) { test in
            try await test.write([test.put("a", 2, in: "base")])
            for isDryRun in [true, false] {
                await test.expect(.limitExceeded) {
                    _ = try await test.write([test.put("a", 3, in: "base")], dryRun: isDryRun)
                }
            }
            clock.advance(seconds: 86_400)
            try await test.write([test.put("a", 3, in: "base")])
        }
    }
}
