/// A block of IP addresses, `10.0.0.0/8`, `2001:db8::/32`, or one address, as far as it can be said with prefixes of the address's text.
///
/// IPv4: /1 to /32. The texts of a block are at most 128 prefixes of whole octets, or as many whole addresses.
/// IPv6: blocks of whole groups of 16 bits, /16 to /112, and single addresses, in the spelling of RFC 5952. A block is refused whose
/// last group is zero or that has two zeros in a row, for `::` would then hide where the block ends.
package struct AddressBlock: Sendable {
    /// With the bits beyond the length zero, and always with a length.
    package let text: String
    package let addresses: Addresses

    /// What the text of an address in the block is.
    package enum Addresses: Sendable {
        case beginning(with: [String])
        case oneOf([String])

        var count: Int {
            switch self {
            case .beginning(let texts), .oneOf(let texts): texts.count
            }
        }
    }

    package init(parsing text: String) throws(InvalidFlagItem) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let length = parts.count == 2 ? Self.decimal(parts[1], upTo: 128) : nil
        guard text.utf8.count <= 64, parts.count == 1 || length != nil else { throw Self.unreadable(text) }
        if let octets = Self.octets(parts[0]) {
            guard length ?? 32 <= 32 else { throw Self.unreadable(text) }
            (self.text, addresses) = try Self.block(octets, length ?? 32)
        } else if let groups = Self.groups(parts[0]) {
            (self.text, addresses) = try Self.block(groups: groups, length ?? 128)
        } else {
            throw Self.unreadable(text)
        }
    }

    private static func unreadable(_ text: String) -> InvalidFlagItem {
        InvalidFlagItem(
            "'\(InvalidFlagItem.shown(text))' is not a block of addresses; write one such as \"10.0.0.0/8\" or \"2001:db8::/32\"."
        )
    }

    private static func block(_ octets: [UInt8], _ length: Int) throws(InvalidFlagItem) -> (String, Addresses) {
        guard length > 0 else {
            throw InvalidFlagItem(
                "A block of length 0 is every address; use the operator \"exists\" to ask whether there is one.")
        }
        let value = octets.reduce(0 as UInt32) { $0 << 8 | UInt32($1) } & ~0 << UInt32(32 - length)
        let network = (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
        /// Octets of which some bit belongs to the block.
        let whole = (length + 7) / 8
        let alternatives = 1 << (whole * 8 - length)
        let head = network[..<(whole - 1)].map { "\($0)." }.joined()
        let texts = (0..<alternatives).map { head + String(Int(network[whole - 1]) + $0) }
        let text = network.map { String($0) }.joined(separator: ".") + "/\(length)"
        return (text, whole == 4 ? .oneOf(texts) : .beginning(with: texts.map { $0 + "." }))
    }

    private static func block(groups: [UInt16], _ length: Int) throws(InvalidFlagItem) -> (String, Addresses) {
        guard length > 0, length.isMultiple(of: 16) else {
            throw InvalidFlagItem(
                "A block of IPv6 addresses can be told by the text of an address only where its length is a multiple of 16, such as /32, /48 or /64; this one is /\(length)."
            )
        }
        let network = groups.enumerated().map { $0.offset < length / 16 ? $0.element : 0 }
        let text = spelled(network)
        if length == 128 { return (text + "/128", .oneOf([text])) }
        let head = network[..<(length / 16)]
        let holdsRun = zip(head, head.dropFirst()).contains { $0 == 0 && $1 == 0 }
        guard head.last != 0, !holdsRun else {
            throw InvalidFlagItem(
                "The block \(text)/\(length) ends with a zero group or has two in a row; '::' may stand for them, so that its addresses do not begin alike. Name a longer or shorter block without them."
            )
        }
        let prefix = head.map { String($0, radix: 16) + ":" }.joined()
        return (text + "/\(length)", .beginning(with: [prefix]))
    }

    private static func decimal(_ text: Substring, upTo limit: Int) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            text.utf8.count == 1 || text.utf8.first != 0x30, let value = Int(text), value <= limit
        else { return nil }
        return value
    }

    private static func octets(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        let octets = parts.compactMap { decimal($0, upTo: 255).map { UInt8($0) } }
        return octets.count == 4 ? octets : nil
    }

    private static func groups(_ text: Substring) -> [UInt16]? {
        guard let gap = text.firstRange(of: "::") else {
            guard let groups = plainGroups(text), groups.count == 8 else { return nil }
            return groups
        }
        let before = text[..<gap.lowerBound]
        let after = text[gap.upperBound...]
        guard let head = before.isEmpty ? [] : plainGroups(before), let tail = after.isEmpty ? [] : plainGroups(after),
            head.count + tail.count <= 7
        else { return nil }
        return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    private static func plainGroups(_ text: Substring) -> [UInt16]? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let groups = parts.compactMap { part -> UInt16? in
            guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ $0 != 0x2B && $0 != 0x2D }) else {
                return nil
            }
            return UInt16(part, radix: 16)
        }
        return groups.count == parts.count && groups.count <= 8 ? groups : nil
    }

    /// RFC 5952: lower case, no zeros in front, the first longest run of two or more zero groups as `::`.
    private static func spelled(_ groups: [UInt16]) -> String {
        var longest = 0..<0
        var start: Int?
        for index in 0...8 {
            if index < 8, groups[index] == 0 {
                start = start ?? index
            } else if let first = start {
                if index - first > longest.count { longest = first..<index }
                start = nil
            }
        }
        func joined(_ groups: some Sequence<UInt16>) -> String {
            groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard longest.count >= 2 else { return joined(groups) }
        return joined(groups[..<longest.lowerBound]) + "::" + joined(groups[longest.upperBound...])
    }
}
