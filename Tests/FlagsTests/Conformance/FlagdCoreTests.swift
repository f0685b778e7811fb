import ConfigPlatformFlags
import ExactJSON
import Foundation
import TestSupport
import Testing

/// flagd-core as an oracle: the same value, variant, reason and error code for generated definitions and contexts.
///
/// `CFG_FLAGD_CASES` says how many (10,000 by default), `CFG_FLAGD_SEED` where the generator starts.
///
/// Deliberate differences, which the comparison leaves out:
/// - a number is what it is worth: `1.0` is the integer 1 (flagd-core for Python keeps them apart);
/// - a boolean is not given to who asks for a number;
/// - a list or object compared by `==` with itself is not equal, as two of the same content are not;
/// - the share of a split that nobody falls into is not evaluated, so that nothing in it can fail;
/// - integers beyond 64 bits are doubles.
@Suite("flagd-core")
struct FlagdCoreTests {
    @Test("The evaluator and flagd-core agree on generated definitions and contexts")
    func agreement() async throws {
        guard try await OpenFeatureTools.areInstalled() else {
            try Test.cancel(Comment(rawValue: OpenFeatureTools.absence))
        }
        let environment = ProcessInfo.processInfo.environment
        let count = environment["CFG_FLAGD_CASES"].flatMap { Int($0) } ?? 10_000
        let seed = environment["CFG_FLAGD_SEED"].flatMap { Int($0) } ?? 1
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Oracles/flagd_core.py").path(percentEncoded: false)
        let output = try await CommandRun.run(OpenFeatureTools.python, [script, String(seed), String(count)])
            .succeeded().standardOutput
        var differences: [String] = []
        var compared = 0
        for line in output.split(separator: UInt8(ascii: "\n")) {
            let given = try JSONValue(parsing: Array(line))
            guard let difference = try Self.difference(given) else {
                compared += 1
                continue
            }
            differences.append(difference)
        }
        for difference in differences.prefix(10) { Issue.record(Comment(rawValue: difference)) }
        #expect(differences.isEmpty, "\(differences.count) of \(compared + differences.count) differ")
        #expect(compared > count / 2)
    }

    private static func difference(_ given: JSONValue) throws -> String? {
        let text = try #require(given["flags"]?.stringValue)
        let key = try #require(given["flag"]?.stringValue)
        let type = try #require(FlagType(rawValue: given["type"]?.stringValue ?? ""))
        let context = try #require(given["context"]?.objectValue)
        let expected = try #require(given["expected"])
        let set = try FlagSet(document: JSONValue(parsing: text))
        let resolution = set.resolve(key, FlagContext(context), as: type, at: 1_790_000_000)
        let value = resolution.variant?.value ?? given["default"] ?? .null
        let found = JSONValue.object(
            JSONObject(uniqueMembers: [
                ("value", value), ("variant", resolution.variant.map { .string($0.name) } ?? .null),
                ("reason", .string(resolution.reason.rawValue)),
                ("errorCode", resolution.error.map { .string($0.rawValue) } ?? .null),
            ]))
        var wanted = try #require(expected.objectValue)
        wanted["raised"] = nil
        // An empty name of a variant is none.
        if wanted["variant"] == .string("") { wanted["variant"] = .null }
        if found == .object(wanted) { return nil }
        return "\(text) for \(JSONValue.object(context)): \(found), flagd-core: \(expected)"
    }
}
