import ExactJSON

extension SchemaCompiler {
    /// Reads the keywords of a subschema, the cheap assertions before the others.
    mutating func read(_ reading: inout SubschemaReading) throws(SchemaError) {
        if reading.draft.isBefore2019, reading.object["$ref"] != nil {
            try readReferences(&reading)
            return
        }
        annotate(reading)
        if reading.dialect.vocabularies.contains(.validation) {
            try readTypes(&reading)
            try readNumberAssertions(&reading)
            try readStringAssertions(&reading)
            try readArrayAssertions(&reading)
            try readObjectAssertions(&reading)
        }
        try readFormat(&reading)
        try readReferences(&reading)
        if reading.dialect.vocabularies.contains(.applicator) {
            try readItems(&reading)
            try readPropertyApplicators(&reading)
            try readBranches(&reading)
        }
        try readProperties(&reading)
        if reading.dialect.vocabularies.contains(.unevaluated) { try readUnevaluated(&reading) }
    }

    private mutating func annotate(_ reading: SubschemaReading) {
        let last = program.sources.count - 1
        program.sources[last].title = reading.object["title"]?.stringValue
        for member in reading.object.members
        where Annotations.isAnnotation(member.name, beside: reading.object, in: reading.dialect) {
            program.sources[last].annotations.append((member.name, member.value))
        }
    }

    private mutating func readReferences(_ reading: inout SubschemaReading) throws(SchemaError) {
        if let reference = try text("$ref", reading) {
            let place = reading.location.appending("$ref")
            let (target, _, _) = try index.resolve(reference, from: reading.resource, at: place)
            reading.general.append((.reference(node(at: target)), "$ref"))
        }
        if reading.draft == .draft2020, let reference = try text("$dynamicRef", reading) {
            let place = reading.location.appending("$dynamicRef")
            let (target, resource, fragment) = try index.resolve(reference, from: reading.resource, at: place)
            let fallback = node(at: target)
            if index.resources[resource].dynamicAnchors[fragment] == target, !fragment.isEmpty {
                let anchor = number(of: fragment)
                reading.general.append((.dynamicReference(anchor: anchor, fallback: fallback), "$dynamicRef"))
            } else {
                reading.general.append((.reference(fallback), "$dynamicRef"))
            }
        }
        if reading.draft == .draft2019, let reference = try text("$recursiveRef", reading) {
            let place = reading.location.appending("$recursiveRef")
            let (target, resource, _) = try index.resolve(reference, from: reading.resource, at: place)
            let fallback = node(at: target)
            if index.resources[resource].dynamicAnchors[SchemaResource.recursiveAnchor] == target {
                let anchor = number(of: SchemaResource.recursiveAnchor)
                reading.general.append((.dynamicReference(anchor: anchor, fallback: fallback), "$recursiveRef"))
            } else {
                reading.general.append((.reference(fallback), "$recursiveRef"))
            }
        }
    }

    private mutating func readBranches(_ reading: inout SubschemaReading) throws(SchemaError) {
        if let range = try schemaList("allOf", reading) { reading.general.append((.allOf(range), "allOf")) }
        if let range = try schemaList("anyOf", reading) { reading.general.append((.anyOf(range), "anyOf")) }
        if let range = try schemaList("oneOf", reading) { reading.general.append((.oneOf(range), "oneOf")) }
        if let inner = try schema("not", reading) { reading.general.append((.not(inner), "not")) }
        guard reading.draft >= .draft7 else { return }
        let then = try schema("then", reading)
        let otherwise = try schema("else", reading)
        if let condition = try schema("if", reading) {
            reading.general.append(
                (.conditional(condition: condition, then: then ?? -1, otherwise: otherwise ?? -1), "if"))
        }
    }

    private mutating func readItems(_ reading: inout SubschemaReading) throws(SchemaError) {
        if reading.draft >= .draft2020 {
            var prefixCount = 0
            if let range = try schemaList("prefixItems", reading) {
                prefixCount = range.indices.count
                reading.array.append((.prefixItems(range), "prefixItems"))
            }
            if let inner = try schema("items", reading) {
                reading.array.append((.items(inner, from: prefixCount), "items"))
            }
        } else if reading.object["items"]?.arrayValue != nil {
            if let range = try schemaList("items", reading, allowsEmpty: reading.draft > .draft4) {
                reading.array.append((.prefixItems(range), "items"))
                if let inner = try schema("additionalItems", reading) {
                    reading.array.append((.items(inner, from: range.indices.count), "additionalItems"))
                }
            }
        } else if let inner = try schema("items", reading) {
            reading.array.append((.items(inner, from: 0), "items"))
        }
        guard reading.draft >= .draft6, let inner = try schema("contains", reading) else { return }
        var minimum = 1
        var maximum = Int.max
        if reading.draft >= .draft2019, reading.dialect.vocabularies.contains(.validation) {
            minimum = try count("minContains", reading) ?? 1
            maximum = try count("maxContains", reading) ?? Int.max
        }
        reading.array.append(
            (
                .contains(
                    inner, minimum: minimum, maximum: maximum, marksEvaluated: reading.draft >= .draft2020), "contains"
            ))
    }

    private mutating func readUnevaluated(_ reading: inout SubschemaReading) throws(SchemaError) {
        guard reading.draft >= .draft2019 else { return }
        if let inner = try schema("unevaluatedItems", reading) {
            reading.unevaluated.append((.unevaluatedItems(inner), "unevaluatedItems"))
        }
        if let inner = try schema("unevaluatedProperties", reading) {
            reading.unevaluated.append((.unevaluatedProperties(inner), "unevaluatedProperties"))
        }
    }

    private mutating func readFormat(_ reading: inout SubschemaReading) throws(SchemaError) {
        guard let name = try text("format", reading) else { return }
        let isAsserted =
            options.assertsFormats || reading.dialect.vocabularies.contains(.formatAssertion)
        if isAsserted, let format = Format(name, in: reading.draft) {
            reading.string.append((.format(format), "format"))
        }
    }
}
