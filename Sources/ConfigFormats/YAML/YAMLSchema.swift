import ConfigPlatformModel

enum YAMLTag {
    static let prefix = "tag:yaml.org,2002:"
    static let null = prefix + "null"
    static let bool = prefix + "bool"
    static let int = prefix + "int"
    static let float = prefix + "float"
    static let str = prefix + "str"
    static let seq = prefix + "seq"
    static let map = prefix + "map"
    static let merge = prefix + "merge"
    static let nonSpecific = "!"

    /// As it is usually written.
    static func short(_ tag: String) -> String {
        tag.hasPrefix(prefix) ? "!!" + tag.dropFirst(prefix.count) : tag
    }
}

/// What a scalar stands for under the core schema of YAML 1.2 (§10.3).
enum YAMLSchema {
    enum Failure: Error {
        /// `.inf`, `.nan` and their like.
        case notFinite
        case number(String)
        case tag(String)
        case mismatch(tag: String)

        func message(for text: String) -> String {
            let shown = InvalidIdentifier.shown(text)
            return switch self {
            case .notFinite: "'\(shown)' is no number that a setting can hold; put it in quotes to keep it as text."
            case .number(let reason): reason
            case .tag(let tag):
                "The tag \(YAMLTag.short(tag)) is not known here; remove it, or write the value as text, a number, true, false or null."
            case .mismatch(let tag): "'\(shown)' is not what its tag \(YAMLTag.short(tag)) says."
            }
        }
    }

    static func value(of text: String, isPlain: Bool, tag: String?) throws(Failure) -> JSONValue {
        switch tag {
        case nil where !isPlain, YAMLTag.str, YAMLTag.nonSpecific:
            return .string(text)
        case nil:
            return try plainValue(of: text)
        case let tag? where [YAMLTag.null, YAMLTag.bool, YAMLTag.int, YAMLTag.float].contains(tag):
            let value = try plainValue(of: text)
            switch (tag, value) {
            case (YAMLTag.null, .null), (YAMLTag.bool, .bool), (YAMLTag.float, .number): return value
            case (YAMLTag.int, .number(let number)) where number.isInteger: return value
            default: throw .mismatch(tag: tag)
            }
        case let tag?:
            throw .tag(tag)
        }
    }

    private static func plainValue(of text: String) throws(Failure) -> JSONValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF":
            throw .notFinite
        default: break
        }
        let bytes = Array(text.utf8)
        guard bytes.count > 0, isDigit(bytes[0]) || bytes[0] == 0x2B || bytes[0] == 0x2D || bytes[0] == 0x2E else {
            return .string(text)
        }
        do throws(RadixNumber.TooLong) {
            if bytes.starts(with: [0x30, 0x6F]), let number = try RadixNumber.read(bytes[2...], radix: 8) {
                return .number(number)
            }
            if bytes.starts(with: [0x30, 0x78]), let number = try RadixNumber.read(bytes[2...], radix: 16) {
                return .number(number)
            }
        } catch {
            throw .number(error.message)
        }
        guard let decimal = decimal(bytes) else { return .string(text) }
        do throws(JSONParseError) {
            return .number(try JSONNumber(parsing: String(decoding: decimal, as: UTF8.self)))
        } catch {
            throw .number(error.message)
        }
    }

    /// The text of a decimal number as JSON spells it; nil where it is none: `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
    private static func decimal(_ bytes: [UInt8]) -> [UInt8]? {
        var index = 0
        var result: [UInt8] = []
        func digits() -> ArraySlice<UInt8> {
            let rest = bytes[index...]
            return rest.prefix(while: isDigit)
        }
        if bytes[0] == 0x2B || bytes[0] == 0x2D {
            if bytes[0] == 0x2D { result.append(0x2D) }
            index = 1
        }
        let whole = digits()
        index += whole.count
        var fraction: ArraySlice<UInt8> = []
        if index < bytes.count, bytes[index] == 0x2E {
            index += 1
            fraction = digits()
            index += fraction.count
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        let significant = whole.drop { $0 == 0x30 }
        result += significant.isEmpty ? [0x30] : significant
        if !fraction.isEmpty { result += [0x2E] + fraction }
        if index < bytes.count, bytes[index] | 0x20 == 0x65 {
            result.append(0x65)
            index += 1
            if index < bytes.count, bytes[index] == 0x2B || bytes[index] == 0x2D {
                result.append(bytes[index])
                index += 1
            }
            let exponent = digits()
            guard !exponent.isEmpty else { return nil }
            result += exponent
            index += exponent.count
        }
        return index == bytes.count ? result : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// What readers of YAML 1.1, of which there are many, would make of a plain scalar that YAML 1.2 reads otherwise; nil where they
    /// agree. Dates are left out, for which most give text back.
    static func reading11(of text: String) -> String? {
        switch text {
        case "yes", "Yes", "YES", "on", "On", "ON": return "true"
        case "no", "No", "NO", "off", "Off", "OFF": return "false"
        default: break
        }
        let bytes = Array(text.utf8)
        let unsigned = bytes.drop { $0 == 0x2B || $0 == 0x2D }
        guard let first = unsigned.first, isDigit(first) else { return nil }
        if unsigned.count > 1, first == 0x30, unsigned.allSatisfy({ (0x30...0x37).contains($0) || $0 == 0x5F }) {
            return "an octal number"
        }
        if unsigned.count > 1, first == 0x30, unsigned.allSatisfy(isDigit) { return "text" }
        if unsigned.starts(with: [0x30, 0x6F]), RadixNumber.areDigits(unsigned.dropFirst(2), radix: 8) {
            return "text"
        }
        if unsigned.starts(with: [0x30, 0x62]), unsigned.count > 2,
            unsigned.dropFirst(2).allSatisfy({ $0 | 1 == 0x31 || $0 == 0x5F })
        {
            return "a binary number"
        }
        if unsigned.contains(0x5F), unsigned.allSatisfy({ isDigit($0) || $0 == 0x5F || $0 == 0x2E }) {
            return "a number"
        }
        let parts = unsigned.split(separator: 0x3A, omittingEmptySubsequences: false)
        if parts.count > 1, parts[0].allSatisfy(isDigit), (0x31...0x39).contains(first),
            parts.dropFirst().allSatisfy({
                (1...2).contains($0.count) && $0.allSatisfy(isDigit) && ($0.count == 1 || $0.first! < 0x36)
            })
        {
            return "a number to the base 60"
        }
        return nil
    }
}

/// Whole numbers to other bases than ten, of any size.
enum RadixNumber {
    struct TooLong: Error {
        let message =
            "A number in base 8 or 16 has at most \(FormatLimits.radixDigits) digits here; write it in base 10, or as text."
    }

    /// Whether there are digits of this radix, and nothing else.
    static func areDigits(_ digits: ArraySlice<UInt8>, radix: UInt32) -> Bool {
        !digits.isEmpty && digits.allSatisfy { hexadecimalDigit($0).map { $0 < radix } ?? false }
    }

    /// nil where a byte is no digit of the radix, or there is none.
    static func read(_ digits: ArraySlice<UInt8>, radix: UInt32, isNegative: Bool = false) throws(TooLong)
        -> JSONNumber?
    {
        guard areDigits(digits, radix: radix) else { return nil }
        let significant = digits.drop { $0 == 0x30 }
        guard significant.count <= FormatLimits.radixDigits else { throw TooLong() }
        // Nine decimal digits in each, the lowest first.
        var groups: [UInt32] = [0]
        for digit in significant {
            var carry = UInt64(hexadecimalDigit(digit)!)
            for index in groups.indices {
                carry += UInt64(groups[index]) * UInt64(radix)
                groups[index] = UInt32(carry % 1_000_000_000)
                carry /= 1_000_000_000
            }
            if carry > 0 { groups.append(UInt32(carry)) }
        }
        var text = isNegative ? "-" : ""
        for (index, group) in groups.reversed().enumerated() {
            let digits = String(group)
            text += index == 0 ? digits : String(repeating: "0", count: 9 - digits.count) + digits
        }
        guard let number = try? JSONNumber(parsing: text) else { throw TooLong() }
        return number
    }
}
