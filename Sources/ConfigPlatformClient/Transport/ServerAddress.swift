import Foundation

/// Where a platform is served: scheme, host, port and, behind some proxies, a path. Written in one way only, so that
/// two spellings of one address are equal.
package struct ServerAddress: Hashable, Sendable {
    /// Such as `https://cfg.example.org` or `http://127.0.0.1:8420/platform`: never with a slash at the end, nor with
    /// the scheme's own port.
    package let text: String
    package let isSecure: Bool
    /// Whether the host is this machine itself.
    package let isLoopback: Bool

    package init(parsing text: String) throws(ConfigPlatformError) {
        func refused(_ why: String) -> ConfigPlatformError {
            ConfigPlatformError(
                .invalidUse,
                "'\(text)' is not the address of a platform: \(why). Write it like https://cfg.example.org.")
        }
        guard let parts = URLComponents(string: text.trimmingCharacters(in: .whitespaces)) else {
            throw refused("it is not a URL")
        }
        let scheme = parts.scheme?.lowercased()
        guard scheme == "https" || scheme == "http" else {
            throw refused("it begins with neither https:// nor http://")
        }
        guard let host = parts.encodedHost?.lowercased(), !host.isEmpty else { throw refused("it names no host") }
        guard parts.user == nil, parts.password == nil else {
            throw refused("it holds a user name; tokens are given apart")
        }
        guard parts.query == nil, parts.fragment == nil else { throw refused("it has a query or a fragment") }
        if let port = parts.port, !(1...65_535).contains(port) { throw refused("its port is not between 1 and 65535") }
        var path = parts.percentEncodedPath
        while path.hasSuffix("/") { path.removeLast() }
        isSecure = scheme == "https"
        let port = parts.port.flatMap { $0 == (scheme == "https" ? 443 : 80) ? nil : $0 }
        let bracketed = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        self.text = "\(scheme ?? "")://\(bracketed)\(port.map { ":\($0)" } ?? "")\(path)"
        isLoopback = host == "localhost" || host.hasPrefix("127.") || host == "[::1]" || host == "::1"
    }

    /// The address of a route: segments and query percent-encoded (RFC 3986), so that any key can be a segment.
    func url(path: [String], query: [(name: String, value: String)]) -> String {
        var url = text
        for segment in path { url += "/" + Self.encoded(segment) }
        for (index, item) in query.enumerated() {
            url += (index == 0 ? "?" : "&") + Self.encoded(item.name) + "=" + Self.encoded(item.value)
        }
        return url
    }

    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E, 0x40, 0x3A: bytes.append(byte)
            default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension ServerAddress: CustomStringConvertible {
    package var description: String { text }
}
