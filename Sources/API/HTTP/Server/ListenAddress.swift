import ConfigPlatformModel

/// Where a server listens: `HOST:PORT`, an IPv6 address in brackets. Port 0 takes any free one.
package struct ListenAddress: Hashable, Sendable {
    package let host: String
    package let port: Int

    /// - Parameter setting: what a refusal calls it.
    package init(parsing text: String, as setting: String = "listen") throws(InvalidSetting) {
        func refusal(_ message: String) -> InvalidSetting {
            InvalidSetting(
                setting,
                "'\(InvalidIdentifier.shown(text))' \(message) Write HOST:PORT, such as 127.0.0.1:8420 or [::1]:8420.")
        }
        guard let colon = text.lastIndex(of: ":") else { throw refusal("names no port.") }
        guard let port = UInt16(text[text.index(after: colon)...]) else { throw refusal("has a port that is none.") }
        var host = text[..<colon]
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
            guard IPAddress(parsing: host)?.isVersion6 == true else {
                throw refusal("has no IPv6 address in its brackets.")
            }
        } else if host.contains(":") {
            throw refusal("has an IPv6 address without brackets.")
        }
        guard !host.isEmpty else { throw refusal("names no host.") }
        self.host = String(host)
        self.port = Int(port)
    }

    var text: String { at(port) }

    /// The same host with the port that was found free.
    package func at(_ port: Int) -> String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether only programs of this machine can reach it. A host name other than `localhost` may lead anywhere.
    package var isLoopback: Bool { IPAddress(parsing: host)?.isLoopback ?? (host == "localhost") }
}
