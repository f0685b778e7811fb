/// What is said of a text that is not JSON.
extension JSONParser {
    func refuseByteOrderMark() throws(JSONFault) {
        guard base[0] >= 0xEF else { return }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw JSONFault(
                .byteOrderMark, at: 0,
                "The text begins with a byte order mark (EF BB BF); save it as UTF-8 without one.")
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw JSONFault(
                .byteOrderMark, at: 0,
                "The text begins with the byte order mark of UTF-16; save it as UTF-8 without one.")
        }
    }

    func unexpectedEnd(_ expected: StaticString) -> JSONFault {
        JSONFault(.unexpectedEnd, at: end, "The text ends where \(expected) is expected; send the whole of it.")
    }

    func trailingComma() -> JSONFault {
        JSONFault(
            .unexpectedCharacter, at: position, "A comma stands before the closing bracket; remove the trailing comma.")
    }

    /// The error for what is here, where something else was expected.
    func unexpected(_ expected: StaticString) -> JSONFault {
        let byte = base[position]
        if byte == 0x2F, position + 1 < end, base[position + 1] == 0x2F || base[position + 1] == 0x2A {
            return fault("JSON has no comments; remove it.")
        }
        if byte == 0x27 { return fault("Single quotes are not JSON; use double quotes.") }
        if isWordByte(byte) {
            let word = String(decoding: bytes[position...].prefix(20).prefix(while: isWordByte), as: UTF8.self)
            switch word.lowercased() {
            case "nan", "infinity", "inf":
                return fault("JSON has no \(word); write null, or a string.")
            case "true", "false", "null":
                if word != word.lowercased() { return fault("\(word) is written \(word.lowercased()) in JSON.") }
            case "none", "nil", "undefined":
                return fault("\(word) is written null in JSON.")
            default: break
            }
            return fault("\(word) stands where \(expected) is expected; a string has double quotes around it.")
        }
        guard byte >= 0x80 else {
            let shown = byte > 0x20 && byte < 0x7F ? String(Unicode.Scalar(byte)) : "the control character \(hex(byte))"
            return fault("Here is \(shown) where \(expected) is expected; remove or replace it.")
        }
        var decoder = UTF8()
        var rest = bytes[position...].prefix(4).makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&rest) else { return invalidUTF8(from: position) }
        let code = String(scalar.value, radix: 16, uppercase: true)
        let shown = "the character U+" + String(repeating: "0", count: max(0, 4 - code.count)) + code
        return fault("Here is \(shown) where \(expected) is expected; remove or replace it.")
    }

    /// The error for the first bytes from `start` on that are no UTF-8, of which there are some.
    func invalidUTF8(from start: Int) -> JSONFault {
        var offset = start
        var decoder = UTF8()
        var rest = bytes[start...].makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&rest) { offset += UTF8.width(scalar) }
        return JSONFault(
            .invalidUTF8, at: offset,
            "The byte \(hex(bytes[offset])) is not valid UTF-8 here; save the text as UTF-8.")
    }

    private func fault(_ message: String) -> JSONFault {
        JSONFault(.unexpectedCharacter, at: position, message)
    }

    private func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "0x" + (digits.count < 2 ? "0" : "") + digits
    }
}

/// An ASCII letter, digit or underscore.
func isWordByte(_ byte: UInt8) -> Bool {
    byte == 0x5F || isDigit(byte) || (byte | 0x20) &- 0x61 < 26
}
