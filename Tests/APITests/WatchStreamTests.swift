import API
import ConfigPlatformModel
import ControlPlane
import Foundation
import TestSupport
import Testing

@Suite struct WatchStreamTests {
    private static let watch = "\(ServerUnderTest.shop)/watch"
    private static let base = "\(ServerUnderTest.shop)/environments/base/settings"

    @Test func `a watch begins with the document and goes on with what changes`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let (head, events) = try await test.client.events(Self.watch, query: [("environment", "production")])
            #expect(head.status == 200)
            #expect(head.header("Content-Type") == "text/event-stream")
            #expect(head.header("Cache-Control") == "no-store")
            let snapshot = try #require(try await events.nextChange())
            #expect(snapshot.event == "snapshot")
            #expect(snapshot.id == test.platform.state.token.text)
            #expect(snapshot.data["document"]?["checkout"]?["timeout"] == 2000)
            try await test.json(201, "PUT", "\(ServerUnderTest.shop)/environments/staging/settings/other", body: 1)
            try await test.json(201, "PUT", "\(Self.base)/checkout.timeout", body: 2100)
            let change = try #require(try await events.nextChange())
            #expect(change.event == "change")
            #expect(change.id == test.platform.state.token.text)
            #expect(change.data["changes"] == [["key": "checkout.timeout", "before": 2000, "after": 2100]])
            events.close()
        }
    }

    @Test func `a watch comes back with its last id and misses nothing`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let token = test.platform.state.token.text
            for value in 1...5 { try await test.json(201, "PUT", "\(Self.base)/a", body: .int(value)) }
            for headers in [[("Last-Event-ID", token)], []] {
                // The header is newer than the query that the client began with.
                let after = headers.isEmpty ? token : "1"
                let (_, events) = try await test.client.events(
                    Self.watch, query: [("environment", "base"), ("after", after)], headers: headers)
                var seen: [JSONValue?] = []
                for _ in 1...5 {
                    seen.append(try await events.nextChange()?.data["changes"]?.arrayValue?.first?["after"])
                }
                #expect(seen == [1, 2, 3, 4, 5])
                events.close()
            }
            try await test.refused(.ledgerDiverged, "GET", Self.watch, query: [("after", "2-0000000000000000")])
            try await test.refused(.invalidRequest, "GET", Self.watch, query: [("after", "x")])
            try await test.refused(.invalidRequest, "GET", Self.watch, headers: [("Last-Event-ID", "x")])
        }
    }

    @Test func `a watch of a project follows every environment`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let (_, events) = try await test.client.events(Self.watch)
            var names: [JSONValue?] = []
            var ids: [String?] = []
            for _ in 1...3 {
                let event = try await events.nextChange()
                names.append(event?.data["environment"])
                ids.append(event?.id)
            }
            #expect(names == ["base", "production", "staging"])
            // Who comes back before the last begins anew.
            #expect(ids == [nil, nil, test.platform.state.token.text])
            try await test.json(201, "DELETE", "\(ServerUnderTest.shop)/environments/staging")
            let deleted = try #require(try await events.nextChange())
            #expect(deleted.event == "deleted")
            #expect(deleted.data["environment"] == "staging")
            events.close()
        }
    }

    @Test func `a watch of an environment ends with it`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let (_, events) = try await test.client.events(Self.watch, query: [("environment", "staging")])
            #expect(try await events.nextChange()?.event == "snapshot")
            try await test.json(201, "DELETE", "\(ServerUnderTest.shop)/environments/staging")
            #expect(try await events.nextChange()?.event == "deleted")
            #expect(try await events.nextChange() == nil)
        }
    }

    @Test func `a watch whose token was revoked ends with the next event`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let made = try await test.json(201, "POST", "/api/v1/tokens", body: ["name": "watcher", "role": "viewer"])
            let client = test.client.with(token: try #require(made["token"]?.stringValue))
            let (_, events) = try await client.events(Self.watch, query: [("environment", "base")])
            #expect(try await events.nextChange()?.event == "snapshot")
            try await test.send("DELETE", "/api/v1/tokens/\(made["id"]?.stringValue ?? "")")
            try await test.json(201, "PUT", "\(Self.base)/a", body: 1)
            #expect(try await events.nextChange() == nil)
        }
    }

    @Test func `a receiver that reads too slowly is cut off with the token to come back with`() async throws {
        // What is looked at is how far it may be behind, however long the machine takes to bring it there.
        func patient() throws -> ServerSettings {
            var settings = try ServerSettings(listen: "127.0.0.1:0")
            settings.stallSeconds = 600
            return settings
        }
        try await ServerUnderTest.run(settings: patient) { test in
            try await test.makeShop()
            // A small buffer at this end, and events of which a few fill it.
            let connection = try HTTPConnection(port: test.port, receiveBytes: 4_096)
            try await connection.send(
                Array((test.head("GET", "\(Self.watch)?environment=base") + "Accept: text/event-stream\r\n\r\n").utf8))
            #expect(try await connection.head().status == 200)
            let text = String(repeating: "x", count: 200_000)
            for index in 0..<(Limits.watchBacklog + 60) {
                let operations = ServerUnderTest.put("big", .string("\(index)\(text)"), in: "base")
                try await test.json(
                    201, "POST", "\(ServerUnderTest.shop)/changes", body: ["message": "m", "operations": [operations]])
            }
            var received: [UInt8] = []
            while let chunk = try await connection.chunk() { received += chunk }
            let events = String(decoding: received, as: UTF8.self).components(separatedBy: "\n\n").filter {
                $0.contains("event: ")
            }
            let last = try #require(events.last)
            #expect(last.contains("event: behind"))
            let id = try #require(last.split(separator: "\n").first { $0.hasPrefix("id: ") }?.dropFirst(4))
            // Where it was cut off is where the events that arrived end, and where a new watch goes on.
            let delivered = events.dropLast().last?.split(separator: "\n").first { $0.hasPrefix("id: ") }?.dropFirst(4)
            #expect(delivered == id)
            let (_, again) = try await test.client.events(
                Self.watch, query: [("environment", "base"), ("after", String(id))])
            let next = try #require(try await again.nextChange())
            #expect(try RevisionToken(parsing: next.id ?? "").revision == RevisionToken(parsing: id).revision.next)
            again.close()
        }
    }
}
