import ConfigPlatformModel
import TestSupport
import Testing

/// What somebody tries who would like to kill flags, or more of them than they may.
@Suite struct KillHookAttackTests {
    @Test func `whatever proves nothing gets one answer, and nothing is killed`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeFlaggedShop()
            let hook = try await test.makeHook("alerts", ["flags": ["a"]])
            let other = try await test.makeHook("alerts", in: "staging", ["flags": ["a"]])
            let second = try await test.makeHook("second", ["flags": ["b"]])
            let bearer = try await test.makeHook("bearer", ["flags": ["b"], "proof": "token"])
            let viewer = try await test.makeToken("viewer", "viewer").text
            let before = test.revision
            var told: Set<String> = []
            func refused(_ answer: HTTPAnswer, _ location: SourceLocation = #_sourceLocation) throws {
                let problem = try test.expectProblem(.unauthenticated, answer, revision: before, location)
                told.insert(problem["detail"]?.stringValue ?? "")
            }
            func signed(by signer: HookUnderTest, of path: String) async throws -> HTTPAnswer {
                try await test.pull(HookUnderTest(name: "", path: path, secret: signer.secret))
            }
            // Nothing, a token of the platform, an administrator's too.
            for token in [ServerUnderTest.Token.none, .other(viewer), .own, .other(hook.secret)] {
                try refused(try await test.send("POST", hook.path, body: .json([:]), token: token))
                try refused(try await test.send("POST", bearer.path, body: .json([:]), token: token))
            }
            // Secrets of other hooks, of the same name elsewhere too, and a hook that is not there.
            for signer in [other, second] { try refused(try await signed(by: signer, of: hook.path)) }
            try refused(try await signed(by: hook, of: other.path))
            try refused(try await signed(by: hook, of: "\(ServerUnderTest.hooks(in: "production"))/nowhere"))
            try refused(try await signed(by: hook, of: "\(ServerUnderTest.hooks(in: "nowhere"))/alerts"))
            // A good signature that is too old, or of what is yet to come.
            for seconds in [-301, 301, -86_400, 86_400] as [Int64] {
                try refused(try await test.pull(hook, late: seconds))
            }
            // Anything in it altered.
            func altered(_ alter: ([(String, String)]) -> [(String, String)], body: String = "{}") async throws
                -> HTTPAnswer
            {
                try await test.send(
                    "POST", hook.path, headers: alter(hook.signed("{}", at: test.clock.now)),
                    body: .bytes(Array(body.utf8), type: "application/json"), token: .none)
            }
            func with(_ name: String, _ value: String) -> ([(String, String)]) -> [(String, String)] {
                { headers in headers.map { $0.0 == name ? (name, value) : $0 } }
            }
            let now = test.clock.now.microseconds / 1_000_000
            try refused(try await altered({ $0 }, body: "{ }"))
            try refused(try await altered(with("Webhook-Id", "msg_2")))
            try refused(try await altered(with("Webhook-Timestamp", String(now + 1))))
            for time in ["", "now", "-1", "1e9", "-9223372036854775808", "99999999999999999999"] {
                try refused(try await altered(with("Webhook-Timestamp", time)))
            }
            for signature in ["", "v1,", "v1,AAAA", "v2,AAAA", "v1,\(String(repeating: "A", count: 43))="] {
                try refused(try await altered(with("Webhook-Signature", signature)))
            }
            for name in ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"] {
                try refused(try await altered { headers in headers.filter { $0.0 != name } })
            }
            try refused(try await test.pull(hook, id: String(repeating: "m", count: 201)))
            // What is deleted or disabled proves nothing, nor does the secret of one that was made anew.
            #expect(told.count == 1, "\(told)")
            try await test.json(201, "DELETE", hook.path)
            let made = try await test.makeHook("alerts", ["flags": ["a"]])
            try test.expectProblem(.unauthenticated, try await test.pull(hook))
            #expect(try await test.killed() == [])
            #expect(try await test.pull(made).status == 200)
        }
    }

    @Test func `a proved call kills no flag that its hook does not name, and what it tried is recorded`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeFlaggedShop()
            let hook = try await test.makeHook("alerts", ["flags": ["a"], "tags": ["checkout"]])
            let before = test.revision
            for body in [#"{"flags":["a","c"]}"#, #"{"flags":["nowhere"]}"#] {
                try test.expectProblem(.forbidden, try await test.pull(hook, body), revision: before)
            }
            let faults: [(String, String?)] = [
                ("{", nil), ("[]", nil), (#"{"flag":"a"}"#, "/flag"), (#"{"flags":[]}"#, "/flags"),
                (#"{"flags":["a",1]}"#, "/flags/1"), (#"{"reason":1}"#, "/reason"),
                (#"{"reason":"\#(String(repeating: "x", count: 1_001))"}"#, "/reason"),
                (#"{"alerts":[]}"#, "/version"), (#"{"alerts":[],"version":"4"}"#, "/status"),
                (#"{"alerts":[{}],"version":"4","status":"firing"}"#, "/alerts/0/status"),
                (#"{"alerts":[{"status":"on"}],"version":"4","status":"firing"}"#, "/alerts/0/status"),
                (#"{"alerts":1,"version":"4","status":"firing"}"#, "/alerts"),
            ]
            for (index, (body, pointer)) in faults.enumerated() {
                let answer = try await test.pull(hook, body, id: "bad-\(index)")
                try test.expectProblem(.invalidRequest, answer, pointer: pointer, revision: before)
            }
            #expect(try await test.killed() == [])
            let events = try await test.json(
                200, "GET", "\(ServerUnderTest.base)/audit/events",
                query: [("action", "kill-hook.pull"), ("actor", "hook:shop/production/alerts")])
            let outcomes = events["events"]?.arrayValue?.map { $0["outcome"] } ?? []
            #expect(outcomes == Array(repeating: "refused", count: faults.count + 2))
        }
    }

    @Test func `a call is no larger than the limit says, and there are no more of them in a minute`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeFlaggedShop()
            let hook = try await test.makeHook("alerts", ["flags": ["a"]])
            func body(_ bytes: Int) -> String {
                let text = #"{"flags":["a"]}"#
                return text + String(repeating: " ", count: bytes - text.utf8.count)
            }
            try test.expectProblem(.tooLarge, try await test.pull(hook, body(Limits.killHookBodyBytes + 1)))
            #expect(try await test.pull(hook, body(Limits.killHookBodyBytes), id: "largest").status == 200)
            for count in 1..<Limits.killHookPullsPerMinute {
                // What proves nothing does not use up what the hook may.
                let answer = try await test.pull(hook, id: "msg_\(count)", late: count.isMultiple(of: 20) ? 999 : 0)
                #expect(answer.status == (count.isMultiple(of: 20) ? 401 : 200))
            }
            for count in 1...2 { #expect(try await test.pull(hook, id: "rest_\(count)").status == 200) }
            let answer = try await test.pull(hook, id: "more")
            try test.expectProblem(.tooManyRequests, answer)
            #expect(answer.header("Retry-After") != nil)
            test.clock.advance(seconds: 60)
            #expect(try await test.pull(hook, id: "more").status == 200)
        }
    }

    @Test func `a hook is made by those alone who administer there and may kill there themselves`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeFlaggedShop()
            let body: WireClient.Body = .json(["name": "mine", "flags": ["a"]])
            let path = ServerUnderTest.hooks(in: "production")
            try await test.makeRole("guard", [["actions": ["read", "administer"]]])
            try await test.makeRole("killer", [["actions": ["read", "kill"]]])
            for (index, role) in ["guard", "killer", "operator", "viewer"].enumerated() {
                let person = try await test.person("user:p\(index)", role, project: "shop")
                try await test.refused(.forbidden, "POST", path, body: body, token: person)
            }
            let elsewhere = try await test.person(
                "user:elsewhere", "administrator", project: "shop", environments: ["staging"])
            try await test.refused(.notFound, "POST", path, body: body, token: elsewhere)
            let operation: JSONValue = [
                "op": "put", "kind": "kill-hook", "environment": "production", "key": "mine",
                "value": ["flags": ["a"], "generation": "00000000000000000000000000000000"],
            ]
            let killer = try await test.person("user:again", "killer", project: "shop")
            try await test.refused(
                .forbidden, "POST", "\(ServerUnderTest.shop)/changes", body: .json(["operations": [operation]]),
                token: killer)
        }
    }
}
