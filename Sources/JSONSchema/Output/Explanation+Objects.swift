import ExactJSON

extension Explanation {
    mutating func check(
        _ object: JSONObject, _ instruction: Instruction, _ keyword: String, _ frame: inout Frame
    ) {
        switch instruction {
        case .minProperties(let limit):
            if object.count < limit {
                let found = object.isEmpty ? "is empty" : "has \(object.count)"
                fail(keyword, "must have at least \(memberCount(limit)); \(found)", &frame)
            }
        case .maxProperties(let limit):
            if object.count > limit {
                fail(keyword, "must have at most \(memberCount(limit)); has \(object.count)", &frame)
            }
        case .properties(let table):
            checkProperties(object, program.propertyTables[Int(table)], &frame)
        case .propertyNames(let inner):
            var units: [OutputUnit] = []
            for name in object.names {
                var unit = descend(inner, [keyword], .string(name)).unit
                if !unit.isValid { unit = unit.ofName(Wording.quoted(name)) }
                units.append(unit)
            }
            conclude(keyword, units, nil, &frame)
        case .dependentRequired(let name, let names):
            let name = program.text(of: program.names[Int(name)])
            guard object[name] != nil else { return }
            for required in program.names[names.indices].map(program.text(of:)) where object[required] == nil {
                fail(
                    keyword,
                    "the member \(Wording.quoted(required)) is missing, which \(Wording.quoted(name)) needs: add it, or "
                        + "remove \(Wording.quoted(name))", &frame, at: [name])
            }
        default:
            break
        }
    }

    private mutating func checkProperties(
        _ object: JSONObject, _ table: Program.PropertyTable, _ frame: inout Frame
    ) {
        let properties = Array(program.properties[table.properties.indices])
        checkRequired(object, properties, table, &frame)
        var found = AppliedMembers()
        for (place, member) in object.members.enumerated() {
            var isKnown = false
            if let property = tables.find(member.name, in: table.properties), property.node >= 0 {
                isKnown = true
                let unit = descend(property.node, ["properties", member.name], member.value, at: member.name).unit
                found.properties.append((member.name, refusing(unit, property.node, member.name)))
            }
            for candidate in program.patternProperties[table.patterns.indices]
            where matches(candidate.pattern, member.name) {
                isKnown = true
                let pattern = program.patterns[Int(candidate.pattern)].pattern
                let unit = descend(
                    candidate.node, ["patternProperties", pattern], member.value, at: member.name
                ).unit
                found.patterns.append((member.name, unit))
            }
            if !isKnown, table.additional >= 0 {
                isKnown = true
                found.additional.append((member.name, additional(member, table.additional, properties, frame)))
            }
            if isKnown { frame.coverage.insert(place) }
        }
        for (keyword, applied) in [
            ("properties", found.properties), ("patternProperties", found.patterns),
            ("additionalProperties", found.additional),
        ] where !applied.isEmpty {
            conclude(keyword, applied.map(\.unit), .array(applied.map { .string($0.name) }), &frame)
        }
    }

    private struct AppliedMembers {
        var properties: [(name: String, unit: OutputUnit)] = []
        var patterns: [(name: String, unit: OutputUnit)] = []
        var additional: [(name: String, unit: OutputUnit)] = []
    }

    private mutating func additional(
        _ member: JSONObject.Member, _ inner: NodeIndex, _ properties: [Program.Property], _ frame: Frame
    ) -> OutputUnit {
        guard program.isNever(inner) else {
            return descend(inner, ["additionalProperties"], member.value, at: member.name).unit
        }
        let known = properties.filter { $0.node >= 0 }.map { program.text(of: $0.name) }
        return refusal("additionalProperties", at: member.name, frame, Self.stranger(member.name, known))
    }

    private mutating func checkRequired(
        _ object: JSONObject, _ properties: [Program.Property], _ table: Program.PropertyTable, _ frame: inout Frame
    ) {
        let missing = properties.filter { $0.isRequired }.map { program.text(of: $0.name) }
            .filter { object[$0] == nil }
        guard !missing.isEmpty else { return }
        let strangers = object.names.filter { tables.find($0, in: table.properties) == nil }
        for name in missing {
            let hint = Spelling.nearest(to: name, among: strangers).map { "is \(Wording.quoted($0)) meant for it?" }
            fail("required", "the member \(Wording.quoted(name)) is missing; \(hint ?? "add it")", &frame)
        }
    }

    mutating func applyUnevaluated(
        _ inner: NodeIndex, _ object: JSONObject, _ keyword: String, _ frame: inout Frame
    ) {
        var names: [String] = []
        var units: [OutputUnit] = []
        let isNever = program.isNever(inner)
        let known = isNever ? program.memberNames(of: frame.node) : []
        for (place, member) in object.members.enumerated() where !frame.coverage.contains(place) {
            names.append(member.name)
            units.append(
                isNever
                    ? refusal(keyword, at: member.name, frame, Self.stranger(member.name, known))
                    : descend(inner, [keyword], member.value, at: member.name).unit)
        }
        guard !names.isEmpty else { return }
        frame.coverage.insertAll(object.count)
        conclude(keyword, units, .array(names.map { .string($0) }), &frame)
    }

    private func memberCount(_ count: Int) -> String { Wording.count(count, "member", "members") }

    private static func stranger(_ name: String, _ known: [String]) -> String {
        let message = "\(Wording.quoted(name)) is not a member here"
        if let near = Spelling.nearest(to: name, among: known) {
            return message + "; did you mean \(Wording.quoted(near))?"
        }
        guard !known.isEmpty, known.count <= 12 else { return message + "; remove it" }
        return message + "; known are \(Wording.list(known.map(Wording.quoted), "and"))"
    }

    /// The schema `false` under a property says that the property is not allowed.
    private func refusing(_ unit: OutputUnit, _ node: NodeIndex, _ name: String) -> OutputUnit {
        guard !unit.isValid, program.isNever(node) else { return unit }
        var unit = unit
        unit.children = []
        unit.error = "the member \(Wording.quoted(name)) is not allowed here; remove it"
        return unit
    }

    /// The unit of a part of the value that the schema `false` under a keyword does not allow.
    mutating func refusal(
        _ keyword: String, at token: String, _ frame: Frame, _ message: @autoclosure () -> String
    ) -> OutputUnit {
        OutputUnit(
            isValid: false, keywordLocation: JSONPointer(tokens: evaluationPath + [keyword]),
            absoluteKeywordLocation: frame.source.absoluteLocation([keyword]),
            instanceLocation: JSONPointer(tokens: instancePath + [token]), keyword: keyword,
            error: takesRoom() ? message() : nil)
    }
}

extension OutputUnit {
    /// The same said of a member's name, which need not be told twice.
    func ofName(_ name: String) -> OutputUnit {
        var unit = self
        let found = "; found " + name
        unit.error = error.map { error in
            "the name \(name) " + (error.hasSuffix(found) ? error.dropLast(found.count) + "; rename the member" : error)
        }
        unit.children = children.map { $0.ofName(name) }
        return unit
    }
}

extension Program {
    /// Whether a node is the schema `false`.
    func isNever(_ node: NodeIndex) -> Bool {
        let node = nodes[Int(node)]
        guard node.end > node.generalStart, case .never = instructions[Int(node.generalStart)] else { return false }
        return true
    }

    /// The names of members a node and what it applies to the same value know.
    func memberNames(of node: Node) -> [String] {
        var found: [String] = []
        var seen: Set<NodeIndex> = []
        var pending = [node]
        while let node = pending.popLast() {
            for instruction in instructions[Int(node.objectStart)..<Int(node.unevaluatedStart)] {
                switch instruction {
                case .properties(let table):
                    found += properties[propertyTables[Int(table)].properties.indices]
                        .filter { $0.node >= 0 }.map { text(of: $0.name) }
                case .reference(let target), .dependentSchema(_, let target), .dynamicReference(_, let target):
                    if seen.insert(target).inserted { pending.append(nodes[Int(target)]) }
                case .allOf(let range), .anyOf(let range), .oneOf(let range):
                    for branch in branches[range.indices] where seen.insert(branch).inserted {
                        pending.append(nodes[Int(branch)])
                    }
                case .conditional(let condition, let then, let otherwise):
                    for branch in [condition, then, otherwise] where branch >= 0 && seen.insert(branch).inserted {
                        pending.append(nodes[Int(branch)])
                    }
                default: break
                }
            }
        }
        return found.sorted()
    }
}
