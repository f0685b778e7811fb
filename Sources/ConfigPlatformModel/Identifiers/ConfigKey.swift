/// The key of a setting: at most 32 segments joined by `.`, at most 512 bytes as written.
///
/// A segment is `[A-Za-z0-9_-]+`, or anything else between double quotes, where `\"` and `\\` stand for `"` and `\`. Control
/// characters (U+0000–U+001F, U+007F–U+009F) are refused. Case matters, and so does every byte: two Unicode normalisations of a text
/// are two keys.
///
/// Keys are ordered segment by segment, each by UTF-16 code units, which is the order in which RFC 8785 writes members. A resolved
/// document written in key order is therefore already canonical.
package struct ConfigKey: Sendable {
    /// The segments joined by U+0000, which no segment can hold.
    package let path: String

    package init(parsing text: some StringProtocol) throws(InvalidIdentifier) {
        if let path = Self.bare(String(text), UInt8(ascii: "."), becoming: 0) {
            self.path = path
            return
        }
        var scanner = ConfigKeyScanner(Array(text.utf8)[...])
        guard text.utf8.count <= Limits.keyBytes else {
            throw InvalidIdentifier(
                "The key '\(InvalidIdentifier.shown(text))' has \(text.utf8.count) bytes; a key has at most \(Limits.keyBytes)."
            )
        }
        var path: [UInt8] = []
        path.reserveCapacity(text.utf8.count)
        do throws(ConfigKeyScanner.Failure) {
            try scanner.scanKey(into: &path)
            guard scanner.isAtEnd else { throw .unexpected(scanner.offset) }
        } catch {
            throw InvalidIdentifier("'\(InvalidIdentifier.shown(text))' is not a key: \(error.message)")
        }
        self.path = String(decoding: path, as: UTF8.self)
    }

    /// A key of bare segments with one byte between them in the place of another: as it is written, or as its path. Nil where it is no such
    /// key.
    private static func bare(_ text: String, _ separator: UInt8, becoming other: UInt8) -> String? {
        var text = text
        return text.withUTF8 { bytes in
            guard bytes.count <= Limits.keyBytes else { return nil }
            var segments = 1
            var isSegmentEmpty = true
            for byte in bytes {
                guard byte == separator ? !isSegmentEmpty : ConfigKeyScanner.isBare(byte) else { return nil }
                isSegmentEmpty = byte == separator
                if isSegmentEmpty { segments += 1 }
            }
            guard !isSegmentEmpty, segments <= Limits.keySegments else { return nil }
            return String(unsafeUninitializedCapacity: bytes.count) { result in
                for (index, byte) in bytes.enumerated() { result[index] = byte == separator ? other : byte }
                return bytes.count
            }
        }
    }

    /// A key of these segments, whatever they hold.
    package init(segments: some Collection<some StringProtocol>) throws(InvalidIdentifier) {
        guard !segments.isEmpty, segments.count <= Limits.keySegments else {
            throw InvalidIdentifier("A key has 1 to \(Limits.keySegments) segments; this one has \(segments.count).")
        }
        for segment in segments
        where segment.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            throw InvalidIdentifier(
                "The key segment '\(InvalidIdentifier.shown(segment))' holds a control character; remove it.")
        }
        self.path = segments.joined(separator: "\0")
        guard text.utf8.count <= Limits.keyBytes else {
            throw InvalidIdentifier(
                "The key '\(InvalidIdentifier.shown(text))' has \(text.utf8.count) bytes; a key has at most \(Limits.keyBytes)."
            )
        }
    }

    package var segments: [String] {
        path.utf8.split(separator: 0, omittingEmptySubsequences: false).map { String($0)! }
    }

    /// The canonical spelling: segments are quoted only where they must be.
    package var text: String { Self.bare(path, 0, becoming: UInt8(ascii: ".")) ?? quotedText }

    private var quotedText: String {
        var result = ""
        result.reserveCapacity(path.utf8.count + 2)
        for (index, segment) in path.utf8.split(separator: 0, omittingEmptySubsequences: false).enumerated() {
            if index > 0 { result += "." }
            if !segment.isEmpty, segment.allSatisfy(ConfigKeyScanner.isBare) {
                result += String(segment)!
            } else {
                result += "\""
                for character in String(segment)!.unicodeScalars {
                    if character == "\"" || character == "\\" { result += "\\" }
                    result.unicodeScalars.append(character)
                }
                result += "\""
            }
        }
        return result
    }

    /// Whether every segment of this key begins `other`, which has more.
    package func isStrictPrefix(of other: ConfigKey) -> Bool {
        let a = path.utf8
        let b = other.path.utf8
        guard a.count < b.count else { return false }
        let boundary = b.index(b.startIndex, offsetBy: a.count)
        return b[boundary] == 0 && b[..<boundary].elementsEqual(a)
    }

    /// The keys that are strict prefixes of this one, shortest first.
    package var strictPrefixes: [ConfigKey] {
        let bytes = path.utf8
        return bytes.indices.filter { bytes[$0] == 0 }.map { ConfigKey(path: String(bytes[..<$0])!) }
    }

    /// Below every key that has this one as a strict prefix, and above this key.
    var subtreeLowerBound: ConfigKey { ConfigKey(path: path + "\0") }

    private init(path: String) {
        self.path = path
    }
}

extension ConfigKey: Hashable, Comparable {
    package static func == (a: Self, b: Self) -> Bool { a.path.hasSameBytes(as: b.path) }

    package static func < (a: Self, b: Self) -> Bool { compare(a.path, b.path) < 0 }

    package func hash(into hasher: inout Hasher) { path.hashBytes(into: &hasher) }

    /// Negative, zero or positive as `a` comes before, is, or comes after `b` in the order of UTF-16 code units.
    ///
    /// UTF-8 has that order but for one thing: U+E000–U+FFFF (lead bytes EE, EF) come after the supplementary planes (F0–F4).
    @inline(__always)
    package static func compare(_ a: String, _ b: String) -> Int { a.orderInUTF16(b) }
}

extension ConfigKey {
    /// How many of the first `count` bytes are the same: eight at a time, then one.
    @inline(__always)
    static func sharedPrefix(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>, _ count: Int) -> Int {
        let left = UnsafeRawBufferPointer(a)
        let right = UnsafeRawBufferPointer(b)
        var index = 0
        while index + 8 <= count {
            let x = left.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let y = right.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if x != y { return index + (UInt64(littleEndian: x) ^ UInt64(littleEndian: y)).trailingZeroBitCount / 8 }
            index += 8
        }
        while index < count, left[index] == right[index] { index += 1 }
        return index
    }
}

extension ConfigKey: CustomStringConvertible {
    package var description: String { text }
}

/// Reads a key out of UTF-8, stopping where it ends: also used for the key of a `${reference}`.
struct ConfigKeyScanner {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    enum Failure: Error {
        case emptySegment, unclosedQuote, badEscape, controlCharacter, tooManySegments
        case unexpected(Int)

        var message: String {
            switch self {
            case .emptySegment: "a segment is empty; write at least one character between the dots, or \"\" in quotes."
            case .unclosedQuote: "a quoted segment is not closed; end it with '\"'."
            case .badEscape: "inside quotes a backslash is followed by '\"' or '\\' only."
            case .controlCharacter: "it holds a control character; remove it."
            case .tooManySegments: "it has more than \(Limits.keySegments) segments."
            case .unexpected(let offset):
                "the character at byte \(offset + 1) cannot stand there; a segment is letters, digits, '_' or '-', "
                    + "or anything between double quotes."
            }
        }
    }

    var isAtEnd: Bool { position == bytes.endIndex }
    var offset: Int { position - bytes.startIndex }
    var index: Int { position }

    mutating func scanKey(into path: inout [UInt8]) throws(Failure) {
        var segments = 0
        while true {
            segments += 1
            guard segments <= Limits.keySegments else { throw .tooManySegments }
            try scanSegment(into: &path)
            guard position != bytes.endIndex, bytes[position] == UInt8(ascii: ".") else { return }
            position += 1
            path.append(0)
        }
    }

    private mutating func scanSegment(into path: inout [UInt8]) throws(Failure) {
        guard position != bytes.endIndex else { throw .emptySegment }
        guard bytes[position] == UInt8(ascii: "\"") else {
            let start = position
            while position != bytes.endIndex, ConfigKeyScanner.isBare(bytes[position]) {
                path.append(bytes[position])
                position += 1
            }
            if position == start {
                if isControl(at: position) { throw .controlCharacter }
                throw bytes[position] == UInt8(ascii: ".") ? .emptySegment : .unexpected(offset)
            }
            return
        }
        position += 1
        while true {
            guard position != bytes.endIndex else { throw .unclosedQuote }
            var byte = bytes[position]
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                position += 1
                guard position != bytes.endIndex else { throw .unclosedQuote }
                byte = bytes[position]
                guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { throw .badEscape }
            }
            guard !isControl(at: position) else { throw .controlCharacter }
            path.append(byte)
            position += 1
        }
        position += 1
    }

    /// U+0000–U+001F and U+007F, and U+0080–U+009F, which UTF-8 writes C2 80 to C2 9F.
    private func isControl(at index: Int) -> Bool {
        switch bytes[index] {
        case 0x00..<0x20, 0x7F: true
        case 0xC2: index + 1 < bytes.endIndex && bytes[index + 1] < 0xA0
        default: false
        }
    }
}

extension ConfigKeyScanner {
    static func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D: true
        default: false
        }
    }
}
