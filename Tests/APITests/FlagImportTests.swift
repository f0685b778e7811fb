import ConfigPlatformFlags
import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

@Suite("Imports of flags over the API")
struct FlagImportTests {
    private static let shop = ServerUnderTest.shop

    private static let definition = """
        { "flags": {
            "banner": {"state": "ENABLED", "description": "Shows it", "variants": {"on": true, "off": false}, "defaultVariant": "off",
              "targeting": {"if": [{"$ref": "inside us"}, "on"]}},
            "limit": {"state": "ENABLED", "variants": {"few": 1, "many": 20}, "defaultVariant": "few"},
            "broken": {"state": "ENABLED", "variants": {"a": "x"}, "defaultVariant": "a", "targeting": {"frobnicate": []}},
            "nothing": {"state": "ENABLED", "variants": {}} },
          "$evaluators": {"inside us": {"===": [{"var": "country"}, "US"]}} }
        """

    private static func query(_ more: (String, String)...) -> [(String, String)] {
        [("format", "flagd"), ("environment", "staging")] + more
    }

    private static func file(_ text: String, type: String = "application/json") -> WireClient.Body {
        .bytes(Array(text.utf8), type: type)
    }

    private static func form(_ parts: (name: String, file: String?, text: String)...) -> WireClient.Body {
        var text = ""
        for part in parts {
            text += "--b0undary\r\nContent-Disposition: form-data; name=\"\(part.name)\""
            if let file = part.file { text += "; filename=\"\(file)\"" }
            text += "\r\nContent-Type: application/octet-stream\r\n\r\n\(part.text)\r\n"
        }
        return .bytes(Array((text + "--b0undary--\r\n").utf8), type: "multipart/form-data; boundary=b0undary")
    }

    private static func notices(_ answer: JSONValue, _ severity: String, of key: String) -> [JSONValue] {
        (answer["notices"]?.arrayValue ?? []).filter {
            $0["severity"] == .string(severity) && $0["key"] == .string(key)
        }
    }

    @Test func `a definition is taken in as one change, with a report of every flag that was not`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let answer = try await test.send(
                "POST", "\(Self.shop)/import", query: Self.query(), body: Self.file(Self.definition))
            #expect(answer.status == 201, "\(answer.text)")
            let json = try answer.json()
            #expect(json["flags"] == 3)
            #expect(json["segments"] == 1)
            #expect(json["settings"] == nil)
            #expect(json["revision"] == 2)
            #expect(
                json["source"] == ["operation": "import", "format": "flagd", "environment": "staging", "mode": "merge"])
            let written = (json["operations"]?.arrayValue ?? []).map {
                "\($0["kind"]?.stringValue ?? "") \($0["key"]?.stringValue ?? "")"
            }
            #expect(
                Set(written) == [
                    "segment inside-us", "flag banner", "flag limit", "flag broken", "flag-rule banner",
                    "flag-rule limit",
                    "flag-rule broken",
                ])
            #expect(Self.notices(json, "error", of: "broken").count == 1)
            #expect(Self.notices(json, "error", of: "nothing").first?["pointer"] == "/flags/nothing")
            #expect(Self.notices(json, "information", of: "inside us").count == 1)
            let again = try await test.send(
                "POST", "\(Self.shop)/import", query: Self.query(), body: Self.file(Self.definition))
            #expect(again.status == 200)
            #expect(try again.json()["changed"] == false)
        }
    }

    @Test func `what was imported evaluates the same when it is exported`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let dry = try await test.send(
                "POST", "\(Self.shop)/import", query: Self.query(("dryRun", "true")), body: Self.file(Self.definition))
            #expect(try dry.json()["dryRun"] == true)
            #expect(test.revision == 1)
            try await test.send("POST", "\(Self.shop)/import", query: Self.query(), body: Self.file(Self.definition))
            let exported = try await test.get(
                "\(Self.shop)/export", query: [("environment", "staging"), ("format", "flagd")])
            #expect(exported.header("Content-Type") == "application/json")
            #expect(
                exported.header("Content-Disposition") == "attachment; filename=\"shop-staging-r2.flagd.json\"")
            let document = try exported.json()
            #expect(document["flags"]?["banner"]?["description"] == "Shows it")
            let (before, after) = (
                try FlagSet(
                    document: JSONValue(parsing: Self.definition.replacing(/,\s*"nothing": [^\n]*/, with: " },"))),
                try FlagSet(document: document)
            )
            for key in ["banner", "limit"] {
                for context: JSONObject in [[:], ["country": "US"], ["country": "DE"], ["targetingKey": "u"]] {
                    let expected = before.resolve(key, FlagContext(context), as: nil, at: 0)
                    let found = after.resolve(key, FlagContext(context), as: nil, at: 0)
                    #expect(found.variant?.name == expected.variant?.name && found.reason == expected.reason)
                }
            }
            let other = try await test.get(
                "\(Self.shop)/export", query: [("environment", "production"), ("format", "flagd")])
            #expect(try other.json()["flags"]?["banner"]?["state"] == "DISABLED", "production has no rule")
            let then = try await test.get(
                "\(Self.shop)/export", query: [("environment", "staging"), ("format", "flagd"), ("at", "1")])
            #expect(try then.json()["flags"] == [:])
        }
    }

    @Test func `settings and flags come together as one change, each file with its own notices`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let answer = try await test.send(
                "POST", "\(Self.shop)/import", query: [("environment", "staging"), ("mode", "replace")],
                body: Self.form(
                    ("dotenv", "demo.env", "MAIL_HOST=mail.example\nMAIL_HOST=smtp.example\n"),
                    ("file", "demo.flagd.json", Self.definition)))
            #expect(answer.status == 201, "\(answer.text)")
            let json = try answer.json()
            #expect(json["settings"] == 1)
            #expect(json["flags"] == 3)
            #expect(json["revision"] == 2)
            #expect(json["source"]?["formats"] == ["dotenv", "flagd"])
            let files = Set((json["notices"]?.arrayValue ?? []).compactMap { $0["file"]?.stringValue })
            #expect(files == ["demo.env", "demo.flagd.json"])
            let read = try await test.get("\(Self.shop)/environments/staging/settings/MAIL_HOST")
            #expect(try read.json()["value"] == "smtp.example")
        }
    }

    @Test func `replace ends rules that the file lacks, and flags of which nothing is said any more`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            func take(_ text: String, into environment: String, _ mode: String) async throws -> JSONValue {
                let answer = try await test.send(
                    "POST", "\(Self.shop)/import",
                    query: [("format", "flagd"), ("environment", environment), ("mode", mode)], body: Self.file(text))
                #expect(answer.status == 201, "\(answer.text)")
                return try answer.json()
            }
            let both =
                #"{"flags": {"a": {"state": "ENABLED", "variants": {"x": 1}}, "b": {"state": "ENABLED", "variants": {"x": 1}}}}"#
            let neither = #"{"flags": {"c": {"state": "ENABLED", "variants": {"x": 1}}}}"#
            _ = try await take(both, into: "staging", "merge")
            _ = try await take(
                #"{"flags": {"b": {"state": "ENABLED", "variants": {"x": 1}}}}"#, into: "production", "merge")
            let replaced = try await take(neither, into: "staging", "replace")
            let operations = (replaced["operations"]?.arrayValue ?? [])
                .map {
                    "\($0["op"]?.stringValue ?? "") \($0["kind"]?.stringValue ?? "") \($0["key"]?.stringValue ?? "")"
                }
            #expect(
                Set(operations) == [
                    "put flag c", "put flag-rule c", "delete flag-rule a", "delete flag-rule b", "delete flag a",
                ])
            #expect(Self.notices(replaced, "information", of: "a").count == 1)
            #expect(Self.notices(replaced, "information", of: "b").isEmpty)
        }
    }

    @Test func `a flag that is active gets another type only where everything is replaced, and it is said`()
        async throws
    {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let first = #"{"flags": {"f": {"state": "ENABLED", "variants": {"on": true}, "description": "old"}}}"#
            let second = #"{"flags": {"f": {"state": "ENABLED", "variants": {"half": 0.5}}}}"#
            try await test.send("POST", "\(Self.shop)/import", query: Self.query(), body: Self.file(first))
            let problem = try await test.refused(
                .invalidChange, "POST", "\(Self.shop)/import", query: Self.query(), body: Self.file(second))
            #expect(problem["violations"]?.arrayValue?.first?["key"] == "f")
            let answer = try await test.send(
                "POST", "\(Self.shop)/import", query: Self.query(("mode", "replace")), body: Self.file(second))
            #expect(answer.status == 201)
            #expect(Self.notices(try answer.json(), "warning", of: "f").count == 1)
            try await test.json(201, "POST", "\(Self.shop)/rollback", body: ["toRevision": 2])
            let exported = try await test.get(
                "\(Self.shop)/export", query: [("environment", "staging"), ("format", "flagd")])
            #expect(try exported.json()["flags"]?["f"]?["variants"] == ["on": true])
        }
    }

    @Test func `what a file does not say of a flag stays as it is`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(
                201, "POST", "\(Self.shop)/changes",
                body: [
                    "message": "a flag",
                    "operations": [
                        [
                            "op": "put", "kind": "flag", "key": "limit",
                            "value": [
                                "type": "double", "variants": ["few": 1.5], "owner": "ann", "tags": ["shop"],
                                "description": "How many",
                            ],
                        ],
                        [
                            "op": "put", "kind": "flag", "key": "banner",
                            "value": ["type": "boolean", "variants": ["on": true], "lifecycle": "archived"],
                        ],
                    ],
                ])
            let answer = try await test.send(
                "POST", "\(Self.shop)/import", query: Self.query(), body: Self.file(Self.definition))
            #expect(answer.status == 201, "\(answer.text)")
            let json = try answer.json()
            #expect(Self.notices(json, "error", of: "banner").count == 1, "it is archived")
            let limit = (json["operations"]?.arrayValue ?? []).first { $0["key"] == "limit" && $0["kind"] == "flag" }
            #expect(
                limit?["after"]?["value"] == [
                    "type": "double", "variants": ["few": 1, "many": 20], "owner": "ann", "tags": ["shop"],
                    "description": "How many",
                ])
        }
    }

    @Test func `other platforms' exports come in with what they cannot carry over`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let launchDarkly = """
                {"items": [{"key": "f", "variations": [{"_id": "1", "value": true}, {"_id": "2", "value": false}], "environments": {
                  "live": {"on": true, "offVariation": 1, "fallthrough": {"variation": 1},
                    "rules": [{"variation": 0, "clauses": [{"attribute": "x", "op": "matches", "values": ["a.c"]}]}]},
                  "test": {"on": false, "offVariation": 1, "fallthrough": {"variation": 0}} }}]}
                """
            let query = [("format", "launchdarkly"), ("environment", "staging")]
            let problem = try await test.refused(
                .unreadableFile, "POST", "\(Self.shop)/import", query: query, body: Self.file(launchDarkly))
            #expect(problem["detail"]?.stringValue?.contains("live, test") == true)
            let answer = try await test.send(
                "POST", "\(Self.shop)/import", query: query + [("fileEnvironment", "live")],
                body: Self.file(launchDarkly))
            #expect(answer.status == 201, "\(answer.text)")
            #expect(Self.notices(try answer.json(), "error", of: "f").count == 2)
            let unleash =
                #"{"version": 2, "features": [{"name": "u", "enabled": true, "strategies": [{"name": "default"}]}]}"#
            let flagsmith =
                #"{"project": {"segments": []}, "feature_states": [{"feature": {"name": "s"}, "enabled": true, "feature_state_value": null}]}"#
            for (format, file) in [("unleash", unleash), ("flagsmith", flagsmith)] {
                let answer = try await test.send(
                    "POST", "\(Self.shop)/import", query: [("format", format), ("environment", "staging")],
                    body: Self.file(file))
                #expect(answer.status == 201, "\(answer.text)")
                #expect(try answer.json()["flags"] == 1)
            }
        }
    }

    @Test func `who may not write flags imports none, and who may not read them learns nothing of them`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.send("POST", "\(Self.shop)/import", query: Self.query(), body: Self.file(Self.definition))
            let settings = try await test.restricted(
                "settings", [["actions": ["read", "write"], "kinds": ["setting"]]])
            let rules = try await test.restricted(
                "rules", [["actions": ["read", "write"], "kinds": ["flag-rule", "setting"]]])
            for token in [settings, rules] {
                for query in [Self.query(), Self.query(("dryRun", "true")), Self.query(("mode", "replace"))] {
                    try await test.refused(
                        .forbidden, "POST", "\(Self.shop)/import", query: query, body: Self.file(Self.definition),
                        token: token)
                }
                try await test.refused(
                    .forbidden, "GET", "\(Self.shop)/export", query: [("environment", "staging"), ("format", "flagd")],
                    token: token)
            }
            let writer = try await test.restricted("blind", [["actions": ["write"]]])
            let other = #"{"flags": {"limit": {"state": "ENABLED", "variants": {"few": 2}}}}"#
            let answer = try await test.send(
                "POST", "\(Self.shop)/import", query: Self.query(("dryRun", "true")), body: Self.file(other),
                token: writer)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try answer.json()["notices"] == [])
            #expect(try answer.json()["operations"] == [])
        }
    }

    @Test func `files that cannot be taken are refused as a whole`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let path = "\(Self.shop)/import"
            for text in ["{", "[]", "{\"flags\": 1}", "\u{FEFF}"] {
                try await test.refused(
                    .unreadableFile, "POST", path, query: Self.query(), body: Self.file(text))
            }
            try await test.refused(
                .invalidRequest, "POST", path, query: [("format", "openfeature"), ("environment", "staging")],
                body: Self.file("{}"))
            for format in ["unleash", "YAML"] {
                let problem = try await test.refused(
                    .invalidRequest, "GET", "\(Self.shop)/export",
                    query: [("format", format), ("environment", "staging")])
                #expect(
                    problem["detail"]?.stringValue?.hasPrefix(
                        "'format' is one of json, yaml, toml, dotenv, properties, flagd, not ") == true)
            }
            try await test.refused(
                .notFound, "POST", path, query: [("format", "flagd"), ("environment", "nowhere")],
                body: Self.file(Self.definition))
            let environment = [("environment", "staging")]
            try await test.refused(
                .unreadableFile, "POST", path, query: environment,
                body: Self.form(("dotenv", nil, "A=1\n"), ("flagd", "x.json", "{")))
            try await test.refused(
                .invalidRequest, "POST", path, query: environment, body: Self.form(("file", "demo.txt", "A=1\n")))
            try await test.refused(
                .invalidRequest, "POST", path, query: Self.query(), body: Self.form(("dotenv", nil, "A=1\n")))
            for (body, type) in [
                ("", "multipart/form-data; boundary=b"), ("--b--", "multipart/form-data; boundary=b"),
                ("--b\r\n\r\n\r\n--b--", "multipart/form-data; boundary=b"),
                (
                    "--b\r\nContent-Disposition: form-data; name=\"dotenv\"\r\n\r\nA=1",
                    "multipart/form-data; boundary=b"
                ),
                ("--b\r\nno header ends", "multipart/form-data; boundary=\"b\""), ("--b--", "multipart/form-data"),
            ] {
                try await test.refused(
                    .invalidRequest, "POST", path, query: environment, body: Self.file(body, type: type))
            }
        }
    }
}
