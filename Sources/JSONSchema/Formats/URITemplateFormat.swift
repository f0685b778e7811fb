/// URI templates of RFC 6570 section 2.
enum URITemplateFormat {
    static func accepts(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case 0x7B:
                guard let close = bytes[index...].firstIndex(of: 0x7D),
                    isExpression(bytes[(index + 1)..<close])
                else { return false }
                index = close + 1
            case 0x25:
                guard isEncoded(bytes[index...]) else { return false }
                index += 3
            case 0x80...:
                let value = UTF8Text.scalar(bytes, at: &index)
                guard URIFormat.isUniversal(value) || URIFormat.isPrivateUse(value) else { return false }
            default:
                // Controls, space and what section 2.1 leaves out; the apostrophe is let in by errata 6937.
                guard byte > 0x20, byte != 0x7F, !ByteClass.templateExcluded.contains(byte) else { return false }
                index += 1
            }
        }
        return true
    }

    private static func isExpression(_ part: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var rest = part
        if let first = rest.first, ByteClass.templateOperator.contains(first) { rest = rest.dropFirst() }
        return rest.split(separator: 0x2C, omittingEmptySubsequences: false).allSatisfy(isVariable)
    }

    /// A name, with `*` or `:` and a length from 1 to 9999 behind it.
    private static func isVariable(_ part: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var name = part
        if name.last == 0x2A {
            name = name.dropLast()
        } else if let colon = name.firstIndex(of: 0x3A) {
            let length = name[(colon + 1)...]
            guard (1...4).contains(length.count), length.first != 0x30, length.allSatisfy(ByteClass.digit.contains)
            else { return false }
            name = name[..<colon]
        }
        return name.split(separator: 0x2E, omittingEmptySubsequences: false).allSatisfy(isNamePart)
    }

    private static func isNamePart(_ part: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard !part.isEmpty else { return false }
        var rest = part
        while let byte = rest.first {
            if byte == 0x25 {
                guard isEncoded(rest) else { return false }
                rest = rest.dropFirst(3)
            } else {
                guard byte == 0x5F || ByteClass.letterOrDigit.contains(byte) else { return false }
                rest = rest.dropFirst()
            }
        }
        return true
    }

    private static func isEncoded(_ rest: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        rest.count >= 3 && rest.dropFirst().prefix(2).allSatisfy(ByteClass.hexDigit.contains)
    }
}
