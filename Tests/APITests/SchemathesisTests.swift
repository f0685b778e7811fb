import Foundation
import TestSupport
import Testing

/// The contract against a real process, with requests that schemathesis draws from it: the short form of `scripts/schemathesis.sh`, which
/// by itself takes every role and asks for everything at the bounds of the contract too.
@Suite struct SchemathesisTests {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "scripts/schemathesis.sh").path(percentEncoded: false)

    private static let absence: Comment = """
        skipped: schemathesis is not installed, for there is no python3 with venv, or PyPI cannot be reached; or there is no cfg beside the \
        tests (scripts/schemathesis.sh says which)
        """

    private static let installation = Task { () async throws -> Bool in
        guard FileManager.default.isExecutableFile(atPath: CfgProcess.binary) else { return false }
        return try await CommandRun.run("/usr/bin/env", ["bash", script, "install"]).status == 0
    }

    @Test(.enabled(absence) { try await installation.value }, arguments: ["administrator", "viewer"])
    func `a real server answers whatever the contract allows as the contract says`(role: String) async throws {
        var environment = ProcessInfo.processInfo.environment
        environment["CFG_BINARY"] = CfgProcess.binary
        environment["CFG_PHASES"] = "fuzzing"
        let result = try await CommandRun.run(
            "/usr/bin/env", ["bash", Self.script, "2", role], environment: environment)
        #expect(result.status == 0, "\(String(decoding: result.standardOutput, as: UTF8.self).suffix(8_000))")
    }
}
