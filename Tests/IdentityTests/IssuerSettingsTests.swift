import Testing

@testable import Identity

@Suite struct IssuerSettingsTests {
    @Test(arguments: [
        "https://issuer.example", "https://issuer.example/", "https://issuer.example:8443/realms/main",
        "https://[2001:db8::1]/", "http://localhost", "http://localhost:8080/o", "http://127.0.0.1:9400",
        "http://[::1]:9400/x",
    ])
    func `https, and http on loopback, may be asked`(url: String) throws {
        #expect(try IssuerSettings(url: url, audiences: ["config"]).url == url)
    }

    @Test(arguments: [
        "", "https://", "https:///path", "issuer.example", "ftp://issuer.example", "HTTPS://issuer.example",
        "http://issuer.example", "http://localhost.evil.example", "http://127.0.0.1.evil.example",
        "http://localhost@evil.example", "http://localhost:80@evil.example", "http://127.0.0.1:evil.example/",
        "https://user:pass@issuer.example", #"https://issuer.example\@evil.example"#, "https://issuer.example#x",
        "https://issuer.example?x=1", "https://issuer.example/a b", "https://issuer.example/\r\nHost: evil",
        "https://issuer.example:99999", "https://issuer.example:+80", "https://issuer.example:",
        "https://issüer.example", "http://0.0.0.0",
        "http://[::1", "https://issuer.example/" + String(repeating: "x", count: 2_048),
    ])
    func `other addresses may not`(url: String) {
        #expect(throws: InvalidIssuerSettings.self) { try IssuerSettings(url: url, audiences: ["config"]) }
    }

    @Test func `settings that would trust anybody, or nobody, are refused`() throws {
        let url = "https://issuer.example"
        #expect(throws: InvalidIssuerSettings.self) { try IssuerSettings(url: url, audiences: []) }
        #expect(throws: InvalidIssuerSettings.self) { try IssuerSettings(url: url, audiences: ["config", ""]) }
        #expect(throws: InvalidIssuerSettings.self) {
            try IssuerSettings(url: url, audiences: ["config"], jwksURL: "http://127.0.0.1/keys")
        }
        #expect(throws: InvalidIssuerSettings.self) {
            try IssuerSettings(url: url, audiences: ["config"], algorithms: [])
        }
        #expect(throws: InvalidIssuerSettings.self) {
            try IssuerSettings(url: url, audiences: ["config"], clientSecret: "s")
        }
        #expect(throws: InvalidIssuerSettings.self) {
            try IssuerSettings(url: url, audiences: ["config"], clientID: "")
        }
        #expect(throws: InvalidIssuerSettings.self) {
            try IssuerSettings(url: url, audiences: ["config"], scopes: ["openid email"])
        }
        let loopback = try IssuerSettings(
            url: "http://localhost:1", audiences: ["config"], jwksURL: "http://127.0.0.1/keys")
        #expect(loopback.jwksURL == "http://127.0.0.1/keys")
    }

    @Test func `settings do not show their secret`() throws {
        let settings = try IssuerSettings(
            url: "https://issuer.example", audiences: ["config"], clientID: "console", clientSecret: "canary-of-secrets"
        )
        var text = "\(settings) \(String(reflecting: settings))"
        dump(settings, to: &text)
        #expect(!text.contains("canary"))
    }
}

@Suite struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ])
    func `the vectors of RFC 4648, without their padding`(text: String, encoded: String) {
        #expect(Base64.standard.encode(text.utf8) == encoded)
        #expect(Base64.standard.decode(encoded) == Array(text.utf8))
        #expect(Base64.url.decode(encoded) == Array(text.utf8))
        #expect(Base64.padded(Array(text.utf8)).utf8.count % 4 == 0)
    }

    @Test func `the alphabets are told apart, and every byte comes back`() {
        let bytes = (0...255).map { UInt8($0) }
        for base in [Base64.standard, .url] { #expect(base.decode(base.encode(bytes)) == bytes) }
        #expect(Base64.url.encode([0xFB, 0xFF]) == "-_8" && Base64.standard.encode([0xFB, 0xFF]) == "+/8")
        #expect(Base64.url.decode("+/8") == nil && Base64.standard.decode("-_8") == nil)
    }

    @Test(arguments: ["Z", "Zg=", "Zg==", "Zh", "Zm9", "Zm9vY", "Zm 8", "Zm8\n", "Zm8é", "Zm9v\u{0}"])
    func `another text of the same bytes is refused`(text: String) {
        #expect(Base64.standard.decode(text) == nil)
    }
}
