import CLibPQ

/// A parameter of a command, sent in PostgreSQL's binary format: nothing is escaped, and no byte of a text can end it early.
///
/// Instants are stored as BIGINT microseconds, so there is no timestamp here. An array replaces a list of placeholders whose length
/// varies (`key = ANY($1)`, `unnest($1, $2)`), which keeps the SQL text constant and so its prepared statement shared.
enum PostgreSQLValue: Sendable {
    case null
    case bool(Bool)
    case int64(Int64)
    case text(String)
    case bytes([UInt8])
    case int64Array([Int64])
    case textArray([String])
    case bytesArray([[UInt8]])
}

/// Identifiers of the built-in types the driver speaks (`pg_type.oid`; fixed in every PostgreSQL).
enum PostgreSQLType {
    static let unspecified: Oid = 0
    static let bool: Oid = 16
    static let bytea: Oid = 17
    static let name: Oid = 19
    static let int8: Oid = 20
    static let int2: Oid = 21
    static let int4: Oid = 23
    static let text: Oid = 25
    static let json: Oid = 114
    static let unknown: Oid = 705
    static let byteaArray: Oid = 1001
    static let textArray: Oid = 1009
    static let int8Array: Oid = 1016
    static let bpchar: Oid = 1042
    static let varchar: Oid = 1043
}

extension PostgreSQLValue {
    /// The declared type of the placeholder this value is bound to; a NULL leaves it to the server to infer.
    var type: Oid {
        switch self {
        case .null: PostgreSQLType.unspecified
        case .bool: PostgreSQLType.bool
        case .int64: PostgreSQLType.int8
        case .text: PostgreSQLType.text
        case .bytes: PostgreSQLType.bytea
        case .int64Array: PostgreSQLType.int8Array
        case .textArray: PostgreSQLType.textArray
        case .bytesArray: PostgreSQLType.byteaArray
        }
    }
}
