import GRDB
import GRDBSQLite

/// A statement of one connection, bound and stepped through SQLite's own interface, so that bytes go in and out without being wrapped.
///
/// Valid where GRDB gives access to the connection, and there only. GRDB compiles it and keeps it compiled.
struct PreparedStatement {
    private let statement: Statement
    private let handle: OpaquePointer
    private let connection: OpaquePointer?

    init(_ sql: String, on database: Database) throws {
        statement = try database.cachedStatement(sql: sql)
        handle = statement.sqliteStatement
        connection = database.sqliteConnection
    }

    init(_ sql: SQLiteStatements, on database: Database) throws {
        try self.init(sql.rawValue, on: database)
    }

    /// Runs a statement that returns no rows, with the parameters in order. Returns the number of rows that it altered.
    @discardableResult
    func run(_ parameters: SQLiteValue...) throws -> Int { try run(parameters) }

    @discardableResult
    func run(_ parameters: [SQLiteValue]) throws -> Int {
        try binding(parameters) {
            guard sqlite3_step(handle) == SQLITE_DONE else { throw failure() }
            return Int(sqlite3_changes(connection))
        }
    }

    /// Gives every row to `body`, until that returns false.
    func forEach(_ parameters: [SQLiteValue], _ body: (SQLiteRow) throws -> Bool) throws {
        try binding(parameters) {
            while true {
                switch sqlite3_step(handle) {
                case SQLITE_ROW: guard try body(SQLiteRow(handle: handle)) else { return }
                case SQLITE_DONE: return
                default: throw failure()
                }
            }
        }
    }

    func all<Value>(_ parameters: SQLiteValue..., decode: (SQLiteRow) throws -> Value) throws -> [Value] {
        var values: [Value] = []
        try forEach(parameters) { row in
            values.append(try decode(row))
            return true
        }
        return values
    }

    /// The first row; nil where there is none.
    func first<Value>(_ parameters: SQLiteValue..., decode: (SQLiteRow) throws -> Value) throws -> Value? {
        try first(parameters, decode: decode)
    }

    func first<Value>(_ parameters: [SQLiteValue], decode: (SQLiteRow) throws -> Value) throws -> Value? {
        var value: Value?
        try forEach(parameters) { row in
            value = try decode(row)
            return false
        }
        return value
    }

    /// Runs `body` with the parameters bound, which SQLite reads where they are, and takes the statement back to its beginning. What is
    /// bound afterwards is read by nobody: whoever runs the statement next binds all of it.
    private func binding<Value>(_ parameters: [SQLiteValue], _ body: () throws -> Value) throws -> Value {
        try parameters.withUnsafeBufferPointer { try binding($0, from: 0, body) }
    }

    private func binding<Value>(
        _ parameters: UnsafeBufferPointer<SQLiteValue>, from first: Int, _ body: () throws -> Value
    ) throws -> Value {
        var index = first
        while index < parameters.count {
            let column = Int32(index + 1)
            let status: Int32
            switch parameters[index] {
            case .integer(let value): status = sqlite3_bind_int64(handle, column, value)
            case .null: status = sqlite3_bind_null(handle, column)
            case .text(var text):
                return try text.withUTF8 { utf8 in
                    try check(Self.bind(utf8, to: handle, at: column))
                    return try binding(parameters, from: index + 1, body)
                }
            case .bytes(let bytes):
                return try bytes.withUnsafeBytes { bytes in
                    try check(Self.bind(bytes, to: handle, at: column))
                    return try binding(parameters, from: index + 1, body)
                }
            }
            try check(status)
            index += 1
        }
        // What it returns is the failure of the last step, which was thrown already.
        defer { sqlite3_reset(handle) }
        return try body()
    }

    private func check(_ status: Int32) throws {
        guard status == SQLITE_OK else { throw failure() }
    }

    /// What has no bytes may have no address, which SQLite would take for NULL.
    private static func bind(
        _ utf8: UnsafeBufferPointer<UInt8>, to statement: OpaquePointer, at column: Int32
    ) -> Int32 {
        guard let start = utf8.baseAddress, !utf8.isEmpty else {
            return sqlite3_bind_text(statement, column, "", 0, copied)
        }
        return start.withMemoryRebound(to: CChar.self, capacity: utf8.count) {
            sqlite3_bind_text64(statement, column, $0, UInt64(utf8.count), nil, UInt8(SQLITE_UTF8))
        }
    }

    private static func bind(
        _ bytes: UnsafeRawBufferPointer, to statement: OpaquePointer, at column: Int32
    ) -> Int32 {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return sqlite3_bind_zeroblob(statement, column, 0) }
        return sqlite3_bind_blob64(statement, column, start, UInt64(bytes.count), nil)
    }

    /// SQLITE_TRANSIENT, which C defines as a cast that is not imported: SQLite makes its own copy before the call returns.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    private func failure() -> SQLiteFailure { SQLiteFailure(of: connection) }
}

/// What a statement's parameter is given.
enum SQLiteValue {
    case integer(Int64)
    case text(String)
    case bytes([UInt8])
    case null

    static func integer(_ value: Int64?) -> SQLiteValue { value.map { .integer($0) } ?? .null }
}

/// The row that a statement stands on. Valid until the next step.
struct SQLiteRow {
    fileprivate let handle: OpaquePointer

    func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func int64OrNil(_ column: Int32) -> Int64? { isNull(column) ? nil : int64(column) }

    func text(_ column: Int32) -> String { withBytes(column) { String(decoding: $0, as: UTF8.self) } }

    func bytes(_ column: Int32) -> [UInt8] { withBytes(column) { Array($0) } }

    func byteCount(_ column: Int32) -> Int { withBytes(column, \.count) }

    /// The bytes of a text or a blob, without a copy.
    func withBytes<Value>(_ column: Int32, _ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        // The order of the calls matters: the length is that of the form that was last asked for.
        let start = sqlite3_column_blob(handle, column)
        return try body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }
}
