import ConfigPlatformModel

/// A JSON object as settings: objects are flattened, each member name is one segment; arrays and empty objects are values.
enum JSONReader {
    static func read(_ source: SourceText, references: ImportOptions.References) throws(Problem) -> ImportedFile {
        let limits = JSONLimits(maxDepth: FormatLimits.depth, maxBytes: FormatLimits.fileBytes)
        let document: JSONValue
        do throws(JSONParseError) {
            document = try JSONValue(parsing: source.bytes, limits: limits)
        } catch {
            throw source.refusal([FormatFault(at: error.offset, error.message)], .json)
        }
        guard case .object = document else {
            throw source.refusal(
                [FormatFault(at: 0, "A file of settings is an object, {\"name\": value}; this is another value.")],
                .json)
        }
        var collector = SettingCollector(source, .mustAgree, references: references)
        var members = JSONMembers(source.bytes, limits)
        members.collect(into: &collector)
        let settings = collector.finish()
        guard collector.faults.isEmpty else { throw source.refusal(collector.faults, .json) }
        return ImportedFile(documents: [ImportedDocument(settings: settings)], notices: collector.notices.sorted())
    }
}

/// Goes through a text that is known to be a JSON object once more, for the places of its members.
private struct JSONMembers {
    private let bytes: [UInt8]
    private let limits: JSONLimits
    private var position = 0

    init(_ bytes: [UInt8], _ limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func collect(into collector: inout SettingCollector) {
        skipSpace()
        object(below: [], into: &collector)
    }

    private mutating func object(below prefix: [String], into collector: inout SettingCollector) {
        position += 1
        skipSpace()
        while bytes[position] != UInt8(ascii: "}") {
            let nameStart = position
            skipString()
            let name = parsed(nameStart..<position).stringValue ?? ""
            skipSpace()
            position += 1
            skipSpace()
            member(prefix + [name], at: nameStart, into: &collector)
            skipSpace()
            if bytes[position] == UInt8(ascii: ",") { position += 1 }
            skipSpace()
        }
        position += 1
    }

    private mutating func member(_ segments: [String], at nameStart: Int, into collector: inout SettingCollector) {
        let start = position
        guard bytes[position] == UInt8(ascii: "{") else {
            skipValue()
            collector.add(segments, parsed(start..<position), at: nameStart)
            return
        }
        position += 1
        skipSpace()
        let isEmpty = bytes[position] == UInt8(ascii: "}")
        position = start
        if isEmpty {
            skipValue()
            collector.add(segments, .object(JSONObject()), at: nameStart)
        } else if segments.count >= Limits.keySegments {
            skipValue()
            collector.refuse(at: nameStart, "A key has at most \(Limits.keySegments) segments; this nests deeper.")
        } else {
            object(below: segments, into: &collector)
        }
    }

    private func parsed(_ range: Range<Int>) -> JSONValue {
        guard let value = try? JSONValue(parsing: bytes[range], limits: limits) else {
            preconditionFailure("a part of a JSON text that was read reads as JSON")
        }
        return value
    }

    private mutating func skipValue() {
        var open = 0
        repeat {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                skipString()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): open += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): open -= 1
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x09, 0x0A, 0x0D: break
            default:
                skipWord()
                continue
            }
            position += 1
        } while open > 0
    }

    /// A number, `true`, `false` or `null`.
    private mutating func skipWord() {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x09, 0x0A, 0x0D: return
            default: position += 1
            }
        }
    }

    private mutating func skipString() {
        position += 1
        while bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        position += 1
    }

    private mutating func skipSpace() {
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 || isBreak(bytes[position]) {
            position += 1
        }
    }
}
