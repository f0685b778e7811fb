import ConfigPlatformModel
import TestSupport
import Testing

@Suite struct DigestTests {
    /// FIPS 180-4 examples.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `a digest is SHA-256`(text: String, digits: String) {
        #expect(Digest.of(Array(text.utf8)).hexadecimal == digits)
    }

    @Test func `hexadecimal reads back`() throws {
        try SeededGenerator.runs(50) { random in
            let bytes = (0..<32).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let digest = try #require(Digest(bytes))
            #expect(Digest(hexadecimal: digest.hexadecimal) == digest, "\(random)")
            #expect(digest.bytes == bytes)
        }
    }

    @Test(arguments: [
        "", String(repeating: "0", count: 63), String(repeating: "0", count: 65), String(repeating: "A", count: 64),
        String(repeating: "g", count: 64), String(repeating: "0", count: 63) + " ", String(repeating: "é", count: 32),
    ])
    func `a digest in text is 64 lower-case hexadecimal digits`(text: String) {
        #expect(Digest(hexadecimal: text) == nil)
    }

    @Test func `a digest is 32 bytes`() {
        #expect(Digest([UInt8](repeating: 0, count: 31)) == nil)
        #expect(Digest([UInt8](repeating: 0, count: 33)) == nil)
        #expect(Digest([UInt8](repeating: 0, count: 32)) == .zero)
    }
}
