package import ExactJSON
import Synchronization

/// Rules that several flags share, by name: flagd's `$evaluators`.
package final class Evaluators: Sendable {
    package let definitions: JSONObject

    struct Compiled: Sendable {
        let expression: any Expression
        let references: Set<String>
        let faults: [LogicFault]
        /// Operators inside one another, references followed.
        let height: Int
    }

    private let compiled: Mutex<[Bucketing: [ExactName: Compiled]]> = Mutex([:])

    package init(_ definitions: JSONObject = JSONObject()) {
        self.definitions = definitions
    }

    subscript(name: String) -> JSONValue? { definitions[name] }

    /// The rule, compiled at its first use and shared after that; nil where there is none of that name, or where following it leads back
    /// to itself.
    func compiled(_ name: String, _ bucketing: Bucketing, depth: Int) -> Compiled? {
        let key = ExactName(name)
        if let known = compiled.withLock({ $0[bucketing]?[key] }) { return known }
        guard let rule = definitions[name], !leadsToItself(name) else { return nil }
        var compiler = LogicCompiler(evaluators: self, bucketing: bucketing, depth: depth)
        let expression = compiler.compile(rule, at: .root)
        let made = Compiled(
            expression: expression, references: compiler.references, faults: compiler.faults,
            height: compiler.deepest - depth)
        // Too deep only from here, perhaps: elsewhere it may be in order.
        if compiler.isTooDeep { return made }
        compiled.withLock { $0[bucketing, default: [:]][key] = made }
        return made
    }

    private func leadsToItself(_ name: String) -> Bool {
        var seen: Set<ExactName> = []
        var open = Evaluators.references(in: definitions[name] ?? .null)
        while let next = open.popFirst() {
            if next.text.hasSameBytes(as: name) { return true }
            guard seen.insert(next).inserted, let rule = definitions[next.text] else { continue }
            open.formUnion(Evaluators.references(in: rule))
        }
        return false
    }

    private static func references(in rule: JSONValue) -> Set<ExactName> {
        switch rule {
        case .array(let elements):
            return elements.reduce(into: []) { $0.formUnion(references(in: $1)) }
        case .object(let object):
            if object.count == 1, case .string(let name)? = object["$ref"] { return [ExactName(name)] }
            return object.values.reduce(into: []) { $0.formUnion(references(in: $1)) }
        default:
            return []
        }
    }
}
