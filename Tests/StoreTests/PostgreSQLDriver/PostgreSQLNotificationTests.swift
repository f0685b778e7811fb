import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite(.needsPostgreSQL) struct PostgreSQLNotificationTests {
    @Test func `a listener hears what is committed, in order, and nothing that is rolled back`() async throws {
        let url = try PostgreSQLServer.shared.createDatabase()
        try await Driver.withThread(url) { listener in
            try await listener.run { try $0.execute("LISTEN revisions") }
            try await Driver.withThread(url) { writer in
                try await writer.run { connection in
                    try connection.pipeline { pipeline in
                        try pipeline.enqueue("BEGIN")
                        try pipeline.enqueue("SELECT pg_notify('revisions', 'lost')")
                        try pipeline.enqueue("ROLLBACK")
                    }
                    for number in 1...3 {
                        try connection.query("SELECT pg_notify('revisions', $1)", [.text(String(number))])
                    }
                }
            }
            let heard = try await listener.run { connection in
                var heard: [PostgreSQLNotification] = []
                while heard.count < 3 { heard += try connection.waitForNotifications(timeout: .seconds(30)) }
                return heard
            }
            #expect(heard.map(\.payload) == ["1", "2", "3"])
            #expect(heard.allSatisfy { $0.channel == "revisions" })
        }
    }

    @Test func `a wait is ended by a notification long before its limit`() async throws {
        let url = try PostgreSQLServer.shared.createDatabase()
        try await Driver.withThread(url) { listener in
            try await listener.run { try $0.execute("LISTEN revisions") }
            async let heard = listener.run { try $0.waitForNotifications(timeout: .seconds(3600)) }
            try await Driver.withThread(url) { writer in
                try await writer.run { try $0.execute("NOTIFY revisions, '42'") }
            }
            #expect(try await heard.map(\.payload) == ["42"])
        }
    }

    @Test func `a wait without a notification ends at its limit`() throws {
        try Driver.session { connection in
            try connection.execute("LISTEN revisions")
            #expect(try connection.waitForNotifications(timeout: .milliseconds(20)).isEmpty)
        }
    }

    @Test func `close wakes a listener`() async throws {
        let url = try PostgreSQLURL(parsing: try PostgreSQLServer.shared.createDatabase())
        let thread = try PostgreSQLThread(url: url)
        let (begun, beginning) = AsyncStream<Void>.makeStream()
        let waiting = Task {
            try await thread.run { connection in
                try connection.execute("LISTEN revisions")
                beginning.finish()
                return try connection.waitForNotifications(timeout: .seconds(3600))
            }
        }
        for await _ in begun {}
        await thread.close()
        let error = await #expect(throws: PostgreSQLError.self) { try await waiting.value }
        #expect(error?.isClosed == true)
    }

    @Test func `a listener learns that its server is gone`() async throws {
        let server = try PostgreSQLServer.shared
        try await Driver.withThread(try server.createDatabase()) { listener in
            let process = try await listener.run { connection in
                try connection.execute("LISTEN revisions")
                return try connection.backendProcessID
            }
            let (begun, beginning) = AsyncStream<Void>.makeStream()
            let waiting = Task {
                try await listener.run { connection in
                    beginning.finish()
                    return try connection.waitForNotifications(timeout: .seconds(3600))
                }
            }
            for await _ in begun {}
            try server.execute("SELECT pg_terminate_backend(\(process), 60000)")
            switch await waiting.result {
            case .failure(let error): #expect((error as? PostgreSQLError)?.isConnectionLost == true)
            case .success(let heard): Issue.record("heard \(heard) of a server that was gone")
            }
            let next = try await Driver.number("SELECT pg_backend_pid()", on: listener)
            #expect(next != Int64(process))
        }
    }
}
