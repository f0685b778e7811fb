import CLibPQ

/// The rows a command returned, in order; empty for a command that returns none.
struct PostgreSQLResult: Sendable, RandomAccessCollection {
    /// Rows inserted, updated, deleted or selected; 0 for other commands.
    let affectedRows: Int
    let endIndex: Int
    private let tuples: PostgreSQLTuples?

    /// Takes over a successful `PGresult`. One without columns is released at once: a batch of ten thousand inserts would otherwise
    /// hold 2 kB for each.
    init(adopting result: OpaquePointer) {
        affectedRows = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
        endIndex = Int(PQntuples(result))
        if PQnfields(result) > 0 {
            tuples = PostgreSQLTuples(result)
        } else {
            tuples = nil
            PQclear(result)
        }
    }

    var startIndex: Int { 0 }

    subscript(position: Int) -> PostgreSQLRow {
        precondition(position >= 0 && position < endIndex, "row \(position) of \(endIndex)")
        return PostgreSQLRow(tuples: tuples!, row: Int32(position))
    }
}

/// Owner of a `PGresult`, which is cleared once: when the last row that refers to it is gone.
final class PostgreSQLTuples: Sendable {
    // A PGresult is read-only after it was received, and libpq allows any thread to read it.
    nonisolated(unsafe) let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { PQclear(pointer) }
}

/// One row. Columns are counted from 0; an accessor throws when the column is absent, of another type or, unless it says `optional`, NULL.
struct PostgreSQLRow: Sendable {
    let tuples: PostgreSQLTuples
    let row: Int32

    var columnCount: Int { Int(PQnfields(tuples.pointer)) }

    func isNull(_ column: Int) -> Bool { PQgetisnull(tuples.pointer, row, Int32(column)) != 0 }

    func int64(_ column: Int) throws -> Int64 { try present(optionalInt64(column), column) }
    func bool(_ column: Int) throws -> Bool { try present(optionalBool(column), column) }
    func text(_ column: Int) throws -> String { try present(optionalText(column), column) }
    func bytes(_ column: Int) throws -> [UInt8] { try present(optionalBytes(column), column) }

    /// Reads `int8`, `int4` and `int2`.
    func optionalInt64(_ column: Int) throws -> Int64? {
        try read(column, as: "an integer", Self.isInteger) { field in
            switch field.count {
            case 8: Int64(bigEndian: field.loadUnaligned(as: Int64.self))
            case 4: Int64(Int32(bigEndian: field.loadUnaligned(as: Int32.self)))
            default: Int64(Int16(bigEndian: field.loadUnaligned(as: Int16.self)))
            }
        }
    }

    func optionalBool(_ column: Int) throws -> Bool? {
        try read(column, as: "bool", { $0 == PostgreSQLType.bool }) { $0[0] != 0 }
    }

    /// Reads every type whose binary form is its UTF-8 text.
    func optionalText(_ column: Int) throws -> String? {
        try read(column, as: "text", Self.isText) { String(decoding: $0, as: UTF8.self) }
    }

    func optionalBytes(_ column: Int) throws -> [UInt8]? { try withOptionalBytes(column) { [UInt8]($0) } }

    /// Reads `bytea`, or the UTF-8 of a text, without copying. The buffer is valid during the call.
    func withOptionalBytes<R>(_ column: Int, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R? {
        try read(column, as: "bytea", { $0 == PostgreSQLType.bytea || Self.isText($0) }, body)
    }

    private func read<R>(
        _ column: Int, as wanted: String, _ accepts: (Oid) -> Bool, _ decode: (UnsafeRawBufferPointer) throws -> R
    ) throws -> R? {
        let pointer = tuples.pointer
        guard column >= 0, column < PQnfields(pointer) else {
            throw PostgreSQLError("column \(column) was read of a row that has \(PQnfields(pointer))")
        }
        let column = Int32(column)
        let type = PQftype(pointer, column)
        guard accepts(type), PQfformat(pointer, column) == 1 else {
            throw PostgreSQLError(
                "column \(column) (\(name(column))) has type \(type), which does not read as \(wanted)")
        }
        guard PQgetisnull(pointer, row, column) == 0, let value = PQgetvalue(pointer, row, column) else { return nil }
        return try withExtendedLifetime(tuples) {
            try decode(UnsafeRawBufferPointer(start: value, count: Int(PQgetlength(pointer, row, column))))
        }
    }

    private func present<Value>(_ value: Value?, _ column: Int) throws -> Value {
        guard let value else { throw PostgreSQLError("column \(column) (\(name(Int32(column)))) is NULL") }
        return value
    }

    private func name(_ column: Int32) -> String {
        PQfname(tuples.pointer, column).map { String(cString: $0) } ?? "unnamed"
    }

    private static func isInteger(_ type: Oid) -> Bool {
        type == PostgreSQLType.int8 || type == PostgreSQLType.int4 || type == PostgreSQLType.int2
    }

    private static func isText(_ type: Oid) -> Bool {
        switch type {
        case PostgreSQLType.text, PostgreSQLType.varchar, PostgreSQLType.bpchar, PostgreSQLType.name,
            PostgreSQLType.json,
            PostgreSQLType.unknown:
            true
        default: false
        }
    }
}
