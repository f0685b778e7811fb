package import ExactJSON

extension Schema {
    /// The verdict with everything that is wrong.
    package func validate(_ value: JSONValue) -> ValidationResult {
        if isValid(value) { return ValidationResult(isValid: true, violations: [], isTruncated: false) }
        let (unit, isTruncated) = explain(value, keepsAnnotations: false)
        var violations = ViolationList(program: program)
        violations.add(unit)
        return ValidationResult(isValid: false, violations: violations.all, isTruncated: isTruncated)
    }

    /// The verdict in one of the specification's output formats, with the annotations of a valid value; without them
    /// where it takes more than `SchemaLimits` allow to follow every keyword to its end, as a verdict need not.
    package func output(_ value: JSONValue, format: OutputFormat) -> JSONValue {
        let isValid = isValid(value)
        if format == .flag { return ["valid": .bool(isValid)] }
        let unit = explain(value, keepsAnnotations: true).unit
        return isValid && !unit.isValid ? ["valid": true] : unit.json(format)
    }

    func explain(_ value: JSONValue, keepsAnnotations: Bool) -> (unit: OutputUnit, isTruncated: Bool) {
        program.withTables { tables in
            var explanation = Explanation(program: program, tables: tables, keepsAnnotations: keepsAnnotations)
            return explanation.explain(value)
        }
    }
}
