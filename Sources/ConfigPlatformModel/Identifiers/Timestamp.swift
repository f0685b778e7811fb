/// A moment in UTC, in microseconds since 1970-01-01T00:00:00Z, between the years 1 and 9999.
package struct Timestamp: Hashable, Sendable, Comparable {
    package let microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package static func < (a: Self, b: Self) -> Bool { a.microseconds < b.microseconds }

    /// When its day began, in UTC.
    package var startOfDay: Timestamp {
        let rest = microseconds % 86_400_000_000
        return Timestamp(microseconds: microseconds - (rest < 0 ? rest + 86_400_000_000 : rest))
    }

    package func adding(seconds: Int64) -> Timestamp { Timestamp(microseconds: microseconds + seconds * 1_000_000) }
}

extension Timestamp {
    /// Reads an RFC 3339 date-time: `2026-11-23T06:00:00Z`, with up to nine digits of fraction (beyond six are cut) and any offset.
    /// Seconds may be left out. What the offset would carry out of the years 1 to 9999 is refused.
    package init(parsing text: some StringProtocol) throws(InvalidIdentifier) {
        var reader = Reader(Array(text.utf8))
        guard let value = reader.read() else {
            throw InvalidIdentifier(
                "'\(InvalidIdentifier.shown(text))' is not a time: write RFC 3339, such as 2026-11-23T06:00:00Z.")
        }
        self.init(microseconds: value)
    }

    /// 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999Z: what RFC 3339 can write.
    private static let range = -62_135_596_800_000_000...253_402_300_799_999_999 as ClosedRange<Int64>

    /// RFC 3339 in UTC with six digits of fraction.
    package var text: String {
        var days = microseconds / 86_400_000_000
        var rest = microseconds % 86_400_000_000
        if rest < 0 {
            rest += 86_400_000_000
            days -= 1
        }
        let (year, month, day) = Self.civil(fromDays: days)
        let seconds = rest / 1_000_000
        return String(unsafeUninitializedCapacity: 27) { text in
            var end = 0
            func put(_ value: Int64, digits: Int, _ mark: Unicode.Scalar) {
                var value = value
                for place in (end..<end + digits).reversed() {
                    text[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10)
                    value /= 10
                }
                end += digits
                text[end] = UInt8(ascii: mark)
                end += 1
            }
            put(year, digits: 4, "-")
            put(month, digits: 2, "-")
            put(day, digits: 2, "T")
            put(seconds / 3600, digits: 2, ":")
            put(seconds / 60 % 60, digits: 2, ":")
            put(seconds % 60, digits: 2, ".")
            put(rest % 1_000_000, digits: 6, "Z")
            return end
        }
    }

    /// Days since 1970-01-01 of a date of the proleptic Gregorian calendar.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let m = (5 * dayOfYear + 2) / 153
        let month = m < 10 ? m + 3 : m - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * m + 2) / 5 + 1)
    }

    private struct Reader {
        private let bytes: [UInt8]
        private var index = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        private mutating func digits(_ count: Int) -> Int64? {
            guard index + count <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[index..<index + count] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            index += count
            return value
        }

        private mutating func skip(_ characters: Character...) -> Bool {
            guard index < bytes.count, characters.contains(Character(Unicode.Scalar(bytes[index]))) else {
                return false
            }
            index += 1
            return true
        }

        mutating func read() -> Int64? {
            guard let year = digits(4), year >= 1, skip("-"), let month = digits(2), (1...12).contains(month),
                skip("-"),
                let day = digits(2), day >= 1, day <= Self.dayCount(year, month), skip("T", "t", " "),
                let hour = digits(2), hour <= 23, skip(":"), let minute = digits(2), minute <= 59
            else { return nil }
            var second: Int64 = 0
            var fraction: Int64 = 0
            if skip(":") {
                guard let value = digits(2), value <= 59 else { return nil }
                second = value
                if skip(".") {
                    guard let value = readFraction() else { return nil }
                    fraction = value
                }
            }
            guard let offset = readOffset(), index == bytes.count else { return nil }
            let daysSinceEpoch = Timestamp.days(year: year, month: month, day: day)
            let value =
                ((daysSinceEpoch * 24 + hour) * 60 + minute - offset) * 60_000_000 + second * 1_000_000 + fraction
            return Timestamp.range.contains(value) ? value : nil
        }

        private mutating func readFraction() -> Int64? {
            var value: Int64 = 0
            var count = 0
            while index < bytes.count, (0x30...0x39).contains(bytes[index]) {
                if count < 6 { value = value * 10 + Int64(bytes[index] - 0x30) }
                count += 1
                index += 1
            }
            guard (1...9).contains(count) else { return nil }
            for _ in 0..<max(0, 6 - count) { value *= 10 }
            return value
        }

        /// Minutes east of UTC.
        private mutating func readOffset() -> Int64? {
            if skip("Z", "z") { return 0 }
            guard index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") else {
                return nil
            }
            let sign: Int64 = bytes[index] == UInt8(ascii: "-") ? -1 : 1
            index += 1
            guard let hours = digits(2), hours <= 23, skip(":"), let minutes = digits(2), minutes <= 59 else {
                return nil
            }
            return sign * (hours * 60 + minutes)
        }

        private static func dayCount(_ year: Int64, _ month: Int64) -> Int64 {
            switch month {
            case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
            case 4, 6, 9, 11: 30
            default: 31
            }
        }
    }
}

extension Timestamp: CustomStringConvertible {
    package var description: String { text }
}
