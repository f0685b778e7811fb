import ExactJSON
import TestSupport
import Testing

@testable import ConfigPlatformFlags

@Suite("Formats of flags")
struct FlagFormatTests {
    @Test(
        arguments: [
            ("demo.flagd.json", .flagd), ("/a/b/flagd.json", .flagd), ("X.LaunchDarkly.JSON", .launchdarkly),
            ("shop.unleash.json", .unleash), ("env.flagsmith.json", .flagsmith), ("demo.json", nil), ("flagd", nil),
            ("demo.flagd.yaml", nil), ("flagd.json/x", nil),
        ] as [(String, FlagFormat?)])
    func `a file's name announces its format`(name: String, format: FlagFormat?) {
        #expect(FlagFormat(fileName: name) == format)
    }

    @Test(
        arguments: [
            (#"{"$schema": "https://flagd.dev/schema/v0/flags.json", "flags": {}}"#, .flagd),
            (#"{"flags": {"a": {"state": "ENABLED", "variants": {"on": true}}}}"#, .flagd),
            (#"{"flags": [{"key": "a", "state": "ENABLED", "variants": {"on": true}}]}"#, .flagd),
            (#"{"flags": {"a": {"key": "a", "variations": [true]}}}"#, .launchdarkly),
            (#"{"items": [{"key": "a", "variations": [{"value": true}]}]}"#, .launchdarkly),
            (#"{"key": "a", "variations": [{"value": true}]}"#, .launchdarkly),
            (#"{"features": [{"name": "a", "enabled": true, "strategies": []}]}"#, .unleash),
            (#"{"features": [], "featureStrategies": []}"#, .unleash),
            (#"{"project": {}, "feature_states": []}"#, .flagsmith),
            (#"{"flags": {"verbose": true}, "port": 80}"#, nil), ("{}", nil), ("[]", nil), ("1", nil),
        ] as [(String, FlagFormat?)])
    func `a document shows what it is, or is taken for settings`(text: String, format: FlagFormat?) throws {
        #expect(FlagFormat(recognizing: try JSONValue(parsing: text)) == format)
    }

    @Test(
        arguments: [
            ("abc", false, "contains"), ("^abc", false, "startsWith"), ("abc$", false, "endsWith"),
            ("^abc$", false, "equals"), ("^(a|b)$", false, "equals"), ("(?:a|b)", false, "contains"),
            ("a|b", false, "contains"), ("abc", true, "startsWith"), (".*abc", true, "contains"),
            (".*abc.*", true, "contains"), ("a\\.b", false, "contains"), ("", false, "exists"), (".*", true, "exists"),
            ("^a|b", false, nil), ("a.c", false, nil), ("a+", false, nil), ("\\d", false, nil), ("(a(b))", false, nil),
            ("a\\", false, nil), ("[ab]", false, nil), ("^abc\\$", false, "startsWith"), ("a{2}", false, nil),
        ] as [(String, Bool, String?)])
    func `patterns that say no more than a text are conditions`(
        pattern: String, isAnchored: Bool, name: String?
    ) throws {
        let path = try AttributePath(parsing: "x")
        let found = LiteralPattern.condition(pattern, of: path, isAnchoredAtStart: isAnchored)
        #expect(found?.simplified.condition?.json["operator"]?.stringValue == name)
    }

    @Test func `whatever a file holds, reading it ends with a result or a reason`() throws {
        let words = [
            "flags", "features", "feature_states", "items", "variations", "variants", "state", "rules", "clauses", "op",
            "values", "attribute", "strategies", "constraints", "operator", "segments", "project", "targeting",
            "$evaluators",
            "if", "$ref", "fallthrough", "rollout", "weight", "enabled", "name", "key", "on", "feature", "conditions",
            "type",
            "identity_overrides", "environments", "data", "prerequisites", "dependencies", "overrides", "parameters",
        ]
        try SeededGenerator.runs(4_000) { random in
            func draw(_ depth: Int) -> JSONValue {
                switch random.int(in: depth < 6 ? 0...11 : 0...5) {
                case 0: return .null
                case 1: return .bool(random.chance(oneIn: 2))
                case 2: return .int(random.int(in: -2...3))
                case 3: return .string(random.element(of: words + ["ENABLED", "ALL", "IN", "default", "", "\u{7}"]))
                case 4: return 1e300
                case 5, 6: return .array((0..<random.int(in: 0...3)).map { _ in draw(depth + 1) })
                default:
                    var object = JSONObject()
                    for _ in 0..<random.int(in: 0...5) { object[random.element(of: words)] = draw(depth + 1) }
                    return .object(object)
                }
            }
            let json = draw(0)
            for format in FlagFormat.allCases {
                guard let taken = try? format.read(json) else { continue }
                _ = try Imported.document(of: taken)
            }
        }
    }

    @Test func `notices are counted where there are too many to keep`() throws {
        let flags = JSONObject(uniqueMembers: (0..<3_000).map { ("f\($0)", JSONValue.int($0)) })
        let taken = try FlagFormat.flagd.read(["flags": .object(flags)])
        #expect(taken.notices.count == FlagImportLimits.notices + 1)
        #expect(taken.notices.last?.message.contains("2000 further notices") == true)
        #expect(taken.notices.last?.severity == .error)
    }
}
