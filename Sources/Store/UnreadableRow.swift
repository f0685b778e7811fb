import ConfigPlatformModel

/// A row that cannot be what this program wrote.
struct UnreadableRow: Error {
    let what: String

    init(_ what: String) { self.what = what }

    /// Runs a decoder; what it throws becomes the reason why the row is unreadable.
    static func decoding<Value>(_ what: @autoclosure () -> String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let row as UnreadableRow {
            throw row
        } catch let error as InvalidIdentifier {
            throw UnreadableRow("\(what()) cannot be read: \(error.message)")
        } catch {
            throw UnreadableRow("\(what()) cannot be read: \(error)")
        }
    }
}
