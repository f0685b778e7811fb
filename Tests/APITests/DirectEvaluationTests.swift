import ConfigPlatformModel
import TestSupport
import Testing

/// Evaluations that are made on the event loop of their connection must not be told from those that are not.
@Suite struct DirectEvaluationTests {
    private static let place = "/projects/shop/environments/production"
    private static let all = "/ofrep/v1/evaluate/flags"

    private static func post(_ test: ServerUnderTest, _ path: String, _ body: String, _ more: String = "") -> String {
        test.head("POST", path)
            + "Content-Type: application/json\r\nX-Request-ID: same\r\n\(more)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static func run(_ body: (ServerUnderTest) async throws -> Void) async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let german: JSONValue = ["attribute": "country", "operator": "equals", "values": ["DE"]]
            let rule: JSONValue = ["rules": [["when": [german], "serve": "on"]], "defaultVariant": "off"]
            let share: JSONValue = ["type": "double", "variants": ["none": 0, "half": 0.5], "defaultVariant": "none"]
            try await test.putFlags([("one", ServerUnderTest.plainFlag, rule), ("share", share, [:])])
            try await body(test)
        }
    }

    private static func expectSame(_ direct: HTTPAnswer, _ ordinary: HTTPAnswer, _ comment: Comment) throws {
        func lasting(_ answer: HTTPAnswer) -> [String] {
            answer.headers.filter { $0.name.lowercased() != "date" }
                .map { "\($0.name.lowercased()): \($0.value)" }.sorted()
        }
        #expect(direct.status == ordinary.status, comment)
        #expect(lasting(direct) == lasting(ordinary), comment)
        #expect(direct.body == ordinary.body, comment)
    }

    @Test func `an answer is the same whichever way it was made`() async throws {
        try await Self.run { test in
            let paths = [
                "\(Self.place)\(Self.all)/one", "\(Self.place)\(Self.all)/share", "\(Self.place)\(Self.all)/none",
                "\(Self.place)\(Self.all)/a%20b", "\(Self.place)\(Self.all)/", "\(Self.place)\(Self.all)",
                "/projects/shop/environments/none\(Self.all)/one", "\(Self.all)/one", Self.all,
            ]
            let bodies = [
                #"{"context":{"country":"DE","targetingKey":"u"}}"#, #"{"context":{"country":"FR"}}"#, "{}",
                #"{"context":7}"#, "[]", "{",
            ]
            for path in paths {
                for body in bodies {
                    // A header that the short way does not know.
                    let ordinary = try await test.raw(Self.post(test, path, body, "X-Other: 1\r\n"))
                    let direct = try await test.raw(Self.post(test, path, body))
                    try Self.expectSame(direct, ordinary, "\(path) \(body)")
                }
            }
        }
    }

    @Test func `who has an answer to all flags already is told that it holds, whichever way`() async throws {
        try await Self.run { test in
            let path = Self.place + Self.all
            let body = #"{"context":{"country":"DE"}}"#
            let tag = try #require(try await test.raw(Self.post(test, path, body)).header("ETag"))
            for (known, status) in [(tag, 304), ("\"other\"", 200), ("\"broken", 400)] {
                let header = "If-None-Match: \(known)\r\n"
                let ordinary = try await test.raw(Self.post(test, path, body, header + "X-Other: 1\r\n"))
                let direct = try await test.raw(Self.post(test, path, body, header))
                #expect(direct.status == status)
                try Self.expectSame(direct, ordinary, "\(known)")
            }
        }
    }

    @Test func `what is refused for its header is not counted as an evaluation, and what is answered once`()
        async throws
    {
        try await Self.run { test in
            let path = Self.place + Self.all
            func count() async throws -> Int64 {
                let usage = try await test.json(200, "GET", "\(ServerUnderTest.shop)/flags/one/usage")
                return (usage["hours"]?.arrayValue ?? []).reduce(0) { $0 + ($1["count"]?.int64Value ?? 0) }
            }
            for (known, status, counted) in [("\"broken", 400, 0), ("\"other\"", 200, 1)] {
                let answer = try await test.raw(Self.post(test, path, "{}", "If-None-Match: \(known)\r\n"))
                #expect(answer.status == status)
                let evaluations = try await count()
                #expect(evaluations == counted)
            }
        }
    }

    @Test func `a token counts for what it is for, whichever way, and only while it lives`() async throws {
        try await Self.run { test in
            let other = try await test.makeToken("other", "evaluator", project: "shop", environments: ["staging"])
            let own = try await test.makeToken("own", "evaluator", project: "shop", environments: ["production"])
            let placed = "\(Self.place)\(Self.all)/one"
            func answers(_ token: String, _ path: String) async throws -> (direct: HTTPAnswer, ordinary: HTTPAnswer) {
                func sent(_ more: String) -> String {
                    Self.post(test, path, "{}", more).replacing(test.token, with: token)
                }
                return (try await test.raw(sent("")), try await test.raw(sent("X-Other: 1\r\n")))
            }
            for (token, path, status) in [
                (other.text, placed, 404), (own.text, placed, 200), (own.text, "\(Self.all)/one", 200),
                (own.text, Self.all, 200), ("cfg_" + String(repeating: "0", count: 38), placed, 401),
            ] {
                let found = try await answers(token, path)
                #expect(found.direct.status == status, "\(path)")
                try Self.expectSame(found.direct, found.ordinary, "\(path)")
            }
            let connection = try HTTPConnection(port: test.port)
            let request = Self.post(test, placed, "{}").replacing(test.token, with: own.text)
            try await connection.send(Array(request.utf8))
            #expect(try await connection.answer().status == 200)
            _ = try await test.send("DELETE", "\(ServerUnderTest.base)/tokens/\(own.id)")
            try await connection.send(Array(request.utf8))
            #expect(try await connection.answer().status == 401)
        }
    }

    @Test func `evaluations, changes and reads that are sent at once are answered in their order`() async throws {
        try await Self.run { test in
            let evaluate = Self.post(test, "\(Self.place)\(Self.all)/one", #"{"context":{"country":"DE"}}"#)
            let every = Self.post(test, Self.place + Self.all, "{}")
            let read = test.head("GET", "\(ServerUnderTest.shop)/environments/base/settings/checkout.timeout") + "\r\n"
            let connection = try HTTPConnection(port: test.port)
            var sent = ""
            for round in 1...20 {
                let change =
                    #"{"message":"m","operations":[{"op":"put","kind":"setting","environment":"base","key":"checkout.timeout","value":\#(round)}]}"#
                sent += evaluate + Self.post(test, "\(ServerUnderTest.shop)/changes", change) + every + read
            }
            try await connection.send(Array(sent.utf8))
            for round in 1...20 {
                #expect(try await connection.answer().json()["value"] == true)
                #expect(try await connection.answer().status == 201)
                #expect(try await connection.answer().json()["flags"]?.arrayValue?.count == 2)
                #expect(try await connection.answer().json()["value"] == .int(round))
            }
        }
    }
}
