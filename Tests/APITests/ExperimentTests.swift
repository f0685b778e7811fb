import ConfigPlatformModel
import FlagdProtocol
import Foundation
import GRPCCore
import SwiftProtobuf
import TestSupport
import Testing

/// Experiments over the wire: what is written down of splits, told of them, read and exported.
@Suite struct ExperimentTests {
    private static let place = "\(ServerUnderTest.shop)/environments/production"
    private static let item = "\(place)/flags/button/experiments/colour"

    private static func rule(
        _ weights: (Int64, Int64) = (1, 1), percent: JSONValue = 100, attributes: JSONValue = ["country"]
    ) -> JSONValue {
        [
            "rules": [
                [
                    "serve": [
                        "split": [
                            ["variant": "red", "weight": .int(weights.0)],
                            ["variant": "blue", "weight": .int(weights.1)],
                        ]
                    ],
                    "experiment": ["key": "colour", "logPercent": percent, "attributes": attributes],
                ]
            ]
        ]
    }

    private static func makeButton(_ test: ServerUnderTest) async throws {
        try await test.makeShop()
        try await test.json(
            201, "PUT", "\(ServerUnderTest.shop)/flags/button",
            body: ["type": "string", "variants": ["red": "#f00", "blue": "#00f"], "defaultVariant": "blue"])
        try await test.json(201, "PUT", "\(place)/flags/button", body: rule())
    }

    private static func evaluate(
        _ test: ServerUnderTest, _ units: some Sequence<String>, country: String = "DE", explain: Bool = false
    ) async throws {
        for unit in units {
            var body: JSONObject = ["context": ["targetingKey": .string(unit), "country": .string(country)]]
            if explain { body["explain"] = true }
            try await test.json(200, "POST", "\(place)/evaluate", body: .object(body))
        }
    }

    private static func told(
        _ test: ServerUnderTest, _ unit: String, _ variant: String, version: String, _ more: JSONObject = [:]
    ) -> JSONValue {
        let now = JSONValue.string(test.clock.now.text)
        var members: JSONObject = [
            "flag": "button", "experiment": "colour", "version": .string(version), "unit": .string(unit),
            "variant": .string(variant), "exposures": 1, "firstAt": now, "lastAt": now,
        ]
        for member in more.members { members[member.name] = member.value }
        return .object(members)
    }

    private static func tell(_ test: ServerUnderTest, _ assignments: [JSONValue]) async throws -> HTTPAnswer {
        try await test.send(
            "POST", "\(place)/flag-assignments",
            body: .json(["client": "web", "assignments": .array(assignments)]))
    }

    private static func lines(_ answer: HTTPAnswer) throws -> [JSONValue] {
        try answer.body.split(separator: 0x0A).map { try JSONValue(parsing: Array($0)) }
    }

    @Test func `evaluations are written down by unit, and the split is found to be as expected`() async throws {
        try await ServerUnderTest.run { test in
            try await Self.makeButton(test)
            let first = try await test.json(200, "GET", Self.item)
            #expect(first["units"] == 0 && first["verdict"] == "tooFew" && first["firstAt"] == nil)
            try await Self.evaluate(test, (0..<60).map { "user-\($0)" })
            try await Self.evaluate(test, ["user-1", "user-1"], country: "FR")
            try await Self.evaluate(test, ["somebody who is looked at"], explain: true)
            let bulk = try await test.send(
                "POST",
                "/projects/shop/environments/production/ofrep/v1/evaluate/flags",
                body: .json(["context": ["targetingKey": "user-60"]]))
            #expect(bulk.status == 200)
            let found = try await test.json(200, "GET", Self.item)
            #expect(found["units"] == 61 && found["exposures"] == 63)
            #expect(found["verdict"] == "asExpected" && found["unitsOfSeveralVariants"] == 0)
            #expect(found["chiSquare"]?["degreesOfFreedom"] == 1 && found["chiSquare"]?["threshold"] == 0.001)
            #expect(found["variants"]?.arrayValue?.map { $0["variant"] } == ["red", "blue"])
            #expect(found["variants"]?.arrayValue?[0]["expected"] == 30.5)
            #expect(found["by"] == "targetingKey" && found["logPercent"] == 100 && found["isFull"] == false)
            let usage = try await test.json(200, "GET", "\(ServerUnderTest.shop)/flags/button/usage")
            #expect(usage["hours"]?.arrayValue?.isEmpty == false)
        }
    }

    @Test func `another split begins anew, and the one before is found at its time`() async throws {
        try await ServerUnderTest.run { test in
            try await Self.makeButton(test)
            let before = test.revision
            try await Self.evaluate(test, ["a", "b"])
            try await test.json(201, "PUT", "\(Self.place)/flags/button", body: Self.rule((3, 1)))
            try await Self.evaluate(test, ["c"])
            let present = try await test.json(200, "GET", Self.item)
            #expect(present["units"] == 1 && present["otherVersions"]?.arrayValue?.map { $0["units"] } == [2])
            let past = try await test.json(200, "GET", Self.item, query: [("at", String(before))])
            #expect(past["units"] == 2 && past["version"] == present["otherVersions"]?.arrayValue?[0]["version"])
            // What is written down may be altered without beginning anew.
            try await test.json(201, "PUT", "\(Self.place)/flags/button", body: Self.rule((3, 1), attributes: []))
            #expect(try await test.json(200, "GET", Self.item)["units"] == 1)
            try await test.json(201, "PUT", "\(Self.place)/flags/button", body: ["defaultVariant": "red"])
            try await test.refused(.notFound, "GET", Self.item)
            try await test.refused(.notFound, "GET", "\(Self.item)/assignments")
            let ended = try await Self.lines(
                test.get("\(Self.item)/assignments", query: [("at", String(before))]))
            #expect(ended.map { $0["unit"] } == ["a", "b"])
            for (path, code) in [
                ("\(Self.place)/flags/none/experiments/colour", Problem.Code.notFound),
                ("\(Self.place)/flags/button/experiments/other", .notFound),
                ("\(Self.place)/flags/button/experiments/a%20b", .invalidName),
            ] {
                try await test.refused(code, "GET", path)
            }
        }
    }

    @Test func `assignments that were told wrongly give a mismatch`() async throws {
        try await ServerUnderTest.run { test in
            try await Self.makeButton(test)
            try await Self.evaluate(test, (0..<60).map { "user-\($0)" })
            let before = try await test.json(200, "GET", Self.item)
            let version = try #require(before["version"]?.stringValue)
            #expect(before["verdict"] == "asExpected")
            let wrong = (0..<100).map { Self.told(test, "user-\($0)", "red", version: version) }
            #expect(try await Self.tell(test, wrong).status == 204)
            let found = try await test.json(200, "GET", Self.item)
            #expect(found["verdict"] == "mismatch")
            #expect(try #require(found["chiSquare"]?["pValue"]?.numberValue).double < 0.001)
            let several = try #require(found["unitsOfSeveralVariants"]?.int64Value)
            #expect(several == before["variants"]?.arrayValue?[1]["units"]?.int64Value)
        }
    }

    @Test func `what is told of nothing that there is is passed over, and what is wrong is refused`() async throws {
        try await ServerUnderTest.run { test in
            try await Self.makeButton(test)
            let version = try #require(try await test.json(200, "GET", Self.item)["version"]?.stringValue)
            let strange = [
                Self.told(test, "u", "green", version: version), Self.told(test, "u", "red", version: "0"),
                Self.told(test, "u", "red", version: version, ["flag": "none"]),
                Self.told(test, "u", "red", version: version, ["experiment": "none"]),
            ]
            #expect(try await Self.tell(test, strange).status == 204)
            #expect(try await test.json(200, "GET", Self.item)["units"] == 0)
            let late = JSONValue.string(test.clock.now.adding(seconds: 86_400).text)
            let early = JSONValue.string(test.clock.now.adding(seconds: -91 * 86_400).text)
            let wrong: [(JSONObject, String)] = [
                (["unit": ""], "/assignments/0/unit"),
                (["unit": .string(String(repeating: "u", count: 513))], "/assignments/0/unit"),
                (["exposures": 0], "/assignments/0/exposures"), (["exposures": 1.5], "/assignments/0/exposures"),
                (["firstAt": "yesterday"], "/assignments/0/firstAt"), (["lastAt": late], "/assignments/0/firstAt"),
                (["firstAt": early], "/assignments/0/firstAt"),
                (["attributes": []], "/assignments/0/attributes"),
                (["attributes": ["a": [1]]], "/assignments/0/attributes/a"),
                (["more": 1], "/assignments/0/more"),
            ]
            for (members, pointer) in wrong {
                let body: JSONValue = [
                    "client": "web", "assignments": [Self.told(test, "u", "red", version: version, members)],
                ]
                try await test.refused(
                    .invalidRequest, "POST", "\(Self.place)/flag-assignments", body: .json(body), pointer: pointer)
            }
            try await test.refused(
                .invalidRequest, "POST", "\(Self.place)/flag-assignments",
                body: .json(["client": "", "assignments": []]), pointer: "/client")
            let many = JSONValue.array(
                Array(repeating: Self.told(test, "u", "red", version: version), count: 10_001))
            try await test.refused(
                .limitExceeded, "POST", "\(Self.place)/flag-assignments",
                body: .json(["client": "web", "assignments": many]), pointer: "/assignments")
            #expect(try await test.json(200, "GET", Self.item)["units"] == 0)
            for rule in [
                #"{"rules": [{"serve": "red", "experiment": {"key": "a"}}]}"#,
                #"{"rules": [{"serve": {"split": [{"variant": "red", "weight": 1}]}, "experiment": {"key": "a", "logPercent": 0}}]}"#,
            ] {
                try await test.refused(
                    .invalidRequest, "PUT", "\(Self.place)/flags/button",
                    body: .bytes(Array(rule.utf8), type: "application/json"))
            }
        }
    }

    @Test func `only the units that are to be written down are, whoever tells of them`() async throws {
        try await ServerUnderTest.run { test in
            try await Self.makeButton(test)
            try await test.json(201, "PUT", "\(Self.place)/flags/button", body: Self.rule(percent: 20))
            let version = try #require(try await test.json(200, "GET", Self.item)["version"]?.stringValue)
            let units = (0..<500).map { "user-\($0)" }
            #expect(
                try await Self.tell(test, units.map { Self.told(test, $0, "red", version: version) }).status == 204)
            let told = try #require(try await test.json(200, "GET", Self.item)["units"]?.int64Value)
            #expect((60...140).contains(told))
            try await Self.evaluate(test, units.prefix(100))
            #expect(try await test.json(200, "GET", Self.item)["logPercent"] == 20)
            let after = try await Self.lines(test.get("\(Self.item)/assignments"))
            #expect(Set(after.compactMap { $0["unit"]?.stringValue }).count == Int(told))
        }
    }

    @Test func `units are exported page by page, as lines and as a table, and each page is an event`() async throws {
        try await ServerUnderTest.run { test in
            try await Self.makeButton(test)
            try await test.json(
                201, "PUT", "\(Self.place)/flags/button", body: Self.rule(attributes: ["country", "age"]))
            let units = ["=1+1", "-5", "a,b", "say \"hi\"", "two\nlines", "ö", "user-1"]
            for unit in units {
                try await test.json(
                    200, "POST", "\(Self.place)/evaluate",
                    body: ["context": ["targetingKey": .string(unit), "country": "@DE", "age": -3, "mail": "x@y.z"]])
            }
            var found: [JSONValue] = []
            var after: String?
            var pages = 0
            repeat {
                let page = try await test.get(
                    "\(Self.item)/assignments", query: [("limit", "3")] + (after.map { [("after", $0)] } ?? []))
                #expect(page.header("Content-Type") == "application/jsonl")
                found += try Self.lines(page)
                after = page.header("Link")?.split(separator: "after=").last?.split(separator: ">").first
                    .flatMap { String($0).removingPercentEncoding }
                pages += 1
            } while after != nil && pages < 10
            #expect(pages == 3)
            #expect(
                found.compactMap { $0["unit"]?.stringValue }
                    == units.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
            #expect(found.allSatisfy { $0["attributes"] == ["age": -3, "country": "@DE"] && $0["flag"] == "button" })
            #expect(found.allSatisfy { $0["client"]?.stringValue?.hasPrefix("token:") == true && $0["exposures"] == 1 })

            let table = try await test.get("\(Self.item)/assignments", query: [("format", "csv")])
            let text = table.text
            #expect(table.header("Content-Disposition")?.hasSuffix(".csv\"") == true)
            #expect(
                text.hasPrefix(
                    "flag,experiment,version,unit,variant,first_at,last_at,exposures,client,country,age\r\n"))
            for field in [
                ",'=1+1,", ",'-5,", ",\"a,b\",", ",\"say \"\"hi\"\"\",", ",\"two\nlines\",", ",ö,", ",'@DE,-3\r\n",
            ] {
                #expect(text.contains(field), "\(field)")
            }
            let events = try await test.json(
                200, "GET", "\(ServerUnderTest.base)/audit/events", query: [("action", "experiment.export")])
            let details = events["events"]?.arrayValue?.compactMap { $0["detail"] } ?? []
            #expect(details.count == 4 && details[0]["assignments"] == 7 && details[0]["experiment"] == "colour")
            for (name, value) in [
                ("limit", "0"), ("limit", "10001"), ("format", "xml"), ("after", "user-1"), ("after", "[1,2]"),
            ] {
                try await test.refused(.invalidRequest, "GET", "\(Self.item)/assignments", query: [(name, value)])
            }
        }
    }

    @Test func `who may reveal nothing exports no units, and that is recorded`() async throws {
        try await ServerUnderTest.run { test in
            try await Self.makeButton(test)
            try await Self.evaluate(test, ["a"])
            let made = try await test.json(
                201, "POST", "\(ServerUnderTest.base)/tokens",
                body: ["name": "reader", "grants": [["role": "operator", "project": "shop"]]])
            let token = ServerUnderTest.Token.other(try #require(made["token"]?.stringValue))
            #expect(try await test.send("GET", Self.item, token: token).status == 200)
            try await test.refused(.forbidden, "GET", "\(Self.item)/assignments", token: token)
            try await test.makeRole(
                "analyst",
                [["actions": ["read", "reveal"], "kinds": ["flag", "flag-rule"], "environments": ["production"]]])
            let analyst = try await test.json(
                201, "POST", "\(ServerUnderTest.base)/tokens",
                body: ["name": "analyst", "grants": [["role": "analyst", "project": "shop"]]])
            let other = ServerUnderTest.Token.other(try #require(analyst["token"]?.stringValue))
            #expect(try await test.send("GET", "\(Self.item)/assignments", token: other).status == 200)
            let events = try await test.json(
                200, "GET", "\(ServerUnderTest.base)/audit/events", query: [("action", "experiment.export")])
            #expect(events["events"]?.arrayValue?.map { $0["outcome"] } == ["success", "refused"])
            let targets = (events["events"]?.arrayValue ?? []).compactMap { $0["target"]?.stringValue }
            #expect(targets.count == 2 && targets.allSatisfy { $0.hasPrefix("shop") }, "\(targets)")
        }
    }

    @Test func `calls over gRPC are written down too, and clients that get definitions get no experiments`()
        async throws
    {
        try await ServerUnderTest.run(settings: { try ServerUnderTest.grpcSettings() }) { test in
            try await Self.makeButton(test)
            try await FlagdClient.run(test) { client in
                for unit in 0..<10 {
                    _ = try await client.v2.resolveString(
                        .with {
                            $0.flagKey = "button"
                            $0.context = ["country": "DE", "targetingKey": .init(stringValue: "user-\(unit)")]
                        }, metadata: client.metadata())
                }
                #expect(try await test.json(200, "GET", Self.item)["units"] == 10)
                let sent = try #require(try await client.definitions().next())
                #expect(!sent.flagConfiguration.contains("experiments"))
            }
            let own = try await test.json(200, "GET", "\(Self.place)/flag-set")
            let experiments = own["flags"]?["button"]?["experiments"]?.arrayValue ?? []
            #expect(experiments.map { $0["key"] } == ["colour"] && experiments[0]["attributes"] == ["country"])
            #expect(experiments.map { $0["version"] } == [try await test.json(200, "GET", Self.item)["version"]])
            let exported = try await test.get(
                "\(ServerUnderTest.shop)/export", query: [("environment", "production"), ("format", "flagd")])
            #expect(exported.status == 200 && !exported.text.contains("experiments"))
        }
    }

    @Test func `an experiment of a protected environment waits for approval as any alteration of its flags`()
        async throws
    {
        try await ServerUnderTest.run { test in
            try await Self.makeButton(test)
            try await test.json(
                201, "PUT", "\(Self.place)/protection", body: ["approvals": 1])
            // What is served stays the same; that it is written down whose mail address got what is for others to approve.
            _ = try await test.ask([
                [
                    "op": "put", "kind": "flag-rule", "environment": "production", "key": "button",
                    "value": Self.rule(attributes: ["mail"]),
                ]
            ])
        }
    }
}
