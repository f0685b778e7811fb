import ConfigPlatformModel
import TestSupport
import Testing

/// Flags, segments and what environments say of flags, over the wire.
@Suite struct FlagTests {
    private static let shop = ServerUnderTest.shop
    private static let flags = "\(shop)/flags"
    private static let production = "\(shop)/environments/production/flags"
    private static let boolean: JSONValue = ["type": "boolean", "variants": ["on": true, "off": false]]

    private static func patch(
        _ test: ServerUnderTest, _ path: String, _ patch: JSONValue, headers: [(String, String)] = []
    ) async throws {
        let answer = try await test.send(
            "PATCH", path, headers: headers, body: .bytes(patch.canonicalBytes(), type: "application/merge-patch+json"))
        #expect(answer.status == 201, "\(path): \(answer.text)")
    }

    @Test func `a flag is put, read, patched, listed and deleted`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(201, "PUT", "\(Self.flags)/new-checkout", body: Self.boolean)
            let answer = try await test.get("\(Self.flags)/new-checkout")
            let flag = try answer.json()
            #expect(flag["key"] == "new-checkout" && flag["type"] == "boolean" && flag["revision"] == 2)
            #expect(answer.header("ETag") == "\"r2\"")
            #expect(flag["environments"]?.arrayValue?.allSatisfy { $0["state"] == "DISABLED" } == true)
            let again = try await test.json(200, "PUT", "\(Self.flags)/new-checkout", body: Self.boolean)
            #expect(again["changed"] == false)
            try await Self.patch(
                test, "\(Self.flags)/new-checkout", ["owner": "payments", "tags": ["web"], "purpose": "release"],
                headers: [("If-Match", "\"r2\"")])
            try await test.refused(
                .preconditionFailed, "DELETE", "\(Self.flags)/new-checkout", headers: [("If-Match", "\"r2\"")])
            try await test.json(201, "PUT", "\(Self.flags)/other", body: Self.boolean)
            for (query, count) in [
                ("tag", "web"), ("owner", "payments"), ("purpose", "release"), ("lifecycle", "active"),
                ("lifecycle", "draft"), ("after", "new-checkout"),
            ].map({ ($0, ["active": 2, "draft": 0][$0.1] ?? 1) }) {
                let list = try await test.json(200, "GET", Self.flags, query: [query])
                #expect(list["flags"]?.arrayValue?.count == count, "\(query)")
            }
            let page = try await test.json(200, "GET", Self.flags, query: [("limit", "1")])
            #expect(page["next"] == "new-checkout" && page["flags"]?.arrayValue?[0]["environments"] == nil)
            let then = try await test.json(200, "GET", "\(Self.flags)/new-checkout", query: [("at", "2")])
            #expect(then["owner"] == nil)
            try await test.json(201, "DELETE", "\(Self.flags)/new-checkout", headers: [("If-Match", "\"r3\"")])
            try await test.refused(.notFound, "GET", "\(Self.flags)/new-checkout")
            try await test.refused(.notFound, "DELETE", "\(Self.flags)/new-checkout")
            let history = try await test.json(200, "GET", "\(Self.flags)/new-checkout/history")
            #expect(history["history"]?.arrayValue?.map { $0["revision"] } == [5, 3, 2])
            #expect(history["history"]?.arrayValue?[0]["deleted"] == true)
        }
    }

    @Test func `what an environment says is put, inherited, and told with its origin`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(201, "PUT", "\(Self.flags)/f", body: Self.boolean)
            try await test.json(201, "PUT", "\(Self.shop)/segments/people", body: ["include": ["user-7"]])
            let base = "\(Self.shop)/environments/base/flags/f"
            let rule: JSONValue = [
                "rules": [["when": [["segment": "people"]], "serve": "on"]], "defaultVariant": "off",
            ]
            try await test.json(201, "PUT", base, body: rule)
            let answer = try await test.get("\(Self.production)/f")
            let flag = try answer.json()
            #expect(flag["rule"]?["origin"] == ["environment": "base", "revision": 4] && flag["state"] == "ENABLED")
            #expect(flag["definition"]?["targeting"] != nil && flag["defaultVariant"] == "off")
            #expect(answer.header("ETag") == "\"r4\"")
            try await test.refused(.notFound, "DELETE", "\(Self.production)/f")
            try await test.refused(
                .notFound, "PATCH", "\(Self.production)/f",
                body: .bytes(Array("{}".utf8), type: "application/merge-patch+json"))
            try await test.json(
                201, "PUT", "\(Self.production)/f", headers: [("If-Match", "\"r4\""), ("If-None-Match", "*")],
                ["state": "DISABLED"])
            try await Self.patch(test, "\(Self.production)/f", ["state": .null, "defaultVariant": "on"])
            try await test.json(
                201, "PUT", "\(Self.production)/f/rollout",
                body: [
                    "variant": "on", "steps": [["percent": 5]],
                    // It takes no step of its own while this looks.
                    "window": ["from": "2099-01-01T00:00:00Z"],
                ])
            let list = try await test.json(200, "GET", Self.production)
            #expect(
                list["flags"]?.arrayValue == [
                    [
                        "defaultVariant": "on", "key": "f", "lifecycle": "active", "rollout": "running", "ruled": true,
                        "state": "ENABLED", "type": "boolean",
                    ]
                ])
            let rollout = try await test.json(200, "GET", "\(Self.production)/f/rollout")
            #expect(rollout["steps"] == [["percent": 5]] && rollout["origin"]?["environment"] == "production")
            try await test.json(201, "DELETE", "\(Self.production)/f/rollout")
            try await test.refused(.notFound, "GET", "\(Self.production)/f/rollout")
            try await test.json(201, "DELETE", "\(Self.production)/f")
            let history = try await test.json(200, "GET", "\(Self.production)/f/history")
            let kinds = history["history"]?.arrayValue?.compactMap { $0["kind"]?.stringValue } ?? []
            #expect(kinds == ["flag-rule", "flag-rollout", "flag-rollout", "flag-rule", "flag-rule"])
            // A page ends between revisions: what one change wrote is on one page.
            let place = "\(Self.production)/g/history"
            try await test.json(201, "PUT", "\(Self.flags)/g", body: Self.boolean)
            for percent in [1, 2, 3] {
                func put(_ kind: String, _ value: JSONValue) -> JSONValue {
                    [
                        "op": "put", "kind": .string(kind), "environment": "production", "key": "g", "value": value,
                    ]
                }
                try await test.change([
                    put("flag-rule", ["defaultVariant": percent == 2 ? "on" : "off"]),
                    put("flag-kill", ["variant": .null, "reason": .string("\(percent)")]),
                ])
            }
            var (paged, next): ([JSONValue], JSONValue?) = ([], nil)
            repeat {
                let before = next.map { [("before", $0.canonicalText)] } ?? []
                let page = try await test.json(200, "GET", place, query: [("limit", "1")] + before)
                paged += page["history"]?.arrayValue ?? []
                next = page["next"]
            } while next != nil
            let whole = try await test.json(200, "GET", place)
            #expect(paged.count == 6 && whole["history"] == .array(paged) && whole["next"] == nil)
            let segment = try await test.json(200, "GET", "\(Self.shop)/segments/people")
            #expect(segment["usedBy"] == ["flags": ["f"], "segments": []])
            try await test.refused(.inUse, "DELETE", "\(Self.shop)/segments/people")
        }
    }

    @Test func `a kill is one call, and needs no approval where all else does`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(201, "PUT", "\(Self.flags)/f", body: Self.boolean)
            try await test.json(201, "PUT", "\(Self.production)/f", body: ["defaultVariant": "on"])
            try await test.json(
                201, "PUT", "\(Self.shop)/environments/production/protection", body: ["approvals": 1])
            try await test.json(202, "PUT", "\(Self.production)/f", body: ["defaultVariant": "off"])
            let dry = try await test.json(
                200, "PUT", "\(Self.production)/f", query: [("dryRun", "true")], body: ["defaultVariant": "off"])
            #expect(dry["environments"]?.arrayValue?[0]["flags"]?.arrayValue?[0]["key"] == "f")
            #expect(dry["approvals"]?.arrayValue?[0]["flags"] == 1)
            try await test.json(
                201, "POST", "\(Self.production)/f/kill", body: ["variant": "off", "reason": "It burns."])
            let killed = try await test.json(200, "GET", "\(Self.production)/f")
            #expect(killed["killed"] == true && killed["kill"]?["reason"] == "It burns.")
            #expect(killed["definition"]?["defaultVariant"] == "off")
            let events = try await test.json(
                200, "GET", "\(ServerUnderTest.base)/audit/events", query: [("action", "flag.kill")])
            #expect(events["events"]?.arrayValue?.count == 1)
            try await test.json(202, "DELETE", "\(Self.production)/f/kill")
            try await test.refused(
                .invalidChange, "POST", "\(Self.production)/f/kill", body: .json(["variant": "none", "reason": "?"]),
                pointer: "/variant")
        }
    }

    @Test func `violations point into the body, alone or among the operations of a change`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(201, "PUT", "\(Self.flags)/f", body: Self.boolean)
            try await test.refused(
                .invalidRequest, "PUT", "\(Self.flags)/g", body: .json(["type": "boolean", "variants": ["on": 1]]),
                pointer: "/variants/on")
            let rule: JSONValue = ["rules": [["when": [], "serve": "maybe"]]]
            try await test.refused(
                .invalidChange, "PUT", "\(Self.production)/f", body: .json(rule), pointer: "/rules/0/serve")
            func operation(_ kind: String, _ value: JSONValue, in environment: String? = nil) -> JSONValue {
                var members: JSONObject = ["op": "put", "kind": .string(kind), "key": "f", "value": value]
                members["environment"] = environment.map { .string($0) }
                return .object(members)
            }
            func refused(_ operations: JSONValue..., at pointer: String) async throws {
                try await test.refused(
                    .invalidChange, "POST", "\(Self.shop)/changes",
                    body: .json(["message": "m", "operations": .array(operations)]), pointer: pointer)
            }
            try await refused(
                ServerUnderTest.put("a", 1, in: "base"), operation("flag-rule", rule, in: "base"),
                at: "/operations/1/value/rules/0/serve")
            try await test.json(201, "PUT", "\(Self.production)/f", body: ["defaultVariant": "on"])
            try await refused(
                operation("flag", ["type": "boolean", "variants": ["off": false]]), at: "/operations/0")
            try await test.refused(
                .invalidRequest, "POST", "\(Self.shop)/changes",
                body: .json([
                    "message": "m", "operations": [operation("flag-rule", ["rules": [["when": []]]], in: "base")],
                ]), pointer: "/operations/0/value/rules/0")
        }
    }

    @Test func `flags of any key are reached, and their changes found`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            for (key, escaped) in [
                ("a/b c", "a%2Fb%20c"), ("caf\u{E9}", "caf%C3%A9"), ("x.y", "x.y"), ("100%", "100%25"),
            ] {
                let body = Self.boolean.canonicalText
                let put = try await test.raw(
                    test.head("PUT", "\(Self.flags)/\(escaped)")
                        + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
                #expect(put.status == 201, "\(put.text)")
                let get = try await test.raw(test.head("GET", "\(Self.flags)/\(escaped)") + "\r\n")
                #expect(try get.json()["key"] == .string(key), "\(get.text)")
                let changes = try await test.json(
                    200, "GET", "\(Self.shop)/changes", query: [("kind", "flag"), ("key", key)])
                #expect(changes["changes"]?.arrayValue?.count == 1, "\(key)")
            }
            let list = try await test.json(200, "GET", Self.flags)
            #expect(list["flags"]?.arrayValue?.map { $0["key"] } == ["100%", "a/b c", "caf\u{E9}", "x.y"])
            try await test.refused(.invalidName, "PUT", "\(Self.flags)/a\nb", body: .json(Self.boolean))
            try await test.refused(.invalidName, "PUT", "\(Self.shop)/segments/a.b", body: .json([:]))
        }
    }

    @Test func `settings and flags are promoted, compared and rolled back together`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(201, "PUT", "\(Self.flags)/f", body: Self.boolean)
            let staging = "\(Self.shop)/environments/staging"
            try await test.json(201, "PUT", "\(staging)/settings/k", body: 1)
            try await test.json(201, "PUT", "\(staging)/flags/f", body: ["defaultVariant": "on"])
            try await test.json(
                201, "PUT", "\(staging)/flags/f/rollout",
                body: [
                    "variant": "on", "steps": [["percent": 5], ["percent": 50]], "step": 1,
                    // It takes no step of its own while this looks.
                    "window": ["from": "2099-01-01T00:00:00Z"],
                ])
            try await test.json(201, "POST", "\(staging)/flags/f/kill", body: ["variant": "off", "reason": "no"])
            let before = try await test.json(200, "GET", "\(Self.production)/f")
            #expect(before["ruled"] == false)
            let promoted = try await test.json(
                201, "POST", "\(Self.shop)/promote", body: ["from": "staging", "to": "production"])
            #expect(
                promoted["operations"]?.arrayValue?.compactMap { $0["kind"]?.stringValue } == [
                    "setting", "flag-rule", "flag-rollout",
                ])
            let rollout = try await test.json(200, "GET", "\(Self.production)/f/rollout")
            #expect(rollout["step"] == nil && rollout["state"] == nil, "a plan begins anew")
            let again = try await test.json(
                200, "POST", "\(Self.shop)/promote", body: ["from": "staging", "to": "production", "flags": ["f"]])
            #expect(again["changed"] == false)
            let revision = try #require(promoted["revision"]?.int64Value)
            let difference = try await test.json(
                200, "GET", "\(Self.shop)/diff", query: [("from", "\(revision - 1)"), ("environment", "production")])
            #expect(difference["environments"]?.arrayValue?[0]["flags"]?.arrayValue?.map { $0["key"] } == ["f"])
            let beside = try await test.json(
                200, "GET", "\(Self.shop)/diff",
                query: [("fromEnvironment", "staging"), ("toEnvironment", "production")])
            #expect(beside["flags"]?.arrayValue?.count == 1 && beside["changes"] == [])
            try await test.json(
                201, "POST", "\(Self.shop)/rollback",
                body: ["toRevision": .int(revision - 1), "flags": ["f"]])
            #expect(try await test.json(200, "GET", "\(Self.production)/f")["ruled"] == false)
            try await test.json(200, "GET", "\(Self.shop)/environments/production/settings/k")
            try await test.json(201, "POST", "\(Self.shop)/rollback", body: ["toRevision": .int(revision - 1)])
            try await test.refused(.notFound, "GET", "\(Self.shop)/environments/production/settings/k")
            // An archived flag may be what it was.
            try await Self.patch(test, "\(Self.flags)/f", ["lifecycle": "archived"])
            try await test.refused(
                .invalidChange, "PATCH", "\(Self.flags)/f",
                body: .bytes(Array("{\"lifecycle\":\"active\"}".utf8), type: "application/merge-patch+json"))
            try await test.json(
                201, "POST", "\(Self.shop)/rollback", body: ["toRevision": .int(revision - 1), "kinds": ["flag"]])
            #expect(try await test.json(200, "GET", "\(Self.flags)/f")["lifecycle"] == nil)
        }
    }
}
