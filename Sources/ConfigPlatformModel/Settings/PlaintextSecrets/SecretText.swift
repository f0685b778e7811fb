/// Credentials inside a text, whatever its name. One pass; how often a byte is looked at is bounded.
enum SecretText {
    /// The most telling sign: a token or a private key, else a URL with a password, else an assignment.
    static func sign(in text: Span<UInt8>) -> SecretSign? {
        // Nothing that is looked for is shorter: `a://:b@c`, `pw=a`.
        guard text.count > 3 else { return nil }
        let (words, starts) = (ByteSet.word, TokenShape.starts)
        var weaker: SecretSign?
        var index = 0
        while index < text.count {
            if starts.contains(text[index]), let shape = TokenShape.index(in: text, at: index) { return .shape(shape) }
            // To the end of the word.
            while index < text.count, words.contains(text[index]) {
                if text[index] == UInt8(ascii: "-"), beginsPrivateKey(text, at: index) { return .privateKey }
                index += 1
            }
            guard index < text.count else { break }
            if text[index] == UInt8(ascii: ":") {
                if hasURLPassword(text, at: index) {
                    weaker = .urlPassword
                } else if weaker == nil, let saying = memberSaying(text, at: index) {
                    weaker = .assignment(saying)
                }
            } else if text[index] == UInt8(ascii: "="), weaker == nil, let saying = assignedSaying(text, at: index) {
                weaker = .assignment(saying)
            }
            index += 1
        }
        return weaker
    }

    /// `-----BEGIN RSA PRIVATE KEY`, and the others of its kind.
    private static func beginsPrivateKey(_ text: Span<UInt8>, at start: Int) -> Bool {
        guard start == 0 || text[start - 1] != UInt8(ascii: "-") else { return false }
        var index = start
        if text.starts(with: "-----BEGIN ", at: start) {
            index += 11
        } else if text.starts(with: "---- BEGIN ", at: start) {
            index += 11
        } else {
            return false
        }
        let end = min(text.count, index + 40)
        while index < end, text[index] != UInt8(ascii: "-") {
            if text[index] == UInt8(ascii: "P"), text.starts(with: "PRIVATE ", at: index) { return true }
            index += 1
        }
        return false
    }

    // MARK: URLs

    /// Longest part between `//` and the path that is looked at.
    private static let authorityMax = 1_024

    /// Whether the `:` there is that of `scheme://user:password@host`, or of `jdbc:oracle:thin:user/password@host`.
    private static func hasURLPassword(_ text: Span<UInt8>, at colon: Int) -> Bool {
        guard colon > 0, ByteSet.alphanumeric.contains(text[colon - 1]) else { return false }
        let isOracle = colon >= 16 && text.starts(with: "jdbc:oracle:thin:", at: colon - 16)
        guard isOracle || text.starts(with: "://", at: colon) else { return false }
        let start = isOracle ? colon + 1 : colon + 3
        let divider = isOracle ? UInt8(ascii: "/") : UInt8(ascii: ":")
        var index = start
        var password: Int?
        var host: Int?
        let end = min(text.count, start + authorityMax)
        scan: while index < end {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "$") where text.starts(with: "${", at: index):
                index = endOfReference(text, from: index, to: end)
                continue scan
            case divider: if password == nil { password = index + 1 }
            case UInt8(ascii: "@"): host = index
            case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "\""), UInt8(ascii: "'"),
                UInt8(ascii: "`"), UInt8(ascii: "\\"), 0...0x20:
                break scan
            default: break
            }
            index += 1
        }
        guard let password, let host, password < host else { return false }
        return isGiven(text.extracting(password..<host))
    }

    /// After the `}` of the reference that begins there.
    private static func endOfReference(_ text: Span<UInt8>, from start: Int, to end: Int) -> Int {
        var depth = 0
        var index = start
        while index < end {
            if text[index] == UInt8(ascii: "{") { depth += 1 }
            if text[index] == UInt8(ascii: "}") {
                depth -= 1
                if depth == 0 { return index + 1 }
            }
            index += 1
        }
        return end
    }

    // MARK: Assignments

    private static let nameMax = 64
    private static let valueMax = 1_024

    /// What the name before the `=` there says, where it says password and is given a value: `password=…`, `client_secret=…`.
    private static func assignedSaying(_ text: Span<UInt8>, at equals: Int) -> SecretName.Saying? {
        var start = equals + 1
        // Not `==`, `!=` and the like; nothing is given at an end.
        guard equals > 1, start < text.count, text[start] != UInt8(ascii: "=") else { return nil }
        var nameEnd = equals
        while nameEnd > 0, equals - nameEnd < 2, text[nameEnd - 1] == UInt8(ascii: " ") { nameEnd -= 1 }
        guard let saying = nameSaying(text, before: nameEnd, wholeLine: nameEnd < equals) else { return nil }
        while start < text.count, start - equals < 3, text[start] == UInt8(ascii: " ") { start += 1 }
        guard start < text.count else { return nil }
        let quote = text[start]
        let isQuoted = quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'")
        if isQuoted { start += 1 }
        var end = start
        let last = min(text.count, start + valueMax)
        scan: while end < last {
            switch text[end] {
            case UInt8(ascii: "$") where text.starts(with: "${", at: end):
                end = endOfReference(text, from: end, to: last)
                continue scan
            case quote where isQuoted: break scan
            case UInt8(ascii: ";"), UInt8(ascii: "&"), UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "'"),
                0...0x20:
                if !isQuoted { break scan }
            case UInt8(ascii: "("):
                // `password=readPassword()` is a program's text.
                if !isQuoted { return nil }
            default: break
            }
            end += 1
        }
        return isGiven(text.extracting(start..<end)) && !Harmless.covers(text.extracting(start..<end), under: saying)
            ? saying : nil
    }

    /// What the name in quotes before the `:` there says, where it is given a text: `"password":"…"`.
    private static func memberSaying(_ text: Span<UInt8>, at colon: Int) -> SecretName.Saying? {
        guard colon > 2, text[colon - 1] == UInt8(ascii: "\"") else { return nil }
        guard let saying = nameSaying(text, before: colon - 1, wholeLine: false) else { return nil }
        var start = colon + 1
        if start < text.count, text[start] == UInt8(ascii: " ") { start += 1 }
        guard start < text.count, text[start] == UInt8(ascii: "\"") else { return nil }
        start += 1
        var end = start
        let last = min(text.count, start + valueMax)
        while end < last, text[end] != UInt8(ascii: "\"") { end += 1 }
        return isGiven(text.extracting(start..<end)) && !Harmless.covers(text.extracting(start..<end), under: saying)
            ? saying : nil
    }

    /// What a name that ends there says for certain, nil where it does not. With `wholeLine` it must be all there is before on its line
    /// or since a `;`.
    private static func nameSaying(
        _ text: Span<UInt8>, before end: Int, wholeLine: Bool
    ) -> SecretName.Saying? {
        var start = end
        while start > 0, end - start < nameMax, ByteSet.name.contains(text[start - 1]) { start -= 1 }
        guard end - start > 1 else { return nil }
        if wholeLine {
            var before = start
            while before > 0, start - before < nameMax, text[before - 1] == UInt8(ascii: " ") { before -= 1 }
            guard before == 0 || text[before - 1] == UInt8(ascii: ";") || text[before - 1] == UInt8(ascii: "\n") else {
                return nil
            }
        }
        let saying = SecretName().appending(text.extracting(start..<end)).saying
        switch saying {
        case .nothing, .perhaps: return nil
        default: return saying
        }
    }

    /// Whether a text is a value, not a sign for one: empty, a reference, a mask, `{password}`, `[^&]*`.
    private static func isGiven(_ text: Span<UInt8>) -> Bool {
        guard !text.isEmpty, !Harmless.isMask(text), !Harmless.isTemplate(text) else { return false }
        switch text[0] {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "("), UInt8(ascii: "<"), UInt8(ascii: "?"),
            UInt8(ascii: ":"), UInt8(ascii: "\\"):
            return false
        case UInt8(ascii: "%"):
            // `%s`, not the `%40` of a URL.
            return text.count > 2 && ByteSet.hex.contains(text[1]) && ByteSet.hex.contains(text[2])
        case UInt8(ascii: "$"):
            return text.count < 2 || !ByteSet.digits.contains(text[1])
        default:
            return true
        }
    }
}
