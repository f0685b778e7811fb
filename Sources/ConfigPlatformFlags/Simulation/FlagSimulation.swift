package import ExactJSON

/// What another definition would make of a flag: the same contexts, evaluated by both.
package struct FlagSimulation: Sendable {
    /// How many contexts come to each variant, by name; what the caller's default is, or an error, is told apart from every variant.
    package let before: [Outcome: Int]
    package let after: [Outcome: Int]
    /// Contexts that come to something else, by what to what.
    package let moves: [Move: Int]
    package let contexts: Int

    package enum Outcome: Hashable, Sendable, Comparable {
        case variant(String)
        case callersDefault
        case error(Resolution.ErrorCode)

        package static func < (left: Outcome, right: Outcome) -> Bool { left.rank < right.rank }

        private var rank: String {
            switch self {
            case .variant(let name): "0" + name
            case .callersDefault: "1"
            case .error(let code): "2" + code.rawValue
            }
        }

        init(_ resolution: Resolution) {
            if let code = resolution.error {
                self = .error(code)
            } else {
                self = resolution.variant.map { .variant($0.name) } ?? .callersDefault
            }
        }
    }

    package struct Move: Hashable, Sendable, Comparable {
        package let from: Outcome
        package let to: Outcome

        package static func < (left: Move, right: Move) -> Bool {
            left.from == right.from ? left.to < right.to : left.from < right.from
        }
    }

    /// How many contexts come to something else.
    package var moved: Int { moves.values.reduce(0, +) }

    /// - Parameters:
    ///   - before: nil where there is no such flag.
    ///   - after: nil where there would be none.
    package init(from before: Flag?, to after: Flag?, contexts: some Sequence<FlagContext>, at timestamp: Int64) {
        var (old, new): ([Outcome: Int], [Outcome: Int]) = ([:], [:])
        var moves: [Move: Int] = [:]
        var count = 0
        func outcome(_ flag: Flag?, _ context: FlagContext) -> Outcome {
            Outcome(flag?.resolve(context, as: nil, at: timestamp) ?? Resolution(.flagNotFound))
        }
        for context in contexts {
            let (from, to) = (outcome(before, context), outcome(after, context))
            old[from, default: 0] += 1
            new[to, default: 0] += 1
            if from != to { moves[Move(from: from, to: to), default: 0] += 1 }
            count += 1
        }
        self.before = old
        self.after = new
        self.moves = moves
        self.contexts = count
    }
}

/// Contexts made up for definitions: targeting keys one after the other, and for each attribute that the definitions look at, the values that
/// they compare it with and one that they do not.
package struct GeneratedContexts: Sequence, Sendable {
    private let values: [(path: [String], values: [JSONValue])]
    private let count: Int

    package static let countMax = 100_000
    private static let valuesMax = 64

    /// The same definitions and count give the same contexts.
    package init(for logic: [JSONValue], count: Int) {
        var found: [ExactName: [JSONValue]] = [:]
        for rule in logic { Self.collect(rule, into: &found) }
        values = found.sorted { $0.key.text.precedesInUTF16($1.key.text) }.map { name, values in
            let path = name.text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            return (path, Array(values.prefix(Self.valuesMax)) + [.string("other"), .null])
        }
        self.count = Swift.min(count, Self.countMax)
    }

    package func makeIterator() -> AnyIterator<FlagContext> {
        var index = 0
        return AnyIterator {
            guard index < count else { return nil }
            defer { index += 1 }
            return context(index)
        }
    }

    private func context(_ index: Int) -> FlagContext {
        var attributes = JSONObject(uniqueMembers: [("targetingKey", .string("context-\(index)"))])
        // Of a hash, so that attributes do not go in step with one another.
        for (place, (path, values)) in self.values.enumerated() {
            let draw = ExactName.quickHash(of: "\(index)/\(place)")
            let value = values[Int(draw % UInt64(values.count))]
            if !value.isNull { Self.set(value, at: path[...], in: &attributes) }
        }
        return FlagContext(attributes)
    }

    private static func set(_ value: JSONValue, at path: ArraySlice<String>, in object: inout JSONObject) {
        guard let first = path.first else { return }
        guard path.count > 1 else {
            object[first] = value
            return
        }
        var inner = object[first]?.objectValue ?? JSONObject()
        set(value, at: path.dropFirst(), in: &inner)
        object[first] = .object(inner)
    }

    /// Literals that stand beside an attribute as arguments of one operator, and those in a list there.
    private static func collect(_ logic: JSONValue, into found: inout [ExactName: [JSONValue]]) {
        switch logic {
        case .array(let elements):
            for element in elements { collect(element, into: &found) }
        case .object(let object):
            for member in object.members {
                if case .array(let arguments) = member.value {
                    let paths = arguments.compactMap(attribute)
                    let literals = arguments.flatMap { argument -> [JSONValue] in
                        switch argument {
                        case .string, .number, .bool: [argument]
                        case .array(let elements):
                            elements.filter { $0.stringValue != nil || $0.numberValue != nil || $0.boolValue != nil }
                        default: []
                        }
                    }
                    if member.name != "if", member.name != "fractional" {
                        for path in paths {
                            for literal in literals where found[path, default: []].count < valuesMax {
                                if !found[path, default: []].contains(literal) {
                                    found[path, default: []].append(literal)
                                }
                            }
                        }
                    }
                }
                if let path = attribute(logic) { found[path, default: []] += [] }
                collect(member.value, into: &found)
            }
        default: break
        }
    }

    /// The attribute that `{"var": …}` names; nil for what is not one of the context's own.
    private static func attribute(_ logic: JSONValue) -> ExactName? {
        guard case .object(let object) = logic, object.count == 1 else { return nil }
        let path: String?
        switch object["var"] {
        case .string(let text)?: path = text
        case .array(let parts)?: path = parts.first?.stringValue
        default: path = nil
        }
        guard let path, !path.isEmpty, !path.utf8.starts(with: "$flagd".utf8), path != "targetingKey" else {
            return nil
        }
        return ExactName(path)
    }
}
