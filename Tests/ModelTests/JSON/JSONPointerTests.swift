import ConfigPlatformModel
import Testing

@Suite struct JSONPointerTests {
    private let document: JSONValue = [
        "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8,
        "~1": 9,
        "deep": [["x": [10]]],
    ]

    private func found(_ pointer: String) throws -> JSONValue? {
        document[try JSONPointer(parsing: pointer)]
    }

    /// The first eleven are those of RFC 6901 section 5.
    @Test(
        arguments: [
            ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/e^f", 3), ("/g|h", 4),
            ("/i\\j", 5), ("/k\"l", 6), ("/ ", 7), ("/m~0n", 8), ("/~01", 9), ("/foo/1", "baz"), ("/deep/0/x/0", 10),
            ("/foo/2", nil), ("/foo/-", nil), ("/foo/00", nil), ("/foo/01", nil), ("/foo/+1", nil), ("/foo/-1", nil),
            ("/foo/", nil),
            ("/foo/99999999999999999999", nil), ("/absent", nil), ("//", nil), ("/foo/0/x", nil), ("/foo/٠", nil),
        ] as [(String, JSONValue?)])
    func `a pointer finds its value`(pointer: String, value: JSONValue?) throws {
        #expect(try found(pointer) == value)
        #expect(try JSONPointer(parsing: pointer).text == pointer)
    }

    @Test func `the empty pointer is the whole document`() throws {
        #expect(try found("") == document)
        #expect(try JSONPointer(parsing: "") == .root)
        #expect(JSONPointer.root.text == "")
    }

    @Test(arguments: [("a", 0), ("#/a", 0), ("/~", 1), ("/a~2b", 2), ("/a/~", 3), ("/~/a", 1), ("/é~x", 3)])
    func `a text that is no pointer is refused at its byte`(text: String, offset: Int) {
        let error = #expect(throws: JSONPointerError.self) { try JSONPointer(parsing: text) }
        #expect(error?.offset == offset)
    }

    @Test func `a pointer's length is limited`() throws {
        let longest = String(repeating: "/", count: JSONPointer.maxBytes)
        #expect(try JSONPointer(parsing: longest).tokens.count == JSONPointer.maxBytes)
        #expect(throws: JSONPointerError.self) { try JSONPointer(parsing: longest + "/") }
    }

    @Test func `tokens are appended unescaped and written escaped`() throws {
        let pointer = JSONPointer.root.appending("a/b~c").appending(3).appending("")
        #expect(pointer.text == "/a~1b~0c/3/")
        #expect(try JSONPointer(parsing: pointer.text) == pointer)
        #expect(pointer.tokens == ["a/b~c", "3", ""])
    }

    @Test func `pointers are compared by their bytes`() throws {
        #expect(try JSONPointer(parsing: "/\u{E9}") != JSONPointer(parsing: "/e\u{301}"))
        #expect(
            try Set([JSONPointer(parsing: "/a/b"), JSONPointer(parsing: "/a~1b"), JSONPointer(parsing: "/a/b")]).count
                == 2)
    }
}
