package import ExactJSON

/// Compiles JsonLogic once, so that evaluating does not look at JSON.
struct LogicCompiler {
    /// Operators inside one another, references followed.
    static let maxDepth = 128

    let evaluators: Evaluators
    let bucketing: Bucketing
    /// Whether every operator tells the trace what it came to.
    let isTraced: Bool
    /// Of the flag whose rule is compiled; none for what several flags share.
    private let variants: [Variant]
    /// Index of each experiment by the place of its split.
    private let experiments: [JSONPointer: Int]
    private(set) var faults: [LogicFault] = []
    /// Names of shared rules that were referred to, directly or through others.
    private(set) var references: Set<String> = []
    /// How deep the deepest operator was, references followed, and whether the limit was met.
    private(set) var deepest: Int
    private(set) var isTooDeep = false
    private var openReferences: [String] = []
    private var depth: Int

    /// The depth at which compiling starts counts toward the limit.
    init(
        evaluators: Evaluators, bucketing: Bucketing, variants: [Variant] = [], isTraced: Bool = false,
        experiments: [Experiment] = [], depth: Int = 0
    ) {
        self.evaluators = evaluators
        self.variants = variants
        self.bucketing = bucketing
        self.isTraced = isTraced
        self.experiments = Dictionary(experiments.enumerated().map { ($1.place, $0) }) { first, _ in first }
        self.depth = depth
        deepest = depth
    }

    mutating func compile(_ logic: JSONValue, at pointer: JSONPointer) -> any Expression {
        depth += 1
        defer { depth -= 1 }
        deepest = max(deepest, depth)
        guard depth <= Self.maxDepth else { return tooDeep(at: pointer) }
        switch logic {
        case .array(let elements):
            let compiled = elements.enumerated().map { compile($1, at: pointer.appending($0)) }
            let constants = compiled.compactMap { ($0 as? Constant)?.constant }
            return constants.count == compiled.count ? Constant(.list(constants)) : ListExpression(compiled)
        case .object(let object) where object.count == 1:
            let member = object.members[0]
            let place = pointer
            let pointer = pointer.appending(member.name)
            let compiled = compileOperator(member.name, member.value, at: pointer)
            if !experiments.isEmpty, let index = experiments[place] { return ExperimentSplit(compiled, index: index) }
            return isTraced && !(compiled is Traced) ? Traced(compiled, member.name, at: pointer) : compiled
        case .string(let name):
            return Constant(.string(name), variant: variants.first { $0.isChosen(by: name) })
        default:
            return Constant(FlagValue(logic))
        }
    }

    private mutating func compileOperator(
        _ name: String, _ argument: JSONValue, at pointer: JSONPointer
    ) -> any Expression {
        var arguments = [argument]
        var isList = false
        if case .array(let elements) = argument { (arguments, isList) = (elements, true) }
        func place(_ index: Int) -> JSONPointer { isList ? pointer.appending(index) : pointer }

        switch name {
        case "$ref" where arguments.count == 1:
            guard case .string(let name) = arguments[0] else { break }
            return compileReference(name, at: pointer)
        case "map", "filter", "all", "some", "none":
            guard arguments.count >= 2 else { break }
            let form: Quantifier.Form =
                switch name {
                case "map": .map
                case "filter": .filter
                case "all": .all
                case "some": .some
                default: .none
                }
            return Quantifier(form, compile(arguments[0], at: place(0)), compile(arguments[1], at: place(1)))
        case "reduce":
            guard let list = arguments.first else { return Constant(.null) }
            return Reduction(
                compile(list, at: place(0)),
                arguments.count > 1 ? compile(arguments[1], at: place(1)) : Constant(.null),
                from: arguments.count > 2 ? FlagValue(arguments[2]) : .null)
        case "fractional":
            let compiled = arguments.enumerated().map { index, argument in
                Fractional.Argument(
                    whole: compile(argument, at: place(index)),
                    elements: argument.arrayValue?.enumerated().map {
                        compile($1, at: place(index).appending($0))
                    })
            }
            let fractional = Fractional(compiled, bucketing: bucketing)
            return isTraced ? Traced(fractional, name, at: pointer, fractional: fractional) : fractional
        default: break
        }

        switch name {
        case "map" where arguments.isEmpty: return Constant(.list([]))
        case "map":
            return Quantifier(.map, compile(arguments[0], at: place(0)), Constant(.null))
        case "filter": return Constant(.list([]))
        case "all", "some": return Constant(.bool(false))
        case "none": return Constant(.bool(true))
        default: break
        }
        let compiled = arguments.enumerated().map { compile($1, at: place($0)) }
        guard let make = Operator.all[name] else {
            return fault("is no operator; known are \(Self.operatorNames)", at: pointer, name, compiled)
        }
        return make(compiled)
    }

    private static let operatorNames =
        (Array(Operator.all.keys) + ["map", "filter", "reduce", "all", "some", "none", "fractional"]).sorted()
        .joined(separator: ", ")

    private mutating func compileReference(_ name: String, at pointer: JSONPointer) -> any Expression {
        guard let rule = evaluators[name] else {
            return fault("refers to '\(name)', which $evaluators do not have", at: pointer, "$ref", [])
        }
        if openReferences.contains(where: { $0.hasSameBytes(as: name) }) {
            let cycle = (openReferences + [name]).joined(separator: " → ")
            return fault("refers to itself: \(cycle)", at: pointer, "$ref", [])
        }
        references.insert(name)
        if !isTraced, let known = evaluators.compiled(name, bucketing, depth: depth) {
            references.formUnion(known.references)
            deepest = max(deepest, depth + known.height)
            guard depth + known.height <= Self.maxDepth else { return tooDeep(at: pointer) }
            faults.append(contentsOf: known.faults)
            return known.expression
        }
        openReferences.append(name)
        defer { openReferences.removeLast() }
        return compile(rule, at: pointer)
    }

    private mutating func tooDeep(at pointer: JSONPointer) -> any Expression {
        isTooDeep = true
        return fault("is nested deeper than \(Self.maxDepth) operators", at: pointer, "too deep", [])
    }

    private mutating func fault(
        _ message: String, at pointer: JSONPointer, _ name: String, _ arguments: [any Expression]
    ) -> any Expression {
        faults.append(LogicFault(pointer: pointer, message: message))
        return UnknownOperator(name, arguments)
    }
}

/// What is wrong with a rule, known before it is evaluated. Evaluating it fails only if the evaluation comes there.
package struct LogicFault: Error, Hashable, Sendable {
    package let pointer: JSONPointer
    package let message: String
}
