import Foundation

/// flagd's evaluator for Python and OpenFeature's clients, which share no code with what is tested.
package enum OpenFeatureTools {
    /// Why a test that needs them was skipped.
    package static let absence = """
        skipped: OpenFeature's clients are not installed, for there is no python3 with venv, or PyPI cannot be reached \
        (scripts/openfeature-tools.sh says which)
        """

    private static let package = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let folder = package.appending(path: ".tools/openfeature").path(percentEncoded: false)

    private static let installation = Task { () async throws -> Bool in
        let script = package.appending(path: "scripts/openfeature-tools.sh").path(percentEncoded: false)
        let result = try await CommandRun.run("/bin/sh", [script, folder])
        guard result.status == 0 || result.status == 69 else { throw CommandFailure(result: result) }
        return result.status == 0
    }

    /// Whether they can be used; installs them at the first question.
    package static func areInstalled() async throws -> Bool { try await installation.value }

    /// The Python that has them.
    package static var python: String { folder + "/venv/bin/python" }
}
