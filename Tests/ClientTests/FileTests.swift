import Foundation
import Testing

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel

@Suite struct DurableFileTests {
    @Test func `a file is replaced as a whole, for its owner only, and nothing is left beside it`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/file"
            try DurableFile.replace(path, with: Array("one".utf8))
            try DurableFile.replace(path, with: Array("two".utf8))
            #expect(try DurableFile.read(path, bytesMax: 10) == Array("two".utf8))
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
        }
    }

    @Test func `where the file cannot be written it stays as it was, and nothing is left beside it`() async throws {
        try await withTemporaryFolder { folder in
            // A folder in the file's place: the content is written, and cannot be renamed over it.
            try FileManager.default.createDirectory(atPath: folder + "/file", withIntermediateDirectories: false)
            #expect(throws: DurableFile.Failure.self) { try DurableFile.replace(folder + "/file", with: [1]) }
            #expect(throws: DurableFile.Failure.self) { try DurableFile.replace(folder + "/none/file", with: [1]) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
        }
    }

    @Test func `no file is nil, and what others may write, is no file or is too large is refused`() async throws {
        try await withTemporaryFolder { folder in
            #expect(try DurableFile.read(folder + "/none", bytesMax: 10) == nil)
            #expect(throws: DurableFile.Failure.self) { try DurableFile.read(folder, bytesMax: 10) }
            let path = folder + "/file"
            try DurableFile.replace(path, with: [1, 2, 3])
            #expect(throws: DurableFile.Failure.self) { try DurableFile.read(path, bytesMax: 2) }
            #expect(try DurableFile.read(path, bytesMax: 3) == [1, 2, 3])
            try FileManager.default.setAttributes([.posixPermissions: 0o620], ofItemAtPath: path)
            #expect(throws: DurableFile.Failure.self) { try DurableFile.read(path, bytesMax: 3) }
        }
    }
}

@Suite struct LastKnownGoodTests {
    private func place(
        _ server: String = "https://cfg.example.org", _ project: String = "shop", _ environment: String = "production"
    ) throws -> FollowedPlace {
        FollowedPlace(
            server: try ServerAddress(parsing: server), project: try ProjectName(parsing: project),
            environment: try EnvironmentName(parsing: environment))
    }

    private func file() throws -> LastKnownGood<SettingsDocument> {
        LastKnownGood<SettingsDocument>(
            place: try place(), token: try RevisionToken(parsing: "42-0f1e2d3c4b5a6978"), entityTag: "\"tag\"",
            confirmedAt: try Timestamp(parsing: "2026-11-23T06:00:00Z"),
            content: try #require(SettingsDocument(JSONValue(parsing: #"{"a":{"b":"line\nend"}}"#))))
    }

    @Test func `what was written reads back`() throws {
        #expect(try LastKnownGood<SettingsDocument>(file().encoded(), for: place()) == file())
    }

    @Test func `the form is as documented`() throws {
        let lines = String(decoding: try file().encoded(), as: UTF8.self).split(separator: "\n").map(String.init)
        #expect(lines.count == 3)
        #expect(lines[0].hasPrefix("configplatform-last-known-good 1 "))
        #expect(
            lines[0].split(separator: " ")[2] == Digest.of(Array((lines[1] + "\n" + lines[2] + "\n").utf8)).hexadecimal)
        #expect(
            lines[1]
                == #"{"confirmedAt":"2026-11-23T06:00:00.000000Z","entityTag":"\"tag\"","environment":"production","#
                + #""project":"shop","server":"https://cfg.example.org","token":"42-0f1e2d3c4b5a6978"}"#)
        #expect(lines[2] == #"{"a":{"b":"line\nend"}}"#)
    }

    @Test func `a file with any one byte altered, and one cut anywhere, is refused`() throws {
        let whole = try file().encoded()
        for index in whole.indices {
            var damaged = whole
            damaged[index] ^= 0x01
            #expect(throws: RefusedFile.self, "byte \(index)") {
                try LastKnownGood<SettingsDocument>(damaged, for: place())
            }
            #expect(throws: RefusedFile.self, "cut at \(index)") {
                try LastKnownGood<SettingsDocument>(Array(whole[..<index]), for: place())
            }
        }
    }

    @Test func `settings of another platform, project or environment are refused`() throws {
        let bytes = try file().encoded()
        for place in [
            try place("https://other.example.org"), try place("https://cfg.example.org", "other"),
            try place("https://cfg.example.org", "shop", "staging"),
        ] {
            #expect(throws: RefusedFile.self) { try LastKnownGood<SettingsDocument>(bytes, for: place) }
        }
        #expect(throws: Never.self) {
            try LastKnownGood<SettingsDocument>(bytes, for: place("HTTPS://CFG.example.org:443/"))
        }
    }

    @Test func `a file of another form is refused by what it is`() throws {
        let text = String(decoding: try file().encoded(), as: UTF8.self)
        let next = text.replacingOccurrences(of: "known-good 1", with: "known-good 2")
        let error = #expect(throws: RefusedFile.self) {
            try LastKnownGood<SettingsDocument>(Array(next.utf8), for: place())
        }
        #expect(error?.description.contains("another version") == true)
    }
}

@Suite struct ServerAddressTests {
    @Test(arguments: [
        ("https://cfg.example.org", "https://cfg.example.org"),
        ("HTTPS://CFG.Example.org:443/", "https://cfg.example.org"),
        ("http://127.0.0.1:8420", "http://127.0.0.1:8420"), ("http://host:80/platform/", "http://host/platform"),
        ("http://[::1]:8420", "http://[::1]:8420"),
    ])
    func `an address is written in one way`(text: String, expected: String) throws {
        #expect(try ServerAddress(parsing: text).text == expected)
    }

    @Test(arguments: [
        "", "cfg.example.org", "ftp://host", "https://", "https://user:pass@host", "https://host?x=1", "https://host#a",
        "https://host:0", "https://host:70000", "not a url",
    ])
    func `what is no address is refused`(text: String) {
        #expect(throws: ConfigPlatformError.self) { try ServerAddress(parsing: text) }
    }

    @Test func `any key can be a segment and any text a query`() throws {
        let address = try ServerAddress(parsing: "https://host/base")
        #expect(
            address.url(path: ["a", "\"x/y\".é ?"], query: [("q", "a&b=c+d"), ("e", "app@docker")])
                == "https://host/base/a/%22x%2Fy%22.%C3%A9%20%3F?q=a%26b%3Dc%2Bd&e=app@docker")
    }
}

@Suite struct AccessTokenTests {
    @Test func `a token is never printed`() {
        let token: AccessToken = "canary"
        var dumped = ""
        dump(token, to: &dumped)
        for text in ["\(token)", String(describing: token), String(reflecting: token), dumped] {
            #expect(!text.contains("canary"))
        }
    }

    @Test func `a token in a file is read anew, without the white space around it`() async throws {
        try await withTemporaryFolder { folder in
            let token = AccessToken.file(folder + "/token")
            #expect(throws: ConfigPlatformError.self) { try token.text() }
            try Data("first\n".utf8).write(to: URL(filePath: folder + "/token"))
            #expect(try token.text() == "first")
            try Data("  second \n".utf8).write(to: URL(filePath: folder + "/token"))
            #expect(try token.text() == "second")
        }
    }

    @Test(arguments: ["", "two words", "line\nend", "ümlaut"])
    func `what cannot be a header is refused, and not repeated`(text: String) {
        let error = #expect(throws: ConfigPlatformError.self) { try AccessToken(text).text() }
        if !text.isEmpty { #expect(error?.detail.contains(text) == false) }
    }
}

@Suite struct BackoffTests {
    @Test func `waits double up to the cap and are drawn from all that lies below`() {
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(1))
        let ceilings = (0..<6).map { _ in backoff.next(fraction: 1) }
        #expect(
            ceilings == [
                .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800), .seconds(1),
                .seconds(1),
            ])
        #expect(backoff.next(fraction: 0) == .zero)
        backoff.reset()
        #expect(backoff.next(fraction: 0.5) == .milliseconds(50))
        for _ in 0..<100 { #expect(backoff.next(fraction: 1) <= .seconds(1)) }
    }

    @Test func `a wait that the server asks for is kept, and a little more`() {
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(1))
        #expect(backoff.next(retryAfter: .seconds(7), fraction: 0) == .seconds(7))
        #expect(backoff.next(retryAfter: .seconds(7), fraction: 1) == .milliseconds(7_100))
    }
}
