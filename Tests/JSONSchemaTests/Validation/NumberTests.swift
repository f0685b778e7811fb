import ConfigPlatformModel
import JSONSchema
import Testing

@Suite struct NumberTests {
    @Test(
        arguments: [
            ("0.3", "0.1", true), ("0.35", "0.1", false), ("1e308", "0.5", true), ("1e400", "7", false),
            ("7e400", "7", true),
            ("0", "3", true), ("0", "0", true), ("5", "0", false), ("-9", "3", true), ("4.5", "1.5", true),
            ("9007199254740993", "2", false), ("19.99", "0.01", true), ("1e-9", "1e-10", true),
            ("1e-10", "1e-9", false),
            ("1000", "1e3", true), ("1500", "1e3", false), ("123456789012345678901234567890", "10", true),
            ("123456789012345678901234567891", "10", false),
            ("246913578024691357802469135780", "123456789012345678901234567890", true),
            ("246913578024691357802469135781", "123456789012345678901234567890", false),
            ("123456789012345678901234567890e50", "12345678901234567890123456789e48", true),
            ("1e100", "12345678901234567890123", false), ("-9223372036854775808", "-1", true),
            ("0.0075", "0.0001", true),
        ])
    func `multiples are exact`(value: String, divisor: String, isMultiple: Bool) throws {
        #expect(try JSONNumber(parsing: value).isMultiple(of: JSONNumber(parsing: divisor)) == isMultiple)
    }

    @Test(
        arguments: [
            ("minimum", "9007199254740993", "9007199254740992", false), ("minimum", "0.1", "0.1", true),
            ("exclusiveMinimum", "0.1", "0.10", false), ("maximum", "1e400", "1e399", true),
            ("maximum", "18446744073709551616", "18446744073709551617", false), ("minimum", "-5", "-5.5", false),
            ("exclusiveMaximum", "3", "2.999999999999999999999999", true),
            ("maximum", "3", "3.000000000000000000000001", false),
        ])
    func `bounds are exact`(keyword: String, bound: String, value: String, isValid: Bool) throws {
        let schema = try Schema(compiling: .object([keyword: .number(JSONNumber(parsing: bound))]))
        #expect(schema.isValid(.number(try JSONNumber(parsing: value))) == isValid)
    }
}
