import API
import ConfigPlatformModel
import TestSupport
import Testing

/// What happens on a connection, byte by byte.
@Suite struct ConnectionTests {
    private static let document = "\(ServerUnderTest.shop)/environments/production/settings"

    private static func patient(_ change: (inout ServerSettings) -> Void) throws -> ServerSettings {
        var settings = try ServerSettings(listen: "127.0.0.1:0")
        change(&settings)
        return settings
    }

    @Test(arguments: [
        "GARBAGE\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /\u{01} HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nBad Header: x\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n1",
    ])
    func `what is not HTTP is answered with a problem and the end of the connection`(bytes: String) async throws {
        try await ServerUnderTest.run { test in
            let answer = try await test.raw(bytes)
            try test.expectProblem(.invalidRequest, answer, revision: 0)
            #expect(answer.header("Connection") == "close")
        }
    }

    @Test func `a head beyond its limits is refused`() async throws {
        try await ServerUnderTest.run { test in
            for head in [
                "GET /\(String(repeating: "x", count: 70_000)) HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX-Long: \(String(repeating: "x", count: 70_000))\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X-Many: 1\r\n", count: 200) + "\r\n",
            ] {
                try test.expectProblem(.tooLarge, try await test.raw(head))
            }
        }
    }

    @Test func `a body that breaks off writes nothing`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let head = test.head("PUT", "\(Self.document)/a") + "Content-Type: application/json\r\n"
            for bytes in [
                head + "Content-Length: 10\r\n\r\n1", head + "Transfer-Encoding: chunked\r\n\r\n1\r\n1\r\n",
            ] {
                let connection = try HTTPConnection(port: test.port)
                try await connection.send(Array(bytes.utf8))
                connection.shutDown()
            }
            let broken = try await test.raw(head + "Transfer-Encoding: chunked\r\n\r\n1\r\n1\r\nnot a chunk\r\n")
            try test.expectProblem(.invalidRequest, broken, revision: 1)
            #expect(try await test.send("GET", "\(Self.document)/a").status == 404)
        }
    }

    @Test func `a request that does not arrive is answered in time, and writes nothing`() async throws {
        try await ServerUnderTest.run(settings: { try Self.patient { $0.requestSeconds = 20 } }) { test in
            try await test.makeShop()
            let connection = try HTTPConnection(port: test.port)
            let head =
                test.head("PUT", "\(Self.document)/a") + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n1"
            try await connection.send(Array(head.utf8))
            try test.expectProblem(.requestTimeout, try await connection.answer(), revision: 1)
            #expect(try await test.get(Self.document).status == 200)
            #expect(test.revision == 1)
        }
    }

    @Test func `a connection that asks nothing, or never ends its head, is closed`() async throws {
        try await ServerUnderTest.run(settings: { try Self.patient { $0.idleSeconds = 0.3 } }) { test in
            for bytes in ["", "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "] {
                let connection = try HTTPConnection(port: test.port)
                try await connection.send(Array(bytes.utf8))
                await #expect(throws: (any Error).self) { try await connection.answer() }
            }
        }
    }

    @Test func `a watch outlasts the time for requests`() async throws {
        try await ServerUnderTest.run(
            settings: {
                try Self.patient {
                    $0.requestSeconds = 20
                    $0.idleSeconds = 20
                }
            }
        ) { test in
            try await test.makeShop()
            let (_, events) = try await test.client.events(
                "\(ServerUnderTest.shop)/watch", query: [("environment", "base")])
            #expect(try await events.nextChange()?.event == "snapshot")
            // Another connection idles until it is closed: by then the watch has lasted longer than any request may.
            let idle = try HTTPConnection(port: test.port)
            await #expect(throws: (any Error).self) { try await idle.answer() }
            // Over a new connection: those that are kept have idled as long.
            let written = try await test.send(
                "PUT", "\(ServerUnderTest.shop)/environments/base/settings/a", body: .json(1),
                token: .other(test.token))
            #expect(written.status == 201)
            #expect(try await events.nextChange()?.event == "change")
            events.close()
        }
    }

    @Test func `requests on one connection are answered in order`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            _ = try await test.get(Self.document)
            let connection = try HTTPConnection(port: test.port)
            // Some of these are answered on the event loop and some by handlers.
            var bytes = ""
            for id in 0..<40 {
                let target =
                    id % 3 == 0 ? Self.document : id % 3 == 1 ? "/api/v1/whoami" : "\(Self.document)/checkout.timeout"
                bytes += test.head("GET", target) + "X-Request-ID: id-\(id)\r\n\r\n"
            }
            try await connection.send(Array(bytes.utf8))
            for id in 0..<40 {
                let answer = try await connection.answer()
                #expect(answer.header("X-Request-ID") == "id-\(id)")
                #expect(answer.status == 200)
            }
        }
    }

    @Test func `a refused request with a small body leaves its connection usable`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let connection = try HTTPConnection(port: test.port)
            let refused =
                "PUT \(Self.document)/a HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n1"
            try await connection.send(Array(refused.utf8))
            try test.expectProblem(.unauthenticated, try await connection.answer())
            try await connection.send(Array((test.head("GET", Self.document) + "\r\n").utf8))
            #expect(try await connection.answer().status == 200)
        }
    }

    @Test func `a client that waits to be told sends its body when it is`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let connection = try HTTPConnection(port: test.port)
            let head =
                test.head("PUT", "\(Self.document)/a")
                + "Content-Type: application/json\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
            try await connection.send(Array(head.utf8))
            #expect(try await connection.head().status == 100)
            try await connection.send(Array("7".utf8))
            #expect(try await connection.answer().status == 201)
            let hopeless = try HTTPConnection(port: test.port)
            try await hopeless.send(Array(head.replacing("Bearer ", with: "Bearer x").utf8))
            #expect(try await hopeless.head().status == 401)
        }
    }

    @Test func `both ways through the server give the same answer`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            for path in [Self.document, "\(Self.document)/checkout.timeout"] {
                // X-Minimum-Revision is for the handlers; without it the second answer comes from the event loop.
                let handled = try await test.get(
                    path, headers: [("X-Minimum-Revision", "1"), ("X-Request-ID", "same")])
                let direct = try await test.get(path, headers: [("X-Request-ID", "same")])
                #expect(handled.body == direct.body)
                func headers(_ answer: HTTPAnswer) -> [String] {
                    answer.headers.filter { $0.name.lowercased() != "date" }.map {
                        "\($0.name.lowercased()): \($0.value)"
                    }.sorted()
                }
                #expect(headers(handled) == headers(direct))
            }
        }
    }

    @Test func `no write is answered past by an older document`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let path = "\(ServerUnderTest.shop)/environments/base/settings/checkout.timeout"
            for value in 1...30 {
                try await test.json(201, "PUT", path, body: .int(value))
                #expect(try await test.json(200, "GET", Self.document)["checkout"]?["timeout"] == .int(value))
                #expect(try await test.json(200, "GET", Self.document)["checkout"]?["timeout"] == .int(value))
                #expect(try await test.json(200, "GET", "\(Self.document)/checkout.timeout")["value"] == .int(value))
                #expect(try await test.json(200, "GET", "\(Self.document)/checkout.timeout")["value"] == .int(value))
            }
        }
    }

    @Test func `a large document arrives whole`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let text = String(repeating: "ä€", count: 40_000)
            for index in 1...6 {
                try await test.json(
                    201, "PUT", "\(ServerUnderTest.shop)/environments/base/settings/big\(index)", body: .string(text))
            }
            for _ in 1...3 {
                let answer = try await test.get(Self.document)
                #expect(answer.body.count > 1_000_000)
                #expect(try answer.json()["big6"] == .string(text))
            }
        }
    }

    @Test func `a server that stops finishes what it accepted, ends watches and takes nothing new`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let (_, events) = try await test.client.events("\(ServerUnderTest.shop)/watch")
            while let event = try await events.nextChange(), event.data["environment"] != "staging" {}
            let connection = try HTTPConnection(port: test.port)
            let head =
                test.head("PUT", "\(Self.document)/last")
                + "Content-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
            try await connection.send(Array(head.utf8))
            // Whoever is told to go on has been accepted.
            #expect(try await connection.head().status == 100)
            try await connection.send(Array("4".utf8))
            await test.beginToStop()
            #expect(try await events.nextChange() == nil)
            try await connection.send(Array("2".utf8))
            let answer = try await connection.answer()
            #expect(answer.status == 201)
            #expect(answer.header("Connection") == "close")
            #expect(test.revision == 2)
        }
    }

    @Test func `the log tells requests, and neither tokens nor queries`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.refused(
                .notFound, "GET", "\(ServerUnderTest.shop)/search/none", query: [("q", "hidden-value")],
                headers: [("X-Request-ID", "id-1")])
            _ = try await test.get(
                "\(ServerUnderTest.shop)/search", query: [("q", "hidden-value")], headers: [("X-Request-ID", "id-2")])
            for _ in 1...3 { _ = try await test.get(Self.document, headers: [("X-Request-ID", "id-3")]) }
            let lines = test.log.all
            #expect(lines.contains { $0.contains("id-1") && $0.contains("unmatched") && $0.contains("404") })
            #expect(
                lines.contains {
                    $0.contains("id-2") && $0.contains("/projects/{project}/search") && $0.contains("127.0.0.1")
                })
            #expect(lines.count { $0.contains("id-3") } == 3)
            #expect(lines.contains { $0.hasPrefix("info request") && $0.contains("POST") })
            #expect(!lines.contains { $0.contains("hidden-value") || $0.contains(test.token) })
        }
    }
}
