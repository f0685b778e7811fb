import ExactJSON

/// How operators take values of one type for another. Where JsonLogic (defined by what JavaScript does) and flagd's evaluators
/// in other languages differ, it is as in flagd-core for Python, the one that is published as a library and tested against.
extension FlagValue {
    /// False for null, false, zero, NaN, and an empty text or list; true for all else, every object too.
    @inline(__always)
    package var isTruthy: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .double(let value): value != 0 && !value.isNaN
        case .string(let text): !text.isEmpty
        case .list(let elements): !elements.isEmpty
        case .object: true
        }
    }

    /// A number, or a boolean, which counts as one.
    var isNumeric: Bool {
        switch self {
        case .bool, .integer, .double: true
        default: false
        }
    }

    /// The value as a number: a boolean stays what it is, null is 0, a text is read, a list is what its only element is; NaN for the rest.
    var number: FlagValue {
        switch self {
        case .bool, .integer, .double: self
        case .null: .integer(0)
        case .string(let text): .double(Self.number(reading: text))
        case .list(let elements):
            switch elements.count {
            case 0: .integer(0)
            case 1: elements[0].number
            default: .double(.nan)
            }
        case .object: .double(.nan)
        }
    }

    /// A number or boolean as a double; NaN for what is neither.
    var double: Double {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): Double(value)
        case .double(let value): value
        default: .nan
        }
    }

    /// A boolean or integer as an integer.
    var integer: Int64? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): value
        default: nil
        }
    }

    /// Of a decimal number with white space around it and single underscores between digits; NaN for anything else.
    private static func number(reading text: String) -> Double {
        var text = text
        return text.withUTF8 { bytes in
            var start = 0
            var end = bytes.count
            while start < end, isSpace(bytes[start]) { start += 1 }
            while end > start, isSpace(bytes[end - 1]) { end -= 1 }
            var digits: [UInt8] = []
            for index in start..<end {
                let byte = bytes[index]
                switch byte {
                case 0x30...0x39, 0x2B, 0x2D, 0x2E, 0x45, 0x65:
                    digits.append(byte)
                case 0x5F:
                    guard index > start, index + 1 < end, isDigit(bytes[index - 1]), isDigit(bytes[index + 1]) else {
                        return .nan
                    }
                default:
                    return .nan
                }
            }
            guard digits.contains(where: isDigit) else { return .nan }
            return Double(String(decoding: digits, as: UTF8.self)) ?? .nan
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}

extension FlagValue {
    /// The value as a text, as `cat` and comparisons with texts take it.
    var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "True" : "False"
        case .integer(let value): String(value)
        case .double(let value): DecimalText.rounded(value)
        case .string(let text): text
        case .list(let elements): elements.map(\.text).joined(separator: ",")
        case .object: "[object Object]"
        }
    }

    /// The name of the variant that a rule's result asks for; nil where it asks for none.
    package var variantName: String? {
        switch self {
        case .null: nil
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .double(let value): DecimalText.shortest(value)
        case .string(let text): text
        // No variant is found under these in practice; they only have to be texts that say what was given.
        case .list, .object: json.canonicalText
        }
    }
}

extension FlagValue {
    /// Same value: numbers by value (a boolean is 0 or 1), texts by their bytes, lists and objects by what they hold.
    func isSame(as other: FlagValue) -> Bool {
        switch (self, other) {
        case (.null, .null): return true
        case (.string(let left), .string(let right)): return left.hasSameBytes(as: right)
        case (.list(let left), .list(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
        case (.object(let left), .object(let right)):
            return left.count == right.count
                && left.members.allSatisfy { member in
                    right.index(of: member.name, hash: member.hash).map {
                        member.value.isSame(as: right.members[$0].value)
                    } ?? false
                }
        default:
            return isNumeric && other.isNumeric && Self.order(self, other) == .same
        }
    }

    /// JsonLogic's `==`: values of two types are first made numbers or texts. Lists and objects equal nothing of their own kind.
    func isLooselyEqual(to other: FlagValue) -> Bool {
        switch (self, other) {
        case (.string(let left), .string(let right)): return left.hasSameBytes(as: right)
        case (.null, .null): return true
        case (.list, .list), (.object, .object), (.list, .object), (.object, .list): return false
        default: break
        }
        if isNumeric || other.isNumeric { return Self.order(number, other.number) == .same }
        switch (self, other) {
        case (.null, _), (_, .null): return false
        // What is left is a text beside a list or an object.
        default: return text.hasSameBytes(as: other.text)
        }
    }

    enum Order { case less, same, greater, none }

    /// Of two numbers or booleans, exactly, also between an integer and a double; none with NaN.
    static func order(_ left: FlagValue, _ right: FlagValue) -> Order {
        switch (left.integer, right.integer) {
        case (let left?, let right?): return left < right ? .less : left == right ? .same : .greater
        case (let integer?, nil): return order(integer, right.double)
        case (nil, let integer?):
            switch order(integer, left.double) {
            case .less: return .greater
            case .greater: return .less
            case let other: return other
            }
        case (nil, nil):
            let (left, right) = (left.double, right.double)
            return left < right ? .less : left == right ? .same : left > right ? .greater : .none
        }
    }

    private static func order(_ integer: Int64, _ double: Double) -> Order {
        if double.isNaN { return .none }
        if double >= 0x1p63 { return .less }
        if double < -0x1p63 { return .greater }
        let whole = double.rounded(.down)
        let floor = Int64(whole)
        if integer < floor { return .less }
        if integer > floor { return .greater }
        return double > whole ? .less : .same
    }

    /// How two values of any types are ordered: as numbers where one is a number, as texts where one is a text, else as numbers.
    static func looseOrder(_ left: FlagValue, _ right: FlagValue) -> Order {
        if left.isNumeric || right.isNumeric { return order(left.number, right.number) }
        if case .string(let text) = left { return textOrder(text, right.text) }
        if case .string(let text) = right { return textOrder(left.text, text) }
        return order(left.number, right.number)
    }

    private static func textOrder(_ left: String, _ right: String) -> Order {
        if left.hasSameBytes(as: right) { return .same }
        return left.utf8.lexicographicallyPrecedes(right.utf8) ? .less : .greater
    }
}
