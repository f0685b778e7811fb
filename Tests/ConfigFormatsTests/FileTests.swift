import ConfigFormats
import ConfigPlatformModel
import Testing

/// What holds for files of every format.
@Suite struct FileTests {
    static let samples: [(ConfigFormat, String)] = [
        (.json, "{\"a\": \"é\"}"), (.yaml, "a: é\n"), (.toml, "a = \"é\"\n"), (.dotenv, "a=é\n"),
        (.properties, "a=é\n"),
    ]

    @Test(arguments: samples)
    func `a byte order mark is no part of the text`(format: ConfigFormat, text: String) throws {
        let reading = try Reading([0xEF, 0xBB, 0xBF] + Array(text.utf8), as: format)
        #expect(reading.values == ["a": "é"])
        #expect(reading.settings.first?.line == 1)
        #expect(reading.settings.first?.column == (format == .json ? 2 : 1))
    }

    @Test(arguments: ConfigFormat.allCases)
    func `an empty file has no settings, except in JSON, which has none`(format: ConfigFormat) throws {
        if format == .json {
            #expect(throws: Problem.self) { try Reading("", as: format) }
        } else {
            let file = try Reading("", as: format).file
            #expect(file == ImportedFile(documents: [ImportedDocument(settings: [])], notices: []))
        }
        #expect(try Reading(try format.write([]), as: format).settings.isEmpty)
    }

    @Test(arguments: [ConfigFormat.json, .yaml, .toml, .dotenv])
    func `bytes that are no UTF-8 are refused with their place`(format: ConfigFormat) {
        let problem = #expect(throws: Problem.self) {
            try Reading(Array("a: b\nc: é".utf8) + [0xC3, 0x28], as: format)
        }
        #expect(problem?.code == .unreadableFile)
        #expect(problem?.violations.first?.line == 2)
        #expect(problem?.violations.first?.column == 5)
    }

    @Test(arguments: ConfigFormat.allCases)
    func `a NUL byte and UTF-16 are refused`(format: ConfigFormat) {
        for bytes in [Array("a=1\nb".utf8) + [0], [0xFF, 0xFE, 0x61, 0x00], [0xFE, 0xFF, 0x00, 0x61]] {
            let problem = #expect(throws: Problem.self) { try Reading(bytes, as: format) }
            #expect(problem?.code == .unreadableFile)
        }
    }

    @Test(arguments: ConfigFormat.allCases)
    func `the largest file is read and one byte more is refused`(format: ConfigFormat) throws {
        let size = Limits.requestBodyBytes
        let (start, filler): (String, UInt8) = format == .json ? ("{}", 0x20) : ("#", 0x78)
        let file = Array(start.utf8) + Array(repeating: filler, count: size - start.utf8.count)
        #expect(try Reading(file, as: format).settings.isEmpty)
        let problem = #expect(throws: Problem.self) { try Reading(file + [filler], as: format) }
        #expect(problem?.code == .tooLarge)
    }

    @Test(arguments: [ConfigFormat.json, .yaml, .toml])
    func `more settings than an environment holds are refused`(format: ConfigFormat) {
        let count = Limits.settingsPerEnvironment + 1
        let text =
            switch format {
            case .json: "{" + (0..<count).map { "\"k\($0)\":1" }.joined(separator: ",") + "}"
            case .yaml: (0..<count).map { "k\($0): 1\n" }.joined()
            default: (0..<count).map { "k\($0)=1\n" }.joined()
            }
        let problem = #expect(throws: Problem.self) { try Reading(text, as: format) }
        #expect(problem?.violations.first?.message.contains("\(Limits.settingsPerEnvironment)") == true)
    }

    @Test(arguments: samples)
    func `a value as large as the limit is read and a larger one is not`(format: ConfigFormat, text: String) throws {
        let value = String(repeating: "x", count: Limits.valueBytes - 2)
        let fits = text.replacing("é", with: value)
        #expect(try Reading(fits, as: format).values == ["a": .string(value)])
        let tooLarge = text.replacing("é", with: value + "x")
        if format == .dotenv || format == .properties {
            let reading = try Reading(tooLarge, as: format)
            #expect(reading.settings.isEmpty)
            #expect(reading.noticePlaces == ["error 1:1"])
        } else {
            let problem = #expect(throws: Problem.self) { try Reading(tooLarge, as: format) }
            #expect(problem?.violations.first?.message.contains("\(Limits.valueBytes)") == true)
        }
    }

    @Test func `further notices than are kept are counted`() throws {
        let reading = try Reading(String(repeating: "?\n", count: 1_500) + "A=1\n", as: .dotenv)
        #expect(reading.file.notices.count == 1_001)
        #expect(reading.file.notices.last?.message.contains("500 further") == true)
        #expect(reading.file.notices.last?.severity == .error)
        #expect(reading.values == ["A": "1"])
    }

    @Test(arguments: [
        (ConfigFormat.yaml, "a: x${b}\n"), (.json, "{\"a\": \"x${b}\"}"), (.toml, "a = \"x${b}\""),
        (.properties, "a=x${b}"),
    ])
    func `references are literal unless the import says they are live`(format: ConfigFormat, text: String) throws {
        let literal = try Reading(text, as: format)
        #expect(literal.values == ["a": "x${b}"])
        #expect(literal.live == [])
        let live = try Reading(text, as: format, references: .live)
        #expect(live.values == ["a": "x${b}"])
        #expect(live.live == ["a"])
        let escaped = try Reading(text.replacing("x$", with: "x$$"), as: format, references: .live)
        #expect(escaped.values == ["a": "x${b}"])
        #expect(escaped.live == [])
    }

    @Test func `a live reference that cannot be read is refused with its line`() {
        let problem = #expect(throws: Problem.self) { try Reading("a: 1\nb: ${\n", as: .yaml, references: .live) }
        #expect(problem?.violations.map(\.line) == [2])
    }
}
