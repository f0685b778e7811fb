import ConfigFormats
import ConfigPlatformModel
import ControlPlane
import TestSupport
import Testing

/// What files of settings come to beside what stands.
@Suite struct ImportTests {
    @Test(arguments: [ConfigFormat.json, .yaml, .toml, .properties], [WriteMode.merge, .replace])
    func `an object that was exported comes back as the value that it was`(
        format: ConfigFormat, mode: WriteMode
    ) async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([
                test.put("o", ["x": 1, "a.b": ["c": true], "": [:], "l": [["d.e": 2]]], in: "base"),
                test.put("p.q", ["r": ["s": "t"]], in: "base"), test.put("n", "text", in: "base"),
            ])
            for environment in ["base", "production"] {
                let before = try await test.document(environment)
                let file = try await test.exported(environment, as: format)
                let outcome = try await test.take(file, as: format, into: environment, mode)
                #expect((outcome.change == nil) == (environment == "base"), "production has what it inherited")
                #expect(try await test.document(environment) == before)
            }
        }
    }

    @Test func `references in an object come back resolved, or stay live where the import says so`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([
                test.put("host", "h", in: "base"), test.put("o", ["u": "http://${host}", "v": "$${x}"], in: "base"),
            ])
            let file = try await test.exported("base", as: .yaml)
            try await test.take(file, as: .yaml, into: "base")
            #expect(try await test.document("base") == #"{"host":"h","o":{"u":"http://h","v":"${x}"}}"#)
            try await test.take(
                Array("o:\n  u: http://${host}/\n  v: $${x}\n".utf8), as: .yaml, into: "base", references: .live)
            try await test.write([test.put("host", "i", in: "base")])
            #expect(try await test.document("base") == #"{"host":"i","o":{"u":"http://i/","v":"${x}"}}"#)
        }
    }

    @Test func `a document for a profile overrides an object whole, as any value`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([test.put("o", ["x": 1], in: "base")])
            let text = "o:\n  x: 5\n---\nspring.config.activate.on-profile: docker\no:\n  y: 6\n"
            try await test.take(Array(text.utf8), as: .yaml, into: "base")
            #expect(try await test.document("base") == #"{"o":{"x":5}}"#)
            #expect(try await test.document("base@docker") == #"{"o":{"y":6}}"#)
        }
    }
}

extension ImportTests {
    /// Lines that cannot be read, as dotenv or properties have them, and where.
    static let unreadable: [(ConfigFormat, String, Int, Int)] = [
        (.dotenv, "A=\"unclosed\nB=2\n", 1, 3), (.dotenv, "B=2\nA=${A}:/x\n", 2, 1), (.dotenv, "B=2\nC\n", 2, 1),
        (.properties, "B=2\nA=\\u12\n", 2, 1),
    ]

    @Test(arguments: unreadable)
    func `a replacing import that could not read a line is refused, naming it, and a merging one takes the rest`(
        format: ConfigFormat, text: String, line: Int, column: Int
    ) async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.take(Array("A=1\nB=1\nC=1\n".utf8), as: format, into: "base")
            await test.expect(.unreadableFile) {
                _ = try await test.take(Array(text.utf8), as: format, into: "base", .replace)
            }
            let problem = await #expect(throws: Problem.self) {
                try await test.take(Array(text.utf8), as: format, into: "base", .replace, dryRun: true)
            }
            #expect(problem?.code == .unreadableFile)
            #expect(problem?.violations.map(\.line) == [line] && problem?.violations.map(\.column) == [column])
            #expect(problem?.detail.contains("'merge'") == true)
            #expect(try await test.document("base") == #"{"A":"1","B":"1","C":"1"}"#)
            try await test.take(Array(text.utf8), as: format, into: "base", .merge)
            #expect(try await test.document("base") == #"{"A":"1","B":"2","C":"1"}"#)
        }
    }

    @Test func `what an environment masks stays masked when its export replaces it, and a file that names it sets it`()
        async throws
    {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([
                test.put("x", 1, in: "base"), test.put("y", 1, in: "base"), test.put("z", 1, in: "production"),
                Operation(.putSetting(try ConfigKey(parsing: "x"), try test.name("production"), .unset)),
            ])
            #expect(try await test.document("production") == #"{"y":1,"z":1}"#)
            let file = try await test.exported("production", as: .yaml)
            try await test.take(file, as: .yaml, into: "production", .replace)
            #expect(try await test.document("production") == #"{"y":1,"z":1}"#)
            try await test.take(Array("y: 2\n".utf8), as: .yaml, into: "production", .replace)
            #expect(try await test.document("production") == #"{"y":2}"#)
            try await test.take(Array("x: 3\n".utf8), as: .yaml, into: "production", .replace)
            #expect(try await test.document("production") == #"{"x":3,"y":1}"#)
        }
    }

    @Test func `of several files every line that could not be read is named with its file`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let files = [("one.env", "A=1\n?\n"), ("two.env", "B=2\n"), ("three.env", "!\nC=3\n")].map { name, text in
                ImportRequest.File(name: name, format: .settings(.dotenv), bytes: Array(text.utf8))
            }
            let request = ImportRequest(
                project: test.project, environment: try test.name("base"), files: files, mode: .replace, message: nil)
            let problem = #expect(throws: Problem.self) { try test.platform.importing(test.caller, request) }
            #expect(problem?.violations.map(\.line) == [2, 1])
            #expect(problem?.violations.first?.message.hasPrefix("'one.env': ") == true)
            #expect(problem?.violations.last?.message.hasPrefix("'three.env': ") == true)
        }
    }
}

extension ImportTests {
    private func notices(_ files: [ImportRequest.File], _ test: PlatformUnderTest) throws -> [ImportNotice] {
        try test.platform.importing(
            test.caller,
            ImportRequest(
                project: test.project, environment: try test.name("base"), files: files, mode: .merge, message: nil)
        ).notices
    }

    private func file(_ name: String?, _ format: ConfigFormat, _ text: String) -> ImportRequest.File {
        ImportRequest.File(name: name, format: .settings(format), bytes: Array(text.utf8))
    }

    @Test func `of a key in two documents or two files the last value counts, with a warning that names both places`()
        async throws
    {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let documents = try notices([file(nil, .yaml, "a: 1\nb: 1\n---\nc: 1\na: 2\n")], test)
            #expect(
                documents == [
                    ImportNotice(.warning, "'a' stands on line 1 already; this later value counts.", line: 5, column: 1)
                ])
            let files = try notices(
                [file("a.yaml", .yaml, "x: 0\na: 1\n"), file("b.json", .json, "{\"a\": 1}")], test)
            var expected = ImportNotice(
                .warning, "'a' stands on line 2 of 'a.yaml' already; this later value counts.", line: 1, column: 2)
            expected.file = "b.json"
            #expect(files == [expected])
            let outcome = try await test.take(Array("a: 1\n---\na: 2\n".utf8), as: .yaml, into: "base")
            #expect(outcome.items.count == 1)
            #expect(try await test.document("base") == #"{"a":2}"#)
        }
    }

    @Test func `documents for different environments repeat nothing`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let text = "a: 1\n---\nspring.profiles: docker\na: 2\n---\nspring.profiles: docker\na: 3\n"
            let warnings = try notices([file(nil, .yaml, text)], test).filter { $0.severity == .warning }
            #expect(warnings.map(\.line) == [7])
            #expect(warnings.first?.message.contains("line 4") == true)
        }
    }

    @Test func `a profile that makes no name of an environment is refused with its place and its file`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let text = "a: 1\n---\nspring:\n  profiles: Prod\na: 2\n"
            for files in [
                [file("a.yaml", .yaml, text)], [file("a.yaml", .yaml, text), file("b.yaml", .yaml, "b: 1\n")],
            ] {
                let problem = #expect(throws: Problem.self) { try notices(files, test) }
                #expect(problem?.code == .unreadableFile)
                #expect(problem?.violations.map(\.line) == [4] && problem?.violations.map(\.column) == [3])
                #expect(problem?.detail.contains("'Prod' on line 4") == true)
                #expect(problem?.detail.hasPrefix("'a.yaml': ") == (files.count > 1))
            }
        }
    }

    @Test func `very many repetitions are counted`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let text = (0..<1_500).map { "k\($0): 1\n" }.joined()
            let notices = try notices([file(nil, .yaml, text + "---\n" + text)], test)
            #expect(notices.count == 1_001)
            #expect(notices.last?.message.hasPrefix("500 further") == true)
        }
    }
}

extension PlatformUnderTest {
    fileprivate func exported(_ environment: String, as format: ConfigFormat) async throws -> [UInt8] {
        try await platform.export(caller, try name(environment), of: project, as: format, at: .now).bytes
    }

    @discardableResult
    fileprivate func take(
        _ bytes: [UInt8], as format: ConfigFormat, into environment: String, _ mode: WriteMode = .merge,
        references: SettingBody.References? = nil, dryRun: Bool = false
    ) async throws -> WriteOutcome {
        let plan = try platform.importing(
            caller,
            ImportRequest(
                project: project, environment: try name(environment), format: format, bytes: bytes, mode: mode,
                references: references, message: nil))
        return try await platform.write(
            caller, WriteRequest(proposal: plan.proposal, action: .import, isDryRun: dryRun))
    }
}
