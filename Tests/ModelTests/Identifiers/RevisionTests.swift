import ConfigPlatformModel
import Testing

@Suite struct RevisionTests {
    private func token(_ text: String) -> RevisionToken? { try? RevisionToken(parsing: text) }

    @Test(arguments: [("0", 0), ("1", 1), ("42", 42), ("999999999999999999", 999_999_999_999_999_999)])
    func `a revision is a whole number`(text: String, number: Int64) throws {
        let revision = try Revision(parsing: text)
        #expect(revision.number == number)
        #expect(revision.description == text)
        #expect(revision.next.number == number + 1)
    }

    @Test(arguments: [
        "", "-1", "+1", "1.0", "1e3", " 1", "1 ", "0x1", "one", "1000000000000000000", "٤", "１", "1\u{301}", "1_000",
        "\0",
    ])
    func `anything else is refused as a revision`(text: String) {
        #expect(throws: InvalidIdentifier.self) { try Revision(parsing: text) }
    }

    @Test func `no revision is below zero`() throws {
        #expect(throws: InvalidIdentifier.self) { try Revision(Int64(-1)) }
        #expect(try Revision(Int64(0)) == .zero)
        #expect(try Revision(Int64(3)) < Revision(Int64(20)))
    }

    @Test func `a token is a revision and the first sixteen digits of its digest`() throws {
        let made = RevisionToken(42, Digest.of(Array("abc".utf8)))
        #expect(made.text == "42-ba7816bf8f01cfea")
        #expect(token(made.text) == made)
        #expect(token("42")?.digestPrefix == nil)
        #expect(token("42")?.text == "42")
    }

    @Test(arguments: [
        "", "-", "42-", "-ba7816bf8f01cfea", "42-ba7816bf8f01cfe", "42-ba7816bf8f01cfeaa", "42-BA7816BF8F01CFEA",
        "42-ba7816bf8f01cfeg",
        "42-ba7816bf8f01cfea-", "42--ba7816bf8f01cfe", "x-ba7816bf8f01cfea", "42 -ba7816bf8f01cfea", "42-٠٠٠٠٠٠٠٠",
    ])
    func `anything else is refused as a token`(text: String) {
        #expect(token(text) == nil)
    }
}
