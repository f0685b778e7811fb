import Foundation

/// The bearer token a program shows to the platform, or where to find it. Never printed.
public struct AccessToken: Sendable {
    private enum Source: Sendable {
        case text(String)
        case file(String)
        case variable(String)
    }

    private let source: Source

    /// The token itself. Beware of tokens in source code.
    public init(_ text: String) {
        source = .text(text)
    }

    /// The content of a file, without the white space around it, read anew for every connection: a token that is
    /// rotated in place (by an agent, or as a mounted Kubernetes secret) is taken up without a restart.
    public static func file(_ path: String) -> AccessToken { AccessToken(.file(path)) }

    /// The value of an environment variable, read when the program starts to follow.
    public static func environment(_ variable: String = "CFG_TOKEN") -> AccessToken { AccessToken(.variable(variable)) }

    private init(_ source: Source) { self.source = source }

    /// The token's text, fit for a header.
    package func text() throws(ConfigPlatformError) -> String {
        let text: String
        let origin: String
        switch source {
        case .text(let given):
            text = given
            origin = "The token"
        case .file(let path):
            origin = "The token in '\(path)'"
            guard let data = try? Data(contentsOf: URL(filePath: path)), data.count <= Self.bytesMax else {
                throw ConfigPlatformError(
                    .invalidUse, "The token file '\(path)' cannot be read; name a file that holds the token alone.")
            }
            text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        case .variable(let name):
            origin = "The token in the environment variable \(name)"
            text = ProcessInfo.processInfo.environment[name] ?? ""
        }
        guard !text.isEmpty else {
            throw ConfigPlatformError(.unauthenticated, "\(origin) is empty; give an access token.")
        }
        guard text.utf8.count <= Self.bytesMax, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ConfigPlatformError(
                .invalidUse, "\(origin) holds characters that no token has; give it exactly as it was shown.")
        }
        return text
    }

    private static let bytesMax = 4_096
}

extension AccessToken: ExpressibleByStringLiteral {
    /// The token itself.
    public init(stringLiteral value: String) { self.init(value) }
}

extension AccessToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Never the token.
    public var description: String { "AccessToken(…)" }

    /// Never the token.
    public var debugDescription: String { description }

    /// Never the token.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
