import ConfigPlatformModel
import TestSupport
import Testing

@Suite struct JSONNumberTests {
    private func number(_ text: String) throws -> JSONNumber {
        try JSONNumber(parsing: text)
    }

    @Test(arguments: [
        ["0", "-0", "0.0", "0e5", "-0.000e-7", "0E+400"],
        ["1", "1.0", "10e-1", "0.1e1", "100E-2", "1e0", "1e+0", "1e-0", "0.0001e4"],
        ["-1200", "-1.2e3", "-1200.000", "-12e2", "-120000e-2"],
        ["0.5", "5e-1", "0.50", "50e-2"],
        ["9223372036854775807", "9223372036854775807.0", "9223372036854775.807e3"],
        ["-9223372036854775808", "-9.223372036854775808e18"],
        ["9223372036854775808", "9223372036854775808.00", "922337203685477580.8e1"],
        ["18446744073709551615", "1844674407370955161.5e1"],
        ["1e30", "1000000000000000000000000000000", "1.0E+30"],
        ["123456789012345678901234567890.5", "1234567890123456789012345678905e-1"],
        ["1e-400", "0.1e-399"],
    ])
    func `spellings of one value are equal in value, hash and text`(spellings: [String]) throws {
        let numbers = try spellings.map(number)
        #expect(Set(numbers).count == 1)
        #expect(Set(numbers.map(\.canonicalText)).count == 1)
        #expect(try numbers.allSatisfy { try number($0.canonicalText) == $0 })
    }

    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("1e20", "100000000000000000000"), ("1e21", "1e+21"), ("123e19", "1.23e+21"),
        ("123456789012345678901", "123456789012345678901"), ("1234567890123456789012", "1.234567890123456789012e+21"),
        ("0.000001", "0.000001"), ("0.0000001", "1e-7"), ("0.00000123", "0.00000123"), ("0.000000123", "1.23e-7"),
        ("-1.50", "-1.5"), ("-0.1", "-0.1"), ("12.5e1", "125"), ("-1e-400", "-1e-400"), ("1E400", "1e+400"),
        ("9007199254740993", "9007199254740993"),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ("123456789012345678901234567890.5", "1.234567890123456789012345678905e+29"),
        ("12345678901234567890.5", "12345678901234567890.5"), ("-9223372036854775808", "-9223372036854775808"),
        ("-92233720368547758080", "-92233720368547758080"), ("18446744073709551616e-20", "0.18446744073709551616"),
    ])
    func `the canonical text is ECMAScript's layout of the exact digits`(text: String, canonical: String) throws {
        #expect(try number(text).canonicalText == canonical)
    }

    @Test(
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"), (0x8000_0000_0000_0001, "-5e-324"),
            (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"), (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"), (0xC340_0000_0000_0000, "-9007199254740992"),
            (0x4340_0000_0000_0001, "9007199254740994"), (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"),
            (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"), (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
            (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
            (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
            (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5554, "333333333.33333325"),
            (0x41B3_DE43_5555_5555, "333333333.3333333"), (0x41B3_DE43_5555_5556, "333333333.3333334"),
            (0x41B3_DE43_5555_5557, "333333333.33333343"), (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
            (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
        ] as [(UInt64, String)])
    func `a double is written as RFC 8785 appendix B writes it`(bits: UInt64, text: String) throws {
        let number = try #require(JSONNumber(Double(bitPattern: bits)))
        #expect(number.canonicalText == text)
        #expect(number.double == Double(bitPattern: bits))
    }

    @Test func `infinities and NaN are no numbers`() {
        #expect(JSONNumber(Double.infinity) == nil)
        #expect(JSONNumber(-Double.infinity) == nil)
        #expect(JSONNumber(Double.nan) == nil)
    }

    @Test(
        arguments: [
            ("0", 0), ("-5", -5), ("5.0", 5), ("1e18", 1_000_000_000_000_000_000), ("0.5", nil), ("1e19", nil),
            ("9223372036854775807", Int64.max), ("9223372036854775808", nil),
            ("-9223372036854775808", Int64.min), ("-9223372036854775809", nil), ("-9223372036854775808.5", nil),
        ] as [(String, Int64?)])
    func `int64 is there for every integer of 64 bits and no other number`(text: String, value: Int64?) throws {
        #expect(try number(text).int64 == value)
        if let value { #expect(try number(text) == JSONNumber(value)) }
    }

    @Test(arguments: [
        ("3", true), ("3.0", true), ("1e30", true), ("123456789012345678901234567890", true), ("25e-2", false),
        ("123456789012345678901234567890.5", false), ("1e-1", false),
    ])
    func `an integer is one by value`(text: String, isInteger: Bool) throws {
        #expect(try number(text).isInteger == isInteger)
    }

    @Test(arguments: [
        ("1e400", Double.infinity), ("-1e400", -Double.infinity), ("1e-400", 0),
        ("9007199254740993", 9_007_199_254_740_992),
        ("9007199254740993.00000000000000000001", 9_007_199_254_740_994), ("0.1", 0.1),
        ("123456789e-30", 123456789e-30),
        ("2.2250738585072011e-308", Double.leastNormalMagnitude.nextDown),
        ("1.7976931348623158e308", Double.greatestFiniteMagnitude),
        ("1.7976931348623159e308", Double.infinity), ("4.9406564584124654e-324", Double.leastNonzeroMagnitude),
    ])
    func `the double is the nearest`(text: String, value: Double) throws {
        #expect(try number(text).double == value)
    }

    @Test(arguments: [
        ("", JSONParseError.Kind.emptyText), (" 1", .invalidNumber), ("1 ", .trailingContent), ("+1", .invalidNumber),
        ("abc", .invalidNumber), ("1,5", .trailingContent), ("--1", .invalidNumber), ("0x1", .trailingContent),
        ("٣", .invalidNumber),
    ])
    func `only the grammar of a JSON number is read`(text: String, kind: JSONParseError.Kind) {
        #expect {
            try number(text)
        } throws: {
            ($0 as? JSONParseError)?.kind == kind
        }
    }

    @Test func `a substring is read like a string`() throws {
        #expect(try JSONNumber(parsing: "x=12.5;".dropFirst(2).dropLast()) == number("12.5"))
    }

    /// A number written in some way, with the value it has as a fixed-point text of 120 digits.
    private struct Spelled {
        let text: String
        let isNegative: Bool
        let fixed: String

        init(_ random: inout SeededGenerator) {
            let digitCount = random.chance(oneIn: 3) ? random.int(in: 17...45) : random.int(in: 1...5)
            let digits = (0..<digitCount).map { _ in String(random.chance(oneIn: 2) ? 0 : random.int(in: 0...9)) }
                .joined()
            let exponent = random.chance(oneIn: 4) ? 0 : random.int(in: -30...30)
            let pointAfter = random.int(in: 1...digitCount)
            let integer = String(digits.prefix(pointAfter).drop { $0 == "0" })
            let fraction = digits.dropFirst(pointAfter)
            let written = exponent + digitCount - pointAfter
            isNegative = random.chance(oneIn: 2) && digits.contains { $0 != "0" }
            text =
                (isNegative ? "-" : "") + (integer.isEmpty ? "0" : integer) + (fraction.isEmpty ? "" : "." + fraction)
                + (written == 0 && random.chance(oneIn: 2) ? "" : "e\(written)")
            let low = 40 + exponent
            let high = 120 - low - digitCount
            fixed = String(repeating: "0", count: high) + digits + String(repeating: "0", count: low)
        }

        func precedes(_ other: Spelled) -> Bool {
            if isNegative != other.isNegative { return isNegative }
            return isNegative ? other.fixed < fixed : fixed < other.fixed
        }
    }

    @Test func `equality, order, hash and canonical text agree with fixed-point decimals`() throws {
        try SeededGenerator.runs(200) { random in
            let spelled = (0..<30).map { _ in Spelled(&random) }
            let numbers = try spelled.map { try number($0.text) }
            for (left, leftNumber) in zip(spelled, numbers) {
                #expect(try number(leftNumber.canonicalText) == leftNumber, "\(left.text) \(random)")
                #expect(leftNumber.double == Double(left.text), "\(left.text) \(random)")
                for (right, rightNumber) in zip(spelled, numbers) {
                    let isEqual = left.isNegative == right.isNegative && left.fixed == right.fixed
                    let comment: Comment = "\(left.text) and \(right.text), \(random)"
                    #expect((leftNumber == rightNumber) == isEqual, comment)
                    #expect((leftNumber.canonicalText == rightNumber.canonicalText) == isEqual, comment)
                    #expect((leftNumber < rightNumber) == left.precedes(right), comment)
                    if isEqual { #expect(leftNumber.hashValue == rightNumber.hashValue, comment) }
                }
            }
        }
    }

    @Test func `a double comes back from its number`() throws {
        try SeededGenerator.runs(20_000) { random in
            let double = Double(bitPattern: random.next())
            guard double.isFinite else { return }
            let number = try #require(JSONNumber(double))
            #expect(number.double == double, "\(random)")
            #expect(try self.number(number.canonicalText) == number, "\(random)")
            #expect(Double(number.canonicalText) == double, "\(random)")
        }
    }
}
