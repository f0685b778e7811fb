import ConfigFormats
import ConfigPlatformModel
import TestSupport
import Testing

/// Export of what was imported gives the same settings back, whatever the settings.
@Suite struct RoundTripTests {
    @Test(arguments: [ConfigFormat.json, .yaml, .toml])
    func `random settings of every type come back from the formats that have types`(format: ConfigFormat) throws {
        try SeededGenerator.runs(300) { random in
            let settings = RandomSettings(&random, hasNull: format != .toml).settings
            let file = try format.write(settings)
            let again = try Reading(file, as: format)
            // TOML has the keys of a table before the tables below it.
            let sorted = again.settings.sorted { $0.key < $1.key }
            #expect(sorted.map(\.key) == settings.map(\.key), "\(random)")
            #expect(sorted.map(\.value) == settings.map(\.value), "\(random)")
            #expect(try again.write(as: format) == file, "\(random)")
        }
    }

    @Test(arguments: [ConfigFormat.json, .yaml, .toml])
    func `random documents come back whatever their names, in objects for values too`(format: ConfigFormat) throws {
        try SeededGenerator.runs(300) { random in
            let settings = RandomSettings(&random, hasNull: format != .toml, hasObjects: true).settings
            let again = try Reading(try format.write(settings), as: format)
            let document = try JSONValue(parsing: try ConfigFormat.json.write(settings))
            #expect(try JSONValue(parsing: try again.write(as: .json)) == document, "\(random)")
        }
    }

    @Test func `random keys come back from properties whatever their names`() throws {
        try SeededGenerator.runs(300) { random in
            let settings = RandomSettings(&random, hasNull: true).settings.map { setting in
                (key: setting.key, value: JSONValue.string(setting.value.canonicalText))
            }
            let again = try Reading(try ConfigFormat.properties.write(settings), as: .properties)
            #expect(again.settings.map(\.key) == settings.map(\.key), "\(random)")
            #expect(again.settings.map(\.value) == settings.map(\.value), "\(random)")
        }
    }

    @Test(arguments: [ConfigFormat.dotenv, .properties])
    func `random texts come back from the formats of mere text`(format: ConfigFormat) throws {
        try SeededGenerator.runs(300) { random in
            var settings: [(key: ConfigKey, value: JSONValue)] = []
            for index in 0..<random.int(in: 1...12) {
                let name = "\(random.element(of: ["A", "b_c", "D-E", "f.g"]))\(index)"
                let text = RandomSettings.text(&random).replacing("\0", with: "0")
                settings.append((try key(name), .string(text)))
            }
            settings.sort { $0.key < $1.key }
            let file = try format.write(settings, options: ExportOptions(dotenvNames: .asWritten))
            let again = try Reading(file, as: format, references: .literal)
            #expect(again.settings.map(\.key) == settings.map(\.key), "\(random)")
            #expect(again.settings.map(\.value) == settings.map(\.value), "\(random)")
            #expect(again.file.notices.allSatisfy { $0.severity != .error }, "\(random)")
        }
    }

    @Test(arguments: [ConfigFormat.properties, .yaml])
    func `random names, some prefixes of others, come back with their values`(format: ConfigFormat) throws {
        try SeededGenerator.runs(300) { random in
            var lines: [String: String] = [:]
            for index in 0..<random.int(in: 1...10) {
                let name = (0..<random.int(in: 1...4)).map { _ in random.element(of: ["a", "b", "[x.y]", "c[0]"]) }
                    .joined(separator: ".")
                lines[name] = "v\(index)"
            }
            let text = lines.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
            let settings = try Reading(text, as: .properties)
            #expect(
                Set(settings.settings.map { $0.key.segments.joined(separator: ".") }) == Set(lines.keys), "\(random)")
            let again = try Reading(try settings.write(as: format), as: format)
            #expect(again.values == settings.values, "\(random)")
        }
    }

    @Test(arguments: [ConfigFormat.yaml, .properties])
    func `a segment with dots comes back as one, however many they are`(format: ConfigFormat) throws {
        for count in [2, Limits.keySegments, Limits.keySegments + 1, 200] {
            let rest = try ConfigKey(segments: [Array(repeating: "a", count: count).joined(separator: ".")])
            let alone: [(key: ConfigKey, value: JSONValue)] = [(rest, "x")]
            let beside: [(key: ConfigKey, value: JSONValue)] = [(try key("a"), "y"), (rest, "x")]
            for settings in [alone, beside] {
                let again = try Reading(try format.write(settings), as: format)
                #expect(again.settings.map(\.key) == settings.map(\.key), "\(count)")
            }
        }
    }

    @Test(arguments: [ConfigFormat.yaml, .properties])
    func `a setting that would be read as the profile of its document is refused`(format: ConfigFormat) throws {
        for key in ["spring.config.activate.on-profile", "spring.profiles"] {
            let settings = [(key: try ConfigKey(parsing: key), value: JSONValue.string("docker"))]
            let problem = #expect(throws: Problem.self) { try format.write(settings) }
            #expect(problem?.code == .notAcceptable)
            #expect(try Reading(try ConfigFormat.toml.write(settings), as: .toml).settings.count == 1)
        }
        let segment = [(key: try key("\"spring.profiles\""), value: JSONValue.string("docker"))]
        #expect(try Reading(try format.write(segment), as: format).settings.map(\.key) == segment.map(\.key))
    }

    @Test func `an object that would be read as the profile of its document is refused`() throws {
        let problem = #expect(throws: Problem.self) { try encoded(.yaml, ["spring": ["profiles": "docker"]]) }
        #expect(problem?.violations.map(\.key) == ["spring"])
        let active = try encoded(.yaml, ["spring": ["profiles": ["active": "docker"]]])
        #expect(try Reading(active, as: .yaml).values == ["spring.profiles.active": "docker"])
    }

    @Test(arguments: [ConfigFormat.json, .yaml, .toml, .properties])
    func `live and literal texts come back as what they were when references are kept`(format: ConfigFormat) throws {
        try SeededGenerator.runs(200) { random in
            var settings: [(key: ConfigKey, value: JSONValue)] = []
            var live: Set<ConfigKey> = []
            for index in 0..<random.int(in: 1...8) {
                let name = try key("k\(index)")
                let pieces = ["${a}", "${b.c:x}", "$${", "$", "{", "x", " ", "${\"q r\":${s:}}"]
                var text = (0..<random.int(in: 1...5)).map { _ in random.element(of: pieces) }.joined()
                let isLive =
                    (try? ReferenceText.parse(text))?.contains { if case .reference = $0 { true } else { false } }
                    ?? false
                if isLive { live.insert(name) } else { text += "${" }
                settings.append((name, .string(text)))
            }
            let file = try format.write(settings, options: ExportOptions(references: .kept(live: live)))
            let again = try Reading(file, as: format, references: .live)
            #expect(again.settings.map(\.value) == settings.map(\.value), "\(random)")
            #expect(again.live == Set(live.map(\.text)), "\(random)")
        }
    }

    @Test func `what one format with types reads the others give back`() throws {
        try SeededGenerator.runs(100) { random in
            let settings = RandomSettings(&random, hasNull: false).settings
            var file = try ConfigFormat.json.write(settings)
            var last = ConfigFormat.json
            for format in [ConfigFormat.yaml, .toml, .json] {
                file = try Reading(file, as: last).write(as: format)
                last = format
            }
            #expect(try Reading(file, as: .json).settings.map(\.value) == settings.map(\.value), "\(random)")
            #expect(try Reading(file, as: .json).settings.map(\.key) == settings.map(\.key), "\(random)")
        }
    }

    @Test(arguments: ConfigFormat.allCases)
    func `random bytes are read or refused, with a place inside the file`(format: ConfigFormat) throws {
        let tokens = [
            "a", "b", ": ", ":", "=", "\n", "\n  ", "\t", " ", "- ", "? ", "[", "]", "{", "}", ",", "\"", "'", "`", "#",
            "&x ", "*x", "!", "!!str ", "|", ">", "|-\n",
            "\\", "\\u00", "$", "${", "}", "---\n", "...", "%", "1", "0x", ".", "e", "<<", "é", "\r\n", "\r", "export ",
            "\"\"\"", "'''", "true", "null",
        ]
        try SeededGenerator.runs(2_000) { random in
            let text = (0..<random.int(in: 1...40)).map { _ in random.element(of: tokens) }.joined()
            do throws(Problem) {
                let file = try format.read(Array(text.utf8))
                for setting in file.documents.flatMap(\.settings) {
                    #expect((setting.line ?? 0) >= 1 && (setting.column ?? 0) >= 1, "\(random)")
                }
                let settings = file.documents.first?.settings.map { ($0.key, $0.value) } ?? []
                if format != .dotenv, let written = try? format.write(settings) {
                    let again = try format.read(written)
                    #expect(again.documents.first?.settings.map(\.value).count == settings.count, "\(random)")
                }
            } catch {
                let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.count
                #expect(!error.violations.isEmpty, "\(random)")
                #expect(
                    error.violations.allSatisfy { (1...lines).contains($0.line ?? 0) && ($0.column ?? 0) >= 1 },
                    "\(random) \(error)")
            }
        }
    }
}

/// Settings in key order, with names, texts and numbers that have been trouble somewhere.
struct RandomSettings {
    private(set) var settings: [(key: ConfigKey, value: JSONValue)] = []

    private static let names = [
        "a", "b", "app", "x-y", "x_y", "8080", "true", "null", "on", "k é", "k:x", "k #", "\"q\"", "it's", "-", "?",
        "[0]", "#k", "k=v", "~", "{}", "<<", "", " ", "日本", "\\", "x.y", "a.b", "b.\"c.d\"", "\"x.y\"", "\"x", "x\"",
        ".", "[x", "x]", "a.[b.c]", "it's \"q.r\"", "\"\\\"", "\u{2028}.",
    ]
    private static let texts = [
        "", " ", "a", "yes", "null", "~", "true", "012", "1_000", "1e5", "0x1F", "12:30", "2001-01-01", "<<", "=", "-",
        "- a", "a: b", "a:", "#a", "a #b", " lead", "trail ",
        "\t", "\n", "a\nb", "a\n\n", "\na", "  x\ny", "a\n\nb\n", "a\r\nb", "\r", "é", "e\u{301}", "日本", "\u{2028}",
        "\u{85}", "\u{FEFF}", "😀", "\"", "'", "`", "$", "${A}", "$A", "$$", "\\",
        "\\n", "\\\\", "it's $5", "%", "@", "&a", "*a", "!x", "|", ">", "{", "}", "[", "]", ",", "?", "---", "...",
        ".inf", "\u{7}", "\u{7F}", "\u{0}", "{\"a\":\"it's\"}", "a=b#c",
        "http://x/y?z=1", "`ls`", "$(ls)", "\u{FFFD}", "\u{E000}", "\"\"\"", "'''", "C:\\dir\\",
    ]

    /// - Parameter hasObjects: whether objects are values outside of lists too. As files have them these are settings of their members.
    init(_ random: inout SeededGenerator, hasNull: Bool, hasObjects: Bool = false) {
        var taken: [ConfigKey] = []
        for _ in 0..<random.int(in: 1...12) {
            let segments = (0..<random.int(in: 1...4)).map { _ in random.element(of: Self.names) }
            // In YAML a plain name without text is null, and one of two angles merges; quoted they are names like others.
            guard let key = try? ConfigKey(segments: segments) else { continue }
            guard !taken.contains(where: { $0 == key || $0.isStrictPrefix(of: key) || key.isStrictPrefix(of: $0) })
            else { continue }
            taken.append(key)
            var value = Self.value(&random, depth: 0, hasNull: hasNull, isListed: false)
            if !hasObjects, let object = value.objectValue, !object.isEmpty { value = [:] }
            settings.append((key, value))
        }
        settings.sort { $0.key < $1.key }
    }

    static func text(_ random: inout SeededGenerator) -> String {
        (0..<random.int(in: 1...3)).map { _ in random.element(of: texts) }.joined()
    }

    private static func value(
        _ random: inout SeededGenerator, depth: Int, hasNull: Bool, isListed: Bool
    ) -> JSONValue {
        switch random.int(in: 0...(depth < 3 ? 9 : 7)) {
        case 0...3: return .string(text(&random))
        case 4: return .int(Int64(bitPattern: random.next()))
        case 5:
            let digits = (0..<random.int(in: 1...30)).map { _ in String(random.int(in: 0...9)) }.joined()
            let text = "\(random.int(in: -9...9)).\(digits)e\(random.int(in: -50...50))"
            return (try? JSONNumber(parsing: text)).map(JSONValue.number) ?? 0
        case 6: return .bool(random.chance(oneIn: 2))
        case 7: return hasNull ? .null : "null"
        case 8:
            return .array(
                (0..<random.int(in: 0...3)).map { _ in
                    value(&random, depth: depth + 1, hasNull: hasNull, isListed: true)
                })
        default:
            var object = JSONObject()
            // Only in a list is a name no part of a key.
            let names = Self.names + (isListed ? ["tab\t", "line\nend"] : [])
            for _ in 0..<random.int(in: 0...3) {
                object[random.element(of: names)] = value(
                    &random, depth: depth + 1, hasNull: hasNull, isListed: isListed)
            }
            return .object(object)
        }
    }
}
