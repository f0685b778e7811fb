package import ExactJSON
import Synchronization

/// A rule that several flags share. It is compiled once for all evaluators that have it, so it may only be in such in which everything that
/// it refers to is the same.
package final class SharedLogic: Sendable {
    package let logic: JSONValue

    struct Compiled: Sendable {
        let expression: any Expression
        let references: Set<String>
        let faults: [LogicFault]
        /// Operators inside one another, references followed.
        let height: Int
    }

    fileprivate let compiled: Mutex<[Bucketing: Compiled]> = Mutex([:])

    package init(_ logic: JSONValue) {
        self.logic = logic
    }
}

/// Rules that several flags share, by name: flagd's `$evaluators`.
package final class Evaluators: Sendable {
    private let rules: [ExactName: SharedLogic]

    package init(_ definitions: JSONObject = JSONObject()) {
        rules = Dictionary(
            uniqueKeysWithValues: definitions.members.map { (ExactName($0.name), SharedLogic($0.value)) })
    }

    /// Of two rules of one name the later counts.
    package init(sharing rules: some Sequence<(name: String, rule: SharedLogic)>) {
        self.rules = Dictionary(rules.map { (ExactName($0.name), $0.rule) }) { $1 }
    }

    subscript(name: String) -> JSONValue? { rules[ExactName(name)]?.logic }

    /// The rule, compiled at its first use and shared after that; nil where there is none of that name, or where following it leads back
    /// to itself.
    func compiled(_ name: String, _ bucketing: Bucketing, depth: Int) -> SharedLogic.Compiled? {
        guard let rule = rules[ExactName(name)] else { return nil }
        if let known = rule.compiled.withLock({ $0[bucketing] }) { return known }
        guard !leadsToItself(name) else { return nil }
        var compiler = LogicCompiler(evaluators: self, bucketing: bucketing, depth: depth)
        let expression = compiler.compile(rule.logic, at: .root)
        let made = SharedLogic.Compiled(
            expression: expression, references: compiler.references, faults: compiler.faults,
            height: compiler.deepest - depth)
        // Too deep only from here, perhaps: elsewhere it may be in order.
        if compiler.isTooDeep { return made }
        rule.compiled.withLock { $0[bucketing] = made }
        return made
    }

    private func leadsToItself(_ name: String) -> Bool {
        var seen: Set<ExactName> = []
        var open = Evaluators.references(in: self[name] ?? .null)
        while let next = open.popFirst() {
            if next.text.hasSameBytes(as: name) { return true }
            guard seen.insert(next).inserted, let rule = self[next.text] else { continue }
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
