import CLibPQ

/// The statements prepared, or being prepared, on one session, found by SQL text and parameter types.
///
/// SQL texts are meant to be constant. When ``countMax`` is reached further texts are executed unprepared.
struct PostgreSQLStatements {
    static let countMax = 512

    final class Statement {
        let name: String
        let sql: String
        /// A NULL parameter leaves its type to be inferred; such a statement serves only calls that are NULL there too.
        let types: [Oid]
        let effect: TransactionEffect

        fileprivate init(name: String, sql: String, types: [Oid]) {
            self.name = name
            self.sql = sql
            self.types = types
            effect = TransactionEffect(sql: sql)
        }

        /// The server reads a binary parameter by the declared type, so an int8 sent where a text was declared would be misread
        /// silently: types must agree exactly. NULL fits everywhere.
        fileprivate func serves(_ types: [Oid]) -> Bool {
            types.count == self.types.count
                && zip(types, self.types).allSatisfy { $0 == PostgreSQLType.unspecified || $0 == $1 }
        }
    }

    private var bySQL: [String: [Statement]] = [:]
    private var count = 0
    private var named = 0

    func find(_ sql: String, _ types: [Oid]) -> Statement? {
        bySQL[sql]?.first { $0.serves(types) }
    }

    /// A new statement to be prepared, or nil when there are too many.
    mutating func add(_ sql: String, _ types: [Oid]) -> Statement? {
        guard count < Self.countMax else { return nil }
        count += 1
        named += 1
        let statement = Statement(name: "s\(named)", sql: sql, types: types)
        bySQL[sql, default: []].append(statement)
        return statement
    }

    /// Forgets a statement the server did not prepare; its name is not used again.
    mutating func remove(_ statement: Statement) {
        guard var variants = bySQL[statement.sql], let index = variants.firstIndex(where: { $0 === statement }) else {
            return
        }
        variants.remove(at: index)
        bySQL[statement.sql] = variants.isEmpty ? nil : variants
        count -= 1
    }
}
