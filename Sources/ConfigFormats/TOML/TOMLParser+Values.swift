import ConfigPlatformModel

extension TOMLParser {
    mutating func value(depth: Int) throws(FormatFault) -> TOMLTable.Value {
        guard let byte = peek(0) else { throw FormatFault(at: position, "The text ends where a value is expected.") }
        switch byte {
        case UInt8(ascii: "\""):
            let isLong = peek(1) == byte && peek(2) == byte
            return .value(.string(isLong ? try longBasicString() : try basicString()))
        case UInt8(ascii: "'"):
            let isLong = peek(1) == byte && peek(2) == byte
            return .value(.string(isLong ? try longLiteralString() : try literalString()))
        case UInt8(ascii: "["):
            return .value(try array(depth: depth))
        case UInt8(ascii: "{"):
            return .table(try inlineTable(depth: depth))
        default:
            return .value(try word())
        }
    }

    private mutating func array(depth: Int) throws(FormatFault) -> JSONValue {
        let start = position
        try checkDepth(depth)
        position += 1
        var elements: [JSONValue] = []
        while true {
            try skipSpaceAndComments()
            if peek(0) == UInt8(ascii: "]") { break }
            switch try value(depth: depth + 1) {
            case .value(let value): elements.append(value)
            case .table(let table): elements.append(table.json())
            case .tables(let tables): elements.append(.array(tables.elements.map { $0.json() }))
            }
            try skipSpaceAndComments()
            if peek(0) == UInt8(ascii: "]") { break }
            guard peek(0) == UInt8(ascii: ",") else {
                guard position < bytes.count else {
                    throw FormatFault(at: start, "The array that opens here is never closed.")
                }
                throw FormatFault(
                    at: position, "Here a ',' or ']' is expected: elements of an array are divided by commas.")
            }
            position += 1
        }
        position += 1
        return .array(elements)
    }

    /// A boolean, a number, a date or a time.
    private mutating func word() throws(FormatFault) -> JSONValue {
        let start = position
        while let byte = peek(0), isWordByte(byte) { position += 1 }
        // A date and a time may have one space between them.
        if position - start == 10, peek(0) == 0x20, peek(1).map(isDecimalDigit) == true,
            TOMLTime.isDate(bytes[start..<position])
        {
            position += 1
            while let byte = peek(0), isWordByte(byte) { position += 1 }
        }
        let word = bytes[start..<position]
        let text = String(decoding: word, as: UTF8.self)
        switch text {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "inf", "+inf", "-inf", "nan", "+nan", "-nan":
            throw FormatFault(
                at: start, "'\(text)' is no number that a setting can hold; put it in quotes to keep it as text.")
        default: break
        }
        if let time = TOMLTime.normalised(word) {
            dates.append((start, time))
            return .string(time)
        }
        if let number = try number(word, at: start) { return .number(number) }
        throw FormatFault(
            at: start,
            word.isEmpty
                ? "Here a value is expected: text in quotes, a number, true, false, a date, [ ] or { }."
                : "'\(InvalidIdentifier.shown(text))' is no value: text is put in quotes; numbers, dates, true and false are spelled as TOML has it."
        )
    }

    private func isWordByte(_ byte: UInt8) -> Bool {
        isDecimalDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":")].contains(
                byte)
    }

    /// nil where the word is no number.
    private func number(_ word: ArraySlice<UInt8>, at start: Int) throws(FormatFault) -> JSONNumber? {
        guard let digits = Self.withoutUnderscores(word) else { return nil }
        if digits.count > 2, digits[0] == 0x30 {
            let radix: UInt32? =
                switch digits[1] {
                case UInt8(ascii: "x"): 16
                case UInt8(ascii: "o"): 8
                case UInt8(ascii: "b"): 2
                default: nil
                }
            if let radix {
                guard word[word.startIndex + 2] != UInt8(ascii: "_") else { return nil }
                do throws(RadixNumber.TooLong) {
                    return try RadixNumber.read(digits[2...], radix: radix)
                } catch {
                    throw FormatFault(at: start, error.message)
                }
            }
        }
        // What is left is JSON's grammar with a plus sign, and with leading zeros in exponents, which JSON has too.
        let unsigned = digits.first == UInt8(ascii: "+") ? digits.dropFirst() : digits[...]
        guard let first = unsigned.first,
            isDecimalDigit(first) || (unsigned.count == digits.count && first == UInt8(ascii: "-"))
        else {
            return nil
        }
        do throws(JSONParseError) {
            return try JSONNumber(parsing: String(decoding: unsigned, as: UTF8.self))
        } catch {
            guard error.kind == .tooManyDigits || error.kind == .exponentTooLarge else { return nil }
            throw FormatFault(at: start, error.message)
        }
    }

    /// Underscores stand between digits; nil where one stands elsewhere.
    private static func withoutUnderscores(_ word: ArraySlice<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        for index in word.indices {
            guard word[index] == UInt8(ascii: "_") else {
                result.append(word[index])
                continue
            }
            guard index > word.startIndex, index + 1 < word.endIndex, hexadecimalDigit(word[index - 1]) != nil,
                hexadecimalDigit(word[index + 1]) != nil
            else { return nil }
            // In a decimal number an e beside it is an exponent's.
            let isHexadecimal = word.count > 2 && word[word.startIndex + 1] == UInt8(ascii: "x")
            if !isHexadecimal, !isDecimalDigit(word[index - 1]) || !isDecimalDigit(word[index + 1]) { return nil }
        }
        return result
    }
}

@inline(__always)
func isDecimalDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

/// Dates and times as TOML spells them: RFC 3339, or parts of it.
enum TOMLTime {
    /// The text with `T` between date and time and `Z` for UTC; nil where it is no date, no time and not both.
    static func normalised(_ word: ArraySlice<UInt8>) -> String? {
        var text = Array(word)
        if isDate(word) { return String(decoding: text, as: UTF8.self) }
        if isTime(word[...]) { return String(decoding: text, as: UTF8.self) }
        guard word.count > 11, isDate(word.prefix(10)), [0x54, 0x74, 0x20].contains(text[10]) else { return nil }
        var time = word.dropFirst(11)
        if time.last == UInt8(ascii: "Z") || time.last == UInt8(ascii: "z") {
            time = time.dropLast()
            text[text.count - 1] = UInt8(ascii: "Z")
        } else if let sign = time.lastIndex(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }) {
            let offset = Array(time[(sign + 1)...])
            guard offset.count == 5, offset[2] == UInt8(ascii: ":"), let hours = number(offset[0..<2]), hours < 24,
                let minutes = number(offset[3..<5]), minutes < 60
            else { return nil }
            time = time[..<sign]
        }
        guard isTime(time) else { return nil }
        text[10] = UInt8(ascii: "T")
        return String(decoding: text, as: UTF8.self)
    }

    static func isDate(_ text: ArraySlice<UInt8>) -> Bool {
        let date = Array(text)
        guard date.count == 10, date[4] == UInt8(ascii: "-"), date[7] == UInt8(ascii: "-"),
            let year = number(date[0..<4]),
            let month = number(date[5..<7]), let day = number(date[8..<10]), (1...12).contains(month)
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...days[month - 1]).contains(day)
    }

    /// `hh:mm:ss`, with a fraction or without.
    private static func isTime(_ text: ArraySlice<UInt8>) -> Bool {
        let time = Array(text)
        guard time.count >= 8, time[2] == UInt8(ascii: ":"), time[5] == UInt8(ascii: ":"),
            let hour = number(time[0..<2]), hour < 24,
            let minute = number(time[3..<5]), minute < 60, let second = number(time[6..<8]), second <= 60
        else { return false }
        return time.count == 8
            || (time.count > 9 && time[8] == UInt8(ascii: ".") && time[9...].allSatisfy(isDecimalDigit))
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        digits.allSatisfy(isDecimalDigit) ? digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } : nil
    }
}
