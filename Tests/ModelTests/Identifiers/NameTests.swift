import ConfigPlatformModel
import Testing

@Suite struct NameTests {
    /// The message of the refusal; nil where the text is a name.
    private func refusal<Name>(_ parse: () throws(InvalidIdentifier) -> Name) -> String? {
        do throws(InvalidIdentifier) {
            _ = try parse()
            return nil
        } catch {
            return error.message
        }
    }

    private func refusalAsProject(_ text: String) -> String? {
        refusal { () throws(InvalidIdentifier) in try ProjectName(parsing: text) }
    }

    private func refusalAsEnvironment(_ text: String) -> String? {
        refusal { () throws(InvalidIdentifier) in try EnvironmentName(parsing: text) }
    }

    private func refusalAsPrincipal(_ text: String) -> String? {
        refusal { () throws(InvalidIdentifier) in try Principal(parsing: text) }
    }

    @Test(arguments: [
        "a", "0", "shop", "a.b_c-d", "a..b", "a-", "a.", "a_", "2026-11", String(repeating: "a", count: 63),
    ])
    func `lower-case letters, digits, dots, underscores and hyphens make a name`(text: String) throws {
        #expect(try ProjectName(parsing: text).rawValue == text)
        #expect(try EnvironmentName(parsing: text).rawValue == text)
        #expect(try TokenName(parsing: text).rawValue == text)
    }

    @Test(arguments: [
        "", String(repeating: "a", count: 64), "A", "aB", "shop ", " shop", "a b", "a\n", "a\t", "a\0", "\0", "a\u{7F}",
        "a\u{85}", ".", "..", ".a", "-a", "_a", "@a", "a/b", "a/../b", "../a", "/a", "a\\b", "..\\a", "a%2fb", "%2e%2e",
        "a:b",
        "a*", "a'", "a\"", "a;b", "a$b", "a{b", "é", "e\u{301}", "\u{FF41}", "\u{430}", "\u{212A}", "ß", "a\u{200B}",
        "a\u{202E}",
        "\u{1D41A}", "\u{661}",
    ])
    func `anything else is refused as a name of a project, an environment or a token`(text: String) {
        #expect(refusalAsProject(text) != nil)
        #expect(refusalAsEnvironment(text) != nil)
        #expect(refusal { () throws(InvalidIdentifier) in try TokenName(parsing: text) } != nil)
    }

    @Test func `an at sign is for environments and tokens, not for projects`() throws {
        #expect(try EnvironmentName(parsing: "billing@docker").rawValue == "billing@docker")
        #expect(try TokenName(parsing: "ci@host").rawValue == "ci@host")
        #expect(refusalAsProject("billing@docker") != nil)
    }

    @Test func `a refusal names the text, the rule and what it was meant to be`() throws {
        #expect(
            refusalAsProject("My Shop")
                == "'My Shop' is not a name for a project: use 1 to 63 lower-case letters, digits, '.', '_' or '-', beginning "
                + "with a letter or a digit.")
        let message = try #require(refusalAsEnvironment("Prod"))
        #expect(message.contains("'Prod' is not a name for an environment") && message.contains("'@'"))
    }

    @Test func `a refusal shows at most eighty characters, and none that could steer a terminal`() throws {
        let long = try #require(refusalAsProject(String(repeating: "X", count: 100_000)))
        #expect(long.contains("'" + String(repeating: "X", count: 80) + "…'"))
        #expect(long.utf8.count < 300)
        for hostile in ["\u{1B}[2J", "\u{9B}2J", "\u{202E}txt", "\u{2028}", "\u{2066}", "\u{0}", "\u{7F}", "\u{85}"] {
            let message = try #require(refusalAsProject(hostile))
            #expect(message.contains("\u{FFFD}"))
            #expect(!message.contains(hostile), "\(hostile.unicodeScalars.map(\.value))")
        }
    }

    @Test func `names are ordered by their bytes`() throws {
        let names = try ["a", "a-b", "a.b", "a0", "a_b", "aa", "b"].map { try EnvironmentName(parsing: $0) }
        #expect(names.shuffled().sorted() == names)
        let projects = try ["a-b", "a.b", "a0", "b"].map { try ProjectName(parsing: $0) }
        #expect(projects.shuffled().sorted() == projects)
    }

    @Test(arguments: [
        "system", "token:deploy-bot", "user:alice@example.com", "!", "~", String(repeating: "p", count: 200),
    ])
    func `a principal is printable ASCII without spaces`(text: String) throws {
        #expect(try Principal(parsing: text).rawValue == text)
    }

    @Test(arguments: [
        "", String(repeating: "p", count: 201), "a b", " ", "a\n", "a\u{7F}", "a\0", "é", "token:\u{430}",
    ])
    func `anything else is refused as a principal`(text: String) {
        #expect(refusalAsPrincipal(text) != nil)
    }

    @Test func `a token's principal carries the token's name`() throws {
        #expect(try Principal.token(TokenName(parsing: "deploy-bot")) == Principal(parsing: "token:deploy-bot"))
        #expect(try Principal.system == Principal(parsing: "system"))
    }
}
