import Testing

@testable import Identity

@Suite struct PasswordHashTests {
    private static let salt = Array("sixteen bytes of".utf8)
    private static let known = PasswordHash(of: "correct horse battery", salt: salt)

    /// Section 12 of RFC 7914. The first vector has neither password nor salt, and neither is ever empty here; the last takes 1 GiB.
    @Test(arguments: [
        (
            "password", "NaCl", 1_024, 8, 16,
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
        ),
        (
            "pleaseletmein", "SodiumChloride", 16_384, 8, 1,
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
        ),
    ])
    func `scrypt gives the vectors of RFC 7914`(
        password: String, salt: String, n: Int, r: Int, p: Int, expected: String
    ) {
        let bytes = PasswordHash.derive(Array(password.utf8), Array(salt.utf8), n: n, r: r, p: p, count: 64)
        let digits = Array("0123456789abcdef".utf8)
        let text = String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
        #expect(text == expected)
    }

    @Test func `a hash says how it was made, and is read back as it was written`() throws {
        let encoded = Self.known.encoded
        #expect(encoded.hasPrefix("$scrypt$ln=15,r=8,p=1$c2l4dGVlbiBieXRlcyBvZg$"))
        #expect(!encoded.contains("=$") && !encoded.hasSuffix("="))
        let read = try PasswordHash(parsing: encoded)
        #expect(read == Self.known)
        #expect(read.encoded == encoded)
        #expect(read.verify("correct horse battery"))
    }

    @Test(arguments: [
        "correct horse batterx", "correct horse battery ", "Correct horse battery", "", "short",
        String(repeating: "x", count: 1_025),
    ])
    func `another password does not fit`(password: String) {
        #expect(!Self.known.verify(password))
    }

    @Test func `the same password with another salt has another hash`() {
        let other = PasswordHash(of: "correct horse battery", salt: [UInt8](repeating: 7, count: 16))
        #expect(other.encoded.split(separator: "$").last != Self.known.encoded.split(separator: "$").last)
    }

    @Test func `a hash made elsewhere at a higher cost is verified at that cost`() throws {
        let salt = [UInt8](repeating: 9, count: 32)
        let hash = PasswordHash.derive(Array("correct horse battery".utf8), salt, n: 1 << 16, r: 8, p: 2, count: 32)
        let text = "$scrypt$ln=16,r=8,p=2$" + Base64.standard.encode(salt) + "$" + Base64.standard.encode(hash)
        #expect(try PasswordHash(parsing: text).verify("correct horse battery"))
        let cheaper = text.replacing("p=2", with: "p=1")
        #expect(try !PasswordHash(parsing: cheaper).verify("correct horse battery"))
    }

    @Test func `nobody's hash fits no password`() {
        #expect(!PasswordHash.ofNobody.verify("correct horse battery"))
    }

    @Test func `a hash does not show itself`() {
        var text = ""
        dump(Self.known, to: &text)
        #expect(!"\(Self.known) \(text)".contains("c2l4dGVlbiBieXRlcyBvZg"))
    }

    private static let goodSalt = "c2l4dGVlbiBieXRlcyBvZg"
    private static let goodHash = String(repeating: "A", count: 43)

    @Test(arguments: [
        "", "$", "scrypt$ln=15,r=8,p=1$\(goodSalt)$\(goodHash)", "$scrypt$ln=15,r=8,p=1$\(goodSalt)",
        "$scrypt$ln=15,r=8,p=1$\(goodSalt)$\(goodHash)$", "$argon2id$ln=15,r=8,p=1$\(goodSalt)$\(goodHash)",
        "$scrypt$ln=14,r=8,p=1$\(goodSalt)$\(goodHash)", "$scrypt$ln=19,r=8,p=1$\(goodSalt)$\(goodHash)",
        "$scrypt$ln=015,r=8,p=1$\(goodSalt)$\(goodHash)", "$scrypt$ln=15,r=4,p=1$\(goodSalt)$\(goodHash)",
        "$scrypt$ln=15,r=8,p=0$\(goodSalt)$\(goodHash)", "$scrypt$ln=15,r=8,p=5$\(goodSalt)$\(goodHash)",
        "$scrypt$ln=15,p=1,r=8$\(goodSalt)$\(goodHash)", "$scrypt$ln=15,r=8,p=1,x=1$\(goodSalt)$\(goodHash)",
        "$scrypt$ln=+15,r=8,p=1$\(goodSalt)$\(goodHash)",
        "$scrypt$ln=9999999999999999999,r=8,p=1$\(goodSalt)$\(goodHash)",
        "$scrypt$ln=15,r=8,p=1$\(goodSalt)==$\(goodHash)", "$scrypt$ln=15,r=8,p=1$c2hvcnQ$\(goodHash)",
        "$scrypt$ln=15,r=8,p=1$\(goodSalt)$\(goodHash)=", "$scrypt$ln=15,r=8,p=1$\(goodSalt)$\(goodHash.dropLast())B",
        "$scrypt$ln=15,r=8,p=1$\(goodSalt)$QUFB",
        "$scrypt$ln=15,r=8,p=1$\(goodSalt)$\(String(repeating: "A", count: 400))",
    ])
    func `what is no hash of these parameters is refused`(text: String) {
        #expect(throws: InvalidPasswordHash.self) { try PasswordHash(parsing: text) }
    }
}

@Suite struct PasswordRuleTests {
    @Test func `a length within the bounds is taken, one outside is not`() {
        let most = String(repeating: "0123456789abcdef", count: 64)
        #expect(PasswordRule.fault(in: "elevenbytes", userName: "ada") == .tooShort)
        #expect(PasswordRule.fault(in: "twelve bytes", userName: "ada") == nil)
        #expect(PasswordRule.fault(in: most, userName: "ada") == nil)
        #expect(PasswordRule.fault(in: most + "x", userName: "ada") == .tooLong)
    }

    @Test func `the user's own name is no password, in whatever case`() {
        #expect(PasswordRule.fault(in: "Ada.Lovelace.King", userName: "ada.lovelace.king") == .isName)
        #expect(PasswordRule.fault(in: "ada.lovelace.king.1", userName: "ada.lovelace.king") == nil)
    }

    @Test(arguments: ["password1234", "PassWord1234", "123456789012", "qwertyuiop123", "aaaaaaaaaaaa", "abababababab"])
    func `what everybody tries first is refused`(password: String) {
        #expect(PasswordRule.fault(in: password, userName: "ada") == .common)
    }

    @Test func `every fault says what to do in one sentence`() {
        for fault in PasswordRule.Fault.allCases { #expect(fault.message.hasSuffix(".")) }
        #expect(PasswordRule.Fault.tooShort.message.contains("12"))
    }
}
