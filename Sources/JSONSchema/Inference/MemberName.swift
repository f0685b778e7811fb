/// A member's name and what it says to one who reads configuration.
struct MemberName {
    /// In lower case: `httpPort`, `HTTPPort`, `http-port` and `HTTP_PORT` have the words `http` and `port`.
    let words: [String]
    private let text: String

    init(_ text: String) {
        self.text = text
        words = Self.words(of: Array(text.utf8))
    }

    var saysPort: Bool { words.last.map(["port", "ports"].contains) ?? false }

    /// Whether values under this name are few words to choose from.
    var saysChoice: Bool {
        guard let last = words.last else { return false }
        return Self.choices.contains(last) || last == "format" && words.contains(where: Self.logs.contains)
    }

    var saysFormat: Bool { words.last == "format" }
    var saysLog: Bool { words.contains(where: Self.logs.contains) }
    var saysSecret: Bool { words.contains(where: Self.secrets.contains) }

    /// Whether settings are usually called so, in which case those beside it are settings too.
    var isUsual: Bool { saysPort || saysSecret || saysChoice || words.last.map(Self.settings.contains) ?? false }

    /// Whether no one would name a setting so: host names, paths, dates, keys drawn by chance.
    var looksLikeData: Bool {
        let bytes = text.utf8
        if words.isEmpty || bytes.count >= 16 && bytes.count(where: ByteClass.digit.contains) >= 4 { return true }
        return bytes.contains { $0 < 0x80 && !ByteClass.letterOrDigit.contains($0) && !Self.signs.contains($0) }
    }

    /// The bytes other than digits; nil where there are no digits.
    var withoutDigits: [UInt8]? {
        let rest = text.utf8.filter { !ByteClass.digit.contains($0) }
        return rest.count < text.utf8.count ? rest : nil
    }

    /// ASCII for `$`, `-` and `_`.
    private static let signs: [UInt8] = [0x24, 0x2D, 0x5F]
    private static let choices: Set<String> = [
        "env", "environment", "level", "mode", "policy", "protocol", "scheme", "severity", "stage", "strategy",
        "verbosity",
    ]
    private static let logs: Set<String> = ["log", "logger", "logging", "logs"]
    private static let secrets: Set<String> = [
        "apikey", "apikeys", "credential", "credentials", "key", "keys", "passphrase", "passwd", "password",
        "passwords",
        "pat", "pin", "private", "pwd", "salt", "secret", "secrets", "signature", "token", "tokens",
    ]
    private static let settings: Set<String> = [
        "address", "database", "driver", "enabled", "endpoint", "file", "format", "host", "hostname", "id", "interval",
        "max", "min", "name", "path", "prefix", "region", "retries", "schema", "size", "timeout", "type", "uri", "url",
        "user", "username", "version",
    ]

    private static func words(of bytes: [UInt8]) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        func isUpper(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }
        func isLower(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
        func end() {
            if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
            word = []
        }
        for (index, byte) in bytes.enumerated() {
            guard byte >= 0x80 || ByteClass.letter.contains(byte) else {
                end()
                continue
            }
            if isUpper(byte), index > 0 {
                // A word begins at a capital behind a small letter, and at the last of several capitals.
                let isBeforeSmall = index + 1 < bytes.count && isLower(bytes[index + 1])
                if isLower(bytes[index - 1]) || isUpper(bytes[index - 1]) && isBeforeSmall { end() }
            }
            word.append(isUpper(byte) ? byte | 0x20 : byte)
        }
        end()
        return words
    }
}
