enum AddressFormat {
    /// Four numbers from 0 to 255 without leading zeros (RFC 2673 section 3.2).
    static func isIPv4(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool { isIPv4(bytes[...]) }

    static func isIPv4(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var parts = 1
        var digits = 0
        var value = 0
        for byte in bytes {
            if byte == 0x2E {
                guard digits > 0, parts < 4 else { return false }
                parts += 1
                digits = 0
                value = 0
            } else {
                // A digit behind a zero, which is the whole of its number.
                guard ByteClass.digit.contains(byte), digits == 0 || value > 0 else { return false }
                digits += 1
                value = value * 10 + Int(byte & 0x0F)
                guard value <= 255 else { return false }
            }
        }
        return parts == 4 && digits > 0
    }

    static func isIPv6(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool { isIPv6(bytes[...]) }

    /// Eight groups, or fewer with `::` once; an IPv4 address may stand for the last two (RFC 4291 section 2.2).
    static func isIPv6(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var rest = bytes
        var groups = 0
        var isCompressed = false
        if rest.starts(with: [0x3A, 0x3A]) {
            isCompressed = true
            rest = rest.dropFirst(2)
            if rest.isEmpty { return true }
        }
        while true {
            let end = rest.firstIndex(of: 0x3A) ?? rest.endIndex
            let group = rest[..<end]
            if end == rest.endIndex, group.contains(0x2E) {
                guard isIPv4(group) else { return false }
                groups += 2
                break
            }
            guard (1...4).contains(group.count), group.allSatisfy(ByteClass.hexDigit.contains) else { return false }
            groups += 1
            if end == rest.endIndex { break }
            rest = rest[(end + 1)...]
            if rest.first == 0x3A {
                if isCompressed { return false }
                isCompressed = true
                rest = rest.dropFirst()
                if rest.isEmpty { break }
            } else if rest.isEmpty {
                return false
            }
        }
        return isCompressed ? groups <= 7 : groups == 8
    }
}
