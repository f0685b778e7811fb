import ConfigPlatformModel
import TestSupport
import Testing

/// What alerting systems kill by hooks.
@Suite struct KillHookTests {
    @Test func `a signed call kills every flag of the hook in one change by the hook itself`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeFlaggedShop()
            try await test.json(
                201, "PUT", "\(ServerUnderTest.shop)/environments/production/protection", body: ["approvals": 0])
            let hook = try await test.makeHook("alerts", ["tags": ["checkout"], "variant": "off"])
            #expect(hook.secret.hasPrefix("whsec_"))
            try await test.json(
                201, "PUT", "\(ServerUnderTest.shop)/environments/production/protection", body: ["approvals": 2])
            let before = test.revision
            let answer = try await test.pull(hook, #"{"reason": "Checkout\nfails"}"#)
            #expect(answer.status == 200, "\(answer)")
            let pulled = try answer.json()
            #expect(pulled["status"] == "pulled" && pulled["killed"] == ["a", "b"] && pulled["delivery"] == "msg_1")
            #expect(test.revision == before + 1 && pulled["revision"] == .int(before + 1))
            #expect(try await test.killed() == ["a", "b"])
            let kill = try await test.json(
                200, "GET", "\(ServerUnderTest.shop)/environments/production/flags/a/kill")
            #expect(kill["variant"] == "off" && kill["reason"] == "Checkout fails")
            let events = try await test.json(
                200, "GET", "\(ServerUnderTest.base)/audit/events", query: [("action", "kill-hook.pull")])
            let event = try #require(events["events"]?.arrayValue?.first)
            #expect(event["actor"] == "hook:shop/production/alerts" && event["outcome"] == "success")
            #expect(event["detail"]?["source"]?["delivery"] == "msg_1")
        }
    }

    @Test func `a delivery that comes again is answered as before and does nothing, whatever people did meanwhile`()
        async throws
    {
        try await ServerUnderTest.run { test in
            try await test.makeFlaggedShop()
            let hook = try await test.makeHook("alerts", ["flags": ["a"]])
            let first = try await test.pull(hook).json()
            try await test.json(201, "DELETE", "\(ServerUnderTest.shop)/environments/production/flags/a/kill")
            let before = test.revision
            #expect(try await test.pull(hook).json() == first)
            // The system tries again later, under the same id.
            #expect(try await test.pull(hook, late: 20).json() == first)
            #expect(test.revision == before)
            #expect(try await test.killed() == [])
            #expect(try await test.pull(hook, id: "msg_2").json()["status"] == "pulled")
            #expect(try await test.pull(hook, id: "msg_3").json()["status"] == "unchanged")
            try test.expectProblem(.idempotencyKeyReused, try await test.pull(hook, #"{"reason":"other"}"#))
        }
    }

    @Test func `a call may name some of the hook's flags, and a test kills nothing`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeFlaggedShop()
            let hook = try await test.makeHook("alerts", ["flags": ["a", "b", "c"]])
            let before = test.revision
            let tried = try await test.pull(hook, query: [("test", "true")]).json()
            #expect(tried["killed"] == ["a", "b", "c"] && tried["test"] == true && test.revision == before)
            let pulled = try await test.pull(hook, #"{"flags":["b","b"]}"#).json()
            #expect(pulled["killed"] == ["b"])
            #expect(try await test.killed() == ["b"])
        }
    }

    @Test func `a flag without the hook's variant, archived or gone stops nobody`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeFlaggedShop()
            let hook = try await test.makeHook(
                "alerts", ["flags": ["a", "c"], "tags": ["checkout"], "variant": "off"])
            let flag: JSONValue = ["type": "boolean", "variants": ["on": true], "tags": ["checkout"]]
            try await test.json(201, "PUT", "\(ServerUnderTest.shop)/flags/b", body: flag)
            try await test.json(
                201, "PUT", "\(ServerUnderTest.shop)/flags/a",
                body: ["type": "boolean", "variants": ["on": true, "off": false], "lifecycle": "archived"])
            try await test.json(201, "DELETE", "\(ServerUnderTest.shop)/environments/production/flags/c")
            try await test.json(201, "DELETE", "\(ServerUnderTest.shop)/flags/c")
            #expect(try await test.pull(hook).json()["killed"] == ["b"])
            let kill = try await test.json(
                200, "GET", "\(ServerUnderTest.shop)/environments/production/flags/b/kill")
            #expect(kill["variant"] == .null)
        }
    }

    @Test func `an outbreak that Alertmanager tells of kills once; resolved takes nothing back`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeFlaggedShop()
            let hook = try await test.makeHook("alertmanager", ["flags": ["a"], "proof": "token"])
            #expect(hook.secret.hasPrefix("cfg_") && hook.secret.utf8.count == 42)
            func notification(_ status: JSONValue, since: JSONValue, endsAt: JSONValue) -> JSONValue {
                [
                    "version": "4", "groupKey": "{}:{alertname=\"HighErrorRate\"}", "truncatedAlerts": 0,
                    "status": status,
                    "receiver": "cfg", "groupLabels": [:], "commonLabels": [:], "commonAnnotations": [:],
                    "externalURL": "http://alerts.example",
                    "alerts": [
                        [
                            "status": status, "labels": ["alertname": "HighErrorRate", "flag": "b"],
                            "annotations": [:], "startsAt": since, "endsAt": endsAt, "fingerprint": "7e9a",
                            "generatorURL": "http://prometheus.example",
                        ]
                    ],
                ]
            }
            let firing = notification("firing", since: "2026-11-26T08:00:00Z", endsAt: "0001-01-01T00:00:00Z")
            #expect(try await test.pull(hook, notifying: firing).json()["killed"] == ["a"])
            #expect(
                try await test.json(200, "GET", "\(ServerUnderTest.shop)/environments/production/flags/a/kill")[
                    "reason"]
                    == "HighErrorRate")
            let resolved = try await test.pull(
                hook,
                notifying: notification("resolved", since: "2026-11-26T08:00:00Z", endsAt: "2026-11-26T08:09:00Z")
            ).json()
            #expect(resolved["status"] == "resolved")
            #expect(try await test.killed() == ["a"])
            // Alertmanager repeats itself while it fires: whoever took the kill back meanwhile is not overruled.
            try await test.json(201, "DELETE", "\(ServerUnderTest.shop)/environments/production/flags/a/kill")
            #expect(try await test.pull(hook, notifying: firing).status == 200)
            #expect(try await test.killed() == [])
            let again = notification("firing", since: "2026-11-26T09:00:00Z", endsAt: "0001-01-01T00:00:00Z")
            #expect(try await test.pull(hook, notifying: again).json()["status"] == "pulled")
            #expect(try await test.killed() == ["a"])
        }
    }

    @Test func `a rotated secret is good at once, and the one before for as long as was said`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeFlaggedShop()
            let hook = try await test.makeHook("alerts", ["flags": ["a"]])
            let made = try await test.json(201, "POST", "\(hook.path)/rotate", body: ["graceSeconds": 600])
            let next = HookUnderTest(
                name: hook.name, path: hook.path, secret: try #require(made["secret"]?.stringValue))
            #expect(next.secret != hook.secret)
            #expect(try await test.pull(next, id: "new").status == 200)
            #expect(try await test.pull(hook, id: "old").status == 200)
            test.clock.advance(seconds: 600)
            try test.expectProblem(.unauthenticated, try await test.pull(hook, id: "late"))
            #expect(try await test.pull(next, id: "newer").status == 200)
            try await test.json(201, "POST", "\(hook.path)/rotate", body: ["graceSeconds": 0])
            try test.expectProblem(.unauthenticated, try await test.pull(next, id: "after"))
            try await test.refused(
                .invalidRequest, "POST", "\(hook.path)/rotate", body: .json(["graceSeconds": 604_801]),
                pointer: "/graceSeconds")
            let shown = try await test.json(200, "GET", hook.path)
            #expect(shown["formerGeneration"] == nil && shown["secret"] == nil)
            #expect(test.log.all.allSatisfy { !$0.contains(next.secret) && !$0.contains(hook.secret) })
        }
    }

    @Test func `a hook is read, altered but for its secret, disabled and deleted`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeFlaggedShop()
            let hook = try await test.makeHook("alerts", ["flags": ["a"]])
            let shown = try await test.json(200, "GET", hook.path)
            #expect(shown["flags"] == ["a"] && shown["proof"] == "signature" && shown["name"] == "alerts")
            let list = try await test.json(200, "GET", ServerUnderTest.hooks(in: "production"))
            #expect(list["hooks"]?.arrayValue == [shown])
            #expect(try await test.json(200, "GET", ServerUnderTest.hooks(in: "staging"))["hooks"] == [])
            try await test.json(201, "PUT", hook.path, body: ["flags": ["c"], "description": "Pages"])
            #expect(try await test.pull(hook).json()["killed"] == ["c"])
            try await test.refused(
                .invalidChange, "PUT", hook.path, body: .json(["flags": ["a"], "proof": "token"]), pointer: "/proof")
            try await test.refused(
                .invalidChange, "PUT", hook.path, body: .json(["flags": ["nowhere"]]), pointer: "/flags")
            try await test.refused(
                .invalidChange, "PUT", hook.path, body: .json(["flags": ["a"], "variant": "none"]), pointer: "/variant")
            try await test.refused(.invalidRequest, "PUT", hook.path, body: .json([:]))
            try await test.refused(
                .alreadyExists, "POST", ServerUnderTest.hooks(in: "production"),
                body: .json(["name": "alerts", "flags": ["a"]]))
            try await test.json(201, "PUT", hook.path, body: ["flags": ["c"], "disabled": true])
            try test.expectProblem(.unauthenticated, try await test.pull(hook, id: "msg_2"))
            try await test.json(201, "DELETE", hook.path)
            try await test.refused(.notFound, "GET", hook.path)
            try await test.refused(.notFound, "DELETE", hook.path)
            try await test.refused(.notFound, "PUT", hook.path, body: .json(["flags": ["a"]]))
            try await test.refused(.notFound, "POST", "\(hook.path)/rotate", body: .json([:]))
        }
    }

    @Test func `where an environment is protected a hook is good once it is approved, and less of it at once`()
        async throws
    {
        try await ServerUnderTest.run { test in
            try await test.makeFlaggedShop()
            let person = try await test.person("user:approver", "administrator")
            try await test.json(
                201, "PUT", "\(ServerUnderTest.shop)/environments/production/protection", body: ["approvals": 1])
            // One of a layer kills what production reads, too.
            for environment in ["production", "base"] {
                let made = try await test.json(
                    202, "POST", ServerUnderTest.hooks(in: environment),
                    body: ["name": "alerts", "flags": ["a", "b"]])
                let hook = HookUnderTest(
                    name: "alerts", path: "\(ServerUnderTest.hooks(in: environment))/alerts",
                    secret: try #require(made["secret"]?.stringValue))
                try test.expectProblem(.unauthenticated, try await test.pull(hook))
                let id = try #require(made["changeRequest"]?.stringValue)
                let request = "\(ServerUnderTest.shop)/change-requests/\(id)"
                let impact = try await test.json(200, "GET", request)["impact"]
                let approved = try await test.send(
                    "POST", "\(request)/approve", body: .json(["impact": try #require(impact)]), token: person)
                #expect(approved.status == 200, "\(approved)")
                try await test.json(201, "POST", "\(request)/apply")
                #expect(try await test.pull(hook, id: environment).status == 200)
                try await test.json(202, "PUT", hook.path, body: ["flags": ["a", "b", "c"]])
                try await test.json(201, "POST", "\(hook.path)/rotate", body: [:])
                try await test.json(201, "PUT", hook.path, body: ["flags": ["a"]])
                try await test.json(201, "PUT", hook.path, body: ["flags": ["a"], "disabled": true])
                try await test.json(201, "DELETE", hook.path)
            }
        }
    }
}
