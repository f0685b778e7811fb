import ExactJSON

/// Applies a program to a value and keeps what each keyword found, on the way that `Evaluation` takes without keeping
/// anything. Every keyword is followed to its end, so that all that is wrong is found.
struct Explanation {
    let program: Program
    let tables: ProgramTables
    let keepsAnnotations: Bool
    var evaluationPath: [String] = []
    var instancePath: [String] = []
    private var scope: [Int32] = []
    private var depth = 0
    private var steps: Int
    private var explanationSteps: Int
    /// Why no verdict could be reached, if none could.
    private var exhaustion: String?
    private var recorded = 0
    private(set) var isTruncated = false

    init(program: Program, tables: ProgramTables, keepsAnnotations: Bool) {
        self.program = program
        self.tables = tables
        self.keepsAnnotations = keepsAnnotations
        steps = program.limits.maxEvaluationSteps
        explanationSteps = program.limits.maxExplanationSteps
    }

    mutating func explain(_ value: JSONValue) -> (unit: OutputUnit, isTruncated: Bool) {
        var (unit, _) = apply(0, value)
        if let exhaustion {
            unit = OutputUnit(
                isValid: false, keywordLocation: .root, absoluteKeywordLocation: unit.absoluteKeywordLocation,
                instanceLocation: .root, keyword: "", error: exhaustion)
        }
        return (unit, isTruncated)
    }

    /// A subschema while it is applied.
    struct Frame {
        let index: NodeIndex
        let node: Program.Node
        let source: NodeSource
        var isValid = true
        var coverage = PlaceCoverage()
        var units: [OutputUnit] = []
    }

    mutating func apply(_ index: NodeIndex, _ value: JSONValue) -> (unit: OutputUnit, coverage: PlaceCoverage) {
        let node = program.nodes[Int(index)]
        var frame = Frame(index: index, node: node, source: program.sources[Int(index)])
        steps -= 1
        explanationSteps -= 1 + evaluationPath.count + instancePath.count
        depth += 1
        defer { depth -= 1 }
        if steps < 0 {
            exhaust("judging this value takes more than \(program.limits.maxEvaluationSteps) steps; make it smaller")
        } else if explanationSteps < 0 {
            exhaust(
                "saying what is wrong with this value takes more than \(program.limits.maxExplanationSteps) steps; make it "
                    + "smaller, or simplify the schema")
        } else if depth > program.limits.maxEvaluationDepth {
            exhaust(
                "judging this value applies more than \(program.limits.maxEvaluationDepth) schemas inside one another; "
                    + "make it flatter")
        } else {
            let isEntering = tables.dynamicAnchorCount > 0 && scope.last != node.resource
            if isEntering { scope.append(node.resource) }
            follow(value, &frame)
            if isEntering { scope.removeLast() }
        }
        return (unit(of: frame), frame.coverage)
    }

    private func unit(of frame: Frame) -> OutputUnit {
        let isValid = frame.isValid && exhaustion == nil
        if isValid, !keepsAnnotations { return .accepted }
        return OutputUnit(
            isValid: isValid, keywordLocation: JSONPointer(tokens: evaluationPath),
            absoluteKeywordLocation: frame.source.absoluteLocation([]),
            instanceLocation: JSONPointer(tokens: instancePath), keyword: "", node: frame.index,
            children: frame.units.filter { $0.isValid == isValid })
    }

    private mutating func follow(_ value: JSONValue, _ frame: inout Frame) {
        checkType(value, &frame)
        let node = frame.node
        let specific: Range<Int32>
        switch value {
        case .null, .bool: specific = 0..<0
        case .number: specific = node.numberStart..<node.stringStart
        case .string: specific = node.stringStart..<node.arrayStart
        case .array: specific = node.arrayStart..<node.objectStart
        case .object: specific = node.objectStart..<node.generalStart
        }
        for index in [specific, node.generalStart..<node.unevaluatedStart, node.unevaluatedStart..<node.end].joined() {
            if exhaustion != nil { return }
            let instruction = program.instructions[Int(index)]
            let keyword = program.keywords[Int(index)]
            switch (instruction, value) {
            case (_, .number(let number)) where index < node.stringStart:
                check(number, instruction, keyword, &frame)
            case (_, .string(let text)) where index < node.arrayStart:
                check(text, instruction, keyword, &frame)
            case (_, .array(let elements)) where index < node.objectStart:
                check(elements, instruction, keyword, &frame)
            case (_, .object(let object)) where index < node.generalStart:
                check(object, instruction, keyword, &frame)
            case (.unevaluatedItems(let inner), .array(let elements)):
                applyUnevaluated(inner, elements, keyword, &frame)
            case (.unevaluatedProperties(let inner), .object(let object)):
                applyUnevaluated(inner, object, keyword, &frame)
            default:
                checkGeneral(value, instruction, keyword, &frame)
            }
        }
        if keepsAnnotations {
            for (keyword, annotation) in frame.source.annotations
            where value.stringValue != nil || !Annotations.concernsText(keyword) {
                annotate(keyword, annotation, &frame)
            }
        }
    }

    private mutating func checkType(_ value: JSONValue, _ frame: inout Frame) {
        let types = frame.node.types
        guard types != .all, !types.admits(value) else { return }
        fail("type", TypeMessage.text(types, value), &frame)
    }

    /// Notes that a keyword is not satisfied; beyond the limit only that something is not.
    mutating func fail(
        _ keyword: String, _ message: String?, _ frame: inout Frame, at tokens: [String] = [],
        children: [OutputUnit] = []
    ) {
        frame.isValid = false
        if message != nil, !takesRoom() { return }
        let path = (keyword.isEmpty ? [] : [keyword]) + tokens
        frame.units.append(
            OutputUnit(
                isValid: false, keywordLocation: JSONPointer(tokens: evaluationPath + path),
                absoluteKeywordLocation: frame.source.absoluteLocation(path),
                instanceLocation: JSONPointer(tokens: instancePath), keyword: keyword, error: message,
                children: children))
    }

    /// Whether there is room for one more violation, which is taken.
    mutating func takesRoom() -> Bool {
        guard recorded < program.limits.maxViolations else {
            isTruncated = true
            return false
        }
        recorded += 1
        return true
    }

    /// Forgets the violations of branches that are not held against the value.
    mutating func forgiving<Result>(_ body: (inout Explanation) -> Result, unless isHeld: (Result) -> Bool) -> Result {
        let (before, wasTruncated) = (recorded, isTruncated)
        let result = body(&self)
        if !isHeld(result) { (recorded, isTruncated) = (before, wasTruncated) }
        return result
    }

    func annotate(_ keyword: String, _ value: JSONValue?, _ frame: inout Frame, children: [OutputUnit] = []) {
        guard keepsAnnotations, value != nil || !children.isEmpty else { return }
        frame.units.append(
            OutputUnit(
                isValid: true, keywordLocation: JSONPointer(tokens: evaluationPath + [keyword]),
                absoluteKeywordLocation: frame.source.absoluteLocation([keyword]),
                instanceLocation: JSONPointer(tokens: instancePath), keyword: keyword, annotation: value,
                children: children))
    }

    /// Applies a subschema that stands at these tokens in the schema to the part of the value at that token, or to
    /// the value itself.
    mutating func descend(
        _ index: NodeIndex, _ tokens: [String], _ value: JSONValue, at instanceToken: String? = nil
    ) -> (unit: OutputUnit, coverage: PlaceCoverage) {
        evaluationPath += tokens
        if let instanceToken { instancePath.append(instanceToken) }
        let result = apply(index, value)
        if instanceToken != nil { instancePath.removeLast() }
        evaluationPath.removeLast(tokens.count)
        return result
    }

    /// Notes what the subschemas of a keyword found, all of which must accept.
    mutating func conclude(
        _ keyword: String, _ units: [OutputUnit], _ annotation: JSONValue?, _ frame: inout Frame
    ) {
        guard units.contains(where: { !$0.isValid }) else {
            annotate(keyword, annotation, &frame, children: units)
            return
        }
        var failed: [OutputUnit] = []
        for unit in units where !unit.isValid {
            // One with nothing in it has been left out.
            if unit.error != nil || !unit.children.isEmpty { failed.append(unit) }
        }
        fail(keyword, nil, &frame, children: failed)
    }

    mutating func exhaust(_ reason: String) {
        if exhaustion == nil { exhaustion = reason }
    }

    func target(of anchor: Int32) -> NodeIndex? {
        for resource in scope {
            let target = program.dynamicTargets[Int(resource) * program.dynamicAnchorCount + Int(anchor)]
            if target >= 0 { return target }
        }
        return nil
    }

    /// Whether a pattern matches; one that proves too costly leaves no verdict.
    mutating func matches(_ pattern: Int32, _ text: String) -> Bool {
        let allowed = min(program.limits.maxPatternSteps, max(steps, 0))
        var rest = allowed
        let outcome = text.withBytes { program.patterns[Int(pattern)].match($0, steps: &rest) }
        steps -= allowed - max(rest, 0)
        if outcome == .tooCostly {
            exhaust(
                "matching \(Wording.quoted(text)) with the pattern "
                    + "\(Wording.cut(program.patterns[Int(pattern)].pattern)) takes more than "
                    + "\(allowed) steps; simplify the pattern, or shorten the text")
        }
        return outcome == .match
    }
}

extension TypeSet {
    func admits(_ value: JSONValue) -> Bool {
        switch value {
        case .null: contains(.null)
        case .bool: contains(.boolean)
        case .number(let number): contains(number.isInteger ? .integer : .fraction)
        case .string: contains(.string)
        case .array: contains(.array)
        case .object: contains(.object)
        }
    }
}
