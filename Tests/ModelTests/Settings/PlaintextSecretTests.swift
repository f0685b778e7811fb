import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

@Suite struct PlaintextSecretTests {
    private static let history = "real-input/opentelemetry-demo/history"

    private static func signs(_ key: String, _ value: JSONValue) throws -> [String] {
        let key = try ConfigKey(parsing: key)
        let found = PlaintextSecret.found(in: value, at: key)
        #expect(PlaintextSecret.mayHold(value.canonicalBytes(), at: key) == !found.isEmpty, "\(key)")
        return found.map { "\($0.pointer) \($0.reason.rawValue)" }
    }

    // MARK: Names

    @Test(arguments: [
        "password", "db.password", "spring.datasource.password", "POSTGRES_PASSWORD", "DB_PASSWORD_2", "password.value",
        "passwd", "db.pwd", "smtp.auth.pass", "DB_PASS", "passphrase", "pass-phrase", "passWord", "dbpassword",
        "MYSQL_ROOT_PASSWORD", "PGPASSWORD", "keystore.password", "ssl.key.password", "redis.requirepass", "secret",
        "client.secret", "clientSecret", "oauth2ClientSecret", "JWT_SECRET", "cookie-secret", "webhook.secret.current",
        "token", "access.token", "accessToken", "SLACK_BOT_TOKEN", "auth-token", "GITHUB_TOKEN", "refreshtoken",
        "API_KEY", "apikey", "apiKey", "api.key", "OPENAI_API_KEY", "X-API-Key", "aws.secret.access.key", "accessKey",
        "AWS_SECRET_ACCESS_KEY", "SECRET_KEY_BASE", "django.secret_key", "private_key", "signing.key", "encryptionKey",
        "credentials", "db.credential", "wifi.psk", "\"a b\".password", "password.prod", "APIKeyProd",
        "secrets.dbPassword",
    ])
    func `whatever stands under a name that says password is found`(key: String) throws {
        for value in ["changeit", "CHANGEME", "x", " ", "${x", "$${db.password}", "${db.password:changeit}", "a${b}"] {
            #expect(try Self.signs(key, .string(value)) == [" name"], "\(key) \(value)")
        }
        for value: JSONValue in [
            .null, true, false, "", "true", "FALSE", "***", "••••", "<password>", "${db.password}", "${a:${b}}",
            "${a:}",
            "${a}${\"b}c\"}", "{{ password }}", "$DB_PASSWORD", "%DB_PASSWORD%", "$(db-password)", "#{password}", "''",
            "${{ secrets.DB }}", "/run/secrets/db",
            "{cipher}6f1e02", "ENC(6f1e02)", "vault:kv/db#password", "op://vault/db/password",
            "arn:aws:secretsmanager:eu:1:secret:db", ["$secret": "db"], [], ["a": [:]], [["$secret": "db"], "", .null],
        ] {
            #expect(try Self.signs(key, value) == [], "\(key) \(value)")
        }
    }

    @Test(arguments: [
        "sort.key", "cache.key", "cache.key.prefix", "public.key", "ssh.publicKey", "NEXT_PUBLIC_API_KEY",
        "primary.key",
        "partitionKey", "key", "keys.default", "token.url", "token.ttl", "tokenEndpoint", "token_uri", "token.type",
        "token.issuer", "password.min.length", "passwordPolicy", "password.encoder", "passwordHash.algorithm",
        "secret.name", "secretName", "existingSecret", "imagePullSecrets", "secret.provider", "keyId",
        "AWS_ACCESS_KEY_ID",
        "key.file", "keyPath", "password.file", "POSTGRES_PASSWORD_FILE", "private.key.location", "tokens.max",
        "maxTokens", "max_tokens", "llm.max.tokens", "eos_token", "nextPageToken", "monkey", "turkey", "keyboard",
        "author",
        "authorization", "authority", "tokenizer", "secretary", "compass", "bypass", "proxy.pass", "nginx.proxy_pass",
        "forgotPassword", "resetPassword", "requirePassword", "passwordRequired", "allowCredentials",
        "credentials.username",
        "labels.login.password", "column.password", "password.label", "apiKey.header", "keyspace", "passenger",
        "passive", "hidden", "secretsManager.region", "password-reset-url", "tls.secretName", "permissions.id-token",
        "signKey", "existingSecretPasswordKey",
    ])
    func `a name that only sounds like one is not found`(key: String) throws {
        for value: JSONValue in [
            "changeit", "X-Auth", "https://id.example/oauth/token", "Wj84", 4096, 1.5, "my-release-db",
            "/etc/app/key.pem",
            "application-sort-by-created-date", ["changeit"], ["a": "b"],
        ] {
            #expect(try Self.signs(key, value) == [], "\(key) \(value)")
        }
    }

    @Test func `numbers count where they cannot be counts`() throws {
        for key in ["db.password", "pin.secret", "auth.token", "api.key"] {
            #expect(try Self.signs(key, 123_456) == [" name"])
        }
        for key in ["llm.tokens", "vault.secrets", "api.keys", "tests.pass", "shell.pwd", "credentials"] {
            #expect(try Self.signs(key, 123_456) == [])
        }
        #expect(try Self.signs("llm.tokens", "4096") == [])
        #expect(try Self.signs("llm.tokens", "abc") == [" name"])
    }

    @Test func `a file is no key`() throws {
        for value in [
            "/etc/tls/tls.key", "./key.pem", "classpath:app.key", "file:/srv/key", "creds.json", "C:\\keys\\a.pem",
        ] {
            #expect(try Self.signs("tls.private.key", .string(value)) == [], "\(value)")
            #expect(try Self.signs("GOOGLE_APPLICATION_CREDENTIALS", .string(value)) == [], "\(value)")
            #expect(try Self.signs("db.password", .string(value)) == [" name"], "\(value)")
        }
        #expect(try Self.signs("PWD", "/srv/app") == [])
        #expect(try Self.signs("PWD", "hunter2") == [" name"])
    }

    @Test func `names of members count as those of the key do`() throws {
        #expect(
            try Self.signs(
                "db",
                [
                    "password": "a", "user": "b", "replicas": [["password": "c"], ["password": ["$secret": "d"]]],
                    "port": 1,
                ])
                == ["/password name", "/replicas/0/password name"])
        #expect(try Self.signs("api", ["key": "a", "keyId": "b"]) == ["/key name"])
        #expect(try Self.signs("tokens", ["a", ["b", ""]]) == ["/0 name", "/1/0 name"])
        #expect(try Self.signs("auth", ["a/b~c": ["token": "x"]]) == ["/a~1b~0c/token name"])
        #expect(
            try Self.signs("schema", ["properties": ["password": ["type": "string"]], "required": ["password"]]) == [])
        #expect(try Self.signs("x", ["$secret": "a", "version": 3, "password": "b"]) == ["/password name"])
    }

    @Test func `a name beside a value is that of the value`() throws {
        #expect(
            try Self.signs(
                "pod.env",
                [
                    ["name": "DB_PASSWORD", "value": "a"], ["name": "DB_HOST", "value": "b"],
                    ["key": "api_key", "value": "c"],
                    ["name": "tab\tpassword", "value": "d"],
                    ["name": "DB_PASSWORD", "valueFrom": ["secret": ["$secret": "e"]]],
                ]) == ["/0/value name", "/2/value name", "/3/value name"])
        #expect(try Self.signs("password", [["name": "x", "value": "a"]]) == ["/0/value name"])
    }

    @Test func `at most a hundred are told`() throws {
        #expect(try Self.signs("tokens", .array(.init(repeating: "a", count: 101))).count == PlaintextSecret.foundMax)
    }

    // MARK: Texts

    @Test func `every known kind of token is found under any name`() throws {
        try SeededGenerator.runs(20) { random in
            for token in Token.known {
                let (text, secret) = token.drawn(&random)
                for value in [text, "see \(text)", "\"\(text)\"\n", "https://x.example/?a=\(text)&b", "a:\(text),b"] {
                    let found = PlaintextSecret.found(in: .string(value), at: try ConfigKey(parsing: "a.b"))
                    #expect(found.map(\.message) == ["looks like \(token.name)"], "\(token.name) (\(random))")
                    #expect(found.map(\.reason) == [token.reason], "\(token.name)")
                }
                let near = ["x\(text)"] + (token.isExact ? [String(text.dropLast()), "\(text)\(secret.first!)"] : [])
                for value in near {
                    let found = PlaintextSecret.found(in: .string(value), at: try ConfigKey(parsing: "a.b"))
                    #expect(found.isEmpty, "\(token.name), a character too many or too few (\(random))")
                }
            }
        }
    }

    @Test func `headers with credentials are found where they read as such`() throws {
        try SeededGenerator.runs(50) { random in
            let drawn = Token.text(Token.alphanumeric, 30, &random)
            let basic = Data("user:\(drawn)".utf8).base64EncodedString()
            let opaque = Data("user \(drawn)".utf8).base64EncodedString()
            let signs = try [basic, opaque].map { try Self.signs("http.header", .string("Authorization: Basic \($0)")) }
            #expect(signs == [[" token-shape"], []], "\(random)")
        }
        for text in ["Basic authentication", "Basic Realm1234", "Bearer of good and very long news", "Bearer ${token}"]
        {
            #expect(try Self.signs("http.header", .string(text)) == [])
        }
    }

    @Test func `private keys are found`() throws {
        let (begin, kind) = ("-----BEGIN ", "PRIVATE KEY")
        for name in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", "PGP "] {
            for text in [
                "\(begin)\(name)\(kind)-----\nMIIE", "a: |\n  \(begin)\(name)\(kind)-----", "\\n\(begin)\(name)\(kind)",
            ] {
                #expect(try Self.signs("tls.pem", .string(text)) == [" private-key"])
            }
        }
        for name in ["PUBLIC KEY", "CERTIFICATE", "RSA PUBLIC KEY", "X"] {
            #expect(try Self.signs("tls.pem", .string("\(begin)\(name)-----\nMIIE")) == [])
        }
        #expect(try Self.signs("ssh", .string("PuTTY-User-" + "Key-File-3: ssh-rsa")) == [" private-key"])
    }

    @Test(arguments: [
        ("postgres://app:hunter2@db/x", true), ("a redis://:hunter2@cache:6379/0 b", true), ("amqp://a:p%40ss@h", true),
        ("mongodb+srv://u:p@h1,h2/x", true), ("https://u:p@h", true), ("http://${user}:hunter2@h", true),
        ("http://u:${pass:hunter2}@h", true), ("jdbc:oracle:thin:scott/tiger@//h:1521/x", true),
        ("http://u:a@b@h", true),
        ("postgres://app:${db.pass}@db/x", false), ("postgres://app:${a}${b}@db/x", false),
        ("postgres://app@db/x", false),
        ("postgres://app:@db/x", false), ("postgres://db:5432/x", false), ("http://u:***@h", false),
        ("http://u:<password>@h", false), ("http://u:{password}@h", false), ("http://u:$PASSWORD@h", false),
        ("http://u:%s@h", false), ("http://h:80/@a", false), ("http://h:80/a:b@c", false), ("://a:b@c", false),
        ("http://h?a:b@c", false), ("ssh://git@h:22/x", false), ("git@h:x/y.git", false), ("mailto:a@b", false),
        ("http://u:${a", false), ("http://", false), ("jdbc:oracle:thin:@//h:1521/x", false),
        ("jdbc:mysql://localhost:3306/x?allowPublicKeyRetrieval=true&useSSL=false", false),
    ])
    func `a URL with a password is found`(text: String, isFound: Bool) throws {
        #expect(try Self.signs("a.b", .string(text)) == (isFound ? [" url-password"] : []))
    }

    @Test(arguments: [
        ("Server=h;User Id=sa;Password=hunter2;Encrypt=true", true), ("Server=h; Password = hunter2; X=1", true),
        ("host=h password=hunter2", true), ("jdbc:mysql://h/x?user=a&password=b", true), ("pwd=a", true),
        ("com.x.PlainLoginModule required username=\"a\" password=\"b\";", true), ("https://h/?access_token=abc", true),
        ("api-key=abc,x=y", true), ("{\"user\":\"a\",\"password\": \"b\"}", true), ("--client-secret=abc", true),
        ("a=b\ntoken = c", true), ("password=${x:hunter2}", true), ("{\"api_key\":\"a\"}", true),
        ("Server=h;Password=${db.password};X=1", false), ("host=h password=", false), ("password=&a=b", false),
        ("x?password={password}&a=b", false), ("password=%s", false), ("password=$1", false), ("password=***", false),
        ("password=[^&]*", false), ("password=?", false), ("password=:password", false), ("password == x", false),
        ("the secret = being early", false), ("password: must have 8 characters", false), ("page_token=abc", false),
        ("password=getPassword()", false), ("password_file=/x", false), ("sort_key=a", false), ("password=true", false),
        ("{\"password\":null}", false), ("{\"password\":{\"a\":\"b\"}}", false), ("{\"password\":\"${x}\"}", false),
        ("{\"tokenUrl\":\"a\"}", false), ("password", false), ("password=", false), ("=a", false),
        ("allowPublicKeyRetrieval=1", false),
    ])
    func `a password given inside a text is found`(text: String, isFound: Bool) throws {
        #expect(try Self.signs("a.b", .string(text)) == (isFound ? [" assignment"] : []))
    }

    // MARK: Chance

    @Test func `what is drawn by chance is found under names that may be secret`() throws {
        let names = [
            "hash.salt", "auth", "storage.account.key", "license_key", "session-key", "secrets.stripe", "tokenGithub",
        ]
        let alphabets = [Token.hex: 32...64, Token.base64: 28...64, Token.alphanumeric: 28...64]
        var missed = 0
        try SeededGenerator.runs(200) { random in
            for (alphabet, lengths) in alphabets {
                let text = Token.text(alphabet, random.int(in: lengths), &random)
                if try Self.signs(random.element(of: names), .string(text)) != [" entropy"] { missed += 1 }
                for name in [
                    "image.digest", "git.commit", "sha256", "app.checksum", "cache.key", "public.key", "color",
                ] {
                    #expect(try Self.signs(name, .string(text)) == [], "\(name) (\(random))")
                }
            }
        }
        #expect(missed < 12, "of 600")
    }

    @Test(arguments: [
        "a", "user-service-v2-cache-key", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "1234567890123456789012345",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1", "https://example.com/a/b/c/d/e1f2", "/var/lib/app/v2/keys/current",
        "this is a sentence, with 2 or 3 numbers", "org.springframework.boot.autoconfigure.v3",
        "maxConnectionPoolSize20Default",
        "sha256-", "ghcr.io/open-telemetry/demo:2.1.3-frontend", "2024-05-06T07:08:09.123456Z",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "abcdefghijklmnopqrstuvwxyz", "arn:aws:kms:eu-west-1:123456789012:key/mine", "eu-west-1a,eu-west-1b,eu-west-1c",
    ])
    func `what is written, counted or numbered is not found under such names`(text: String) throws {
        for key in ["hash.salt", "auth", "account.key", "secrets.stripe"] {
            #expect(try Self.signs(key, .string(text)) == [], "\(key)")
        }
    }

    // MARK: Properties

    @Test func `no message holds any part of a value`() throws {
        try SeededGenerator.runs(50) { random in
            for token in Token.known {
                let (text, secret) = token.drawn(&random)
                for (key, value) in [
                    ("a.b", text), ("db.password", secret), ("hash.salt", secret),
                    ("a.b", "http://\(secret):\(secret)@h"),
                    ("a.b", "password=\(secret)"), ("my.token", secret), ("api.key", text),
                ] {
                    for found in PlaintextSecret.found(in: .string(value), at: try ConfigKey(parsing: key)) {
                        #expect(found.pointer == "")
                        let bytes = Array(secret.utf8)
                        for start in 0...max(0, bytes.count - 4) {
                            let part = String(decoding: bytes[start..<min(bytes.count, start + 4)], as: UTF8.self)
                            #expect(!found.message.contains(part), "\(token.name) (\(random))")
                        }
                    }
                }
            }
        }
    }

    @Test func `canonical bytes tell what the value tells`() throws {
        var hits = 0
        try SeededGenerator.runs(4_000) { random in
            let key = try ConfigKey(segments: [Self.name(&random), Self.name(&random)])
            let value = Self.value(&random, depth: 3)
            let found = PlaintextSecret.found(in: value, at: key)
            #expect(
                PlaintextSecret.mayHold(value.canonicalBytes(), at: key) == !found.isEmpty,
                "\(key) \(value) (\(random))")
            #expect(Set(found.map(\.pointer)).count == found.count, "\(random)")
            for secret in found {
                let place = try JSONPointer(parsing: secret.pointer)
                #expect(value[place]?.stringValue != nil || value[place]?.numberValue != nil, "\(random)")
            }
            if !found.isEmpty { hits += 1 }
        }
        #expect(hits > 400 && hits < 3_600, "both occur often: \(hits) of 4000")
    }

    @Test func `any value of JSON is read to its end`() throws {
        try SeededGenerator.runs(2_000) { random in
            let value = RandomJSON.value(&random, depth: 4)
            let key = try ConfigKey(parsing: random.element(of: ["a.b", "db.password", "account.key"]))
            #expect(
                PlaintextSecret.mayHold(value.canonicalBytes(), at: key)
                    == !PlaintextSecret.found(in: value, at: key).isEmpty, "\(value) (\(random))")
        }
    }

    @Test func `bytes that are no JSON are survived`() throws {
        let key = try ConfigKey(parsing: "a.b")
        try SeededGenerator.runs(2_000) { random in
            let bytes = (0..<random.int(in: 0...12)).map { _ in random.element(of: Array("\"{}[]:,\\u0$-=k".utf8)) }
            _ = PlaintextSecret.mayHold(bytes, at: key)
        }
        #expect(!PlaintextSecret.mayHold([], at: key))
    }

    @Test func `a large value takes time in proportion to its length`() throws {
        let key = try ConfigKey(parsing: "a.b")
        let pieces = [
            "eyJ", "eyJ.", "sk-", "ya29.", "a://", "://a:", "password=", "=", "-----BEGIN ", "a ", "Bearer ", "${",
            "\":",
        ]
        for piece in pieces {
            let text = String(repeating: piece, count: Limits.valueBytes / piece.utf8.count)
            let start = ContinuousClock.now
            _ = PlaintextSecret.found(in: .string(text), at: key)
            #expect(ContinuousClock.now - start < .seconds(20), "\(piece)")
        }
    }

    // MARK: Real input

    @Test(.enabled(if: SharedData.path(history) != nil, "the folder \(history) is absent"))
    func `in every commit of a demonstration's .env just the passwords are found`() throws {
        var found: [String: Int] = [:]
        var lines = 0
        for name in SharedData.fileNames(in: Self.history) {
            let file = "\(Self.history)/\(name)/demo.env"
            guard SharedData.path(file) != nil else { continue }
            for line in String(decoding: try SharedData.bytes(file), as: UTF8.self).split(separator: "\n")
            where !line.hasPrefix("#") {
                guard let equals = line.firstIndex(of: "=") else { continue }
                let text = line[line.index(after: equals)...].prefix { $0 != "#" }
                let value = text.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
                let key = String(line[..<equals])
                lines += 1
                for sign in try Self.signs(key, .string(value)) { found["\(key)=\(value)\(sign)", default: 0] += 1 }
            }
        }
        #expect(lines > 10_000)
        #expect(
            found == [
                "POSTGRES_PASSWORD=otel name": 21, "POSTGRES_PASSWORD=changeit name": 31,
                "POSTGRES_ASTRONOMY_PASSWORD=astronomy_password name": 31,
                "POSTGRES_MONITORING_PASSWORD=monitoring_password name": 31, "OPENAI_API_KEY=dummy name": 26,
            ])
    }
}

// MARK: - Drawn input

extension PlaintextSecretTests {
    private static func name(_ random: inout SeededGenerator) -> String {
        let words = [
            "password", "secret", "token", "key", "api", "access", "url", "name", "salt", "auth", "db", "max", "value",
            "PWD",
            "i18n", "labels", "Pass", "2", "é", "\"", "x", "public", "credentials", "tokens",
        ]
        return (0..<random.int(in: 1...3)).map { _ in random.element(of: words) }.joined(
            separator: random.element(of: ["", "_", "-", ".", " "]))
    }

    private static func text(_ random: inout SeededGenerator) -> String {
        switch random.int(in: 0...5) {
        case 0: return RandomJSON.string(&random)
        case 1: return random.element(of: Token.known).drawn(&random).text
        case 2: return Token.text(random.element(of: [Token.hex, Token.base64]), random.int(in: 10...50), &random)
        default:
            let pieces = [
                "${", "}", ":", "a", "://", "@", "password", "=", "\"", "\\", "\n", "\u{1}", "/", ";", "${a.b}", "$",
                "*", "<", ">",
                "-----BEGIN ", "PRIVATE KEY", "•", "é", " ", "{{", "}}", "token",
            ]
            return (0..<random.int(in: 0...8)).map { _ in random.element(of: pieces) }.joined()
        }
    }

    private static func value(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        switch random.int(in: 0...(depth > 0 ? 9 : 6)) {
        case 0: return .bool(random.chance(oneIn: 2))
        case 1: return .int(random.int(in: -5...5_000))
        case 2...6: return .string(text(&random))
        case 7: return .array((0..<random.int(in: 0...3)).map { _ in value(&random, depth: depth - 1) })
        default:
            var object = JSONObject()
            for _ in 0..<random.int(in: 0...4) {
                let name =
                    random.chance(oneIn: 3) ? random.element(of: ["name", "key", "value", "$secret"]) : name(&random)
                object[name] = value(&random, depth: depth - 1)
            }
            return .object(object)
        }
    }

    /// How a kind of token is drawn. No whole token stands in this file, so that scanners for leaked ones have nothing to report.
    private struct Token {
        let name: String
        let reason: PlaintextSecret.Reason
        let prefix: String
        /// Alphabets and lengths, joined by dots or whatever stands between.
        let parts: [(String, Int)]
        let joint: String
        let suffix: String
        /// Whether it has no more and no fewer characters.
        let isExact: Bool

        init(
            _ name: String, _ prefix: String, _ parts: (String, Int)..., joint: String = ".", suffix: String = "",
            isExact: Bool = true, reason: PlaintextSecret.Reason = .tokenShape
        ) {
            self.name = name
            self.prefix = prefix
            self.parts = parts
            self.joint = joint
            self.suffix = suffix
            self.isExact = isExact
            self.reason = reason
        }

        func drawn(_ random: inout SeededGenerator) -> (text: String, secret: String) {
            let texts = parts.map { Token.text($0.0, $0.1, &random) }
            return (prefix + texts.joined(separator: joint) + suffix, texts[0])
        }

        /// Digits, large and small letters stand where the alphabet has them.
        static func text(_ alphabet: String, _ count: Int, _ random: inout SeededGenerator) -> String {
            let characters = Array(alphabet)
            return String((0..<count).map { _ in random.element(of: characters) })
        }

        static let digits = "0123456789"
        static let hex = digits + "abcdef"
        static let small = "abcdefghijklmnopqrstuvwxyz"
        static let large = small.uppercased()
        static let alphanumeric = digits + large + small
        static let base64 = alphanumeric + "+/"
        static let word = alphanumeric

        static let known: [Token] = [
            Token("an access token of this platform", "cfg" + "_", (word, 38)),
            Token("an AWS access key id", "AK" + "IA", (digits + large, 16)),
            Token("an AWS access key id", "AS" + "IA", (digits + large, 16)),
            Token("a GitHub token", "gh" + "p_", (word, 36), isExact: false),
            Token("a GitHub token", "gh" + "s_", (word, 36), isExact: false),
            Token("a GitHub token", "github" + "_pat_", (word, 22), (word, 59), joint: "_"),
            Token("a GitLab token", "gl" + "pat-", (word, 20), isExact: false),
            Token("a Slack token", "xox" + "b-", (digits, 12), (digits, 12), (word, 24), joint: "-", isExact: false),
            Token(
                "a Slack webhook", "hooks.slack" + ".com/services/", (large, 9), (large, 11), (word, 24), joint: "/",
                isExact: false),
            Token("a Stripe key", "sk_" + "live_", (word, 24), isExact: false),
            Token("a Stripe key", "rk_" + "live_", (word, 24), isExact: false),
            Token("a Google API key", "AI" + "za", (word, 35)),
            Token("a Google OAuth token", "ya" + "29.", (word, 60), isExact: false),
            Token("a Google OAuth client secret", "GOC" + "SPX-", (word, 28)),
            Token("an npm token", "np" + "m_", (word, 36)),
            Token("an Anthropic key", "sk-" + "ant-", (hex, 90), isExact: false),
            Token("an OpenAI key", "sk-" + "proj-", (hex, 90), isExact: false),
            Token("a key of a language model's provider", "sk" + "-", (hex, 48), isExact: false),
            Token("a SendGrid key", "S" + "G.", (word, 22), (word, 43)),
            Token("a Twilio key", "S" + "K", (hex, 32)),
            Token("a Vault token", "hv" + "s.", (word, 90), isExact: false),
            Token("a storage key of Azure", "Account" + "Key=", (base64, 86), suffix: "==", isExact: false),
            Token(
                "a JSON web token", "ey" + "J", (word, 20), (word, 30), (word, 43), joint: ".e" + "yJ", isExact: false),
            Token("a DigitalOcean token", "do" + "p_v1_", (hex, 64)),
            Token("a Databricks token", "da" + "pi", (hex, 32)),
            Token("a Linear key", "lin" + "_api_", (word, 40)),
            Token("a Shopify token", "shp" + "at_", (hex, 32)),
            Token("a Square token", "sq0" + "atp-", (word, 22)),
            Token("the token of a Telegram bot", "", (digits, 9), (word, 33), joint: ":A" + "A"),
            Token("the token of a Discord bot", "M", (word, 23), (word, 6), (word, 27), isExact: false),
            Token(
                "an age secret key", "AGE-SECRET" + "-KEY-1", ("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
                reason: .privateKey),
            Token("a Hugging Face token", "h" + "f_", (small + large, 34)),
            Token("a Grafana token", "gl" + "sa_", (word, 32), (hex, 8), joint: "_"),
            Token("a New Relic key", "NR" + "AK-", (large, 27)),
            Token("a Docker token", "dckr" + "_pat_", (word, 27), isExact: false),
        ]
    }
}
