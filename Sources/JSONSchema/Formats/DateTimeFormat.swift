/// Dates and times of RFC 3339 section 5.6.
enum DateTimeFormat {
    static func isDate(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.count == 10 && date(bytes)
    }

    static func isTime(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        time(bytes[...])
    }

    static func isDateTime(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.count > 11, bytes[10] | 0x20 == 0x74 else { return false }
        return date(bytes) && time(bytes[11...])
    }

    /// The first ten bytes.
    private static func date(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes[4] == 0x2D, bytes[7] == 0x2D, let century = two(bytes[0...1]),
            let yearOfCentury = two(bytes[2...3]),
            let month = two(bytes[5...6]), let day = two(bytes[8...9]), (1...12).contains(month)
        else { return false }
        return day >= 1 && day <= days(in: month, of: century * 100 + yearOfCentury)
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    /// A leap second is admitted where it can be: at 23:59:60 of UTC.
    private static func time(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let start = bytes.startIndex
        guard bytes.count >= 9, bytes[start + 2] == 0x3A, bytes[start + 5] == 0x3A,
            let hour = two(bytes[start...start + 1]), let minute = two(bytes[start + 3...start + 4]),
            let second = two(bytes[start + 6...start + 7]), hour < 24, minute < 60, second <= 60
        else { return false }
        var rest = bytes[(start + 8)...]
        if rest.first == 0x2E {
            rest = rest.dropFirst()
            let fraction = rest.prefix(while: ByteClass.digit.contains)
            guard !fraction.isEmpty else { return false }
            rest = rest[fraction.endIndex...]
        }
        guard let offset = offsetMinutes(rest) else { return false }
        guard second == 60 else { return true }
        let minutesOfDay = (hour * 60 + minute - offset + 2 * 1440) % 1440
        return minutesOfDay == 1439
    }

    /// `Z` or `±hh:mm`, in minutes.
    private static func offsetMinutes(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        guard let sign = bytes.first else { return nil }
        if sign | 0x20 == 0x7A { return bytes.count == 1 ? 0 : nil }
        let start = bytes.startIndex
        guard sign == 0x2B || sign == 0x2D, bytes.count == 6, bytes[start + 3] == 0x3A,
            let hours = two(bytes[start + 1...start + 2]), let minutes = two(bytes[start + 4...start + 5]),
            hours < 24, minutes < 60
        else { return nil }
        return (sign == 0x2D ? -1 : 1) * (hours * 60 + minutes)
    }

    /// The number two digits make.
    private static func two(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        let (tens, ones) = (bytes[bytes.startIndex], bytes[bytes.startIndex + 1])
        guard ByteClass.digit.contains(tens), ByteClass.digit.contains(ones) else { return nil }
        return Int(tens & 0x0F) * 10 + Int(ones & 0x0F)
    }
}
