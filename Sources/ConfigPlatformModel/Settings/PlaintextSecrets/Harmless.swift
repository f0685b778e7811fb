/// What may stand under a name that says password and is no credential in plain text.
enum Harmless {
    static func covers(_ text: Span<UInt8>, under saying: SecretName.Saying) -> Bool {
        if isMask(text) || isTemplate(text) || isUnreadable(text) || isKeptElsewhere(text) { return true }
        if text.isText("true") || text.isText("false") { return true }
        switch saying {
        case .key, .credentials, .pwd: return isPath(text)
        default: return false
        }
    }

    /// `***`, `•••`, `<password>`, `""`, and texts that are references through and through.
    static func isMask(_ text: Span<UInt8>) -> Bool {
        guard !text.isEmpty else { return true }
        switch text[0] {
        case UInt8(ascii: "*"): return text.areAll(in: .stars)
        case UInt8(ascii: "<"): return text[text.count - 1] == UInt8(ascii: ">")
        case 0xE2: return areBullets(text)
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return text.count == 2 && text[0] == text[1]
        default: return areReferences(text)
        }
    }

    private static func areBullets(_ text: Span<UInt8>) -> Bool {
        var index = 0
        while text.starts(with: "•", at: index) { index += 3 }
        return index == text.count
    }

    /// Whether a program is meant to put the value in: `{{ password }}`, `$PASSWORD`, `$(password)`, `%PASSWORD%`, `#{password}`.
    static func isTemplate(_ text: Span<UInt8>) -> Bool {
        switch text[0] {
        case UInt8(ascii: "{"): return text.starts(with: "{{") && text.ends(with: "}}")
        case UInt8(ascii: "#"): return text.starts(with: "#{") && (text.ends(with: "}") || text.ends(with: "}#"))
        case UInt8(ascii: "%"):
            return text.count > 2 && text.ends(with: "%") && text.extracting(1..<text.count - 1).areAll(in: .variable)
        case UInt8(ascii: "$"):
            if text.starts(with: "$(") { return text.ends(with: ")") }
            return text.count > 2 && text.extracting(1..<text.count).areAll(in: .variable)
        default: return false
        }
    }

    /// Whether the text has references and no letter or digit outside of them. Their defaults are outside: a password that
    /// is the default of a reference lies in plain text.
    static func areReferences(_ text: Span<UInt8>) -> Bool {
        guard var index = text.first("${") else { return false }
        for before in 0..<index where isLetter(text[before]) || text[before] == UInt8(ascii: "$") { return false }
        // Defaults that are open.
        var depth = 0
        while index < text.count {
            let byte = text[index]
            if text.starts(with: "$${", at: index) { return false }
            if text.starts(with: "${", at: index) {
                guard let end = endOfKey(text, from: index + 2) else { return false }
                if text[end] == UInt8(ascii: ":") { depth += 1 }
                index = end
            } else if isLetter(byte) {
                return false
            } else if byte == UInt8(ascii: "}"), depth > 0 {
                depth -= 1
            }
            index += 1
        }
        return depth == 0
    }

    private static func isLetter(_ byte: UInt8) -> Bool { byte >= 0x80 || ByteSet.alphanumeric.contains(byte) }

    /// Where the key of a reference ends, at its `}` or `:`; nil where it does not.
    static func endOfKey(_ text: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        var isQuoted = false
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "\\") where isQuoted: index += 1
            case UInt8(ascii: "}"), UInt8(ascii: ":"): if !isQuoted { return index }
            default: break
            }
            index += 1
        }
        return nil
    }

    /// Encrypted or hashed texts.
    private static func isUnreadable(_ text: Span<UInt8>) -> Bool {
        switch text[0] {
        case UInt8(ascii: "$"), UInt8(ascii: "{"), UInt8(ascii: "E"): break
        default: return false
        }
        if text.starts(with: "{cipher}") || text.starts(with: "$ANSIBLE_VAULT;") { return true }
        if text.starts(with: "ENC(") { return text.ends(with: ")") }
        if text.starts(with: "ENC[") { return text.ends(with: "]") }
        guard text.count >= 40 else { return false }
        return text.starts(withAny: [
            "$2a$", "$2b$", "$2y$", "$argon2", "$scrypt$", "$pbkdf2", "$1$", "$5$", "$6$", "$y$", "{bcrypt}",
            "{argon2}",
            "{pbkdf2}", "{SSHA}", "{SSHA512}",
        ])
    }

    /// The names of secrets in other stores, and the places where containers have them.
    private static func isKeptElsewhere(_ text: Span<UInt8>) -> Bool {
        switch text[0] {
        case UInt8(ascii: "/"): text.starts(with: "/run/secrets/") || text.starts(with: "/var/run/secrets/")
        case UInt8(ascii: "a"):
            text.starts(with: "arn:aws:secretsmanager:") || text.starts(with: "arn:aws:ssm:")
                || text.starts(with: "awssm://") || text.starts(with: "akvs://")
        case UInt8(ascii: "v"): text.starts(with: "vault:") && text.contains(UInt8(ascii: "/"))
        case UInt8(ascii: "o"): text.starts(with: "op://")
        case UInt8(ascii: "r"): text.starts(with: "ref+")
        case UInt8(ascii: "s"): text.starts(with: "secretref:") || text.starts(with: "sm://")
        case UInt8(ascii: "p"): text.starts(with: "projects/") && text.first("/secrets/") != nil
        case UInt8(ascii: "@"): text.starts(with: "@Microsoft.KeyVault(")
        default: false
        }
    }

    /// A file, by where it begins or what it ends in.
    private static func isPath(_ text: Span<UInt8>) -> Bool {
        guard text.count <= 512, text.areAll(in: .path) else { return false }
        if text.starts(with: "file:") || text.starts(with: "classpath:") { return true }
        if text.starts(with: "./") || text.starts(with: "../") || text.starts(with: "~/") { return true }
        if text[0] == UInt8(ascii: "/"), !Randomness.isDrawn(text) { return true }
        return text.ends(withAny: [
            ".pem", ".key", ".crt", ".cer", ".der", ".p8", ".p12", ".pfx", ".jks", ".json", ".yaml", ".yml", ".txt",
        ])
    }
}

extension ByteSet {
    static let digits = ByteSet("0-9")
    static let stars = ByteSet("*")
    static let variable = ByteSet("A-Z0-9_")
}

extension Span<UInt8> {
    func contains(_ byte: UInt8) -> Bool {
        for index in indices where self[index] == byte { return true }
        return false
    }

    func starts<let count: Int>(withAny prefixes: InlineArray<count, StaticString>) -> Bool {
        for index in prefixes.indices where starts(with: prefixes[index]) { return true }
        return false
    }

    func ends<let count: Int>(withAny suffixes: InlineArray<count, StaticString>) -> Bool {
        for index in suffixes.indices where ends(with: suffixes[index]) { return true }
        return false
    }

    func first(_ text: StaticString) -> Int? {
        for index in indices where starts(with: text, at: index) { return index }
        return nil
    }
}
