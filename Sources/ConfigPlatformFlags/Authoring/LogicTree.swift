import ExactJSON

/// JsonLogic as a tree: an object of one member is an operator with its arguments, an array is a list of rules, all else stands for itself.
enum LogicTree {
    static func operation(_ name: String, _ arguments: [JSONValue]) -> JSONValue {
        .object(JSONObject(uniqueMembers: [(name, .array(arguments))]))
    }

    static func variable(_ path: AttributePath) -> JSONValue { ["var": .string(path.rawValue)] }

    /// The operator and its arguments; where the argument is no list it is the only one.
    static func operation(_ logic: JSONValue) -> (name: String, arguments: [JSONValue], isList: Bool)? {
        guard case .object(let object) = logic, object.count == 1 else { return nil }
        let member = object.members[0]
        if case .array(let arguments) = member.value { return (member.name, arguments, true) }
        return (member.name, [member.value], false)
    }

    /// The name that `{"$ref": NAME}` refers to.
    static func reference(_ logic: JSONValue) -> String? {
        guard let operation = operation(logic), operation.name == "$ref", operation.arguments.count == 1 else {
            return nil
        }
        return operation.arguments[0].stringValue
    }

    /// Whether the argument of the operator at this index sees one element of a list in place of the context.
    static func seesElement(_ name: String, _ index: Int) -> Bool {
        index == 1 && ["map", "filter", "reduce", "all", "some", "none"].contains(name)
    }

    /// Operators inside one another, and lists, as the compiler counts them; a reference counts what `height` says it stands for.
    static func height(_ logic: JSONValue, _ height: (String) -> Int) -> Int {
        if let name = reference(logic) { return height(name) }
        switch logic {
        case .array(let elements): return 1 + (elements.map { self.height($0, height) }.max() ?? 0)
        case .object:
            guard let operation = operation(logic) else { return 1 }
            return 1 + (operation.arguments.map { self.height($0, height) }.max() ?? 0)
        default: return 1
        }
    }

    /// The rule with every reference replaced for which there is something to put in its place.
    static func replacingReferences(_ logic: JSONValue, _ replacement: (String) -> JSONValue?) -> JSONValue {
        if let name = reference(logic) { return replacement(name) ?? logic }
        switch logic {
        case .array(let elements): return .array(elements.map { replacingReferences($0, replacement) })
        case .object(let object): return .object(object.mapValues { replacingReferences($0, replacement) })
        default: return logic
        }
    }

    /// Whether clients that put rules in by patterns over the document's text carry this one over unaltered: some take `$` or a backslash in
    /// what they put in for a mark of their own, and some write other than ASCII with backslashes.
    static func isPortable(_ logic: JSONValue) -> Bool {
        logic.canonicalBytes().allSatisfy { byte in
            (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "$")
        }
    }
}

/// A walk over every operator of a rule.
struct LogicWalk {
    struct Operation {
        let name: String
        let arguments: [JSONValue]
        /// Of the operator's arguments.
        let pointer: JSONPointer
        /// Whether it sees the context, and not one element of a list.
        let seesContext: Bool
    }

    let visit: (Operation) -> Void

    func walk(_ logic: JSONValue, at pointer: JSONPointer, seesContext: Bool = true) {
        if case .array(let elements) = logic {
            for (index, element) in elements.enumerated() {
                switch element {
                case .array, .object: walk(element, at: pointer.appending(index), seesContext: seesContext)
                default: break
                }
            }
            return
        }
        guard let (name, arguments, isList) = LogicTree.operation(logic) else { return }
        let place = pointer.appending(name)
        visit(Operation(name: name, arguments: arguments, pointer: place, seesContext: seesContext))
        for (index, argument) in arguments.enumerated() {
            walk(
                argument, at: isList ? place.appending(index) : place,
                seesContext: seesContext && !LogicTree.seesElement(name, index))
        }
    }
}

extension LogicWalk {
    /// Every `{"$ref": NAME}` with its place.
    static func references(in logic: JSONValue, at pointer: JSONPointer) -> [(name: String, pointer: JSONPointer)] {
        var found: [(String, JSONPointer)] = []
        LogicWalk { operation in
            if operation.name == "$ref", operation.arguments.count == 1, let name = operation.arguments[0].stringValue {
                found.append((name, operation.pointer))
            }
        }.walk(logic, at: pointer)
        return found
    }

    static func segments(in logic: JSONObject) -> [SegmentName] {
        references(in: .object(logic), at: .root).compactMap {
            if case .segment(let name)? = SharedRule(named: $0.name) { name } else { nil }
        }
    }

    /// What in the rule depends on the flag in which it stands, other than `{"var": "$flagd.flagKey"}`.
    static func dependencesOnFlag(in logic: JSONValue, at pointer: JSONPointer) -> [InvalidFlagItem.Fault] {
        var faults: [InvalidFlagItem.Fault] = []
        LogicWalk { operation in
            switch operation.name {
            case "fractional" where isBucketedByFlag(operation.arguments):
                faults.append(
                    InvalidFlagItem.Fault(
                        "This 'fractional' names no bucket key, so that the key of the flag being evaluated decides; give it one, such as {\"cat\": [\"seed\", {\"var\": \"targetingKey\"}]}.",
                        at: operation.pointer))
            case "var" where operation.seesContext:
                let isKnown =
                    switch operation.arguments.first {
                    case .string(let path)?: !path.isEmpty && !path.hasSameBytes(as: "$flagd")
                    case .number?: true
                    default: false
                    }
                if !isKnown {
                    faults.append(
                        InvalidFlagItem.Fault(
                            "This 'var' may read the whole context, in which is the key of the flag being evaluated; name one attribute.",
                            at: operation.pointer))
                }
            default: break
            }
        }.walk(logic, at: pointer)
        return faults
    }

    /// Whether a `fractional` has no bucket key: its first argument is, or may come to, a share.
    private static func isBucketedByFlag(_ arguments: [JSONValue]) -> Bool {
        guard let first = arguments.first else { return false }
        if case .array = first { return true }
        guard let operation = LogicTree.operation(first) else { return false }
        switch operation.name {
        case "merge", "map", "filter", "missing", "missing_some", "reduce": return true
        case "if", "?:", "and", "or": return operation.arguments.contains { isBucketedByFlag([$0]) }
        default: return false
        }
    }

    /// The rule with `{"var": "$flagd.flagKey"}` replaced by the key, where it sees the context.
    static func naming(_ key: FlagKey, in logic: JSONValue, seesContext: Bool = true) -> JSONValue {
        if case .array(let elements) = logic {
            return .array(elements.map { naming(key, in: $0, seesContext: seesContext) })
        }
        guard let (name, arguments, isList) = LogicTree.operation(logic) else { return logic }
        if seesContext, name == "var", let path = arguments.first?.stringValue,
            path.hasSameBytes(as: AttributePath.flagKey.rawValue)
        {
            return .string(key.rawValue)
        }
        guard isList else {
            return .object(JSONObject(uniqueMembers: [(name, naming(key, in: arguments[0], seesContext: seesContext))]))
        }
        return LogicTree.operation(
            name,
            arguments.enumerated().map { index, argument in
                naming(key, in: argument, seesContext: seesContext && !LogicTree.seesElement(name, index))
            })
    }

    /// Names of variants written out where the rule may come to them, with their places.
    static func results(of logic: JSONValue, at pointer: JSONPointer) -> [(name: String, pointer: JSONPointer)] {
        switch logic {
        case .string(let text): return [(text, pointer)]
        case .bool(let value): return [(value ? "true" : "false", pointer)]
        default: break
        }
        guard let (name, arguments, isList) = LogicTree.operation(logic) else { return [] }
        let place = pointer.appending(name)
        func argument(_ index: Int) -> JSONPointer { isList ? place.appending(index) : place }
        switch name {
        case "if", "?:":
            return arguments.indices.flatMap { index in
                let isResult = index % 2 == 1 || index == arguments.count - 1
                return isResult ? results(of: arguments[index], at: argument(index)) : []
            }
        case "fractional":
            return arguments.indices.flatMap { index in
                guard let variant = arguments[index].arrayValue?.first else { return [(String, JSONPointer)]() }
                return results(of: variant, at: argument(index).appending(0))
            }
        default: return []
        }
    }

    /// Whether the rule may come to something that is false without being null, which stands for a variant all the same.
    static func mayBeFalse(_ logic: JSONValue) -> Bool {
        switch logic {
        case .null, .bool(true): return false
        case .string(let text): return text.isEmpty
        case .bool(false), .number, .array: return true
        case .object: break
        }
        guard let operation = LogicTree.operation(logic) else { return true }
        switch operation.name {
        case "if", "?:":
            return operation.arguments.indices.contains { index in
                (index % 2 == 1 || index == operation.arguments.count - 1) && mayBeFalse(operation.arguments[index])
            }
        case "fractional":
            return operation.arguments.contains { $0.arrayValue?.first.map(mayBeFalse) ?? false }
        default: return true
        }
    }
}
