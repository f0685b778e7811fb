import TestSupport
import Testing

@testable import ConfigPlatformFlags

@Suite struct FlagTimeTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-02-24T10:00:00+01:00", 1_771_923_600_000_000),
            ("2026-02-24t09:00:00.25z", 1_771_923_600_250_000), ("1969-12-31 23:59:59.5Z", -500_000),
            ("2024-02-29T00:00:00-00:30", 1_709_166_600_000_000), ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59.999999999Z", 253_402_300_799_999_999),
        ] as [(String, Int64)])
    func `a time is read with its offset`(_ text: String, _ microseconds: Int64) throws {
        #expect(try FlagTime(parsing: text).microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2026-02-24", "2026-02-24T10:00Z", "2026-02-24T10:00:00", "2026-02-30T10:00:00Z", "2026-13-01T10:00:00Z",
        "2026-02-24T24:00:00Z", "2026-02-24T10:00:00.Z", "2026-02-24T10:00:00+1:00", "2026-02-24T10:00:00Zulu",
        "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00", "2026-02-24T10:00:00.1234567890Z",
    ])
    func `what is no time is refused`(_ text: String) {
        #expect(throws: InvalidFlagItem.self) { try FlagTime(parsing: text) }
    }

    @Test func `a time reads back as it is written, and its seconds enclose it`() throws {
        try SeededGenerator.runs(500) { random in
            let time = FlagTime(microseconds: Int64(random.int(in: -62_135_596_800_000_000...253_402_300_799_999_999)))
            let read = try FlagTime(parsing: time.text)
            #expect(read == time, "\(random)")
            let (down, up) = (time.secondsRoundedDown, time.secondsRoundedUp)
            #expect(down * 1_000_000 <= time.microseconds && time.microseconds <= up * 1_000_000, "\(random)")
            #expect(up - down == (time.microseconds % 1_000_000 == 0 ? 0 : 1), "\(random)")
        }
    }
}
