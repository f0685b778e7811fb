import ExactJSON

extension Condition {
    /// What it comes to in JsonLogic. Segments are references.
    var logic: JSONValue {
        switch self {
        case .attribute(let attribute, .exists, let isNegated):
            LogicTree.operation(isNegated ? "===" : "!==", [LogicTree.variable(attribute), .null])
        case .attribute(let attribute, let test, false): test.logic(of: attribute)
        case .attribute(let attribute, let test, true): LogicTree.operation("!", [test.logic(of: attribute)])
        case .segment(let name, false): SharedRule.segment(name).reference
        case .segment(let name, true): LogicTree.operation("!", [SharedRule.segment(name).reference])
        case .any(let conditions): LogicTree.operation("or", conditions.map(\.logic))
        case .all(let conditions): LogicTree.operation("and", conditions.map(\.logic))
        }
    }
}

extension [Condition] {
    /// All of them; true where there are none. A lone `all` stays inside an `and`, so that the list reads back as it was.
    var logic: JSONValue {
        guard let first else { return true }
        if count == 1 {
            guard case .all = first else { return first.logic }
        }
        return LogicTree.operation("and", map(\.logic))
    }
}

extension AttributeTest {
    func logic(of attribute: AttributePath) -> JSONValue {
        let variable = LogicTree.variable(attribute)
        switch self {
        case .equals(let values):
            return values.count == 1
                ? LogicTree.operation("===", [variable, values[0]])
                : LogicTree.operation("in", [variable, .array(values)])
        case .startsWith(let texts): return Self.any(texts) { LogicTree.operation("starts_with", [variable, $0]) }
        case .endsWith(let texts): return Self.any(texts) { LogicTree.operation("ends_with", [variable, $0]) }
        case .contains(let texts): return Self.any(texts) { LogicTree.operation("in", [$0, variable]) }
        case .exists: return LogicTree.operation("!==", [variable, .null])
        case .number(let order, let number): return Self.comparison(order.symbol, attribute, .number(number))
        case .time(let order, let bound):
            let symbol = order == .before ? "<" : ">="
            switch bound {
            case .seconds(let seconds): return Self.comparison(symbol, attribute, .number(seconds))
            case .time(let time) where attribute == .timestamp:
                // The clock counts whole seconds: it is before a moment until the first second that is not.
                return Self.comparison(symbol, attribute, .int(time.secondsRoundedUp))
            case .time(let time): return Self.comparison(symbol, attribute, .string(time.text))
            }
        case .version(let relation, let versions):
            return Self.any(versions) {
                LogicTree.operation("sem_ver", [variable, .string(relation.symbol), .string($0.text)])
            }
        case .address(let blocks): return Self.logic(of: blocks, variable)
        }
    }

    private static func any<Value>(_ values: [Value], _ logic: (Value) -> JSONValue) -> JSONValue {
        values.count == 1 ? logic(values[0]) : LogicTree.operation("or", values.map(logic))
    }

    /// JsonLogic takes an absent attribute for 0, and beside a text for `null`; where the comparison would hold for that, it is asked first
    /// whether the attribute is there.
    private static func comparison(_ symbol: String, _ attribute: AttributePath, _ bound: JSONValue) -> JSONValue {
        let variable = LogicTree.variable(attribute)
        let comparison = LogicTree.operation(symbol, [variable, bound])
        guard attribute != .timestamp, holdsForNull(symbol, bound) else { return comparison }
        return LogicTree.operation("and", [LogicTree.operation("!==", [variable, .null]), comparison])
    }

    static func holdsForNull(_ symbol: String, _ bound: JSONValue) -> Bool {
        // Times begin with a digit, which comes before `null`.
        guard let number = bound.numberValue?.double else { return symbol.hasPrefix(">") }
        return switch symbol {
        case "<": 0 < number
        case "<=": 0 <= number
        case ">": 0 > number
        default: 0 >= number
        }
    }

    private static func logic(of blocks: [AddressBlock], _ variable: JSONValue) -> JSONValue {
        var prefixes: [String] = []
        var addresses: [String] = []
        for block in blocks {
            switch block.addresses {
            case .beginning(let texts): prefixes += texts
            case .oneOf(let texts): addresses += texts
            }
        }
        let beginnings = any(prefixes) { LogicTree.operation("starts_with", [variable, .string($0)]) }
        let equalities =
            addresses.count == 1
            ? LogicTree.operation("===", [variable, .string(addresses[0])])
            : LogicTree.operation("in", [variable, .array(addresses.map { .string($0) })])
        if addresses.isEmpty { return beginnings }
        return prefixes.isEmpty ? equalities : LogicTree.operation("or", [beginnings, equalities])
    }
}

extension AttributeTest.NumberOrder {
    var symbol: String {
        switch self {
        case .lessThan: "<"
        case .atMost: "<="
        case .greaterThan: ">"
        case .atLeast: ">="
        }
    }
}

extension AttributeTest.VersionRelation {
    var symbol: String {
        switch self {
        case .versionEquals: "="
        case .versionBelow: "<"
        case .versionAtMost: "<="
        case .versionAbove: ">"
        case .versionAtLeast: ">="
        case .versionSameMajor: "^"
        case .versionSameMinor: "~"
        }
    }
}
