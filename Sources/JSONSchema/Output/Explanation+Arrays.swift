import ExactJSON

extension Explanation {
    mutating func check(
        _ elements: [JSONValue], _ instruction: Instruction, _ keyword: String, _ frame: inout Frame
    ) {
        switch instruction {
        case .minItems(let limit):
            if elements.count < limit {
                let found = elements.isEmpty ? "is empty" : "has \(elements.count)"
                fail(keyword, "must have at least \(elementCount(limit)); \(found)", &frame)
            }
        case .maxItems(let limit):
            if elements.count > limit {
                fail(keyword, "must have at most \(elementCount(limit)); has \(elements.count)", &frame)
            }
        case .uniqueItems:
            if let (first, second) = elements.withUnsafeBufferPointer({ $0.firstDuplicate() }) {
                fail(
                    keyword,
                    "must have no element twice; \(first) and \(second) are both \(elements[second].short): remove one",
                    &frame)
            }
        case .prefixItems(let range):
            let branches = Array(program.branches[range.indices])
            let count = min(branches.count, elements.count)
            var units: [OutputUnit] = []
            for place in 0..<count {
                let unit = descend(
                    branches[place], [keyword, String(place)], elements[place], at: String(place)
                ).unit
                units.append(unit)
            }
            frame.coverage.insertAll(count)
            let annotation: JSONValue? = count == 0 ? nil : count == elements.count ? true : .int(count - 1)
            conclude(keyword, units, annotation, &frame)
        case .items(let inner, let start):
            guard start < elements.count else { return }
            let units =
                program.isNever(inner)
                ? (start..<elements.count).map { place in
                    refusal(
                        keyword, at: String(place), frame,
                        start == 0
                            ? "must not be here: the array must be empty; remove it"
                            : "is one element too many: there may be \(start); remove it")
                } : apply(inner, keyword, elements, Array(start..<elements.count))
            frame.coverage.insertAll(elements.count)
            conclude(keyword, units, true, &frame)
        case .contains(let inner, let minimum, let maximum, let marksEvaluated):
            checkContains(inner, minimum, maximum, marksEvaluated, elements, keyword, &frame)
        default:
            break
        }
    }

    private mutating func checkContains(
        _ inner: NodeIndex, _ minimum: Int, _ maximum: Int, _ marksEvaluated: Bool, _ elements: [JSONValue],
        _ keyword: String, _ frame: inout Frame
    ) {
        let units = forgiving {
            $0.apply(inner, keyword, elements, Array(elements.indices))
        } unless: { _ in
            false
        }
        let found = units.indices.filter { units[$0].isValid }
        if marksEvaluated { for place in found { frame.coverage.insert(place) } }
        if found.count < minimum {
            fail(
                minimum == 1 ? keyword : "minContains",
                "must contain at least \(elementCount(minimum)) that \(wish(inner, isOne: minimum == 1)); "
                    + (found.isEmpty ? "contains none" : "contains \(found.count)"), &frame)
        } else if found.count > maximum {
            fail(
                "maxContains",
                "must contain at most \(elementCount(maximum)) that \(wish(inner, isOne: maximum == 1)); contains "
                    + "\(found.count), at \(Wording.list(found.prefix(12).map { String($0) }, "and"))", &frame)
        } else {
            let annotation: JSONValue =
                found.count == elements.count ? true : .array(found.map { JSONValue.int($0) })
            annotate(keyword, annotation, &frame, children: found.map { units[$0] })
        }
    }

    /// What `contains` looks for: the types where its schema says no more, otherwise the schema.
    private func wish(_ inner: NodeIndex, isOne: Bool) -> String {
        let node = program.nodes[Int(inner)]
        if node.numberStart == node.end, node.types != .all {
            return isOne ? "is \(Wording.types(node.types))" : "are each \(Wording.types(node.types))"
        }
        let title = program.title(of: inner).map { " \(Wording.quoted($0))" } ?? ""
        return "\(isOne ? "fits" : "fit") the schema\(title) under \"contains\""
    }

    mutating func applyUnevaluated(
        _ inner: NodeIndex, _ elements: [JSONValue], _ keyword: String, _ frame: inout Frame
    ) {
        let places = elements.indices.filter { !frame.coverage.contains($0) }
        guard !places.isEmpty else { return }
        let units: [OutputUnit]
        if program.isNever(inner) {
            units = places.map { place in
                refusal(
                    keyword, at: String(place), frame,
                    "is one element too many: nothing in the schema allows it; remove it")
            }
        } else {
            units = apply(inner, keyword, elements, places)
        }
        frame.coverage.insertAll(elements.count)
        conclude(keyword, units, true, &frame)
    }

    private mutating func apply(
        _ inner: NodeIndex, _ keyword: String, _ elements: [JSONValue], _ places: [Int]
    ) -> [OutputUnit] {
        places.map { descend(inner, [keyword], elements[$0], at: String($0)).unit }
    }

    private func elementCount(_ count: Int) -> String { Wording.count(count, "element", "elements") }
}
