import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

@Suite struct ComparisonTests {
    private static let shop = ServerUnderTest.shop

    @Test func `two moments differ in what programs read`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(201, "PUT", "\(Self.shop)/environments/base/settings/checkout.timeout", body: 3000)
            let diff = try await test.json(200, "GET", "\(Self.shop)/diff", query: [("from", "1")])
            #expect(diff["from"]?["revision"] == 1)
            #expect(diff["to"]?["revision"] == 2)
            #expect(
                diff["environments"]?.arrayValue?.compactMap { $0["environment"] } == ["base", "production", "staging"])
            let one = try await test.json(
                200, "GET", "\(Self.shop)/diff", query: [("from", "1"), ("to", "2"), ("environment", "base")])
            #expect(
                one["environments"] == [
                    ["environment": "base", "changes": [["key": "checkout.timeout", "before": 2000, "after": 3000]]]
                ])
        }
    }

    @Test func `two environments differ at a moment`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(201, "PUT", "\(Self.shop)/environments/staging/settings/checkout.timeout", body: 3000)
            let query = [("fromEnvironment", "production"), ("toEnvironment", "staging")]
            let diff = try await test.json(200, "GET", "\(Self.shop)/diff", query: query)
            #expect(diff["changes"] == [["key": "checkout.timeout", "before": 2000, "after": 3000]])
            let then = try await test.json(200, "GET", "\(Self.shop)/diff", query: query + [("at", "1")])
            #expect(then["changes"] == [])
        }
    }

    @Test func `a comparison says which of the two it is`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let path = "\(Self.shop)/diff"
            try await test.refused(.invalidRequest, "GET", path)
            try await test.refused(.invalidRequest, "GET", path, query: [("from", "1"), ("at", "1")])
            try await test.refused(.invalidRequest, "GET", path, query: [("from", "1"), ("toEnvironment", "base")])
            try await test.refused(.invalidRequest, "GET", path, query: [("toEnvironment", "base")])
            try await test.refused(.notFound, "GET", path, query: [("from", "1"), ("environment", "nowhere")])
        }
    }

    @Test func `settings are found by key, value, description and tag, in pages`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(
                201, "PUT", "\(Self.shop)/environments/staging/settings/mail.host", body: "SMTP.example")
            try await test.json(
                201, "PUT", "\(Self.shop)/keys/checkout.timeout", body: ["tags": ["slo"], "description": "smtp too"])
            func hits(_ text: String, _ more: (String, String)...) async throws -> [String] {
                let answer = try await test.json(200, "GET", "\(Self.shop)/search", query: [("q", text)] + more)
                return answer["hits"]?.arrayValue?.compactMap { $0["key"]?.stringValue } ?? []
            }
            #expect(try await hits("smtp") == ["checkout.timeout", "mail.host"])
            #expect(try await hits("SLO") == ["checkout.timeout"])
            #expect(try await hits("example", ("environment", "staging")) == ["mail.host"])
            let page = try await test.json(
                200, "GET", "\(Self.shop)/search", query: [("q", "checkout"), ("limit", "1")])
            let next = try #require(page["next"]?.stringValue)
            #expect(try await hits("checkout", ("after", next)) == ["checkout.url"])
            try await test.json(
                201, "PUT", "\(Self.shop)/environments/base/settings/overlap", body: "aabaabaaabAABAAC")
            for (text, isFound) in [("aabaac", true), ("AABAABAAA", true), ("aabaad", false), ("abaabaab", false)] {
                let answer = try await test.json(200, "GET", "\(Self.shop)/search", query: [("q", text)])
                #expect((answer["hits"]?.arrayValue?.count == 1) == isFound, "\(text)")
            }
            // Values are what they are, not how JSON writes them.
            try await test.json(
                201, "PUT", "\(Self.shop)/environments/base/settings/written",
                body: ["path": "C:\\Temp says \"hi\"\nbye", "list": ["one", "two", 37.5, true]])
            for (text, isFound) in [
                ("C:\\temp", true), ("says \"HI\"", true), ("\nbye", true), ("\\nbye", false), ("C:\\\\Temp", false),
                ("one\",\"two", false), ("37.5", true), ("true", true), ("37.5,true", false), ("\"list", false),
            ] {
                #expect(try await hits(text).contains("written") == isFound, "\(text)")
            }
            try await test.refused(.invalidRequest, "GET", "\(Self.shop)/search")
            try await test.refused(.invalidRequest, "GET", "\(Self.shop)/search", query: [("q", "")])
            try await test.refused(
                .invalidRequest, "GET", "\(Self.shop)/search", query: [("q", "a"), ("after", "nowhere")])
        }
    }

    @Test func `a file is taken in as one change and given back`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let file = "checkout:\n  timeout: 42\n  url: https://new.example\nlist: [1, 2]\n"
            let answer = try await test.send(
                "POST", "\(Self.shop)/import",
                query: [
                    ("format", "yaml"), ("environment", "production"), ("mode", "replace"), ("message", "taken in"),
                ],
                body: .bytes(Array(file.utf8), type: "application/octet-stream"))
            #expect(answer.status == 201)
            let json = try answer.json()
            #expect(json["settings"] == 3)
            #expect(json["notices"]?.arrayValue != nil)
            #expect(json["message"] == "taken in")
            #expect(json["source"]?["operation"] == "import")
            let given = try await test.get(
                "\(Self.shop)/export", query: [("environment", "production"), ("format", "yaml")])
            #expect(given.header("Content-Type") == "application/yaml")
            #expect(given.header("Content-Disposition") == "attachment; filename=\"shop-production-r2.yaml\"")
            #expect(given.text.contains("timeout: 42"))
            let again = try await test.send(
                "POST", "\(Self.shop)/import", query: [("environment", "production")],
                body: .bytes(given.body, type: "application/yaml; charset=utf-8"))
            #expect(again.status == 200)
            #expect(try again.json()["changed"] == false)
        }
    }

    @Test func `a file that is to replace everything is taken whole or not at all`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let query = [("format", "dotenv"), ("environment", "staging")]
            let whole = WireClient.Body.bytes(Array("A=1\nB=2\nC=3\n".utf8), type: "text/plain")
            try await test.send("POST", "\(Self.shop)/import", query: query + [("mode", "replace")], body: whole)
            let part = WireClient.Body.bytes(Array("A=\"unclosed\nB=4\n".utf8), type: "text/plain")
            for dryRun in ["true", "false"] {
                let problem = try await test.refused(
                    .unreadableFile, "POST", "\(Self.shop)/import",
                    query: query + [("mode", "replace"), ("dryRun", dryRun)], body: part)
                #expect(problem["violations"]?.arrayValue?.count == 1)
                #expect(problem["violations"]?.arrayValue?.first?["line"] == 1)
                #expect(problem["violations"]?.arrayValue?.first?["column"] == 3)
            }
            let merged = try await test.send("POST", "\(Self.shop)/import", query: query, body: part)
            #expect(merged.status == 201)
            #expect(try merged.json()["notices"]?.arrayValue?.map { $0["severity"] } == ["error"])
            let read = try await test.get("\(Self.shop)/environments/staging/settings")
            #expect(try read.json()["A"] == "1")
            #expect(try read.json()["B"] == "4")
        }
    }

    @Test func `a file that cannot be read is refused with its lines`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let problem = try await test.refused(
                .unreadableFile, "POST", "\(Self.shop)/import", query: [("format", "yaml"), ("environment", "base")],
                body: .bytes(Array("a: 1\nb: [1, 2\nc: 3\n".utf8), type: "application/yaml"))
            #expect(problem["violations"]?.arrayValue?.first?["line"]?.int64Value != nil)
            try await test.refused(
                .unreadableFile, "POST", "\(Self.shop)/import", query: [("format", "json"), ("environment", "base")],
                body: .bytes([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D], type: "application/json"))
            try await test.refused(
                .invalidRequest, "POST", "\(Self.shop)/import", query: [("environment", "base")],
                body: .bytes([0x7B, 0x7D], type: "application/x-unknown"))
            try await test.refused(
                .invalidRequest, "POST", "\(Self.shop)/import", query: [("format", "json")],
                body: .bytes([0x7B, 0x7D], type: "application/json"))
            try await test.refused(
                .notFound, "POST", "\(Self.shop)/import", query: [("format", "json"), ("environment", "nowhere")],
                body: .bytes(Array("{\"a\":1}".utf8), type: "application/json"))
        }
    }
}
