import ConfigPlatformModel
import TestSupport

/// Values and spellings drawn to be awkward: every width of UTF-8, controls, quotes, numbers at the edges of their forms.
enum RandomJSON {
    static func value(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        switch random.int(in: 0...(depth > 0 ? 7 : 5)) {
        case 0: return .null
        case 1: return .bool(random.chance(oneIn: 2))
        case 2, 3: return .number(number(&random))
        case 4, 5: return .string(string(&random))
        case 6:
            return .array((0..<random.int(in: 0...5)).map { _ in value(&random, depth: depth - 1) })
        default:
            var object = JSONObject()
            for _ in 0..<random.int(in: 0...8) { object[string(&random)] = value(&random, depth: depth - 1) }
            return .object(object)
        }
    }

    static func number(_ random: inout SeededGenerator) -> JSONNumber {
        switch random.int(in: 0...4) {
        case 0: return JSONNumber(random.int(in: -20...20))
        case 1: return JSONNumber(Int64(bitPattern: random.next()))
        case 2: return JSONNumber(Double(bitPattern: random.next())) ?? JSONNumber(0 as Int64)
        case 3: return JSONNumber(Double(random.int(in: -99_999...99_999)) / 100) ?? JSONNumber(0 as Int64)
        default:
            let digits = (0..<random.int(in: 1...40)).map { _ in String(random.int(in: 0...9)) }.joined()
            let text = "\(random.int(in: -9...9)).\(digits)e\(random.int(in: -40...40))"
            guard let number = try? JSONNumber(parsing: text) else { preconditionFailure("\(text) is a number") }
            return number
        }
    }

    static func string(_ random: inout SeededGenerator) -> String {
        var text = ""
        for _ in 0..<random.int(in: 0...(random.chance(oneIn: 10) ? 60 : 12)) {
            let range: ClosedRange<Int> =
                switch random.int(in: 0...9) {
                case 0: 0...0x1F
                case 1: 0x20...0x2F
                case 2: 0x5B...0x5D
                case 3: 0x80...0x7FF
                case 4: 0xD000...0xD7FF
                case 5: 0xE000...0xFFFF
                case 6: 0x1_0000...0x10_FFFF
                default: 0x61...0x64
                }
            if let scalar = Unicode.Scalar(UInt32(random.int(in: range))) { text.unicodeScalars.append(scalar) }
        }
        return text
    }

    /// The value written in some other way: members in any order, white space, needless escapes, numbers moved about.
    static func spell(_ value: JSONValue, _ random: inout SeededGenerator) -> String {
        func space() -> String { random.element(of: ["", "", "", " ", "\n", "\t\r\n "]) }
        switch value {
        case .null, .bool: return space() + value.canonicalText + space()
        case .number(let number): return space() + spell(number, &random) + space()
        case .string(let text): return space() + quote(text, &random) + space()
        case .array(let elements):
            let inner = elements.map { spell($0, &random) }.joined(separator: ",")
            return "\(space())[\(inner.isEmpty ? space() : inner)]\(space())"
        case .object(let object):
            let inner = object.shuffled(using: &random).map { member in
                space() + quote(member.name, &random) + space() + ":" + spell(member.value, &random)
            }.joined(separator: ",")
            return "\(space()){\(inner.isEmpty ? space() : inner)}\(space())"
        }
    }

    private static func spell(_ number: JSONNumber, _ random: inout SeededGenerator) -> String {
        let text = number.canonicalText
        if text.contains("e") { return random.chance(oneIn: 2) ? text.uppercased() : text }
        if text.contains(".") { return text + random.element(of: ["", "0", "e0", "000E+00", "00e-0"]) }
        let tails = ["", "", ".0", "e0", ".00E+0"] + (number.isZero ? ["e-12"] : ["00e-2", "0.0e-1"])
        return text + random.element(of: tails)
    }

    private static func quote(_ text: String, _ random: inout SeededGenerator) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar.value < 0x20 || scalar == "\"" || scalar == "\\" || random.chance(oneIn: 6) {
                for unit in String(scalar).utf16 {
                    let hex = String(unit, radix: 16, uppercase: random.chance(oneIn: 2))
                    quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                }
            } else if scalar == "/", random.chance(oneIn: 2) {
                quoted += "\\/"
            } else {
                quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
