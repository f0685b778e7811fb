/// One word of a name, in lower case, its last 16 bytes in two integers.
struct SecretWord {
    private var high: UInt64 = 0
    private var low: UInt64 = 0
    private(set) var count = 0

    init() {}

    init(_ text: some StringProtocol) {
        for byte in text.utf8 { append(byte) }
    }

    mutating func append(_ byte: UInt8) {
        high = high << 8 | low >> 56
        low = low << 8 | UInt64(byte)
        count += 1
    }

    /// Whether the word is `i18` or `l10`.
    var isNumeronym: Bool { count == 3 && (low == 0x69_3138 || low == 0x6C_3130) }

    /// Drops digits at the end.
    mutating func dropDigits() {
        while count > 0, 0x30...0x39 ~= low & 0xFF {
            low = low >> 8 | high << 56
            high >>= 8
            count -= 1
        }
    }

    var role: SecretName.Role {
        if count <= 16, let role = Self.known.role(high: high, low: low) { return role }
        for ending in Self.endings where count > ending.count && low & ending.mask == ending.low {
            return ending.role
        }
        // The two that have more than eight letters.
        if count > 9, low == Self.passwords.low, high & 0xFF == Self.passwords.high { return [.password, .plural] }
        if count > 10, low == Self.passphrase.low, high & 0xFFFF == Self.passphrase.high { return .password }
        return .none
    }

    private struct Ending {
        let low: UInt64
        let mask: UInt64
        let count: Int
        let role: SecretName.Role

        init(_ text: String, _ role: SecretName.Role) {
            low = SecretWord(text).low
            count = text.utf8.count
            mask = count == 8 ? .max : 1 << UInt64(8 * count) - 1
            self.role = role
        }
    }

    private static let passwords = SecretWord("passwords")
    private static let passphrase = SecretWord("passphrase")

    /// What words that are written together end in: `dbpassword`, `clientsecret`.
    private static let endings = [
        Ending("password", .password), Ending("passwd", .password), Ending("pwd", .password), Ending("secret", .secret),
        Ending("secrets", [.secret, .plural]), Ending("token", .token), Ending("tokens", [.token, .plural]),
        Ending("apikey", .wholeKey), Ending("apikeys", [.wholeKey, .plural]),
    ]

    private static let known = Vocabulary(Vocabulary.words)

    /// Words by their bytes: a table with open addressing.
    private struct Vocabulary {
        private struct Entry {
            var high: UInt64 = 0
            var low: UInt64 = 0
            var role: SecretName.Role = .none
        }

        private static let bits = 11
        private var entries = [Entry](repeating: Entry(), count: 1 << bits)

        init(_ words: [(SecretName.Role, String)]) {
            for (role, list) in words {
                for text in list.split(whereSeparator: \.isWhitespace) {
                    let word = SecretWord(text)
                    precondition(word.count <= 16, "a word of more than 16 bytes")
                    var index = Self.index(word.high, word.low)
                    while entries[index].low != 0, (entries[index].low, entries[index].high) != (word.low, word.high) {
                        index = (index + 1) & (entries.count - 1)
                    }
                    entries[index].high = word.high
                    entries[index].low = word.low
                    entries[index].role.formUnion(role)
                }
            }
        }

        func role(high: UInt64, low: UInt64) -> SecretName.Role? {
            var index = Self.index(high, low)
            while entries[index].low != 0 {
                if entries[index].low == low, entries[index].high == high { return entries[index].role }
                index = (index + 1) & (entries.count - 1)
            }
            return nil
        }

        private static func index(_ high: UInt64, _ low: UInt64) -> Int {
            let mixed = (low ^ (high &* 0xC2B2_AE3D_27D4_EB4F)) &* 0x9E37_79B9_7F4A_7C15
            return Int(truncatingIfNeeded: mixed >> UInt64(64 - bits))
        }

        static let words: [(SecretName.Role, String)] = [
            (
                .password,
                """
                password passwords passwd passphrase passphrases passcode passcodes pw psk passwort kennwort bindpw rootpw
                adminpw dbpw requirepass masterauth dbpass userpass smtppass mysqlpass adminpass rootpass sshpass mailpass
                keypass storepass
                """
            ),
            ([.password, .pwd], "pwd"),
            (.pass, "pass"),
            (.passTail, "word phrase code"),
            (.secret, "secret secrets"),
            (.token, "token tokens"),
            (.credentials, "credential credentials creds cred"),
            (.key, "key keys"),
            (
                .wholeKey,
                """
                apikey apikeys accesskey accesskeys secretkey secretkeys privatekey privatekeys privkey authkey signingkey
                encryptionkey masterkey sharedaccesskey
                """
            ),
            (
                .plural,
                """
                passwords passphrases passcodes secrets tokens credential credentials creds keys apikeys accesskeys
                secretkeys privatekeys
                """
            ),
            (
                .opening,
                """
                api access private priv auth authentication signing encryption encrypt decryption decrypt master hmac
                preshared jwt crypto cipher aes ssh deploy symmetric
                """
            ),
            (
                .denying,
                """
                primary foreign partition sort cache row routing message idempotency translation index unique map hot dedup
                deduplication topology shard lookup join search order event context correlation object group annotation
                registry config setting feature flag natural composite
                """
            ),
            (.shown, "public pub publishable site"),
            (
                .asking,
                """
                forgot forgotten reset change show hide has require requires required is use uses need needs allow allowed
                enable enabled disable disabled generate max min without no
                """
            ),
            (
                .counting,
                """
                max min num number total prompt completion input output stop eos bos pad unk mask sep cls special per count
                page next continuation design budget context cached reasoning thinking used of end start cancellation
                """
            ),
            (.elsewhere, "existing pull external tls ssl kubernetes k8s from ingress cert certificate"),
            (
                .passing,
                "proxy fastcgi uwsgi scgi grpc memcached low high band all second single multi one two fail first by"
            ),
            (.perhaps, "salt salts pepper auth bearer hmac cookie jwt sas signature"),
            (
                .about,
                """
                id ids url urls uri uris endpoint endpoints name names ttl expiry expire expires expiration exp length len
                max min size count limit limits policy policies file files filename path paths dir directory folder location
                enabled disabled required optional type types kind format algorithm algorithms alg algo prefix suffix header
                headers param parameter parameters description title text message messages host port provider providers
                store manager ref reference references version hash checksum digest fingerprint thumbprint sha md image
                commit revision issuer audience scope scopes claim claims username user email env variable namespace engine
                backend driver strategy mode rotation interval period timeout validity age regex pattern rules encoder
                encoding encryption lifetime source bucket region shape account service class method grant mount
                maxtoken maxtokens numtokens pagetoken nexttoken nextpagetoken existingsecret imagepullsecret
                imagepullsecrets
                """
            ),
            (
                .label,
                """
                label labels translation translations i18n l10n placeholder placeholders tooltip tooltips hint hints caption
                captions column columns field fields permission permissions
                """
            ),
            (
                .passedOver,
                """
                value values default current old new previous raw plain plaintext string base hex encoded prod production dev
                development test testing staging stage local main backup primary secondary
                """
            ),
        ]
    }
}
