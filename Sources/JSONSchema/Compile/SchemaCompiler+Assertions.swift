import ExactJSON

extension SchemaCompiler {
    mutating func readTypes(_ reading: inout SubschemaReading) throws(SchemaError) {
        if let value = reading.object["type"] { reading.types = try types(value, reading) }
        if reading.draft >= .draft6, let value = reading.object["const"] {
            reading.general.append((enumeration([value]), "const"))
        }
        if let value = reading.object["enum"] {
            guard let values = value.arrayValue else {
                throw shape("enum", reading, "is an array of the values allowed", value)
            }
            reading.general.append((enumeration(values), "enum"))
        }
    }

    private func types(_ value: JSONValue, _ reading: SubschemaReading) throws(SchemaError) -> TypeSet {
        let rule =
            "is one of \"null\", \"boolean\", \"integer\", \"number\", \"string\", \"array\", \"object\" or an array of them"
        let names = value.arrayValue ?? [value]
        var types: TypeSet = []
        for name in names {
            guard let text = name.stringValue, let type = TypeSet(text) else {
                throw shape("type", reading, rule, name)
            }
            types.formUnion(type)
        }
        guard !names.isEmpty else { throw shape("type", reading, rule, value) }
        return types
    }

    private mutating func enumeration(_ values: [JSONValue]) -> Instruction {
        let texts = values.compactMap(\.stringValue)
        if texts.count == values.count, !values.isEmpty { return .stringEnumeration(addNames(texts)) }
        let start = Int32(program.values.count)
        program.values += values
        return .enumeration(TableRange(start: start, end: Int32(program.values.count)))
    }

    mutating func readNumberAssertions(_ reading: inout SubschemaReading) throws(SchemaError) {
        if reading.draft == .draft4 {
            try readBound("minimum", isExclusive: isTrue("exclusiveMinimum", reading), isLower: true, &reading)
            try readBound("maximum", isExclusive: isTrue("exclusiveMaximum", reading), isLower: false, &reading)
        } else {
            try readBound("minimum", isExclusive: false, isLower: true, &reading)
            try readBound("maximum", isExclusive: false, isLower: false, &reading)
            try readBound("exclusiveMinimum", isExclusive: true, isLower: true, &reading)
            try readBound("exclusiveMaximum", isExclusive: true, isLower: false, &reading)
        }
        if let divisor = try numeric("multipleOf", reading) {
            guard !divisor.isNegative, !divisor.isZero else {
                throw shape("multipleOf", reading, "is a number greater than 0", .number(divisor))
            }
            reading.number.append((.multipleOf(number: add(divisor)), "multipleOf"))
        }
    }

    private mutating func readBound(
        _ keyword: String, isExclusive: Bool, isLower: Bool, _ reading: inout SubschemaReading
    ) throws(SchemaError) {
        guard let bound = try numeric(keyword, reading) else { return }
        let number = add(bound)
        let instruction: Instruction
        switch (bound.int64, isLower) {
        case (let value?, true): instruction = .lowerBound(value, number: number, isExclusive: isExclusive)
        case (let value?, false): instruction = .upperBound(value, number: number, isExclusive: isExclusive)
        case (nil, true): instruction = .exactLowerBound(number: number, isExclusive: isExclusive)
        case (nil, false): instruction = .exactUpperBound(number: number, isExclusive: isExclusive)
        }
        reading.number.append((instruction, keyword))
    }

    private mutating func add(_ number: JSONNumber) -> Int32 {
        program.numbers.append(number)
        return Int32(program.numbers.count - 1)
    }

    mutating func readStringAssertions(_ reading: inout SubschemaReading) throws(SchemaError) {
        if let length = try count("maxLength", reading) { reading.string.append((.maxLength(length), "maxLength")) }
        if let length = try count("minLength", reading) { reading.string.append((.minLength(length), "minLength")) }
        if let text = try text("pattern", reading) {
            let pattern = try pattern(text, at: reading.location.appending("pattern"))
            reading.string.append((.pattern(pattern), "pattern"))
        }
    }

    mutating func readArrayAssertions(_ reading: inout SubschemaReading) throws(SchemaError) {
        if let limit = try count("maxItems", reading) { reading.array.append((.maxItems(limit), "maxItems")) }
        if let limit = try count("minItems", reading) { reading.array.append((.minItems(limit), "minItems")) }
        if try isTrue("uniqueItems", reading) { reading.array.append((.uniqueItems, "uniqueItems")) }
    }

    mutating func readObjectAssertions(_ reading: inout SubschemaReading) throws(SchemaError) {
        if let limit = try count("maxProperties", reading) {
            reading.members.append((.maxProperties(limit), "maxProperties"))
        }
        if let limit = try count("minProperties", reading) {
            reading.members.append((.minProperties(limit), "minProperties"))
        }
        if reading.draft >= .draft2019 { try readDependencies("dependentRequired", &reading) }
    }

    /// `dependentRequired`, `dependentSchemas` or, both in one, `dependencies`.
    mutating func readDependencies(_ keyword: String, _ reading: inout SubschemaReading) throws(SchemaError) {
        guard let value = reading.object[keyword] else { return }
        guard let dependencies = value.objectValue else { throw shape(keyword, reading, "is an object", value) }
        for member in dependencies.members {
            let place = reading.location.appending(keyword, member.name)
            let isNames =
                keyword == "dependentRequired" || (keyword == "dependencies" && member.value.arrayValue != nil)
            if isNames {
                let names = addNames(try nameList(member.value, at: place))
                let name = addName(member.name)
                reading.members.append((.dependentRequired(name: name, names: names), keyword))
            } else {
                let inner = try schema(member.value, at: place, reading)
                reading.general.append((.dependentSchema(name: addName(member.name), inner), keyword))
            }
        }
    }

    private mutating func addName(_ text: String) -> Int32 {
        program.names.append(name(text))
        return Int32(program.names.count - 1)
    }
}
