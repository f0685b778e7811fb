import ConfigPlatformModel
import ControlPlane
import Foundation
import TestSupport
import Testing

/// Whoever may read some keys reads no others, whichever way they ask.
@Suite struct AccessReadingAttackTests {
    private static let base = ServerUnderTest.base
    private static let shop = ServerUnderTest.shop
    private static let staging = "\(shop)/environments/staging"
    /// In every key, value, description, tag and schema that is not the limited reader's.
    private static let canary = "canary"

    /// Two sets of settings side by side: `mine`, with the tag `open`, and `canary`.
    private static func makePlace(_ test: ServerUnderTest) async throws {
        try await test.makeShop()
        func put(_ kind: String, _ key: String, _ value: JSONValue) -> JSONValue {
            ["op": "put", "kind": .string(kind), "key": .string(key), "value": value]
        }
        var operations: [JSONValue] = [
            put("setting-definition", "mine", ["description": "Mine", "tags": ["open"]]),
            put("setting-definition", "canary.k", ["description": "A canary", "tags": ["canary-tag"]]),
            put("setting-definition", "mine.k", ["description": "Mine", "tags": ["open"]]),
            put("setting-definition", "mine.same", ["tags": ["open"]]),
            put("setting-definition", "mine.url", ["tags": ["open"]]),
            put(
                "schema", "canary-schema",
                ["key": "canary.k", "reportOnly": true, "schema": ["type": "integer", "title": "A canary"]]),
            put("schema", "old", ["key": "canary.old", "schema": ["deprecated": true]]),
        ]
        for environment in ["base", "staging", "production"] {
            operations += [
                ServerUnderTest.put("canary.k", .string("canary of \(environment)"), in: environment),
                ServerUnderTest.put("mine.k", .string("mine of \(environment)"), in: environment),
            ]
        }
        operations += [
            ServerUnderTest.put("canary.old", "canary", in: "base"), ServerUnderTest.put("mine.same", 1, in: "base"),
            // What it comes to is for who may read it, whatever it refers to.
            ServerUnderTest.put("mine.url", "at ${mine.k}", in: "base"),
        ]
        try await test.change(operations)
    }

    /// A reader by the beginning of keys, one by tags, and one from whom a part is taken away.
    private static func readers(_ test: ServerUnderTest) async throws -> [(String, ServerUnderTest.Token)] {
        let limits: [(String, JSONValue)] = [
            ("by-keys", [["actions": ["read", "write"], "keys": ["mine"]]]),
            ("by-tags", [["actions": ["read"], "tags": ["open"]], ["actions": ["write"], "keys": ["mine"]]]),
            (
                "by-denial",
                [
                    ["actions": ["read", "write"], "kinds": ["setting", "setting-definition"]],
                    ["effect": "deny", "actions": ["read", "write"], "keys": ["canary", "checkout"]],
                ]
            ),
        ]
        var readers: [(String, ServerUnderTest.Token)] = []
        for (name, permissions) in limits { readers.append((name, try await test.restricted(name, permissions))) }
        return readers
    }

    @Test func `a limited reader finds nothing of the rest on any route`() async throws {
        try await ServerUnderTest.run { test in
            try await Self.makePlace(test)
            let made = test.revision
            try await test.change([
                ServerUnderTest.put("canary.k", "canary again", in: "staging"),
                ServerUnderTest.put("mine.k", "mine again", in: "staging"),
            ])
            let both = test.revision
            let request = try await test.ask([
                ServerUnderTest.put("canary.k", "canary asked", in: "staging"),
                ServerUnderTest.put("mine.k", "mine asked", in: "staging"),
            ])
            let gets: [(String, [(String, String)])] = [
                ("", []), ("/environments", []), ("/environments/staging", []),
                ("/environments/staging/settings", []), ("/environments/staging/settings", [("origin", "true")]),
                ("/environments/staging/settings", [("at", "\(made)")]),
                ("/environments/staging/settings", [("format", "yaml")]),
                ("/environments/staging/settings", [("format", "toml")]),
                ("/environments/staging/settings", [("format", "dotenv")]),
                ("/environments/staging/settings", [("format", "properties")]),
                ("/environments/staging/settings/mine.k", []), ("/environments/base/settings/mine.url", []),
                ("/environments/staging/settings/mine.k/history", []),
                ("/environments/staging/settings/mine.k/schema", []), ("/keys", []), ("/keys/mine.k", []),
                ("/keys", [("at", "\(made)")]), ("/schemas", []), ("/findings", []), ("/validators", []),
                ("/changes", []), ("/changes", [("kind", "setting")]), ("/changes/\(both)", []),
                ("/changes/\(made)", []),
                ("/diff", [("from", "0")]), ("/diff", [("from", "\(made)"), ("environment", "staging")]),
                ("/diff", [("fromEnvironment", "staging"), ("toEnvironment", "production")]),
                ("/search", [("q", "mine")]), ("/search", [("q", "a")]), ("/search", [("q", "open")]),
                ("/export", [("environment", "staging")]),
                ("/export", [("environment", "staging"), ("format", "yaml")]),
                ("/export", [("environment", "staging"), ("format", "dotenv")]), ("/change-requests", []),
                ("/change-requests/\(request)", []), ("/bindings", []), ("/environments/staging/protection", []),
            ]
            for (name, token) in try await Self.readers(test) {
                var readable = 0
                for (path, query) in gets {
                    let answer = try await test.send("GET", Self.shop + path, query: query, token: token)
                    let told = answer.text.replacing(request, with: "").lowercased()
                    // That nothing is in force under that name, in the words of the request, tells nothing.
                    #expect(!told.contains(Self.canary), "\(name): GET \(path) \(query): \(answer.text)")
                    #expect(!told.contains("checkout"), "\(name): GET \(path) \(query): \(answer.text)")
                    if told.contains("mine") { readable += 1 }
                }
                // It is no empty promise: the reader's own is there.
                #expect(readable >= 20, "\(name)")
                let shown = try await test.send("GET", "\(Self.shop)/change-requests/\(request)", token: token)
                #expect(try shown.json()["impact"] == nil, "who does not see all of it has nothing to approve")
                #expect(try shown.json()["operations"]?.arrayValue?.count == 1)
            }
        }
    }

    @Test func `a limited reader follows what is its own and nothing else`() async throws {
        try await ServerUnderTest.run { test in
            try await Self.makePlace(test)
            let start = test.platform.state.token.text
            for (name, token) in try await Self.readers(test) {
                guard case .other(let text) = token else { continue }
                let client = test.client.with(token: text)
                let (_, events) = try await client.events("\(Self.shop)/watch", query: [("environment", "staging")])
                let snapshot = try #require(try await events.nextChange())
                #expect(snapshot.event == "snapshot")
                #expect(snapshot.data["document"]?.objectValue?.names == ["mine"], "\(name)")
                try await test.change([ServerUnderTest.put("canary.k", .string("canary for \(name)"), in: "staging")])
                try await test.change([
                    ServerUnderTest.put("canary.k", .string("canary of \(name)"), in: "staging"),
                    ServerUnderTest.put("mine.k", .string("followed by \(name)"), in: "staging"),
                ])
                let change = try #require(try await events.nextChange())
                #expect(change.data["changes"]?.arrayValue?.compactMap { $0["key"] } == ["mine.k", "mine.url"])
                #expect(change.id == test.platform.state.token.text, "the change that is all hidden is not told of")
                events.close()
                // The same for what happened before.
                let (_, again) = try await client.events("\(Self.shop)/watch", query: [("after", start)])
                var seen = 0
                while let event = try await again.nextChange() {
                    #expect(!"\(event.data)".contains(Self.canary), "\(name): \(event.data)")
                    seen += 1
                    if event.id == test.platform.state.token.text { break }
                }
                #expect(seen > 0)
                again.close()
            }
        }
    }

    @Test func `what a limited writer is told of its own writes holds nothing of the rest`() async throws {
        try await ServerUnderTest.run { test in
            try await Self.makePlace(test)
            let made = test.revision
            for (name, token) in try await Self.readers(test) {
                let writes: [(String, String, [(String, String)], WireClient.Body?)] = [
                    ("PUT", "\(Self.staging)/settings/mine.k", [("dryRun", "true")], .json("x")),
                    ("PUT", "\(Self.staging)/settings/mine.k", [], .json(.string("by \(name)"))),
                    ("DELETE", "\(Self.staging)/settings/mine.k", [("dryRun", "true")], nil),
                    (
                        "POST", "\(Self.shop)/changes", [("dryRun", "true")],
                        .json(["message": "m", "operations": [ServerUnderTest.put("mine.k", "y", in: "base")]])
                    ),
                    (
                        "POST", "\(Self.shop)/validate", [],
                        .json(["message": "m", "operations": [ServerUnderTest.put("mine.k", "y", in: "base")]])
                    ),
                    (
                        "POST", "\(Self.shop)/promote", [("dryRun", "true")],
                        .json(["from": "production", "to": "staging"])
                    ),
                    (
                        "POST", "\(Self.shop)/promote", [("dryRun", "true")],
                        .json(["from": "production", "to": "staging", "keys": ["mine"], "mode": "replace"])
                    ),
                    (
                        "POST", "\(Self.shop)/rollback", [("dryRun", "true")],
                        .json(["toRevision": .int(made), "keys": ["mine"]])
                    ),
                    (
                        "POST", "\(Self.shop)/import",
                        [("format", "json"), ("environment", "staging"), ("dryRun", "true")],
                        .bytes(Array("{\"mine\":{\"k\":7}}".utf8), type: "application/json")
                    ),
                ]
                for (method, path, query, body) in writes {
                    let answer = try await test.send(method, path, query: query, body: body, token: token)
                    #expect(answer.status < 300, "\(name): \(method) \(path): \(answer.text)")
                    #expect(
                        !answer.text.lowercased().contains(Self.canary), "\(name): \(method) \(path): \(answer.text)")
                }
                // A file that is to replace everything would take away what is hidden: refused, and not said what.
                let replace = try await test.send(
                    "POST", "\(Self.shop)/import",
                    query: [("format", "json"), ("environment", "staging"), ("mode", "replace"), ("dryRun", "true")],
                    body: .bytes(Array("{\"mine\":{\"k\":7}}".utf8), type: "application/json"), token: token)
                #expect(replace.status == 403)
                #expect(!replace.text.lowercased().contains(Self.canary), "\(name): \(replace.text)")
                // So would a return to when there was less.
                let rollback = try await test.send(
                    "POST", "\(Self.shop)/rollback", body: .json(["toRevision": 1, "environments": ["staging"]]),
                    token: token)
                #expect(rollback.status == 403)
                #expect(!rollback.text.lowercased().contains(Self.canary), "\(name): \(rollback.text)")
            }
        }
    }

    @Test func `tags give nobody more than who gives them`() async throws {
        try await ServerUnderTest.run { test in
            try await Self.makePlace(test)
            _ = try await Self.readers(test)
            let writer = ServerUnderTest.Token.other(
                try await test.makeToken("writer", "operator", project: "shop").text)
            // A key that is tagged anew is read by whom the tag is for: that is for who administers.
            for body in [["tags": ["open"]], ["tags": [], "description": "A canary"]] as [JSONValue] {
                try await test.refused(
                    .forbidden, "PUT", "\(Self.shop)/keys/canary.k", body: .json(body), token: writer)
            }
            try await test.refused(.forbidden, "DELETE", "\(Self.shop)/keys/canary.k", token: writer)
            // Nor is a key said to have had other tags once.
            try await test.refused(
                .forbidden, "POST", "\(Self.shop)/rollback",
                body: .json(["toRevision": 1, "kinds": ["setting-definition"]]), token: writer)
            try await test.json(
                201, "PUT", "\(Self.shop)/keys/canary.k",
                body: ["tags": ["canary-tag"], "description": "Another canary"])
        }
    }
}
