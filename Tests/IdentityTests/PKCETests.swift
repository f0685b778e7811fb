import Identity
import Testing

@Suite struct PKCETests {
    @Test func `verifier and challenge are those of RFC 7636, appendix B`() {
        let pkce = PKCE(randomBytes: [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191,
            240, 91, 88, 5, 88, 83, 132, 141, 121,
        ])
        #expect(pkce.verifier == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        #expect(pkce.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    }

    @Test func `a verifier of the most bytes has the most characters`() {
        #expect(PKCE(randomBytes: [UInt8](repeating: 0xFF, count: 96)).verifier.count == 128)
    }
}
