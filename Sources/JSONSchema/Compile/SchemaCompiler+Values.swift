import ExactJSON

/// Reading the values of keywords, and refusing those of another shape.
extension SchemaCompiler {
    mutating func schema(_ keyword: String, _ reading: SubschemaReading) throws(SchemaError) -> NodeIndex? {
        guard let value = reading.object[keyword] else { return nil }
        return try schema(value, at: reading.location.appending(keyword), reading)
    }

    mutating func schema(
        _ value: JSONValue, at place: SchemaLocation, _ reading: SubschemaReading
    ) throws(SchemaError) -> NodeIndex {
        guard value.objectValue != nil || value.boolValue != nil else {
            throw index.fault(
                .invalidKeyword, place, "A schema is an object or a boolean; found \(value.described).")
        }
        return node(at: place)
    }

    mutating func schemaList(
        _ keyword: String, _ reading: SubschemaReading, allowsEmpty: Bool = false
    ) throws(SchemaError) -> TableRange? {
        guard let value = reading.object[keyword] else { return nil }
        guard let elements = value.arrayValue, allowsEmpty || !elements.isEmpty else {
            throw shape(keyword, reading, "is an array of at least one schema", value)
        }
        var list: [NodeIndex] = []
        for (position, element) in elements.enumerated() {
            list.append(try schema(element, at: reading.location.appending(keyword, String(position)), reading))
        }
        let start = Int32(program.branches.count)
        program.branches += list
        return TableRange(start: start, end: Int32(program.branches.count))
    }

    func text(_ keyword: String, _ reading: SubschemaReading) throws(SchemaError) -> String? {
        guard let value = reading.object[keyword] else { return nil }
        guard let text = value.stringValue else { throw shape(keyword, reading, "is a string", value) }
        return text
    }

    func numeric(_ keyword: String, _ reading: SubschemaReading) throws(SchemaError) -> JSONNumber? {
        guard let value = reading.object[keyword] else { return nil }
        guard let number = value.numberValue else { throw shape(keyword, reading, "is a number", value) }
        return number
    }

    /// An integer from 0; what is beyond 64 bits no value reaches, so that its size is enough.
    func count(_ keyword: String, _ reading: SubschemaReading) throws(SchemaError) -> Int? {
        guard let value = reading.object[keyword] else { return nil }
        guard let number = value.numberValue, number.isInteger, !number.isNegative else {
            throw shape(keyword, reading, "is an integer from 0", value)
        }
        return number.int64.map { Int($0) } ?? Int.max
    }

    func isTrue(_ keyword: String, _ reading: SubschemaReading) throws(SchemaError) -> Bool {
        guard let value = reading.object[keyword] else { return false }
        guard let flag = value.boolValue else { throw shape(keyword, reading, "is true or false", value) }
        return flag
    }

    func nameList(_ value: JSONValue, at place: SchemaLocation) throws(SchemaError) -> [String] {
        guard let elements = value.arrayValue else {
            throw index.fault(
                .invalidKeyword, place,
                "\"\(place.pointer.tokens.last ?? "")\" is an array of member names; found "
                    + "\(value.described).")
        }
        var names: [String] = []
        for (position, element) in elements.enumerated() {
            guard let name = element.stringValue else {
                throw index.fault(
                    .invalidKeyword, place.appending(String(position)),
                    "A member name is a string; found \(element.described).")
            }
            names.append(name)
        }
        return names
    }

    /// The error for a keyword's value, of which `rule` says what it must be.
    func shape(
        _ keyword: String, _ reading: SubschemaReading, _ rule: String, _ found: JSONValue
    ) -> SchemaError {
        index.fault(
            .invalidKeyword, reading.location.appending(keyword), "\"\(keyword)\" \(rule); found \(found.described).")
    }
}
