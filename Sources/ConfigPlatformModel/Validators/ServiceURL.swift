/// Addresses of services that the platform calls: `https`, or `http` on loopback, at most 2,048 bytes of printable ASCII, without user,
/// fragment or backslash.
enum ServiceURL {
    static func isSound(_ url: String) -> Bool {
        guard url.utf8.count <= 2_048, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x23 && $0 != 0x5C })
        else { return false }
        let rest: Substring
        let isPlain: Bool
        if url.hasPrefix("https://") {
            (rest, isPlain) = (url.dropFirst(8), false)
        } else if url.hasPrefix("http://") {
            (rest, isPlain) = (url.dropFirst(7), true)
        } else {
            return false
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.isEmpty, !authority.contains("@"), authority.first != ":" else { return false }
        guard isPlain else { return true }
        let host = authority.hasPrefix("[") ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
        return ["localhost", "127.0.0.1", "[::1]"].contains(host)
    }
}
