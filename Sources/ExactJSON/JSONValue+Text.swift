extension JSONValue {
    /// RFC 8785; for numbers see `JSONNumber.canonicalText`.
    package func canonicalBytes() -> [UInt8] {
        var bytes: [UInt8] = []
        writeCanonical(into: &bytes)
        return bytes
    }

    package var canonicalText: String { String(decoding: canonicalBytes(), as: UTF8.self) }

    /// Appends the canonical bytes.
    package func writeCanonical(into bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: Self.nullBytes)
        case .bool(let value): bytes.append(contentsOf: value ? Self.trueBytes : Self.falseBytes)
        case .number(let number): number.writeCanonical(into: &bytes)
        case .string(let text): JSONText.appendString(text, into: &bytes)
        case .array(let elements):
            bytes.append(0x5B)
            var isFirst = true
            for element in elements {
                if !isFirst { bytes.append(0x2C) }
                isFirst = false
                element.writeCanonical(into: &bytes)
            }
            bytes.append(0x5D)
        case .object(let object):
            bytes.append(0x7B)
            var isFirst = true
            for member in object.members {
                if !isFirst { bytes.append(0x2C) }
                isFirst = false
                JSONText.appendString(member.name, into: &bytes)
                bytes.append(0x3A)
                member.value.writeCanonical(into: &bytes)
            }
            bytes.append(0x7D)
        }
    }

    /// Members and elements on lines of their own, in canonical order, without a newline at the end.
    ///
    /// - Parameter doubles: where numbers have a fraction even if they are whole.
    package func prettyText(indent: Int = 2, doubles: JSONFractions? = nil) -> String {
        var bytes: [UInt8] = []
        writePretty(into: &bytes, indent: indent, margin: 0, doubles.map { ($0, .root) })
        return String(decoding: bytes, as: UTF8.self)
    }

    private func writePretty(
        into bytes: inout [UInt8], indent: Int, margin: Int, _ doubles: (JSONFractions, place: JSONPointer)?
    ) {
        func newLine(_ margin: Int) {
            bytes.append(0x0A)
            bytes.append(contentsOf: repeatElement(0x20, count: margin))
        }
        switch self {
        case .array(let elements) where !elements.isEmpty:
            bytes.append(0x5B)
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(0x2C) }
                newLine(margin + indent)
                element.writePretty(
                    into: &bytes, indent: indent, margin: margin + indent,
                    doubles.map { ($0, $1.appending(index)) })
            }
            newLine(margin)
            bytes.append(0x5D)
        case .object(let object) where !object.isEmpty:
            bytes.append(0x7B)
            for (index, member) in object.members.enumerated() {
                if index > 0 { bytes.append(0x2C) }
                newLine(margin + indent)
                JSONText.appendString(member.name, into: &bytes)
                bytes.append(0x3A)
                bytes.append(0x20)
                member.value.writePretty(
                    into: &bytes, indent: indent, margin: margin + indent,
                    doubles.map { ($0, $1.appending(member.name)) })
            }
            newLine(margin)
            bytes.append(0x7D)
        case .number(let number):
            if let (doubles, place) = doubles, doubles.contains(place) {
                number.writeDouble(into: &bytes)
            } else {
                number.writeCanonical(into: &bytes)
            }
        default:
            writeCanonical(into: &bytes)
        }
    }

    private static let nullBytes: [UInt8] = Array("null".utf8)
    private static let trueBytes: [UInt8] = Array("true".utf8)
    private static let falseBytes: [UInt8] = Array("false".utf8)
}
