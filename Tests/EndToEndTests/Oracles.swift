import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// Readers of the same files that share no code with what is tested.
enum Oracles {
    static let absence: Comment = """
        skipped: the readers to compare with are not installed, for there is no python3 with venv, or PyPI cannot be reached \
        (Tests/EndToEndTests/Oracles/setup.sh says which)
        """

    private static let scripts = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Oracles")
        .path(percentEncoded: false)
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: ".tools/oracles").path(percentEncoded: false)

    private static let installation = Task { () async throws -> Bool in
        let result = try await CommandRun.run("/bin/sh", [scripts + "/setup.sh", folder])
        guard result.status == 0 || result.status == 69 else { throw CommandFailure(result: result) }
        return result.status == 0
    }

    /// Whether the Python readers can be used; installs them at the first question.
    static func areInstalled() async throws -> Bool { try await installation.value }

    /// Runs one of the scripts in `Oracles/` and returns what it prints.
    static func python(_ script: String, _ arguments: [String]) async throws -> JSONValue {
        let result = try await CommandRun.run(folder + "/venv/bin/python", [scripts + "/" + script] + arguments)
            .succeeded()
        return try JSONValue(parsing: result.standardOutput)
    }

    /// The variables that a POSIX shell has after it has read each of these files as `set -a; . FILE` from an empty environment.
    static func shellValues(ofFiles paths: [String]) async throws -> [[String: String]] {
        let script = #"for file; do (set -a; . "$file"; exec /usr/bin/env -0) || exit 1; printf '\0'; done"#
        let result = try await CommandRun.run("/bin/sh", ["-c", script, "sh"] + paths, environment: [:]).succeeded()
        var files: [[String: String]] = []
        var values: [String: String] = [:]
        for field in result.standardOutput.split(separator: 0, omittingEmptySubsequences: false).dropLast() {
            guard let equals = field.firstIndex(of: UInt8(ascii: "=")) else {
                files.append(values)
                values = [:]
                continue
            }
            let name = String(decoding: field[..<equals], as: UTF8.self)
            // Shells set these by themselves.
            if !["PWD", "OLDPWD", "SHLVL", "_"].contains(name) {
                values[name] = String(decoding: field[(equals + 1)...], as: UTF8.self)
            }
        }
        guard files.count == paths.count else { throw CommandFailure(result: result) }
        return files
    }
}
