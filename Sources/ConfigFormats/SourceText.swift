import ConfigPlatformModel

/// Where and why a file is not what it should be, before line and column are counted.
struct FormatFault: Error {
    /// Byte of the text, byte order mark not counted.
    let offset: Int
    let message: String

    init(at offset: Int, _ message: String) {
        self.offset = offset
        self.message = message
    }
}

/// 1-based; the column counts Unicode scalars.
struct Position: Hashable {
    let line: Int
    let column: Int
}

/// The bytes of a file without a byte order mark, known to be UTF-8, and its lines, which end with LF, CR LF or CR.
struct SourceText {
    let bytes: [UInt8]
    private let lineStarts: [Int]
    /// Scalars that begin before each block of `blockBytes`, so that columns of long lines are found quickly.
    private let scalarsBefore: [Int]

    private static let blockBytes = 256

    /// Checks size and encoding. NUL, which only binary files have, is refused too.
    init(_ file: [UInt8], _ format: ConfigFormat) throws(Problem) {
        guard file.count <= FormatLimits.fileBytes else {
            throw Problem(
                .tooLarge,
                "The file has \(file.count) bytes; at most \(FormatLimits.fileBytes) are read. Divide it, or import it in parts."
            )
        }
        let bytes = file.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(file.dropFirst(3)) : file
        self.init(unchecked: bytes)
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw refusal(
                [FormatFault(at: 0, "The file begins with the byte order mark of UTF-16; save it as UTF-8.")], format)
        }
        if let offset = Self.firstInvalidByte(in: bytes) {
            let digits = String(bytes[offset], radix: 16, uppercase: true)
            throw refusal(
                [FormatFault(at: offset, "The byte 0x\(digits) is not valid UTF-8 here; save the file as UTF-8.")],
                format)
        }
        if let offset = bytes.firstIndex(of: 0) {
            throw refusal(
                [FormatFault(at: offset, "A NUL byte stands here; this may be no text file. Remove it.")], format)
        }
    }

    /// Bytes that the caller knows to be UTF-8.
    init(unchecked bytes: [UInt8]) {
        self.bytes = bytes
        var starts = [0]
        var blocks: [Int] = []
        var scalars = 0
        for (index, byte) in bytes.enumerated() {
            if index % Self.blockBytes == 0 { blocks.append(scalars) }
            if byte & 0xC0 != 0x80 { scalars += 1 }
            let isCarriageReturnOfPair = byte == 0x0D && index + 1 < bytes.count && bytes[index + 1] == 0x0A
            if byte == 0x0A || (byte == 0x0D && !isCarriageReturnOfPair) { starts.append(index + 1) }
        }
        lineStarts = starts
        scalarsBefore = blocks
    }

    func position(_ offset: Int) -> Position {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return Position(line: low + 1, column: scalars(before: offset) - scalars(before: lineStarts[low]) + 1)
    }

    private func scalars(before offset: Int) -> Int {
        let end = min(offset, bytes.count)
        guard end > 0 else { return 0 }
        let block = (end - 1) / Self.blockBytes
        var count = scalarsBefore[block]
        for index in block * Self.blockBytes..<end where bytes[index] & 0xC0 != 0x80 { count += 1 }
        return count
    }

    func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    func notice(_ severity: ImportNotice.Severity, at offset: Int, _ message: String) -> ImportNotice {
        let position = position(offset)
        return ImportNotice(severity, message, line: position.line, column: position.column)
    }

    /// The problem of a file that cannot be taken, with all of its places that are known.
    func refusal(_ faults: [FormatFault], _ format: ConfigFormat) -> Problem {
        let violations = faults.sorted { $0.offset < $1.offset }.map { fault in
            let position = position(fault.offset)
            return Violation(fault.message, line: position.line, column: position.column)
        }
        return Self.refusal(violations, format)
    }

    static func refusal(_ violations: [Violation], _ format: ConfigFormat) -> Problem {
        let place = violations.first.map { "line \($0.line ?? 1), column \($0.column ?? 1): \($0.message)" } ?? ""
        let count = violations.count == 1 ? "" : " (the first of \(violations.count) places)"
        return Problem(
            .unreadableFile, "The file cannot be read as \(format.title)\(count): \(place) Nothing was imported.",
            violations: Array(violations.prefix(FormatLimits.violations)))
    }

    /// The first byte that cannot stand where it stands in UTF-8.
    static func firstInvalidByte(in bytes: [UInt8]) -> Int? {
        do throws(Unicode.UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
            return nil
        } catch {
            return error.byteOffsets.lowerBound
        }
    }
}
