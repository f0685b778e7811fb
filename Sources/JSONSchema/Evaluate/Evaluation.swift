import ExactJSON

/// Tells whether a value is valid, and nothing more. Values are handed on by their addresses, so that none is copied
/// and no reference counted on the way; the tables are read through pointers that live as long as the evaluation.
struct Evaluation: ~Copyable {
    let tables: ProgramTables
    let limits: SchemaLimits
    /// Subschemas that may still be applied and steps of patterns that may still be taken.
    var steps: Int
    var depth = 0
    /// Whether a limit has been reached, after which no verdict counts.
    var isExhausted = false
    /// The resources entered, the innermost last; kept only where there are dynamic references.
    private var scope: [Int32] = []

    init(tables: ProgramTables, limits: SchemaLimits) {
        self.tables = tables
        self.limits = limits
        steps = limits.maxEvaluationSteps
    }

    mutating func isValid(_ value: borrowing JSONValue) -> Bool {
        withUnsafePointer(to: value) { pointer in
            accepts(0, pointer) && !isExhausted
        }
    }

    @inline(__always)
    mutating func accepts(_ index: NodeIndex, _ value: UnsafePointer<JSONValue>) -> Bool {
        var none = NoCoverage()
        return accepts(index, value, &none)
    }

    /// `coverage` is empty at first and holds afterwards what the subschema evaluates, if it accepts the value.
    mutating func accepts<Tracking: Coverage>(
        _ index: NodeIndex, _ value: UnsafePointer<JSONValue>, _ coverage: inout Tracking
    ) -> Bool {
        let node = tables.nodes[Int(index)]
        steps &-= 1
        depth &+= 1
        defer { depth &-= 1 }
        guard steps >= 0, depth <= limits.maxEvaluationDepth else {
            isExhausted = true
            return false
        }
        let isEntering = tables.dynamicAnchorCount > 0 && scope.last != node.resource
        if isEntering { scope.append(node.resource) }
        defer { if isEntering { scope.removeLast() } }
        if node.hasUnevaluated, !Tracking.isTracking {
            var places = PlaceCoverage()
            return follow(node, value, &places)
        }
        return follow(node, value, &coverage)
    }

    @inline(__always)
    private mutating func follow<Tracking: Coverage>(
        _ node: Program.Node, _ value: UnsafePointer<JSONValue>, _ coverage: inout Tracking
    ) -> Bool {
        switch value.pointee {
        case .null:
            guard node.types.contains(.null) else { return false }
        case .bool:
            guard node.types.contains(.boolean) else { return false }
        case .number(let number):
            guard accepts(number, node.types) else { return false }
            if node.numberStart != node.stringStart, !acceptsNumber(node, number) { return false }
        case .string(let text):
            guard node.types.contains(.string) else { return false }
            if node.stringStart != node.arrayStart, !acceptsString(node, text) { return false }
        case .array(let elements):
            guard node.types.contains(.array) else { return false }
            if node.arrayStart != node.objectStart, !acceptsArray(node, elements, &coverage) { return false }
        case .object(let object):
            guard node.types.contains(.object) else { return false }
            if node.objectStart != node.generalStart, !acceptsObject(node, object.members, &coverage) { return false }
        }
        if node.generalStart != node.unevaluatedStart, !acceptsGeneral(node, value, &coverage) { return false }
        return !node.hasUnevaluated || acceptsUnevaluated(node, value, &coverage)
    }

    @inline(__always)
    private func accepts(_ number: JSONNumber, _ types: TypeSet) -> Bool {
        if types.contains(.number) { return true }
        if types.isDisjoint(with: .number) { return false }
        return types.contains(number.isInteger ? .integer : .fraction)
    }

    private mutating func acceptsGeneral<Tracking: Coverage>(
        _ node: Program.Node, _ value: UnsafePointer<JSONValue>, _ coverage: inout Tracking
    ) -> Bool {
        for index in Int(node.generalStart)..<Int(node.unevaluatedStart) {
            switch tables.instructions[index] {
            case .never:
                return false
            case .reference(let target):
                guard acceptsInPlace(target, value, &coverage) else { return false }
            case .dynamicReference(let anchor, let fallback):
                guard acceptsInPlace(target(of: anchor) ?? fallback, value, &coverage) else { return false }
            case .allOf(let range):
                for branch in range.indices where !acceptsInPlace(tables.branches[branch], value, &coverage) {
                    return false
                }
            case .anyOf(let range):
                guard acceptsAny(range, value, &coverage) else { return false }
            case .oneOf(let range):
                guard acceptsOne(range, value, &coverage) else { return false }
            case .not(let inner):
                if accepts(inner, value) { return false }
            case .conditional(let condition, let then, let otherwise):
                let branch = acceptsInPlace(condition, value, &coverage) ? then : otherwise
                if branch >= 0, !acceptsInPlace(branch, value, &coverage) { return false }
            case .enumeration(let range):
                steps &-= range.indices.count
                guard tables.contains(value.pointee, in: range) else { return false }
            case .stringEnumeration(let range):
                guard case .string(let text) = value.pointee, tables.contains(text, in: range) else { return false }
            case .dependentSchema(let name, let inner):
                if case .object(let object) = value.pointee,
                    tables.find(tables.names[Int(name)], in: object.members) != nil,
                    !acceptsInPlace(inner, value, &coverage)
                {
                    return false
                }
            default:
                break
            }
        }
        return true
    }

    /// Applies a subschema to the value itself; what it evaluates counts if it accepts.
    @inline(__always)
    private mutating func acceptsInPlace<Tracking: Coverage>(
        _ index: NodeIndex, _ value: UnsafePointer<JSONValue>, _ coverage: inout Tracking
    ) -> Bool {
        var own = Tracking()
        guard accepts(index, value, &own) else { return false }
        coverage.formUnion(own)
        return true
    }

    private mutating func acceptsAny<Tracking: Coverage>(
        _ range: TableRange, _ value: UnsafePointer<JSONValue>, _ coverage: inout Tracking
    ) -> Bool {
        var isAccepted = false
        for branch in range.indices where acceptsInPlace(tables.branches[branch], value, &coverage) {
            if !Tracking.isTracking { return true }
            isAccepted = true
        }
        return isAccepted
    }

    private mutating func acceptsOne<Tracking: Coverage>(
        _ range: TableRange, _ value: UnsafePointer<JSONValue>, _ coverage: inout Tracking
    ) -> Bool {
        var isAccepted = false
        for branch in range.indices where acceptsInPlace(tables.branches[branch], value, &coverage) {
            if isAccepted { return false }
            isAccepted = true
        }
        return isAccepted
    }

    /// The node the outermost resource that has the anchor gives it (JSON Schema Core section 8.2.3.2).
    private func target(of anchor: Int32) -> NodeIndex? {
        for resource in scope {
            let target = tables.dynamicTargets[Int(resource) * tables.dynamicAnchorCount + Int(anchor)]
            if target >= 0 { return target }
        }
        return nil
    }

    private mutating func acceptsUnevaluated<Tracking: Coverage>(
        _ node: Program.Node, _ value: UnsafePointer<JSONValue>, _ coverage: inout Tracking
    ) -> Bool {
        for index in Int(node.unevaluatedStart)..<Int(node.end) {
            switch (tables.instructions[index], value.pointee) {
            case (.unevaluatedItems(let inner), .array(let elements)):
                let isAccepted = elements.withUnsafeBufferPointer { buffer in
                    for place in buffer.indices where !coverage.contains(place) {
                        guard let base = buffer.baseAddress, accepts(inner, base + place) else { return false }
                    }
                    return true
                }
                guard isAccepted else { return false }
                coverage.insertAll(elements.count)
            case (.unevaluatedProperties(let inner), .object(let object)):
                let isAccepted = object.members.withUnsafeBufferPointer { buffer in
                    for place in buffer.indices where !coverage.contains(place) {
                        guard accepts(inner, buffer.value(at: place)) else { return false }
                    }
                    return true
                }
                guard isAccepted else { return false }
                coverage.insertAll(object.count)
            default:
                break
            }
        }
        return true
    }
}
