import API
import Testing

@Suite struct ServerSettingsTests {
    @Test(arguments: ["127.0.0.1:8420", "127.8.9.10:0", "localhost:1", "[::1]:8420"])
    func `this machine may listen without TLS`(listen: String) throws {
        _ = try ServerSettings(listen: listen)
    }

    @Test(arguments: ["0.0.0.0:8420", "[::]:8420", "192.0.2.1:80", "cfg.example:443", "[2001:db8::1]:1"])
    func `other machines are not served without TLS unless that is said`(listen: String) throws {
        let refusal = #expect(throws: InvalidSetting.self) { try ServerSettings(listen: listen) }
        #expect(refusal?.name == "listen")
        #expect(refusal?.message.contains("--insecure") == true)
        _ = try ServerSettings(listen: listen, allowsInsecure: true)
        _ = try ServerSettings(listen: listen, tlsCertificate: "a.pem", tlsKey: "b.pem")
    }

    @Test(arguments: [
        "", "8420", ":8420", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "::1:8420", "[127.0.0.1]:1",
        "[::1]",
    ])
    func `an address that is none is refused by name`(listen: String) {
        let refusal = #expect(throws: InvalidSetting.self) { try ServerSettings(listen: listen) }
        #expect(refusal?.name == "listen")
    }

    @Test func `a certificate needs its key and a key its certificate`() {
        #expect(throws: InvalidSetting.self) { try ServerSettings(tlsCertificate: "a.pem") }
        #expect(throws: InvalidSetting.self) { try ServerSettings(tlsKey: "a.pem") }
    }

    @Test(arguments: ["10.0.0.0/33", "10.0.0", "proxy", "fd00::/129", "10.0.0.0/-1", "10.0.0.0/"])
    func `a range of proxies that is none is refused by name`(range: String) {
        let refusal = #expect(throws: InvalidSetting.self) { try ServerSettings(trustedProxies: [range]) }
        #expect(refusal?.name == "trusted-proxies")
    }

    @Test func `ranges hold what shares their first bits`() throws {
        func holds(_ range: String, _ address: String) throws -> Bool {
            try AddressRange(parsing: range).contains(try #require(IPAddress(parsing: address)))
        }
        #expect(try holds("10.0.0.0/8", "10.255.0.1"))
        #expect(try !holds("10.0.0.0/8", "11.0.0.1"))
        #expect(try holds("192.0.2.128/25", "192.0.2.200"))
        #expect(try !holds("192.0.2.128/25", "192.0.2.127"))
        #expect(try holds("192.0.2.7", "::ffff:192.0.2.7"))
        #expect(try holds("fd00::/8", "fdab::1"))
        #expect(try !holds("0.0.0.0/0", "::1"))
        #expect(try holds("0.0.0.0/0", "8.8.8.8"))
    }
}
