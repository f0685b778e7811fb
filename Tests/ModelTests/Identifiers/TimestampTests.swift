import ConfigPlatformModel
import TestSupport
import Testing

@Suite struct TimestampTests {
    private func microseconds(_ text: String) -> Int64? { (try? Timestamp(parsing: text))?.microseconds }

    private static let first: Int64 = -62_135_596_800_000_000
    private static let last: Int64 = 253_402_300_799_999_999

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-11-23T06:00:00Z", 1_795_413_600_000_000), ("2026-11-23t06:00:00z", 1_795_413_600_000_000),
        ("2026-11-23 06:00:00Z", 1_795_413_600_000_000), ("2026-11-23T06:00Z", 1_795_413_600_000_000),
        ("2026-11-23T06:00:00.1Z", 1_795_413_600_100_000), ("2026-11-23T06:00:00.123456Z", 1_795_413_600_123_456),
        ("2026-11-23T06:00:00.123456789Z", 1_795_413_600_123_456),
        ("2026-11-23T06:00:00.000000999Z", 1_795_413_600_000_000),
        ("2026-11-23T06:00:00+05:30", 1_795_393_800_000_000), ("2026-11-23T06:00:00-23:59", 1_795_499_940_000_000),
        ("2026-11-23T06:00:00-00:00", 1_795_413_600_000_000), ("2026-11-23T06:00+00:00", 1_795_413_600_000_000),
        ("1985-04-12T23:20:50.52Z", 482_196_050_520_000), ("1990-12-31T15:59:59-08:00", 662_687_999_000_000),
        ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130_000), ("2024-02-29T23:59:59Z", 1_709_251_199_000_000),
        ("2000-02-29T00:00:00Z", 951_782_400_000_000), ("0001-01-01T00:00:00Z", first),
        ("9999-12-31T23:59:59.999999Z", last),
        ("0001-01-01T23:59:00+23:59", first), ("9999-12-31T00:00:59.999999-23:59", last),
    ])
    func `an RFC 3339 time is read to the microsecond`(text: String, expected: Int64) {
        #expect(microseconds(text) == expected)
    }

    @Test(arguments: [
        "", "now", "2026", "2026-11-23", "2026-11-23T", "2026-11-23T06", "2026-11-23T06:00", "2026-11-23T06:00:00",
        "2026-11-23T06:00:00.Z", "2026-11-23T06:00:00,5Z", "2026-11-23T06:00:00.1234567890Z", "2026-11-23T06:00.5Z",
        "2026-11-23T06:00:00Z ", " 2026-11-23T06:00:00Z", "2026-11-23T06:00:00Z\0", "2026-11-23T06:00:00ZZ",
        "2026-11-23X06:00:00Z",
        "2026-11-23T24:00:00Z", "2026-11-23T06:60:00Z", "2026-11-23T06:00:60Z", "2016-12-31T23:59:60Z",
        "2026-00-23T06:00:00Z", "2026-13-23T06:00:00Z", "2026-11-00T06:00:00Z", "2026-11-31T06:00:00Z",
        "2026-02-29T06:00:00Z",
        "1900-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "2026-04-31T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "-001-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "26-11-23T06:00:00Z", "2026-1-23T06:00:00Z",
        "20261123T060000Z",
        "2026-11-23T06:00:00+24:00", "2026-11-23T06:00:00+05:60", "2026-11-23T06:00:00+0530", "2026-11-23T06:00:00+05",
        "2026-11-23T06:00:00 +05:30", "2026-11-23T06:00:00UTC", "２０２６-11-23T06:00:00Z", "2026-11-23T06:00:0٠Z",
        "1795413600",
    ])
    func `what is no time is refused`(text: String) throws {
        #expect(microseconds(text) == nil)
    }

    @Test(arguments: [
        "0001-01-01T00:00:00+00:01", "0001-01-01T23:58:59.999999+23:59", "9999-12-31T23:59:59-00:01",
        "9999-12-31T00:01:00-23:59",
    ])
    func `an offset that leads out of the years 1 to 9999 is refused`(text: String) {
        #expect(microseconds(text) == nil)
    }

    @Test func `a refusal says how to write a time`() {
        let refusal = #expect(throws: InvalidIdentifier.self) { try Timestamp(parsing: "yesterday") }
        #expect(refusal?.message == "'yesterday' is not a time: write RFC 3339, such as 2026-11-23T06:00:00Z.")
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        (1_795_413_600_123_456, "2026-11-23T06:00:00.123456Z"),
        (first, "0001-01-01T00:00:00.000000Z"), (last, "9999-12-31T23:59:59.999999Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
    ])
    func `a time is written in UTC with six digits of fraction`(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).text == text)
        #expect(Timestamp(microseconds: microseconds).description == text)
    }

    @Test func `text and microseconds say the same, and order by both`() throws {
        try SeededGenerator.runs(500) { random in
            let (a, b) = (moment(&random), moment(&random))
            let reread = try Timestamp(parsing: a.text)
            #expect(reread == a, "\(random)")
            #expect((a < b) == (a.text < b.text), "\(random)")
            #expect(a.adding(seconds: 86_400).microseconds == a.microseconds + 86_400_000_000, "\(random)")
        }
    }

    private func moment(_ random: inout SeededGenerator) -> Timestamp {
        let (low, high) = random.chance(oneIn: 2) ? (Self.first, Self.last) : (-3_000_000, 3_000_000)
        return Timestamp(microseconds: Int64(random.int(in: Int(low)...Int(high))))
    }

    @Test func `dates agree with counting the days one year and one month after another`() throws {
        try SeededGenerator.runs(150) { random in
            let year = random.int(in: 1...9999)
            let month = random.int(in: 1...12)
            let isLeap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            let day = random.chance(oneIn: 3) ? lengths[month - 1] : random.int(in: 1...lengths[month - 1])
            let leapYears = (1..<max(year, 1)).count { $0 % 400 == 0 || ($0 % 4 == 0 && $0 % 100 != 0) }
            let days = (year - 1) * 365 + leapYears + lengths[..<(month - 1)].reduce(0, +) + day - 1
            func pad(_ value: Int, _ width: Int) -> String { String(String(value + 100_000).suffix(width)) }
            let text = "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T00:00:00.000000Z"
            #expect(microseconds(text) == Self.first + Int64(days) * 86_400_000_000, "\(random)")
            #expect(Timestamp(microseconds: Self.first + Int64(days) * 86_400_000_000).text == text, "\(random)")
            let beyond = "\(pad(year, 4))-\(pad(month, 2))-\(pad(lengths[month - 1] + 1, 2))T00:00:00Z"
            #expect(microseconds(beyond) == nil, "\(random)")
        }
    }

    @Test func `an offset moves the clock and not the moment`() throws {
        try SeededGenerator.runs(200) { random in
            let moment = Timestamp(microseconds: Int64(random.int(in: 0...4_000_000_000)) * 1_000_000)
            let minutes = random.int(in: -1439...1439)
            let local = Timestamp(microseconds: moment.microseconds + Int64(minutes) * 60_000_000).text.dropLast()
            func pad(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
            let offset = "\(minutes < 0 ? "-" : "+")\(pad(abs(minutes) / 60)):\(pad(abs(minutes) % 60))"
            let read = try Timestamp(parsing: local + offset)
            #expect(read == moment, "\(random)")
        }
    }
}
