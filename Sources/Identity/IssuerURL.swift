/// Which addresses are asked: `https`, and `http` on this machine only, where nobody is between.
enum IssuerURL {
    static let maxBytes = 2_048

    /// `https`, or `http` on `localhost`, `127.0.0.1` or `[::1]`; a host, perhaps a port, no user and no fragment; visible ASCII only.
    static func isPermitted(_ url: String) -> Bool {
        authority(of: url, scheme: "https://") != nil || isOnLoopback(url)
    }

    static func isOnLoopback(_ url: String) -> Bool {
        guard let authority = authority(of: url, scheme: "http://") else { return false }
        return ["localhost", "127.0.0.1", "[::1]"].contains { host in
            authority == host || authority.hasPrefix(host + ":")
        }
    }

    /// Host and port; nil where the URL is another kind, or holds what a reader of URLs might take for the end of something.
    private static func authority(of url: String, scheme: String) -> Substring? {
        guard url.utf8.count <= maxBytes, url.hasPrefix(scheme),
            url.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !Self.refused.contains($0) })
        else { return nil }
        let authority = url.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" }
        let isBracketed = authority.hasPrefix("[")
        let afterHost = isBracketed ? authority.drop { $0 != "]" }.dropFirst() : authority.drop { $0 != ":" }
        let host = authority.dropLast(afterHost.count)
        guard !host.isEmpty, !authority.contains("@"), isBracketed || host.utf8.allSatisfy(isHostByte) else {
            return nil
        }
        guard afterHost.isEmpty || (afterHost.first == ":" && isPort(afterHost.dropFirst())) else { return nil }
        return authority
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt16(text) != nil
    }

    private static let refused = Set(##""#<>\^`{|}"##.utf8)

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
