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
        try binding(parameters[...]) {
            guard sqlite3_step(handle) == SQLITE_DONE else { throw failure() }
            return Int(sqlite3_changes(connection))
        }
    }

    /// Gives every row to `body`, until that returns false.
    func forEach(_ parameters: [SQLiteValue], _ body: (SQLiteRow) throws -> Bool) throws {
        try binding(parameters[...]) {
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
    private func binding<Value>(_ parameters: ArraySlice<SQLiteValue>, _ body: () throws -> Value) throws -> Value {
        guard let parameter = parameters.first else {
            // What it returns is the failure of the last step, which was thrown already.
            defer { sqlite3_reset(handle) }
            return try body()
        }
        return try parameter.binding(to: handle, at: Int32(parameters.startIndex + 1)) { status in
            guard status == SQLITE_OK else { throw failure() }
            return try binding(parameters.dropFirst(), body)
        }
    }

    private func failure() -> SQLiteFailure { SQLiteFailure(of: connection) }
}

/// What a statement's parameter is given.
enum SQLiteValue {
    case integer(Int64)
    case text(String)
    case bytes([UInt8])
    case null

    static func integer(_ value: Int64?) -> SQLiteValue { value.map { .integer($0) } ?? .null }

    /// Gives `body` what SQLite says of the binding, which holds until `body` returns.
    fileprivate func binding<Value>(
        to statement: OpaquePointer, at index: Int32, _ body: (Int32) throws -> Value
    ) rethrows -> Value {
        switch self {
        case .integer(let value): try body(sqlite3_bind_int64(statement, index, value))
        case .text(var text):
            try text.withUTF8 { utf8 in
                // Without a byte there may be no address, which SQLite takes for NULL.
                guard let start = utf8.baseAddress, !utf8.isEmpty else {
                    return try body(sqlite3_bind_text(statement, index, "", 0, Self.copied))
                }
                return try body(
                    start.withMemoryRebound(to: CChar.self, capacity: utf8.count) {
                        sqlite3_bind_text64(statement, index, $0, UInt64(utf8.count), nil, UInt8(SQLITE_UTF8))
                    })
            }
        case .bytes(let bytes):
            try bytes.withUnsafeBytes { bytes in
                guard let start = bytes.baseAddress, !bytes.isEmpty else {
                    return try body(sqlite3_bind_zeroblob(statement, index, 0))
                }
                return try body(sqlite3_bind_blob64(statement, index, start, UInt64(bytes.count), nil))
            }
        case .null: try body(sqlite3_bind_null(statement, index))
        }
    }

    /// SQLITE_TRANSIENT, which C defines as a cast that is not imported: SQLite makes its own copy before the call returns.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}

/// The row that a statement stands on. Valid until the next step.
struct SQLiteRow {
    fileprivate let handle: OpaquePointer

    func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func int64OrNil(_ column: Int32) -> Int64? { isNull(column) ? nil : int64(column) }

    func text(_ column: Int32) -> String { withBytes(column) { String(decoding: $0, as: UTF8.self) } }

    func bytes(_ column: Int32) -> [UInt8] { withBytes(column) { Array($0) } }

    /// The bytes of a text or a blob, without a copy.
    func withBytes<Value>(_ column: Int32, _ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        // The order of the calls matters: the length is that of the form that was last asked for.
        let start = sqlite3_column_blob(handle, column)
        return try body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }
}
