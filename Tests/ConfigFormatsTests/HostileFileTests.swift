import ConfigFormats
import ConfigPlatformModel
import Testing

/// Small files that would be large, and files that would exhaust their reader.
@Suite struct HostileFileTests {
    private static func laughs(_ pair: (Int) -> String) -> String {
        "a0: &a0 {x: 1, y: [1, 2, 3]}\n" + (1..<12).map { "a\($0): &a\($0) \(pair($0))\n" }.joined()
    }

    @Test(arguments: [
        laughs { level in "[" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ") + "]" },
        laughs { level in "{" + (0..<9).map { "k\($0): *a\(level - 1)" }.joined(separator: ", ") + "}" },
        laughs { level in "{<<: [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ") + "]}" },
        "a: &a \"\(String(repeating: "x", count: 200_000))\"\nb: [\(Array(repeating: "*a", count: 1_000).joined(separator: ", "))]\n",
    ])
    func `aliases that unfold into too much are refused`(text: String) {
        let problem = #expect(throws: Problem.self) { try Reading(text, as: .yaml) }
        #expect(problem?.violations.contains { $0.message.contains("aliases") } == true, "\(problem?.detail ?? "")")
    }

    @Test func `aliases that name one another in a long chain are refused`() {
        let text = "a0: &a0 x\n" + (1..<5_000).map { "a\($0): &a\($0) [*a\($0 - 1)]\n" }.joined()
        let problem = #expect(throws: Problem.self) { try Reading(text, as: .yaml) }
        #expect(problem?.violations.first?.message.contains("64 levels") == true)
    }

    @Test(arguments: [
        (ConfigFormat.yaml, "a: " + String(repeating: "[", count: 100_000)),
        (.yaml, "a: " + String(repeating: "{a: ", count: 100_000)),
        (.yaml, "a:\n " + String(repeating: "- ", count: 100_000)), (.yaml, String(repeating: "? ", count: 100_000)),
        (.yaml, (0..<2_000).map { String(repeating: " ", count: $0) + "a:\n" }.joined()),
        (.yaml, String(repeating: "a: ", count: 100_000)),
        (.yaml, "a: " + String(repeating: "&a ", count: 100_000)),
        (.yaml, String(repeating: "!!str\n", count: 100_000)),
        (.yaml, "\"" + String(repeating: "\\", count: 100_001)),
        (.json, String(repeating: "{\"a\":", count: 100_000)),
        (.json, "{\"a\":" + String(repeating: "[", count: 100_000)),
        (.toml, "a = " + String(repeating: "[", count: 100_000)),
        (.toml, "a = " + String(repeating: "{a=", count: 100_000)),
        (.toml, String(repeating: "a.", count: 100_000) + "a = 1"),
        (.toml, "[" + String(repeating: "a.", count: 100_000) + "a]"),
    ])
    func `deep nesting is refused, not followed`(format: ConfigFormat, text: String) {
        let problem = #expect(throws: Problem.self) { try Reading(text, as: format) }
        #expect(problem?.code == .unreadableFile)
    }

    @Test(arguments: [
        (ConfigFormat.dotenv, String(repeating: "A=\"x\n", count: 20_000)),
        (.dotenv, String(repeating: "A='\\'x\n", count: 20_000)),
        (.properties, "a=" + String(repeating: "\\\n", count: 100_000)),
        (.properties, String(repeating: "[", count: 100_000) + "=1"),
        (.properties, (0..<32).map { "a" + String(repeating: ".b", count: $0) + "=1\n" }.joined()),
    ])
    func `lines made to be slow or deep are read around`(format: ConfigFormat, text: String) throws {
        _ = try Reading(text, as: format)
    }

    @Test func `a file of very many values is refused`() {
        let text = "a: [" + String(repeating: "a,", count: 1_000_001) + "]"
        let problem = #expect(throws: Problem.self) { try Reading(text, as: .yaml) }
        #expect(problem?.violations.first?.message.contains("1000000") == true)
    }
}
