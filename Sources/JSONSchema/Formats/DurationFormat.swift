/// Durations of ISO 8601 as RFC 3339 appendix A has them: weeks alone, or units from large to small without a gap
/// between.
enum DurationFormat {
    static func accepts(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.first == 0x50 else { return false }
        var position = 1
        guard let date = units(bytes, &position, (0x59, 0x4D, 0x44)) else { return false }
        if position == bytes.count { return date > 0 }
        if bytes[position] != 0x54 { return date == 0 && isWeeks(bytes) }
        position += 1
        guard let time = units(bytes, &position, (0x48, 0x4D, 0x53)) else { return false }
        return time > 0 && position == bytes.count
    }

    private static func isWeeks(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let end = endOfDigits(bytes, from: 1)
        return end > 1 && end == bytes.count - 1 && bytes[end] == 0x57
    }

    /// How many numbers with a unit there are; nil where units are out of order or leave one out between.
    private static func units(
        _ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int, _ order: (UInt8, UInt8, UInt8)
    ) -> Int? {
        var count = 0
        var last: Int?
        while true {
            let end = endOfDigits(bytes, from: position)
            guard end > position, end < bytes.count else { return count }
            let unit: Int
            switch bytes[end] {
            case order.0: unit = 0
            case order.1: unit = 1
            case order.2: unit = 2
            default: return count
            }
            if let last, unit != last + 1 { return nil }
            last = unit
            count += 1
            position = end + 1
        }
    }

    private static func endOfDigits(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var end = start
        while end < bytes.count, ByteClass.digit.contains(bytes[end]) { end += 1 }
        return end
    }
}
