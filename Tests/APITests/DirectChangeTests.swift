import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// Changes that are taken on the event loop of their connection must not be told from those that are not.
@Suite struct DirectChangeTests {
    private static let changes = "\(ServerUnderTest.shop)/changes"

    private static func post(_ test: ServerUnderTest, _ body: String, _ more: String = "") -> String {
        test.head("POST", changes)
            + "Content-Type: application/json\r\n\(more)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static func put(_ key: String, _ value: String) -> String {
        #"{"message":"m","operations":[{"op":"put","kind":"setting","environment":"base","key":"\#(key)","value":\#(value)}]}"#
    }

    @Test func `an answer is the same whichever way it was made`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let bodies = [
                Self.put("a", "1"), Self.put("a", "1"), Self.put("checkout", "1"), "{", #"{"message":1}"#,
                #"{"message":"","operations":[{"op":"put","kind":"setting","environment":"none","key":"k","value":1}]}"#,
                Self.put("checkout.password", "\"hunter22\""),
            ]
            for body in bodies {
                let before = test.revision
                // A header that the short way does not know.
                let ordinary = try await test.raw(Self.post(test, body, "X-Other: 1\r\n"))
                if test.revision > before {
                    try await test.json(
                        201, "POST", "\(ServerUnderTest.shop)/rollback", body: ["toRevision": .int(before)])
                }
                let direct = try await test.raw(Self.post(test, body))
                #expect(direct.status == ordinary.status, "\(body)")
                #expect(Self.names(direct) == Self.names(ordinary), "\(body)")
                #expect(try Self.lasting(direct) == Self.lasting(ordinary), "\(body)")
            }
        }
    }

    private static func names(_ answer: HTTPAnswer) -> [String] {
        answer.headers.map { $0.0.lowercased() }.sorted()
    }

    /// What does not differ from one request to the next.
    private static func lasting(_ answer: HTTPAnswer) throws -> JSONValue {
        var members = try answer.json().objectValue ?? [:]
        for name in ["revision", "token", "digest", "committedAt", "instance"] { members[name] = nil }
        return .object(members)
    }

    @Test func `what turns out to need approval is asked for at once, on a new connection too`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(
                201, "PUT", "\(ServerUnderTest.shop)/environments/base/protection", body: ["approvals": 1])
            let connection = try HTTPConnection(port: test.port)
            for value in 1...3 {
                try await connection.send(Array(Self.post(test, Self.put("a", "\(value)")).utf8))
                #expect(try await connection.answer().status == 202)
            }
        }
    }

    @Test func `requests that are sent at once are answered in their order`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let read = test.head("GET", "\(ServerUnderTest.shop)/environments/base/settings/a") + "\r\n"
            let slow = test.head("GET", "\(ServerUnderTest.shop)/changes?limit=1") + "\r\n"
            var sent = ""
            for round in 1...40 {
                sent += Self.post(test, Self.put("a", "\(round)")) + read + slow
                sent += Self.post(test, Self.put("a", "\(-round)"), "X-Other: 1\r\n") + read
            }
            let connection = try HTTPConnection(port: test.port)
            try await connection.send(Array(sent.utf8))
            for round in 1...40 {
                #expect(try await connection.answer().status == 201)
                #expect(try await connection.answer().json()["value"] == .int(round))
                #expect(try await connection.answer().json()["changes"]?.arrayValue?.count == 1)
                #expect(try await connection.answer().status == 201)
                #expect(try await connection.answer().json()["value"] == .int(-round))
            }
        }
    }

    @Test func `what is under way when the server stops is answered`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let connections = try (0..<16).map { _ in try HTTPConnection(port: test.port) }
            for (index, connection) in connections.enumerated() {
                try await connection.send(Array(Self.post(test, Self.put("k\(index)", "1")).utf8))
            }
            // Each has been taken in by the time that the last is answered, or is refused and was not.
            #expect(try await connections[15].answer().status == 201)
            await test.beginToStop()
            for connection in connections.dropLast() {
                let answer = try? await connection.answer()
                #expect(answer == nil || answer?.status == 201)
            }
            let written = test.revision
            #expect(written >= 2)
        }
    }

    @Test func `a body in pieces, too long or broken off is taken as it should be`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let body = Self.put("a", "1")
            let request = Array(Self.post(test, body).utf8)
            let slowly = try HTTPConnection(port: test.port)
            for piece in stride(from: 0, to: request.count, by: 40) {
                try await slowly.send(Array(request[piece..<min(piece + 40, request.count)]))
                try await Task.sleep(for: .milliseconds(2))
            }
            #expect(try await slowly.answer().status == 201)
            let long = Self.put("long", "\"" + String(repeating: "x", count: 40_000) + "\"")
            #expect(try await test.raw(Self.post(test, long)).status == 201)
            let before = test.revision
            let broken = try HTTPConnection(port: test.port)
            try await broken.send(Array(request.dropLast(5)))
            broken.shutDown()
            try await Task.sleep(for: .milliseconds(50))
            #expect(test.revision == before)
            let other = try await test.raw(Self.post(test, body).replacing("cfg_", with: "cfg_x"))
            #expect(other.status == 401)
            #expect(test.revision == before)
        }
    }
}
