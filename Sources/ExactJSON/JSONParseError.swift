/// Why and where a text is not the JSON it should be.
package struct JSONParseError: Error, Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case emptyText
        case byteOrderMark
        case unexpectedCharacter
        case unexpectedEnd
        case trailingContent
        case invalidNumber
        case invalidEscape
        case loneSurrogate
        case controlCharacter
        case invalidUTF8
        case duplicateName
        case tooDeep
        case tooManyBytes
        case tooManyDigits
        case exponentTooLarge
    }

    package let kind: Kind
    /// From 1. A line ends with LF, CR LF or CR.
    package let line: Int
    /// From 1, in Unicode scalars.
    package let column: Int
    /// From 0, in bytes.
    package let offset: Int
    /// A sentence: what is wrong and how to mend it.
    package let message: String
}

extension JSONParseError: CustomStringConvertible {
    package var description: String { "line \(line), column \(column): \(message)" }
}

/// What the reader throws inside, before line and column are counted.
struct JSONFault: Error {
    let kind: JSONParseError.Kind
    let offset: Int
    let message: String

    init(_ kind: JSONParseError.Kind, at offset: Int, _ message: String) {
        self.kind = kind
        self.offset = offset
        self.message = message
    }

    func located(in bytes: UnsafeBufferPointer<UInt8>) -> JSONParseError {
        var line = 1
        var column = 1
        var index = 0
        while index < offset, index < bytes.count {
            let byte = bytes[index]
            index += 1
            let isCarriageReturnOfPair = byte == 0x0D && index < bytes.count && bytes[index] == 0x0A
            if byte == 0x0A || (byte == 0x0D && !isCarriageReturnOfPair) {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return JSONParseError(kind: kind, line: line, column: column, offset: offset, message: message)
    }
}
