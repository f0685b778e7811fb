import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

@testable import Store

@Suite(.needsPostgreSQL) struct PostgreSQLOpeningTests {
    @Test func `the conformance suite is run on PostgreSQL`() {
        #expect(StoreEngineUnderTest.all.map(\.testDescription).contains("PostgreSQL"))
    }

    @Test func `neither the location nor an error holds the password`() async throws {
        let server = try PostgreSQLServer.shared
        let name = Engine.name(in: try server.createDatabase())
        try await Engine.withStore("postgres://postgres:s3cret@127.0.0.1:\(server.port)/\(name)") { store in
            #expect(store.location == "postgres://127.0.0.1:\(server.port)/\(name)")
        }
        let refusal = try await Engine.refusal("postgres://postgres:s3cret@127.0.0.1:1/nowhere")
        #expect(refusal?.contains("127.0.0.1:1/nowhere") == true)
        #expect(refusal?.contains("s3cret") == false)
        #expect(try await Engine.refusal("mysql://x:s3cret@y/z")?.contains("postgres://") == true)
    }

    @Test func `replicas that start together on an empty database agree on its platform`() async throws {
        let url = try PostgreSQLServer.shared.createDatabase()
        let heads = try await withThrowingTaskGroup(of: Head.self) { group in
            for replica in 0..<6 {
                group.addTask {
                    let store = try await Engine.open(url, platformID: "platform-\(replica)")
                    let head = try await store.head()
                    await store.close()
                    return head
                }
            }
            return try await group.reduce(into: Set<Head>()) { $0.insert($1) }
        }
        #expect(heads.count == 1)
    }

    @Test func `synchronous_commit off is refused by name, and local is not`() async throws {
        let server = try PostgreSQLServer.shared
        let url = try server.createDatabase()
        for value in ["off", "local", "remote_write", "on", "remote_apply"] {
            try server.execute("ALTER DATABASE \(Engine.name(in: url)) SET synchronous_commit = \(value)")
            let refusal = try await Engine.refusal(url)
            #expect(refusal?.contains("synchronous_commit = off") == (value == "off" ? true : nil))
            #expect(refusal?.contains("RESET synchronous_commit") == (value == "off" ? true : nil))
        }
    }

    @Test func `a writer's next session is held to the same, and says so until it is mended`() async throws {
        let server = try PostgreSQLServer.shared
        let url = try server.createDatabase()
        let name = Engine.name(in: url)
        try await Engine.withStore(url) { store in
            try await store.commit([.put("a", "1", in: "base")])
            try server.execute("ALTER DATABASE \(name) SET synchronous_commit = off")
            try server.execute(
                "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = '\(name)'")
            let error = await #expect(throws: StoreError.self) { try await store.commit([.put("a", "2", in: "base")]) }
            guard case .unavailable(let message) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(message.contains("synchronous_commit"))
            #expect(try await store.head().revision == 1)
            try server.execute("ALTER DATABASE \(name) RESET synchronous_commit")
            #expect(try await store.commit([.put("a", "3", in: "base")]).revision == 2)
        }
    }

    @Test func `a role that may only read is refused, and what to alter is said`() async throws {
        let server = try PostgreSQLServer.shared
        let url = try server.createDatabase()
        try server.execute("ALTER DATABASE \(Engine.name(in: url)) SET default_transaction_read_only = on")
        #expect(try await Engine.refusal(url)?.contains("default_transaction_read_only") == true)
    }

    @Test func `an encoding that cannot hold every text is refused`() async throws {
        let server = try PostgreSQLServer.shared
        try server.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        let refusal = try await Engine.refusal(server.url(database: "latin"))
        #expect(refusal?.contains("LATIN1") == true)
        #expect(refusal?.contains("UTF8") == true)
    }

    @Test func `a role without a schema of its own is told how to get one`() async throws {
        let server = try PostgreSQLServer.shared
        let url = try server.createDatabase()
        #expect(try await Engine.refusal(url + "?options=-csearch_path%3Dnowhere")?.contains("CREATE SCHEMA") == true)
        try server.execute("CREATE ROLE reader LOGIN")
        try server.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC", database: Engine.name(in: url))
        let refusal = try await Engine.refusal(url.replacing("postgres://postgres@", with: "postgres://reader@"))
        #expect(refusal?.contains("owner") == true)
    }

    @Test func `two platforms in two schemas of one database do not meet`() async throws {
        let server = try PostgreSQLServer.shared
        let url = try server.createDatabase()
        try server.execute("CREATE SCHEMA one; CREATE SCHEMA two", database: Engine.name(in: url))
        try await Engine.withStore(url + "?options=-csearch_path%3Done") { one in
            try await Engine.withStore(url + "?options=-csearch_path%3Dtwo") { two in
                try await one.commit([.put("a", "1", in: "base")])
                #expect(try await two.head().revision == 0)
                #expect(try await two.engineFaults() == [])
                #expect(try await one.engineFaults() == [])
            }
        }
    }

    @Test(arguments: ["head", "items", "schema_migrations"])
    func `tables of another program are refused by name and left alone`(_ table: String) async throws {
        let server = try PostgreSQLServer.shared
        let url = try server.createDatabase()
        let name = Engine.name(in: url)
        try server.execute("CREATE TABLE \(table) (version text)", database: name)
        for mode in [PostgreSQLStore.Mode.readWrite, .readOnly] {
            let refusal = try await Engine.refusal(url, mode)
            #expect(refusal?.contains("another program") == true)
            #expect(refusal?.contains(table) == true)
        }
        #expect(try server.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", database: name) == "1")
    }

    @Test func `a schema that is newer than this program is refused`() async throws {
        let server = try PostgreSQLServer.shared
        let url = try server.createDatabase()
        try await Engine.withStore(url) { _ in }
        let next = Migration.newest + 1
        try server.execute(
            "INSERT INTO schema_migrations VALUES (\(next), 'flags', 0)", database: Engine.name(in: url))
        for mode in [PostgreSQLStore.Mode.readWrite, .readOnly] {
            #expect(try await Engine.refusal(url, mode)?.contains("schema \(next) (flags)") == true)
        }
    }

    @Test func `a table that a crash would empty is refused`() async throws {
        let server = try PostgreSQLServer.shared
        let url = try server.createDatabase()
        try await Engine.withStore(url) { _ in }
        try server.execute("ALTER TABLE audit_events SET UNLOGGED", database: Engine.name(in: url))
        #expect(try await Engine.refusal(url)?.contains("audit_events SET LOGGED") == true)
    }

    @Test func `for reading only, an empty database is refused and nothing can be written to a full one`() async throws
    {
        let server = try PostgreSQLServer.shared
        let url = try server.createDatabase()
        #expect(try await Engine.refusal(url, .readOnly)?.contains("no database of cfg") == true)
        try await Engine.withStore(url) { writer in
            try await writer.commit([.put("a", "1", in: "base")])
            let reader = try await Engine.open(url, .readOnly)
            #expect(try await reader.items() == writer.items())
            #expect(await failure { try await reader.commit([.put("a", "2", in: "base")]) } == .fault)
            let head = try await reader.head()
            let waiting = Task { try await reader.awaitMovement(past: head, seconds: 3600) }
            try await writer.commit([.put("a", "3", in: "base")])
            try await waiting.value
            #expect(try await reader.head().revision == 2)
            await reader.close()
        }
    }
}

/// On a server that only this suite uses, since it alters what all databases share.
@Suite(.serialized, .needsPostgreSQL) struct PostgreSQLServerSettingsTests {
    private static let started = Result { try PostgreSQLServer() }
    private let server: PostgreSQLServer

    init() throws { server = try Self.started.get() }

    @Test(arguments: ["fsync", "full_page_writes"])
    func `a setting that makes crashes lose data is refused by name`(_ setting: String) async throws {
        let url = try server.createDatabase()
        try alter("SET \(setting) = off", until: "current_setting('\(setting)') = 'off'")
        let refusal = try await Engine.refusal(url)
        #expect(refusal?.contains("\(setting) = off") == true)
        #expect(refusal?.contains("Set \(setting) = on") == true)
        try alter("RESET \(setting)", until: "current_setting('\(setting)') = 'on'")
        #expect(try await Engine.refusal(url) == nil)
    }

    @Test func `a server that turns read-only refuses writes until it takes them again, and goes on reading`()
        async throws
    {
        try await Engine.withStore(try server.createDatabase(), Engine.impatient) { store in
            try await store.commit([.put("a", "1", in: "base")])
            try alter(
                "SET default_transaction_read_only = on",
                until: "current_setting('default_transaction_read_only') = 'on'")
            // The writer's session takes note of it when it is next idle.
            while await failure(of: { try await store.commit([.put("a", "2", in: "base")]) }) == nil {}
            #expect(await failure { try await store.commit([.put("a", "2", in: "base")]) } == .unavailable)
            #expect(await failure { try await store.commit([.put("a", "2", in: "base")]) } == .unavailable)
            let revision = try await store.head().revision
            try alter(
                "RESET default_transaction_read_only", until: "current_setting('default_transaction_read_only') = 'off'"
            )
            while await failure(of: { try await store.commit([.put("a", "3", in: "base")]) }) != nil {}
            #expect(try await store.head().revision == revision.next)
        }
    }

    @Test func `a standby is refused for writing, read, and written to once it is promoted`() async throws {
        let url = try server.createDatabase()
        try await Engine.withStore(url) { _ = try await $0.commit([.put("a", "1", in: "base")]) }
        let data = try server.execute("SHOW data_directory")
        try server.execute("COPY (SELECT) TO '\(data)/standby.signal'")
        try server.stop()
        try server.start()
        let refusal = try await Engine.refusal(url)
        #expect(refusal?.contains("standby") == true)
        #expect(refusal?.contains("target_session_attrs=read-write") == true)
        let reader = try await Engine.open(url, .readOnly)
        let head = try await reader.head()
        #expect(head.revision == 1)
        let waiting = Task { try await reader.awaitMovement(past: head, seconds: 3600) }
        try server.execute("SELECT pg_promote()")
        try await Engine.withStore(url) { _ = try await $0.commit([.put("a", "2", in: "base")]) }
        try await waiting.value
        #expect(try await reader.head().revision == 2)
        await reader.close()
    }

    /// Alters the server's configuration and waits until new sessions see it.
    private func alter(_ change: String, until condition: String) throws {
        try server.execute("ALTER SYSTEM \(change)")
        try server.execute("SELECT pg_reload_conf()")
        while try server.execute("SELECT \(condition)") != "t" {}
    }
}
