import Foundation
import TestSupport
import Testing

@testable import Store

/// Gives a test work on a thread of its own, with a session of a fresh database.
enum Driver {
    @discardableResult
    static func withThread<T>(
        _ url: String, options: PostgreSQLSessionOptions = .init(), _ body: (PostgreSQLThread) async throws -> T
    ) async throws -> T {
        let thread = try PostgreSQLThread(url: try PostgreSQLURL(parsing: url), options: options)
        let result: Result<T, any Error>
        do { result = .success(try await body(thread)) } catch { result = .failure(error) }
        await thread.close()
        return try result.get()
    }

    /// Runs `body` on a session of a fresh database of the shared server, on the thread of the test: what it finds is then reported
    /// under the test's name.
    static func session<T>(_ body: (PostgreSQLConnection) throws -> T) throws -> T {
        let url = try PostgreSQLURL(parsing: try PostgreSQLServer.shared.createDatabase())
        let connection = try PostgreSQLConnection(to: url)
        defer { connection.close() }
        return try body(connection)
    }

    /// The integer a query returns.
    static func number(_ sql: String, on thread: PostgreSQLThread) async throws -> Int64 {
        try await thread.run { connection in try connection.query(sql)[0].int64(0) }
    }

    /// Resident memory of this process, in bytes.
    static func residentBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(Int(line.split(whereSeparator: \.isWhitespace)[1])) * 1024
    }
}

extension Trait where Self == ConditionTrait {
    static var needsPostgreSQL: Self { .enabled(if: PostgreSQLServer.isAvailable, "\(PostgreSQLServer.absence)") }
}
