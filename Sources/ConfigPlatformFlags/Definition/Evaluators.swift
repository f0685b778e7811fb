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
    private let knownCircular: Mutex<Set<ExactName>?> = Mutex(nil)

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
        guard !circular.contains(ExactName(name)) else { return nil }
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

    /// Rules that lead back to themselves; found at once for all, and only where some rule is asked for.
    private var circular: Set<ExactName> {
        knownCircular.withLock { known in
            if let known { return known }
            let found = ReferenceCycles(rules.mapValues { Array(Self.references(in: $0.logic)) }).members
            known = found
            return found
        }
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

/// Names that lie on a circle of references: those of every strongly connected component that is more than one name without a reference to
/// itself (R. Tarjan, 1972). Without recursion, for chains may be long.
private struct ReferenceCycles {
    private(set) var members: Set<ExactName> = []
    private var indices: [ExactName: Int] = [:]
    private var lowest: [ExactName: Int] = [:]
    private var stack: [ExactName] = []
    private var onStack: Set<ExactName> = []

    init(_ references: [ExactName: [ExactName]]) {
        for start in references.keys where indices[start] == nil { visit(start, references) }
    }

    private mutating func visit(_ start: ExactName, _ references: [ExactName: [ExactName]]) {
        var open: [(name: ExactName, next: Int)] = []
        enter(start, &open)
        while let (name, next) = open.last {
            let targets = references[name] ?? []
            if next < targets.count {
                open[open.count - 1].next += 1
                let target = targets[next]
                if target == name { members.insert(name) }
                if indices[target] == nil {
                    enter(target, &open)
                } else if onStack.contains(target) {
                    lowest[name] = min(lowest[name] ?? 0, indices[target] ?? 0)
                }
                continue
            }
            open.removeLast()
            if let outer = open.last?.name { lowest[outer] = min(lowest[outer] ?? 0, lowest[name] ?? 0) }
            guard lowest[name] == indices[name] else { continue }
            var component: [ExactName] = []
            repeat {
                component.append(stack.removeLast())
                onStack.remove(component[component.count - 1])
            } while component.last != name
            if component.count > 1 { members.formUnion(component) }
        }
    }

    private mutating func enter(_ name: ExactName, _ open: inout [(name: ExactName, next: Int)]) {
        indices[name] = indices.count
        lowest[name] = indices[name]
        stack.append(name)
        onStack.insert(name)
        open.append((name, 0))
    }
}
