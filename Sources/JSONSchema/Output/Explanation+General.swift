import ExactJSON

extension Explanation {
    mutating func checkGeneral(
        _ value: JSONValue, _ instruction: Instruction, _ keyword: String, _ frame: inout Frame
    ) {
        switch instruction {
        case .never:
            fail("", "is not allowed here; remove it", &frame)
        case .reference(let target):
            follow(target, keyword, value, &frame)
        case .dynamicReference(let anchor, let fallback):
            follow(target(of: anchor) ?? fallback, keyword, value, &frame)
        case .allOf(let range):
            let units = applyBranches(range, keyword, value, &frame)
            conclude(keyword, units, nil, &frame)
        case .anyOf(let range):
            let units = applyAlternatives(range, keyword, value, &frame)
            if units.contains(where: \.isValid) {
                annotate(keyword, nil, &frame, children: units.filter(\.isValid))
            } else {
                fail(keyword, nil, &frame, children: units)
            }
        case .oneOf(let range):
            checkOne(range, keyword, value, &frame)
        case .not(let inner):
            let unit = forgiving {
                $0.descend(inner, [keyword], value).unit
            } unless: { _ in
                false
            }
            if unit.isValid {
                fail(keyword, prohibition(inner, value), &frame)
            }
        case .conditional(let condition, let then, let otherwise):
            let (unit, coverage) = forgiving {
                $0.descend(condition, [keyword], value)
            } unless: { _ in
                false
            }
            if unit.isValid {
                frame.coverage.formUnion(coverage)
                annotate(keyword, nil, &frame, children: [unit])
                if then >= 0 { follow(then, "then", value, &frame) }
            } else if otherwise >= 0 {
                follow(otherwise, "else", value, &frame)
            }
        case .enumeration(let range):
            if !tables.contains(value, in: range) {
                checkEnumeration(value, Array(program.values[range.indices]), keyword, &frame)
            }
        case .stringEnumeration(let range):
            if case .string(let text) = value, tables.contains(text, in: range) { return }
            let choices = program.names[range.indices].map { JSONValue.string(program.text(of: $0)) }
            checkEnumeration(value, choices, keyword, &frame)
        case .dependentSchema(let name, let inner):
            let name = program.text(of: program.names[Int(name)])
            guard value[name] != nil else { return }
            let (unit, coverage) = descend(inner, [keyword, name], value)
            if unit.isValid { frame.coverage.formUnion(coverage) }
            conclude(keyword, [unit], nil, &frame)
        default:
            break
        }
    }

    private mutating func follow(_ target: NodeIndex, _ keyword: String, _ value: JSONValue, _ frame: inout Frame) {
        let (unit, coverage) = descend(target, [keyword], value)
        if unit.isValid { frame.coverage.formUnion(coverage) }
        conclude(keyword, [unit], nil, &frame)
    }

    private mutating func applyBranches(
        _ range: TableRange, _ keyword: String, _ value: JSONValue, _ frame: inout Frame
    ) -> [OutputUnit] {
        var units: [OutputUnit] = []
        for (position, branch) in program.branches[range.indices].enumerated() {
            let (unit, coverage) = descend(branch, [keyword, String(position)], value)
            if unit.isValid { frame.coverage.formUnion(coverage) }
            units.append(unit)
        }
        return units
    }

    private mutating func applyAlternatives(
        _ range: TableRange, _ keyword: String, _ value: JSONValue, _ frame: inout Frame
    ) -> [OutputUnit] {
        var scratch = frame
        let units = forgiving {
            $0.applyBranches(range, keyword, value, &scratch)
        } unless: { units in
            !units.contains(where: \.isValid)
        }
        frame = scratch
        return units
    }

    private mutating func checkOne(
        _ range: TableRange, _ keyword: String, _ value: JSONValue, _ frame: inout Frame
    ) {
        let units = applyAlternatives(range, keyword, value, &frame)
        let accepting = units.indices.filter { units[$0].isValid }
        switch accepting.count {
        case 0:
            fail(keyword, nil, &frame, children: units)
        case 1:
            annotate(keyword, nil, &frame, children: [units[accepting[0]]])
        default:
            let branches = Array(program.branches[range.indices])
            let names = accepting.map { alternative($0, branches[$0]) }
            fail(
                keyword,
                "must fit exactly one of \(units.count) alternatives; fits \(Wording.list(names, "and")): change it so that "
                    + "only one is left", &frame)
        }
    }

    /// `number 2 ("a title")`.
    func alternative(_ position: Int, _ node: NodeIndex) -> String {
        let title = program.title(of: node).map { " (\(Wording.quoted($0)))" } ?? ""
        return "number \(position + 1)\(title)"
    }

    /// What `not` forbids, where its schema says one thing only.
    private func prohibition(_ inner: NodeIndex, _ value: JSONValue) -> String {
        let node = program.nodes[Int(inner)]
        if node.numberStart == node.end, node.types != .all {
            return "must not be \(Wording.types(node.types)); found \(value.described)"
        }
        if node.end - node.numberStart == 1, node.types == .all {
            switch program.instructions[Int(node.numberStart)] {
            case .stringEnumeration, .enumeration:
                return "must not be \(value.short); choose another value"
            case .pattern(let pattern):
                return "must not match the pattern \(Wording.cut(program.patterns[Int(pattern)].pattern)); found "
                    + value.short
            case .properties(let table):
                let table = program.propertyTables[Int(table)]
                let names = program.properties[table.properties.indices].filter(\.isRequired)
                    .map { Wording.quoted(program.text(of: $0.name)) }
                if !names.isEmpty, names.count == table.properties.indices.count {
                    return names.count == 1
                        ? "must not have the member \(names[0]); remove it"
                        : "must not have the members \(Wording.list(names, "and")) together; remove one"
                }
            default: break
            }
        }
        let title = program.title(of: inner).map { " \(Wording.quoted($0))" } ?? ""
        return "must not fit the schema\(title) under \"not\"; found \(value.described)"
    }
}

extension Program {
    /// A node's title, or that of what it refers to.
    func title(of node: NodeIndex) -> String? {
        var node = node
        for _ in 0..<4 {
            if let title = sources[Int(node)].title { return title }
            guard nodes[Int(node)].end > nodes[Int(node)].generalStart,
                case .reference(let target) = instructions[Int(nodes[Int(node)].generalStart)]
            else { return nil }
            node = target
        }
        return nil
    }
}
