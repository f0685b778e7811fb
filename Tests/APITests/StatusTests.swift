import API
import ConfigPlatformModel
import HTTPTypes
import TestSupport
import Testing

@Suite struct StatusTests {
    @Test func `health and readiness are told to anybody`() async throws {
        try await ServerUnderTest.run { test in
            #expect(try await test.send("GET", "/healthz", token: .none).json() == ["status": "ok"])
            let ready = try await test.send("GET", "/readyz", token: .none)
            #expect(ready.status == 200)
            #expect(try ready.json() == ["ready": true, "revision": 0])
        }
    }

    @Test func `everything else is denied without a live token`() async throws {
        try await ServerUnderTest.run { test in
            for route in RouteTable.all where route.access != .anonymous {
                let path = route.pattern
                    .replacing("{project}", with: "shop").replacing("{environment}", with: "base")
                    .replacing("{key}", with: "a").replacing("{revision}", with: "1").replacing("{id}", with: "tok_x")
                let answer = try await test.send(route.method.rawValue, path, token: .none)
                try test.expectProblem(.unauthenticated, answer)
                #expect(answer.header("WWW-Authenticate") == "Bearer")
                try await test.refused(.unauthenticated, route.method.rawValue, path, token: .other("cfg_wrong"))
            }
            #expect(test.revision == 0)
        }
    }

    @Test func `the caller is told who it is`() async throws {
        try await ServerUnderTest.run { test in
            let answer = try await test.json(200, "GET", "/api/v1/whoami")
            #expect(answer["principal"]?.stringValue?.hasPrefix("token:dev-") == true)
            #expect(answer["purpose"] == "development")
        }
    }

    @Test func `the published limits have the values of the platform`() async throws {
        try await ServerUnderTest.run { test in
            let limits = try await test.json(200, "GET", "/api/v1/limits")["limits"]
            #expect(limits?["requestBodyBytes"] == .int(Limits.requestBodyBytes))
            #expect(limits?["pageSize"] == .int(Limits.pageSize))
            #expect(limits?.objectValue?.count == PublishedLimits.all.count)
        }
    }

    @Test func `what a name, a key, a number and a body may be is published`() async throws {
        try await ServerUnderTest.run { test in
            let limits = try await test.json(200, "GET", "/api/v1/limits")["limits"]
            let known: [(String, JSONValue)] = [
                ("keyBytes", 512), ("keySegments", 32), ("nameBytes", 63), ("numberDigits", 1_000),
                ("numberExponent", 1_000_000), ("referenceDefaultDepth", 8), ("requestBodyDepth", 72),
                ("tokenSeconds", 3_162_240_000),
            ]
            for (name, value) in known { #expect(limits?[name] == value, "\(name)") }
        }
    }

    @Test func `HEAD answers as GET does, without the body`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            for path in ["/healthz", ServerUnderTest.shop, "\(ServerUnderTest.shop)/environments/base/settings"] {
                let get = try await test.get(path)
                let head = try await test.send("HEAD", path)
                #expect(head.status == 200)
                #expect(head.body.isEmpty)
                for name in ["Content-Type", "Content-Length", "ETag", "Cache-Control"] {
                    #expect(head.header(name) == get.header(name), "\(name) of \(path)")
                }
            }
            let watch = try await test.send("HEAD", "\(ServerUnderTest.shop)/watch")
            #expect(watch.header("Content-Type") == "text/event-stream")
        }
    }

    @Test func `the request's own id is taken over where it is sound`() async throws {
        try await ServerUnderTest.run { test in
            #expect(
                try await test.get("/healthz", headers: [("X-Request-ID", "build-7.a_B")]).header("X-Request-ID")
                    == "build-7.a_B")
            for unsound in ["a b", "ä", String(repeating: "x", count: 129), "a\"b"] {
                let made = try await test.get("/healthz", headers: [("X-Request-ID", unsound)]).header("X-Request-ID")
                #expect(made != unsound)
                #expect(made?.isEmpty == false)
            }
            let first = try await test.get("/healthz").header("X-Request-ID")
            let second = try await test.get("/healthz").header("X-Request-ID")
            #expect(first != second)
        }
    }

    @Test func `a wrong method is answered with those there are`() async throws {
        try await ServerUnderTest.run { test in
            let answer = try await test.send("POST", ServerUnderTest.shop)
            try test.expectProblem(.methodNotAllowed, answer)
            #expect(answer.header("Allow")?.split(separator: ", ").sorted() == ["DELETE", "GET", "HEAD", "PUT"])
            try await test.refused(.methodNotAllowed, "OPTIONS", "/healthz")
        }
    }

    @Test(arguments: [
        "/", "/nothing", "/api", "/api/v1", "/api/v2/projects", "/api/v1/projects/", "/healthz/",
        "/api/v1/projects//environments",
    ])
    func `an address that is none is not found`(path: String) async throws {
        try await ServerUnderTest.run { test in
            try await test.refused(.notFound, "GET", path)
        }
    }

    @Test func `a minimum revision is waited for, and refused where it is another ledger's`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let path = "\(ServerUnderTest.shop)/environments/base/settings"
            let first = try await test.get(path)
            let token = try #require(first.revisionToken)
            #expect(try await test.get(path, headers: [("X-Minimum-Revision", token)]).status == 200)
            #expect(try await test.get(path, headers: [("X-Minimum-Revision", "1")]).status == 200)
            try await test.refused(
                .ledgerDiverged, "GET", path, headers: [("X-Minimum-Revision", "1-0000000000000000")])
            for text in ["soon", "-1", "1-2", "1000000000000000000"] {
                let problem = try await test.refused(
                    .invalidRequest, "GET", path, headers: [("X-Minimum-Revision", text)])
                #expect(problem["detail"]?.stringValue?.contains("'\(text)' is not a revision token") == true)
                #expect(problem["violations"]?.arrayValue?.first?["keyword"] == "X-Minimum-Revision")
            }
            // A server waits for five seconds only, in which the write below may not have been made.
            @Sendable func waited() async throws -> HTTPAnswer {
                while true {
                    let answer = try await test.get(path, headers: [("X-Minimum-Revision", "2")])
                    if answer.status != 503 { return answer }
                }
            }
            async let answer = waited()
            try await test.json(201, "PUT", "\(path)/a", body: 1)
            #expect(try await answer.status == 200)
            #expect(try await answer.revision ?? 0 >= 2)
        }
    }
}
