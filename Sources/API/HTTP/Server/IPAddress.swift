import ConfigPlatformModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An IPv4 or IPv6 address. An IPv4 address mapped into IPv6 (RFC 4291, 2.5.5.2) is the IPv4 address.
package struct IPAddress: Hashable, Sendable {
    /// 4 or 16, most significant first.
    fileprivate let bytes: [UInt8]

    package init?(parsing text: some StringProtocol) {
        var four = in_addr()
        var six = in6_addr()
        let text = String(text)
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = withUnsafeBytes(of: four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            let all = withUnsafeBytes(of: six) { Array($0) }
            let isMapped = all.prefix(10).allSatisfy { $0 == 0 } && all[10] == 0xFF && all[11] == 0xFF
            bytes = isMapped ? Array(all.suffix(4)) : all
        } else {
            return nil
        }
    }

    var isVersion6: Bool { bytes.count == 16 }

    /// 127.0.0.0/8 and ::1.
    var isLoopback: Bool { isVersion6 ? bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1 : bytes[0] == 127 }
}

/// Addresses that share their first bits: `10.0.0.0/8`, `fd00::/8`, or one address alone.
package struct AddressRange: Hashable, Sendable {
    private let address: IPAddress
    private let prefixBits: Int

    package init(parsing text: String) throws(InvalidSetting) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parsing: parts[0]) else {
            throw Self.refusal(text)
        }
        let bits = address.bytes.count * 8
        guard let prefix = parts.count == 2 ? Int(parts[1]) : bits, (0...bits).contains(prefix) else {
            throw Self.refusal(text)
        }
        self.address = address
        prefixBits = prefix
    }

    package func contains(_ other: IPAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        for (index, byte) in address.bytes.enumerated() {
            let bits = min(8, max(0, prefixBits - index * 8))
            let mask = bits == 0 ? 0 : UInt8(truncatingIfNeeded: 0xFF << (8 - bits))
            if byte & mask != other.bytes[index] & mask { return false }
        }
        return true
    }

    private static func refusal(_ text: String) -> InvalidSetting {
        InvalidSetting(
            "trusted-proxies",
            "'\(InvalidIdentifier.shown(text))' is not an address or a range of addresses, such as 10.0.0.0/8 or fd00::1."
        )
    }
}

/// Who a request comes from: the peer, unless the peer is a trusted proxy that says for whom it speaks.
struct ClientAddress: Sendable {
    let trustedProxies: [AddressRange]

    private static let forwardedMax = 32

    /// - Parameter forwardedFor: the values of `X-Forwarded-For`, joined by commas: each proxy appended the address
    ///   that it saw.
    func client(peer: String?, forwardedFor: String?) -> String? {
        guard let peer, !trustedProxies.isEmpty, let forwardedFor, isTrusted(peer) else { return peer }
        var client = peer
        for entry in forwardedFor.split(separator: ",").suffix(Self.forwardedMax).reversed() {
            let text = String(entry.filter { $0 != " " && $0 != "\t" })
            // What is no address was not written by a proxy worth trusting.
            guard IPAddress(parsing: text) != nil else { return client }
            client = text
            guard isTrusted(text) else { return client }
        }
        return client
    }

    private func isTrusted(_ text: String) -> Bool {
        guard let address = IPAddress(parsing: text) else { return false }
        return trustedProxies.contains { $0.contains(address) }
    }
}
