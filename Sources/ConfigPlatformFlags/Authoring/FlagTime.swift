/// A moment in UTC, in microseconds since 1970-01-01T00:00:00Z, between the years 1 and 9999.
package struct FlagTime: Hashable, Sendable, Comparable {
    package let microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package static func < (a: Self, b: Self) -> Bool { a.microseconds < b.microseconds }

    /// Reads an RFC 3339 date-time with seconds, up to nine digits of fraction (beyond six are cut) and any offset.
    package init(parsing text: String) throws(InvalidFlagItem) {
        var reader = Reader(Array(text.utf8))
        guard let value = reader.read(), Self.range.contains(value) else {
            throw InvalidFlagItem(
                "'\(InvalidFlagItem.shown(text))' is not a time; write RFC 3339, such as \"2026-12-24T18:00:00Z\".")
        }
        microseconds = value
    }

    private static let range = -62_135_596_800_000_000...253_402_300_799_999_999 as ClosedRange<Int64>

    /// The whole second in which it lies.
    package var secondsRoundedDown: Int64 {
        microseconds >= 0 ? microseconds / 1_000_000 : -((999_999 - microseconds) / 1_000_000)
    }

    /// The first whole second that is not before it.
    package var secondsRoundedUp: Int64 {
        microseconds > 0 ? (microseconds + 999_999) / 1_000_000 : -(-microseconds / 1_000_000)
    }

    /// RFC 3339 in UTC, without a fraction where there is none, otherwise without zeros at its end.
    package var text: String {
        let seconds = secondsRoundedDown
        let day = seconds >= 0 ? seconds / 86_400 : -((86_399 - seconds) / 86_400)
        let date = Self.civil(fromDays: day)
        let rest = seconds - day * 86_400
        var text = Self.padded(date.year, 4) + "-" + Self.padded(date.month, 2) + "-" + Self.padded(date.day, 2)
        text += "T" + Self.padded(rest / 3600, 2) + ":" + Self.padded(rest / 60 % 60, 2)
        text += ":" + Self.padded(rest % 60, 2)
        let fraction = microseconds - seconds * 1_000_000
        if fraction != 0 {
            var digits = Self.padded(fraction, 6)
            while digits.hasSuffix("0") { digits.removeLast() }
            text += "." + digits
        }
        return text + "Z"
    }

    private static func padded(_ value: Int64, _ digits: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
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

        private mutating func skip(_ choices: StaticString) -> Bool {
            guard index < bytes.count else { return false }
            let byte = bytes[index]
            guard choices.withUTF8Buffer({ $0.contains(byte) }) else { return false }
            index += 1
            return true
        }

        mutating func read() -> Int64? {
            guard let year = digits(4), year >= 1, skip("-"), let month = digits(2), (1...12).contains(month),
                skip("-"), let day = digits(2), day >= 1, day <= Self.dayCount(year, month), skip("Tt "),
                let hour = digits(2), hour <= 23, skip(":"), let minute = digits(2), minute <= 59, skip(":"),
                let second = digits(2), second <= 59, let fraction = readFraction(), let offset = readOffset(),
                index == bytes.count
            else { return nil }
            let days = FlagTime.days(year: year, month: month, day: day)
            return ((days * 24 + hour) * 60 + minute - offset) * 60_000_000 + second * 1_000_000 + fraction
        }

        private mutating func readFraction() -> Int64? {
            guard skip(".") else { return 0 }
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
            if skip("Zz") { return 0 }
            let isWest = index < bytes.count && bytes[index] == UInt8(ascii: "-")
            guard skip("+-"), let hours = digits(2), hours <= 23, skip(":"), let minutes = digits(2), minutes <= 59
            else { return nil }
            return (isWest ? -1 : 1) * (hours * 60 + minutes)
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

extension FlagTime: CustomStringConvertible {
    package var description: String { text }
}
