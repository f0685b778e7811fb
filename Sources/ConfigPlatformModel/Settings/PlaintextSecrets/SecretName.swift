/// What the name of a value says of it: the words of a key's segments and of the names of members below it.
///
/// Words end at anything but letters, and where camel case ends them. The last word decides, together with the one or two before it:
/// `db.password` says password, `password.file` and `resetPassword` do not; `api.key` says key, `sort.key` nothing.
struct SecretName {
    /// What a name says the value under it is.
    enum Saying: UInt8 {
        case nothing
        /// Perhaps something secret; whether it is shows in the value.
        case perhaps
        case password
        /// `pwd`: a password, or a working directory.
        case pwd
        /// `pass`: a password where it is a text.
        case pass
        case secret
        case token
        case key
        case credentials
    }

    /// The last three words, the last first.
    private var last: Role = .none
    private var second: Role = .none
    private var third: Role = .none
    /// Whether a word before says that what follows are labels or columns.
    private var isLabel = false

    init() {}

    init(_ key: ConfigKey) {
        append(key.path.utf8Span.span)
    }

    func appending(_ text: Span<UInt8>) -> SecretName {
        var name = self
        name.append(text)
        return name
    }

    /// Whether what is meant is several: a number under such a name counts them.
    var isPlural: Bool { last.contains(.plural) }

    var saying: Saying {
        if isLabel { return .nothing }
        if last.contains(.password) {
            if second.contains(.asking) { return .nothing }
            return last.contains(.pwd) ? .pwd : .password
        }
        if last.contains(.pass) { return second.isDisjoint(with: [.asking, .passing]) ? .pass : .nothing }
        if last.contains(.passTail), second.contains(.pass) { return .password }
        if last.contains(.secret) { return second.isDisjoint(with: [.asking, .elsewhere]) ? .secret : .nothing }
        if last.contains(.token) { return second.isDisjoint(with: [.asking, .counting]) ? .token : .nothing }
        if last.contains(.credentials) { return second.contains(.asking) ? .nothing : .credentials }
        if last.contains(.wholeKey) { return second.contains(.shown) ? .nothing : .key }
        if last.contains(.key) { return sayingOfKey }
        if last.contains(.perhaps) { return .perhaps }
        // `secrets.stripe`, `token-github`: a word that is not known, after one that says something.
        if last.isEmpty, !second.isDisjoint(with: [.password, .secret, .token, .credentials, .wholeKey]) {
            return .perhaps
        }
        return .nothing
    }

    /// The word before `key` says what it opens, or that it opens nothing.
    private var sayingOfKey: Saying {
        if !second.isDisjoint(with: [.denying, .shown, .password, .elsewhere]) { return .nothing }
        // `publicApiKey`, `existingSecretKey`.
        if !third.isDisjoint(with: [.shown, .elsewhere]) { return .nothing }
        return second.isDisjoint(with: [.opening, .secret]) ? .perhaps : .key
    }

    /// Takes in the words of a text.
    mutating func append(_ text: Span<UInt8>) {
        var word = SecretWord()
        var previous = Letter.other
        for index in text.indices {
            let byte = text[index]
            let letter = Letter(byte)
            switch (previous, letter) {
            case (.lower, .upper), (.digit, .upper):
                end(&word)
            case (.digit, .lower):
                // The digits of `i18n` and `l10n` are part of them.
                if !word.isNumeronym { end(&word) }
            case (.upper, .upper):
                // The `K` of `APIKey`.
                if index + 1 < text.count, Letter(text[index + 1]) == .lower { end(&word) }
            default: break
            }
            if letter == .other { end(&word) } else { word.append(letter == .upper ? byte | 0x20 : byte) }
            previous = letter
        }
        end(&word)
    }

    private mutating func end(_ word: inout SecretWord) {
        defer { word = SecretWord() }
        word.dropDigits()
        // `password1a`, `secret-b`.
        guard word.count > 1 else { return }
        let role = word.role
        if role.contains(.label) { isLabel = true }
        if role.contains(.passedOver), role == .passedOver || !last.isDisjoint(with: .secretive) { return }
        (last, second, third) = (role, last, second)
    }

    private enum Letter {
        case lower, upper, digit, other

        init(_ byte: UInt8) {
            switch byte {
            case 0x61...0x7A, 0x80...: self = .lower
            case 0x41...0x5A: self = .upper
            case 0x30...0x39: self = .digit
            default: self = .other
            }
        }
    }
}

extension SecretName {
    /// What a word can be in a name.
    struct Role: OptionSet {
        let rawValue: UInt32

        static let none: Role = []
        static let password = Role(rawValue: 1)
        static let pwd = Role(rawValue: 1 << 1)
        static let pass = Role(rawValue: 1 << 2)
        /// After `pass` the rest of the word.
        static let passTail = Role(rawValue: 1 << 3)
        static let secret = Role(rawValue: 1 << 4)
        static let token = Role(rawValue: 1 << 5)
        static let credentials = Role(rawValue: 1 << 6)
        static let key = Role(rawValue: 1 << 7)
        /// One word for a key that opens something, such as `apikey`.
        static let wholeKey = Role(rawValue: 1 << 8)
        static let plural = Role(rawValue: 1 << 9)
        /// Before `key`: one that opens something.
        static let opening = Role(rawValue: 1 << 10)
        /// Before `key`: one that orders or names something.
        static let denying = Role(rawValue: 1 << 11)
        /// Before `key`: one that anyone may see.
        static let shown = Role(rawValue: 1 << 12)
        /// Before a password: something done with it, or whether there is one.
        static let asking = Role(rawValue: 1 << 13)
        /// Before `token`: a token of text or of a page.
        static let counting = Role(rawValue: 1 << 14)
        /// Before `secret`: the name of one that is kept elsewhere.
        static let elsewhere = Role(rawValue: 1 << 15)
        /// Before `pass`: the verb, or one time of several.
        static let passing = Role(rawValue: 1 << 16)
        /// Alone: perhaps something secret.
        static let perhaps = Role(rawValue: 1 << 17)
        /// Something about a secret, not the secret.
        static let about = Role(rawValue: 1 << 18)
        /// What stands below is shown to people, or names columns.
        static let label = Role(rawValue: 1 << 19)
        /// Says nothing: what stands before it decides. With another role only after a word that says something.
        static let passedOver = Role(rawValue: 1 << 20)

        static let secretive: Role = [.password, .pass, .passTail, .secret, .token, .credentials, .key, .wholeKey]
    }
}
