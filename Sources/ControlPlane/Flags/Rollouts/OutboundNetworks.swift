import Dispatch
import Foundation

/// Where requests may go whose address somebody wrote who administers nothing: to any address of the public network over HTTPS, and
/// to addresses in the networks that the server's operator admits, over plain HTTP too.
///
/// The name is looked up here, and the connection made to the very address that was found good.
package struct OutboundNetworks: Sendable {
    private let admitted: [Network]

    /// - Parameter blocks: `10.0.0.0/8`, `fd00::/8`, or one address alone. Throws ``InvalidOutboundNetwork``.
    package init(admitting blocks: [String] = []) throws(InvalidOutboundNetwork) {
        var admitted: [Network] = []
        for block in blocks { admitted.append(try Network(parsing: block)) }
        self.admitted = admitted
    }

    /// A URL that may be asked: rewritten so that nobody reads another host in it.
    struct Target: Sendable, Hashable {
        let url: String
        let host: String
        /// What the host's name stands for.
        let address: String
    }

    /// Throws ``WebhookFailure`` that says why not.
    func target(of text: String) async throws(WebhookFailure) -> Target {
        guard var components = URLComponents(string: text), let scheme = components.scheme?.lowercased(),
            ["http", "https"].contains(scheme), components.user == nil, components.password == nil,
            components.fragment == nil, let host = components.host?.lowercased(), Self.isSound(host)
        else { throw WebhookFailure(description: "its URL is not one of http or https with a plain host") }
        components.scheme = scheme
        components.host = host
        guard let url = components.string else { throw WebhookFailure(description: "its URL cannot be read") }
        let name = host.trimmingPrefix("[").split(separator: "]").first.map(String.init) ?? host
        let found = await Self.addresses(of: name)
        guard !found.isEmpty else { throw WebhookFailure(description: "the name '\(name)' has no address") }
        for address in found {
            let isAdmitted = admitted.contains { $0.contains(address) }
            guard isAdmitted || (scheme == "https" && address.isPublic) else { continue }
            return Target(url: url, host: host, address: address.text)
        }
        throw WebhookFailure(
            description: found.contains(where: \.isPublic)
                ? "'\(name)' is not asked over plain HTTP; use https, or have its network admitted with --guard-networks"
                : "'\(name)' is at a private address, which this server does not ask unless --guard-networks admits it")
    }

    private static func isSound(_ host: String) -> Bool {
        let allowed: (UInt8) -> Bool = { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || [0x2D, 0x2E, 0x5F].contains(byte)
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            return host.utf8.dropFirst().dropLast().allSatisfy { allowed($0) || $0 == 0x3A }
        }
        return !host.isEmpty && host.utf8.allSatisfy(allowed)
    }

    /// Looking names up blocks.
    private static let resolver = DispatchQueue(label: "cfg.resolver", qos: .utility, attributes: .concurrent)

    private static func addresses(of name: String) async -> [OutboundAddress] {
        if let address = OutboundAddress(parsing: name) { return [address] }
        return await withCheckedContinuation { continuation in
            resolver.async { continuation.resume(returning: lookUp(name)) }
        }
    }

    private static func lookUp(_ name: String) -> [OutboundAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_protocol = Int32(IPPROTO_TCP)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [OutboundAddress] = []
        var next = list
        while let entry = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            if getnameinfo(
                entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0,
                let address = OutboundAddress(
                    parsing: String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)),
                !found.contains(address)
            {
                found.append(address)
            }
            next = entry.ai_next
        }
        return found
    }
}

/// A network that is none.
package struct InvalidOutboundNetwork: Error, CustomStringConvertible {
    package let description: String
}

/// Addresses that share their first bits.
private struct Network {
    private let address: OutboundAddress
    private let bits: Int

    init(parsing text: String) throws(InvalidOutboundNetwork) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ OutboundAddress(parsing: String($0)) }),
            let bits = parts.count == 2 ? Int(parts[1]) : address.bytes.count * 8,
            (0...address.bytes.count * 8).contains(bits)
        else {
            throw InvalidOutboundNetwork(
                description: "'\(text)' is not a network; write one such as 10.0.0.0/8, fd00::/8 or 127.0.0.1.")
        }
        self.address = address
        self.bits = bits
    }

    init(_ text: StaticString) {
        // Written in this file, and tested.
        self = try! Network(parsing: "\(text)")
    }

    func contains(_ other: OutboundAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        return zip(address.bytes, other.bytes).enumerated().allSatisfy { index, pair in
            let count = min(8, max(0, bits - index * 8))
            let mask = UInt8(truncatingIfNeeded: 0xFF00 >> count)
            return pair.0 & mask == pair.1 & mask
        }
    }

    /// What no service of the public network has (RFC 6890 and its registry).
    static let notPublic: [Network] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
        "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    ].map { (text: StaticString) in Network(text) }

    /// All of IPv6 that is given to anybody.
    static let global = Network("2000::/3")
}

/// An address of IPv4 or IPv6. One of IPv4 that is mapped into IPv6 is that of IPv4.
private struct OutboundAddress: Hashable {
    /// 4 or 16, most significant first.
    let bytes: [UInt8]
    let text: String

    init?(parsing text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = withUnsafeBytes(of: four) { Array($0) }
            self.text = text
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            let all = withUnsafeBytes(of: six) { Array($0) }
            let isMapped = all.prefix(10).allSatisfy { $0 == 0 } && all[10] == 0xFF && all[11] == 0xFF
            bytes = isMapped ? Array(all.suffix(4)) : all
            self.text = isMapped ? bytes.map { String($0) }.joined(separator: ".") : text
        } else {
            return nil
        }
    }

    var isPublic: Bool {
        if bytes.count == 16, !Network.global.contains(self) { return false }
        return !Network.notPublic.contains { $0.contains(self) }
    }
}
