import ExactJSON

/// The tables of a program by their addresses, for as long as the program is borrowed.
struct ProgramTables {
    let nodes: UnsafeBufferPointer<Program.Node>
    let instructions: UnsafeBufferPointer<Instruction>
    let branches: UnsafeBufferPointer<NodeIndex>
    let names: UnsafeBufferPointer<Program.Name>
    let nameBytes: UnsafeBufferPointer<UInt8>
    let properties: UnsafeBufferPointer<Program.Property>
    let propertyTables: UnsafeBufferPointer<Program.PropertyTable>
    let patternProperties: UnsafeBufferPointer<Program.PatternProperty>
    let numbers: UnsafeBufferPointer<JSONNumber>
    let values: UnsafeBufferPointer<JSONValue>
    let patterns: UnsafeBufferPointer<RegularExpression>
    let dynamicTargets: UnsafeBufferPointer<NodeIndex>
    let dynamicAnchorCount: Int

    @inline(__always)
    func bytes(of name: Program.Name) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: nameBytes.baseAddress.map { $0 + Int(name.start) }, count: Int(name.count))
    }

    func contains(_ value: JSONValue, in range: TableRange) -> Bool {
        for index in range.indices where values[index] == value { return true }
        return false
    }

    /// The names of the range are in order.
    func contains(_ text: String, in range: TableRange) -> Bool {
        text.withBytes { bytes in
            let key = NameKey.of(bytes)
            var low = Int(range.start)
            var high = Int(range.end)
            while low < high {
                let middle = (low &+ high) / 2
                let order = NameKey.order(names[middle].key, self.bytes(of: names[middle]), key, bytes)
                if order == 0 { return true }
                if order < 0 { low = middle &+ 1 } else { high = middle }
            }
            return false
        }
    }

    /// What is said about the member of that name.
    func find(_ text: String, in range: TableRange) -> Program.Property? {
        text.withBytes { bytes in
            let key = NameKey.of(bytes)
            var low = Int(range.start)
            var high = Int(range.end)
            while low < high {
                let middle = (low &+ high) / 2
                let name = properties[middle].name
                let order = NameKey.order(name.key, self.bytes(of: name), key, bytes)
                if order == 0 { return properties[middle] }
                if order < 0 { low = middle &+ 1 } else { high = middle }
            }
            return nil
        }
    }

    func find(_ name: Program.Name, in members: [JSONObject.Member]) -> Int? {
        members.withUnsafeBufferPointer { find(name, in: $0) }
    }

    /// Where the member of that name is.
    func find(_ name: Program.Name, in members: UnsafeBufferPointer<JSONObject.Member>) -> Int? {
        let nameBytes = bytes(of: name)
        var low = 0
        var high = members.count
        while low < high {
            let middle = (low &+ high) / 2
            let order = members.withName(at: middle) { NameKey.order(NameKey.of($0), $0, name.key, nameBytes) }
            if order == 0 { return middle }
            if order < 0 { low = middle &+ 1 } else { high = middle }
        }
        return nil
    }
}

extension Program {
    func withTables<Result>(_ body: (ProgramTables) -> Result) -> Result {
        nodes.withUnsafeBufferPointer { nodes in
            instructions.withUnsafeBufferPointer { instructions in
                branches.withUnsafeBufferPointer { branches in
                    withNames { names, nameBytes, properties, propertyTables, patternProperties in
                        withValues { numbers, values, patterns, dynamicTargets in
                            body(
                                ProgramTables(
                                    nodes: nodes, instructions: instructions, branches: branches, names: names,
                                    nameBytes: nameBytes, properties: properties, propertyTables: propertyTables,
                                    patternProperties: patternProperties, numbers: numbers, values: values,
                                    patterns: patterns, dynamicTargets: dynamicTargets,
                                    dynamicAnchorCount: dynamicAnchorCount))
                        }
                    }
                }
            }
        }
    }

    @inline(__always)
    private func withNames<Result>(
        _ body: (
            UnsafeBufferPointer<Name>, UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<Property>,
            UnsafeBufferPointer<PropertyTable>, UnsafeBufferPointer<PatternProperty>
        ) -> Result
    ) -> Result {
        names.withUnsafeBufferPointer { names in
            nameBytes.withUnsafeBufferPointer { bytes in
                properties.withUnsafeBufferPointer { properties in
                    propertyTables.withUnsafeBufferPointer { tables in
                        patternProperties.withUnsafeBufferPointer { body(names, bytes, properties, tables, $0) }
                    }
                }
            }
        }
    }

    @inline(__always)
    private func withValues<Result>(
        _ body: (
            UnsafeBufferPointer<JSONNumber>, UnsafeBufferPointer<JSONValue>, UnsafeBufferPointer<RegularExpression>,
            UnsafeBufferPointer<NodeIndex>
        ) -> Result
    ) -> Result {
        numbers.withUnsafeBufferPointer { numbers in
            values.withUnsafeBufferPointer { values in
                patterns.withUnsafeBufferPointer { patterns in
                    dynamicTargets.withUnsafeBufferPointer { body(numbers, values, patterns, $0) }
                }
            }
        }
    }
}
