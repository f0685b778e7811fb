import ExactJSON

/// Turns what JsonLogic asks into conditions that hold where it is truthy.
enum ConditionLifting {
    /// All of which must hold; none for `true`.
    static func list(_ logic: JSONValue, at pointer: JSONPointer) throws(InvalidFlagItem) -> [Condition] {
        if case .bool(true) = logic { return [] }
        if let operation = LogicTree.operation(logic), operation.name == "and", !operation.arguments.isEmpty,
            try guarded(operation.arguments, at: pointer.appending("and")) == nil
        {
            return try lift(all: operation.arguments, operation.isList, at: pointer.appending("and"))
                .map { condition throws(InvalidFlagItem) in try checked(condition, at: pointer) }
        }
        return [try FlagLifting.condition(of: logic, at: pointer)]
    }

    private static func checked(_ condition: Condition, at pointer: JSONPointer) throws(InvalidFlagItem) -> Condition {
        let faults = FlagItemFaults()
        return try faults.check(Condition.read(condition.json, at: pointer, faults, depth: 0))
    }

    static func lift(_ logic: JSONValue, at pointer: JSONPointer) throws(InvalidFlagItem) -> Condition {
        guard let (name, arguments, isList) = LogicTree.operation(logic) else { throw unsayable(logic, at: pointer) }
        let place = pointer.appending(name)
        switch (name, arguments.count) {
        case ("$ref", 1):
            guard let name = arguments[0].stringValue, case .segment(let segment)? = SharedRule(named: name) else {
                throw InvalidFlagItem(
                    "A reference names a segment, {\"$ref\": \"segment:NAME\"}; make a segment of this shared rule first.",
                    at: place)
            }
            return .segment(segment, isNegated: false)
        case ("!", 1):
            if let missing = LogicTree.operation(arguments[0]), missing.name == "missing" {
                return try self.missing(missing.arguments, at: place).negated
            }
            return try lift(arguments[0], at: isList ? place.appending(0) : place).negated
        case ("!!", 1): return try lift(arguments[0], at: isList ? place.appending(0) : place)
        case ("missing", 1...): return try missing(arguments, at: place)
        case ("and", 1...):
            if let condition = try guarded(arguments, at: place) { return condition }
            return .all(try lift(all: arguments, isList, at: place))
        case ("or", 1...):
            let conditions = try lift(all: arguments, isList, at: place)
            return merged(conditions) ?? .any(conditions)
        case ("===", 2), ("!==", 2), ("==", 2), ("!=", 2): return try equality(name, arguments, at: place)
        case ("in", 2): return try membership(arguments, at: place)
        case ("<", 2...3), ("<=", 2...3), (">", 2...3), (">=", 2...3):
            guard arguments.count == 3 else { return try comparison(name, arguments[0], arguments[1], at: place) }
            return .all([
                try comparison(name, arguments[0], arguments[1], at: place),
                try comparison(name, arguments[1], arguments[2], at: place),
            ])
        case ("starts_with", 2), ("ends_with", 2):
            guard let attribute = attribute(arguments[0]), let text = text(arguments[1]) else {
                throw InvalidFlagItem(
                    "Structured rules compare an attribute with a text that is not empty, {\"\(name)\": [{\"var\": \"email\"}, \"text\"]}.",
                    at: place)
            }
            return .attribute(
                attribute, name == "starts_with" ? .startsWith([text]) : .endsWith([text]), isNegated: false)
        case ("sem_ver", 3): return try version(arguments, at: place)
        case ("var", _):
            throw InvalidFlagItem(
                "Whether an attribute counts as true by itself cannot be said in structured rules; compare it, {\"===\": [\(logic.canonicalText), true]}.",
                at: place)
        default: throw unsayable(logic, at: pointer)
        }
    }

    static func unsayable(_ logic: JSONValue, at pointer: JSONPointer) -> InvalidFlagItem {
        guard let operation = LogicTree.operation(logic) else {
            return InvalidFlagItem("This is no condition; keep it as JsonLogic.", at: pointer)
        }
        return InvalidFlagItem(
            "'\(InvalidFlagItem.shown(operation.name))' cannot be said in structured rules; keep it as JsonLogic.",
            at: pointer.appending(operation.name))
    }

    /// Whether it comes to true or false and to nothing that only counts as such.
    static func isBoolean(_ logic: JSONValue) -> Bool {
        if case .bool = logic { return true }
        guard let operation = LogicTree.operation(logic) else { return false }
        switch operation.name {
        case "===", "!==", "==", "!=", "<", "<=", ">", ">=", "in", "!", "!!": return true
        case "and", "or": return !operation.arguments.isEmpty && operation.arguments.allSatisfy(isBoolean)
        default: return false
        }
    }

    private static func lift(
        all arguments: [JSONValue], _ isList: Bool, at place: JSONPointer
    ) throws(InvalidFlagItem) -> [Condition] {
        var conditions: [Condition] = []
        for (index, argument) in arguments.enumerated() {
            conditions.append(try lift(argument, at: isList ? place.appending(index) : place))
        }
        return conditions
    }

    /// The attribute that `{"var": PATH}` reads; nil where it is something else, or has a default of its own.
    static func attribute(_ logic: JSONValue) -> AttributePath? {
        guard let operation = LogicTree.operation(logic), operation.name == "var",
            operation.arguments.count == 1 || operation.arguments.count == 2 && operation.arguments[1].isNull,
            let path = operation.arguments[0].stringValue
        else { return nil }
        return try? AttributePath(parsing: path)
    }

    private static func text(_ logic: JSONValue) -> JSONValue? {
        logic.stringValue.map { !$0.isEmpty } == true ? logic : nil
    }

    /// JsonLogic counts an empty text as missing.
    private static func missing(_ arguments: [JSONValue], at place: JSONPointer) throws(InvalidFlagItem) -> Condition {
        let names = arguments.first?.arrayValue ?? arguments
        var conditions: [Condition] = []
        for name in names {
            guard let path = name.stringValue, let attribute = try? AttributePath(parsing: path) else {
                throw InvalidFlagItem("'missing' lists attributes here; what is worked out cannot be said.", at: place)
            }
            conditions.append(.attribute(attribute, .exists, isNegated: true))
            conditions.append(.attribute(attribute, .equals([""]), isNegated: false))
        }
        guard !conditions.isEmpty else { throw InvalidFlagItem("'missing' lists no attribute.", at: place) }
        return .any(conditions)
    }

    /// A comparison that first asks whether the attribute is there, as structured ones do where it matters.
    private static func guarded(
        _ arguments: [JSONValue], at place: JSONPointer
    ) throws(InvalidFlagItem) -> Condition? {
        guard arguments.count == 2, let presence = LogicTree.operation(arguments[0]), presence.name == "!==",
            presence.arguments.count == 2, presence.arguments[1].isNull,
            let attribute = attribute(presence.arguments[0]), attribute != .timestamp,
            let (name, operands, _) = LogicTree.operation(arguments[1]), ["<", "<=", ">", ">="].contains(name),
            operands.count == 2, self.attribute(operands[0]) == attribute,
            AttributeTest.holdsForNull(name, operands[1])
        else { return nil }
        return .attribute(
            attribute, try test(name, attribute, operands[1], at: place.appending(1).appending(name)),
            isNegated: false)
    }

    private static func comparison(
        _ name: String, _ left: JSONValue, _ right: JSONValue, at place: JSONPointer
    ) throws(InvalidFlagItem) -> Condition {
        if let attribute = attribute(left), self.attribute(right) == nil {
            let condition = Condition.attribute(
                attribute, try self.test(name, attribute, right, at: place), isNegated: false)
            // Without a question whether it is there it holds for an absent attribute.
            return AttributeTest.holdsForNull(name, right) && attribute != .timestamp
                ? .any([.attribute(attribute, .exists, isNegated: true), condition]) : condition
        }
        if attribute(right) != nil, attribute(left) == nil {
            let turned = ["<": ">", "<=": ">=", ">": "<", ">=": "<="][name] ?? name
            return try comparison(turned, right, left, at: place)
        }
        throw InvalidFlagItem(
            "Structured rules compare one attribute with one value, {\"\(name)\": [{\"var\": \"age\"}, 18]}.", at: place
        )
    }

    private static func test(
        _ name: String, _ attribute: AttributePath, _ bound: JSONValue, at place: JSONPointer
    ) throws(InvalidFlagItem) -> AttributeTest {
        if let number = bound.numberValue {
            if attribute == .timestamp, let seconds = number.int64, let order = timeOrder(name),
                (0..<253_402_300_800).contains(seconds)
            {
                return .time(order, .time(FlagTime(microseconds: seconds * 1_000_000)))
            }
            guard let order = AttributeTest.NumberOrder.allCases.first(where: { $0.symbol == name }) else {
                throw InvalidFlagItem("'\(name)' compares nothing.", at: place)
            }
            return .number(order, number)
        }
        if let text = bound.stringValue, let time = try? FlagTime(parsing: text), time.text.hasSameBytes(as: text),
            attribute != .timestamp
        {
            guard let order = timeOrder(name) else {
                throw InvalidFlagItem(
                    "A time is compared with '<' (before) and '>=' (at that time or later) in structured rules.",
                    at: place)
            }
            return .time(order, .time(time))
        }
        throw InvalidFlagItem(
            "Structured rules compare with a number, or with a time written like \"2026-12-24T18:00:00Z\".", at: place)
    }

    private static func timeOrder(_ name: String) -> AttributeTest.TimeOrder? {
        name == "<" ? .before : name == ">=" ? .after : nil
    }

    private static func equality(
        _ name: String, _ arguments: [JSONValue], at place: JSONPointer
    ) throws(InvalidFlagItem) -> Condition {
        let isNegated = name.hasPrefix("!")
        let isStrict = name.utf8.count == 3
        for (left, right) in [(arguments[0], arguments[1]), (arguments[1], arguments[0])] {
            guard let attribute = attribute(left) else { continue }
            switch right {
            case .null where isStrict: return .attribute(attribute, .exists, isNegated: !isNegated)
            case .string(let text) where isStrict || isNeverANumber(text):
                return .attribute(attribute, .equals([right]), isNegated: isNegated)
            case .number where isStrict, .bool where isStrict:
                return .attribute(attribute, .equals([right]), isNegated: isNegated)
            case .string, .number, .bool, .null:
                throw InvalidFlagItem(
                    "'\(name)' takes texts, numbers and booleans for one another here, which 'equals' does not; write '\(name)=' if it need not.",
                    at: place)
            case .array, .object: break
            }
        }
        throw InvalidFlagItem(
            "Structured rules compare one attribute with one value, {\"===\": [{\"var\": \"country\"}, \"DE\"]}.",
            at: place)
    }

    /// Whether no evaluator reads it as a number, which `==` does before it compares it with one.
    private static func isNeverANumber(_ text: String) -> Bool {
        let letters = text.utf8.filter { $0 > 0x20 }
        guard let first = letters.first, (0x41...0x5A).contains(first) || (0x61...0x7A).contains(first) || first >= 0x80
        else { return false }
        return !["inf", "infinity", "nan"].contains(String(decoding: letters, as: UTF8.self).lowercased())
            && text.unicodeScalars.allSatisfy { $0.value < 0x80 || $0.properties.numericType == nil }
    }

    private static func membership(
        _ arguments: [JSONValue], at place: JSONPointer
    ) throws(InvalidFlagItem) -> Condition {
        if let attribute = attribute(arguments[1]), let text = text(arguments[0]) {
            return .attribute(attribute, .contains([text]), isNegated: false)
        }
        guard let attribute = attribute(arguments[0]), let values = arguments[1].arrayValue, !values.isEmpty,
            values.allSatisfy({ $0.stringValue != nil || $0.numberValue != nil || $0.boolValue != nil })
        else {
            throw InvalidFlagItem(
                "Structured rules ask whether an attribute is one of a list of texts, numbers and booleans, or whether a text that is not empty is in it.",
                at: place)
        }
        return .attribute(attribute, .equals(values), isNegated: false)
    }

    private static func version(_ arguments: [JSONValue], at place: JSONPointer) throws(InvalidFlagItem) -> Condition {
        let isTurned = attribute(arguments[0]) == nil
        guard let attribute = attribute(arguments[isTurned ? 2 : 0]),
            let text = arguments[isTurned ? 0 : 2].stringValue, var symbol = arguments[1].stringValue
        else {
            throw InvalidFlagItem(
                "Structured rules compare an attribute with a version, {\"sem_ver\": [{\"var\": \"version\"}, \">=\", \"1.4.0\"]}.",
                at: place)
        }
        let version: SemanticVersion
        do throws(InvalidFlagItem) {
            version = try SemanticVersion(parsing: text)
        } catch {
            throw InvalidFlagItem(error.faults[0].message, at: place.appending(isTurned ? 0 : 2))
        }
        if isTurned { symbol = ["<": ">", "<=": ">=", ">": "<", ">=": "<="][symbol] ?? symbol }
        if symbol == "!=" {
            return .any([
                .attribute(attribute, .version(.versionBelow, [version]), isNegated: false),
                .attribute(attribute, .version(.versionAbove, [version]), isNegated: false),
            ])
        }
        guard let relation = AttributeTest.VersionRelation.allCases.first(where: { $0.symbol == symbol }) else {
            throw InvalidFlagItem(
                "'\(InvalidFlagItem.shown(symbol))' compares no versions; there are =, !=, <, <=, >, >=, ^ and ~.",
                at: place.appending(1))
        }
        return .attribute(attribute, .version(relation, [version]), isNegated: false)
    }

    /// One test of several values in place of several tests of one: nil where they are not alike.
    private static func merged(_ conditions: [Condition]) -> Condition? {
        guard conditions.count >= 2, case .attribute(let attribute, let first, false) = conditions[0] else {
            return nil
        }
        var values: [JSONValue] = []
        var versions: [SemanticVersion] = []
        for condition in conditions {
            guard case .attribute(attribute, let test, false) = condition, test.operatorName == first.operatorName,
                test.values.count == 1
            else { return nil }
            values += test.values
            if case .version(_, let one) = test { versions += one }
        }
        switch first {
        case .startsWith: return .attribute(attribute, .startsWith(values), isNegated: false)
        case .endsWith: return .attribute(attribute, .endsWith(values), isNegated: false)
        case .contains: return .attribute(attribute, .contains(values), isNegated: false)
        case .version(let relation, _) where relation.admitsSeveral:
            return .attribute(attribute, .version(relation, versions), isNegated: false)
        default: return nil
        }
    }
}

extension Condition {
    /// What holds where this does not.
    var negated: Condition {
        switch self {
        case .attribute(let attribute, let test, let isNegated): .attribute(attribute, test, isNegated: !isNegated)
        case .segment(let name, let isNegated): .segment(name, isNegated: !isNegated)
        case .any(let conditions): .all(conditions.map(\.negated))
        case .all(let conditions): .any(conditions.map(\.negated))
        }
    }
}
