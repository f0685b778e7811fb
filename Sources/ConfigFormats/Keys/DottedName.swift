import ConfigPlatformModel

/// A name as flat files and YAML spell keys: segments joined by dots, in the notation of keys.
///
/// What stands between double quotes is one segment (`level."org.hibernate"`), and what stands between brackets, as Spring writes list
/// elements and odd map keys (`servers[0].host`, `levels[org.hibernate]`), is not divided. Other than in a key, everything else may stand
/// without quotes.
enum DottedName {
    /// The segments of a name. Quotes that do not enclose a whole segment are part of the text.
    static func segments(of name: String) -> [String] {
        // A longer name is no key in any case, and looking for brackets would be slow.
        guard name.utf8.count <= Limits.keyBytes else { return [name] }
        let bytes = Array(name.utf8)
        var segments: [String] = []
        var start = 0
        while true {
            let (segment, end) = quotedSegment(bytes[start...]) ?? plainSegment(bytes[start...])
            segments.append(segment)
            guard end < bytes.count else { return segments }
            start = end + 1
        }
    }

    /// A name that has these segments: joined as they are where that reads as them, else with quotes around those that need them.
    static func name(of segments: some Collection<String>) -> String {
        let plain = segments.joined(separator: ".")
        guard Self.segments(of: plain) != Array(segments) else { return plain }
        return segments.map { isPlain($0) ? $0 : inQuotes($0) }.joined(separator: ".")
    }

    /// The parts of a segment that a reader makes of a plain name because its first part is a setting of its own, as
    /// ``SettingCollector/finish()`` has it: `org.hibernate` beside `org`. Nil where it would be read as something else.
    ///
    /// - Parameter path: the segments above.
    static func parts(of segment: String, below path: [String], where isSetting: (String) -> Bool) -> [String]? {
        let parts = segments(of: segment)
        guard parts.count > 1, isPlain(parts[0]), name(of: parts) == segment, isSetting(parts[0]),
            (try? ConfigKey(segments: path + parts)) != nil
        else { return nil }
        return parts
    }

    /// What a name that begins with a quoted segment has there, and where that ends; nil where it does not.
    private static func quotedSegment(_ name: ArraySlice<UInt8>) -> (text: String, end: Int)? {
        guard name.first == UInt8(ascii: "\"") else { return nil }
        var index = name.startIndex + 1
        while index < name.endIndex, name[index] != UInt8(ascii: "\"") {
            index += name[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        let end = index + 1
        guard end <= name.endIndex, end == name.endIndex || name[end] == UInt8(ascii: "."),
            let key = try? ConfigKey(parsing: String(decoding: name[..<end], as: UTF8.self))
        else { return nil }
        return (key.segments[0], end)
    }

    /// What the name has up to its first dot outside brackets, and where that is.
    private static func plainSegment(_ name: ArraySlice<UInt8>) -> (text: String, end: Int) {
        var index = name.startIndex
        while index < name.endIndex, name[index] != UInt8(ascii: ".") {
            if name[index] == UInt8(ascii: "["), let close = name[index...].firstIndex(of: UInt8(ascii: "]")) {
                index = close
            }
            index += 1
        }
        return (String(decoding: name[..<index], as: UTF8.self), index)
    }

    /// Whether the segment is read as itself whatever stands around it.
    private static func isPlain(_ segment: String) -> Bool {
        let bytes = Array(segment.utf8)
        guard bytes.first != UInt8(ascii: "\"") else { return false }
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: ".") { return false }
            if bytes[index] == UInt8(ascii: "[") {
                guard let close = bytes[index...].firstIndex(of: UInt8(ascii: "]")) else { return false }
                index = close
            }
            index += 1
        }
        return true
    }

    private static func inQuotes(_ segment: String) -> String {
        // What is no key is refused by whoever reads it, however it is spelled.
        (try? ConfigKey(segments: [segment]))?.text ?? segment
    }
}
