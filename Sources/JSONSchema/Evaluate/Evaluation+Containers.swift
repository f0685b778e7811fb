import ExactJSON

extension Evaluation {
    mutating func acceptsArray<Tracking: Coverage>(
        _ node: Program.Node, _ elements: [JSONValue], _ coverage: inout Tracking
    ) -> Bool {
        elements.withUnsafeBufferPointer { buffer in
            for index in Int(node.arrayStart)..<Int(node.objectStart) {
                guard accepts(buffer, tables.instructions[index], &coverage) else { return false }
            }
            return true
        }
    }

    @inline(__always)
    private mutating func accepts<Tracking: Coverage>(
        _ elements: UnsafeBufferPointer<JSONValue>, _ instruction: Instruction, _ coverage: inout Tracking
    ) -> Bool {
        switch instruction {
        case .minItems(let limit):
            return elements.count >= limit
        case .maxItems(let limit):
            return elements.count <= limit
        case .uniqueItems:
            return elements.firstDuplicate() == nil
        case .prefixItems(let range):
            guard let base = elements.baseAddress else { return true }
            let count = min(range.indices.count, elements.count)
            for place in 0..<count where !accepts(tables.branches[Int(range.start) + place], base + place) {
                return false
            }
            coverage.insertAll(count)
            return true
        case .items(let inner, let start):
            guard let base = elements.baseAddress, start < elements.count else { return true }
            for place in start..<elements.count where !accepts(inner, base + place) { return false }
            coverage.insertAll(elements.count)
            return true
        case .contains(let inner, let minimum, let maximum, let marksEvaluated):
            var found = 0
            for place in elements.indices {
                guard let base = elements.baseAddress, accepts(inner, base + place) else { continue }
                found += 1
                if found > maximum { return false }
                if marksEvaluated { coverage.insert(place) }
                if !Tracking.isTracking, found >= minimum, maximum == .max { return true }
            }
            return found >= minimum
        default:
            return true
        }
    }

    mutating func acceptsObject<Tracking: Coverage>(
        _ node: Program.Node, _ members: [JSONObject.Member], _ coverage: inout Tracking
    ) -> Bool {
        members.withUnsafeBufferPointer { buffer in
            for index in Int(node.objectStart)..<Int(node.generalStart) {
                guard accepts(buffer, tables.instructions[index], &coverage) else { return false }
            }
            return true
        }
    }

    @inline(__always)
    private mutating func accepts<Tracking: Coverage>(
        _ members: UnsafeBufferPointer<JSONObject.Member>, _ instruction: Instruction, _ coverage: inout Tracking
    ) -> Bool {
        switch instruction {
        case .minProperties(let limit):
            return members.count >= limit
        case .maxProperties(let limit):
            return members.count <= limit
        case .properties(let table):
            return acceptsProperties(members, tables.propertyTables[Int(table)], &coverage)
        case .propertyNames(let inner):
            for member in members {
                let isAccepted = withUnsafePointer(to: JSONValue.string(member.name)) { accepts(inner, $0) }
                guard isAccepted else { return false }
            }
            return true
        case .dependentRequired(let name, let names):
            guard tables.find(tables.names[Int(name)], in: members) != nil else { return true }
            for required in names.indices where tables.find(tables.names[required], in: members) == nil {
                return false
            }
            return true
        default:
            return true
        }
    }

    private mutating func acceptsProperties<Tracking: Coverage>(
        _ members: UnsafeBufferPointer<JSONObject.Member>, _ table: Program.PropertyTable,
        _ coverage: inout Tracking
    ) -> Bool {
        let concernsOthers = !table.patterns.isEmpty || table.additional >= 0
        if !concernsOthers, members.count > 8 &* table.properties.indices.count {
            return acceptsFew(members, table, &coverage)
        }
        var property = Int(table.properties.start)
        let end = Int(table.properties.end)
        for place in members.indices {
            let member = members.value(at: place)
            var isKnown = false
            let isAccepted = members.withName(at: place) { bytes in
                let key = NameKey.of(bytes)
                while property < end {
                    let candidate = tables.properties[property]
                    let order = NameKey.order(
                        candidate.name.key, tables.bytes(of: candidate.name), key, bytes)
                    if order > 0 { break }
                    property &+= 1
                    if order < 0 {
                        if candidate.isRequired { return false }
                        continue
                    }
                    if candidate.node >= 0 {
                        isKnown = true
                        guard accepts(candidate.node, member) else { return false }
                    }
                    break
                }
                guard concernsOthers else { return true }
                for index in table.patterns.indices {
                    let candidate = tables.patternProperties[index]
                    guard matches(candidate.pattern, bytes) else { continue }
                    isKnown = true
                    guard accepts(candidate.node, member) else { return false }
                }
                if !isKnown, table.additional >= 0 {
                    isKnown = true
                    return accepts(table.additional, member)
                }
                return true
            }
            guard isAccepted else { return false }
            if isKnown { coverage.insert(place) }
        }
        while property < end {
            if tables.properties[property].isRequired { return false }
            property &+= 1
        }
        return true
    }

    /// Looks each property up, where there are many more members than properties.
    private mutating func acceptsFew<Tracking: Coverage>(
        _ members: UnsafeBufferPointer<JSONObject.Member>, _ table: Program.PropertyTable,
        _ coverage: inout Tracking
    ) -> Bool {
        for index in table.properties.indices {
            let property = tables.properties[index]
            guard let place = tables.find(property.name, in: members) else {
                if property.isRequired { return false }
                continue
            }
            guard property.node >= 0 else { continue }
            guard accepts(property.node, members.value(at: place)) else { return false }
            coverage.insert(place)
        }
        return true
    }
}

extension UnsafeBufferPointer where Element == JSONObject.Member {
    /// The address of a member's value.
    @inline(__always)
    func value(at index: Int) -> UnsafePointer<JSONValue> {
        guard let base = baseAddress, let pointer = (base + index).pointer(to: \.value) else {
            preconditionFailure("a member that is there has a place")
        }
        return pointer
    }

    @inline(__always)
    func withName<Result>(at index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        self[index].name.withBytes(body)
    }
}

extension UnsafeBufferPointer where Element == JSONValue {
    /// The places of two equal elements, the second as early as can be.
    func firstDuplicate() -> (Int, Int)? {
        if count <= 16 {
            for second in indices {
                for first in 0..<second where self[first] == self[second] { return (first, second) }
            }
            return nil
        }
        var seen: [JSONValue: Int] = [:]
        seen.reserveCapacity(count)
        for second in indices {
            if let first = seen.updateValue(second, forKey: self[second]) { return (first, second) }
        }
        return nil
    }
}
