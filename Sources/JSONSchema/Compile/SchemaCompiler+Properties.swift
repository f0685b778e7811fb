import ExactJSON

extension SchemaCompiler {
    mutating func readPropertyApplicators(_ reading: inout SubschemaReading) throws(SchemaError) {
        if reading.draft >= .draft6, let inner = try schema("propertyNames", reading) {
            reading.members.append((.propertyNames(inner), "propertyNames"))
        }
        if reading.draft >= .draft2019 { try readDependencies("dependentSchemas", &reading) }
        // Superseded in 2019-09, and still read, as that draft's compatibility section allows.
        try readDependencies("dependencies", &reading)
    }

    /// What members must be there and what each must be, as one table.
    mutating func readProperties(_ reading: inout SubschemaReading) throws(SchemaError) {
        let isApplicator = reading.dialect.vocabularies.contains(.applicator)
        var nodes: [(name: String, node: NodeIndex)] = []
        var patterns: [Program.PatternProperty] = []
        var additional: NodeIndex?
        if isApplicator {
            for member in try members("properties", reading) {
                let place = reading.location.appending("properties", member.name)
                nodes.append((member.name, try schema(member.value, at: place, reading)))
            }
            for member in try members("patternProperties", reading) {
                let place = reading.location.appending("patternProperties", member.name)
                let pattern = try pattern(member.name, at: place)
                patterns.append(
                    Program.PatternProperty(pattern: pattern, node: try schema(member.value, at: place, reading)))
            }
            additional = try schema("additionalProperties", reading)
        }
        var required: [String] = []
        if reading.dialect.vocabularies.contains(.validation), let value = reading.object["required"] {
            required = try nameList(value, at: reading.location.appending("required"))
        }
        guard !nodes.isEmpty || !patterns.isEmpty || !required.isEmpty || additional != nil else { return }
        let patternStart = Int32(program.patternProperties.count)
        program.patternProperties += patterns
        let (properties, requiredCount) = addProperties(nodes, required)
        program.propertyTables.append(
            Program.PropertyTable(
                properties: properties,
                patterns: TableRange(start: patternStart, end: Int32(program.patternProperties.count)),
                additional: additional ?? -1, requiredCount: requiredCount))
        reading.members.append((.properties(Int32(program.propertyTables.count - 1)), "properties"))
    }

    /// `nodes` are in order, as the members of an object are.
    private mutating func addProperties(
        _ nodes: [(name: String, node: NodeIndex)], _ required: [String]
    ) -> (properties: TableRange, requiredCount: Int32) {
        let start = Int32(program.properties.count)
        let sorted = required.sorted { $0.precedesInUTF16($1) }
        var requiredCount: Int32 = 0
        var next = 0
        func isRequired(_ name: String) -> Bool {
            var isFound = false
            while next < sorted.count, sorted[next].hasSameBytes(as: name) {
                isFound = true
                next += 1
            }
            return isFound
        }
        func addRequired(before name: String?) {
            while next < sorted.count, name.map({ sorted[next].precedesInUTF16($0) }) ?? true {
                let missing = sorted[next]
                _ = isRequired(missing)
                requiredCount += 1
                program.properties.append(Program.Property(name: self.name(missing), node: -1, isRequired: true))
            }
        }
        for (name, node) in nodes {
            addRequired(before: name)
            let isRequired = isRequired(name)
            if isRequired { requiredCount += 1 }
            program.properties.append(Program.Property(name: self.name(name), node: node, isRequired: isRequired))
        }
        addRequired(before: nil)
        return (TableRange(start: start, end: Int32(program.properties.count)), requiredCount)
    }

    private func members(
        _ keyword: String, _ reading: SubschemaReading
    ) throws(SchemaError) -> [JSONObject.Member] {
        guard let value = reading.object[keyword] else { return [] }
        guard let object = value.objectValue else {
            throw shape(keyword, reading, "is an object whose members are schemas", value)
        }
        return object.members
    }
}
