import ConfigFormats
import ConfigPlatformModel
import Testing

/// What a test says a file holds, and what a file is said to hold: the one place where these suites touch the reader.
struct Reading {
    let file: ImportedFile

    init(_ text: String, as format: ConfigFormat, references: ImportOptions.References? = nil) throws {
        try self.init(Array(text.utf8), as: format, references: references)
    }

    init(_ bytes: [UInt8], as format: ConfigFormat, references: ImportOptions.References? = nil) throws {
        file = try format.read(bytes, options: ImportOptions(references: references))
    }

    var settings: [ImportedSetting] { file.documents.flatMap(\.settings) }

    /// Keys as they are spelled, with their values.
    var values: [String: JSONValue] {
        Dictionary(settings.map { ($0.key.text, $0.value) }, uniquingKeysWith: { $1 })
    }

    var live: Set<String> { Set(settings.filter(\.hasLiveReferences).map(\.key.text)) }

    /// `severity line:column`, in order.
    var noticePlaces: [String] {
        file.notices.map { "\($0.severity.rawValue) \($0.line ?? 0):\($0.column ?? 0)" }
    }

    func write(as format: ConfigFormat, options: ExportOptions = .init()) throws -> [UInt8] {
        try format.write(settings.map { ($0.key, $0.value) }, options: options)
    }
}

/// A file that must be refused, with the place and a word of the first thing that is wrong.
struct Refusal: Sendable, CustomTestStringConvertible {
    let text: String
    let line: Int
    let column: Int
    let word: String

    init(_ text: String, _ line: Int, _ column: Int, _ word: String) {
        self.text = text
        self.line = line
        self.column = column
        self.word = word
    }

    var testDescription: String { String(reflecting: text.prefix(60)) }

    func check(_ format: ConfigFormat) {
        do {
            let reading = try Reading(text, as: format)
            Issue.record("read as \(reading.values)")
        } catch let problem as Problem {
            #expect(problem.code == .unreadableFile)
            #expect((1...100).contains(problem.violations.count))
            let first = problem.violations.first
            #expect(
                first?.line == line && first?.column == column,
                "\(first?.line ?? 0):\(first?.column ?? 0) \(problem.detail)")
            #expect(first?.message.contains(word) == true, "\(first?.message ?? "")")
            #expect(problem.detail.hasSuffix("Nothing was imported."))
        } catch {
            Issue.record(error)
        }
    }
}

/// A file and the settings it must have.
struct Reads: Sendable, CustomTestStringConvertible {
    let text: String
    let values: [String: JSONValue]

    init(_ text: String, _ values: [String: JSONValue]) {
        self.text = text
        self.values = values
    }

    var testDescription: String { String(reflecting: text.prefix(60)) }

    func check(_ format: ConfigFormat) throws {
        let reading = try Reading(text, as: format)
        #expect(reading.values == values)
        #expect(reading.settings.count == values.count)
        #expect(!reading.file.notices.contains { $0.severity == .error })
    }
}

/// A file of settings, keys spelled as usual.
func encoded(_ format: ConfigFormat, _ settings: KeyValuePairs<String, JSONValue>, options: ExportOptions = .init())
    throws -> [UInt8]
{
    try format.write(settings.map { (try key($0.key), $0.value) }, options: options)
}

func key(_ text: String) throws -> ConfigKey { try ConfigKey(parsing: text) }
