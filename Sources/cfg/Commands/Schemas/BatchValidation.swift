import ConfigPlatformModel
import JSONSchema

/// Judges a schema and an instance a line, from standard input to standard output.
struct BatchValidation {
    let registry: SchemaRegistry
    let options: SchemaOptions

    /// Whether every line could be judged.
    func run() -> Bool {
        var isSound = true
        var last: (schema: JSONValue, compiled: Result<Schema, SchemaError>)?
        BatchLines.answerEach { line in
            let answer = judge(line, &last)
            if answer["error"] != nil { isSound = false }
            return answer
        }
        return isSound
    }

    /// - Parameter last: the schema of the line before, which is often this line's too.
    private func judge(
        _ line: ArraySlice<UInt8>, _ last: inout (schema: JSONValue, compiled: Result<Schema, SchemaError>)?
    ) -> JSONValue {
        let request: JSONValue
        do {
            request = try JSONValue(parsing: line)
        } catch {
            return ["error": ["message": .string("The line is not JSON: \(error)")]]
        }
        guard let schema = request["schema"], let instance = request["instance"] else {
            return ["error": ["message": "A line has the members \"schema\" and \"instance\"."]]
        }
        if last?.schema != schema {
            last = (
                schema,
                Result { () throws(SchemaError) in
                    try Schema(compiling: schema, registry: registry, options: options)
                }
            )
        }
        switch last?.compiled {
        case .success(let compiled): return Self.answer(compiled.validate(instance))
        case .failure(let error):
            return [
                "error": [
                    "kind": .string(error.kind.rawValue), "message": .string(error.message),
                    "schemaLocation": .string(error.location.text), "schemaURI": .string(error.documentURI),
                ]
            ]
        case nil: return ["error": ["message": "The schema was not compiled."]]
        }
    }

    private static func answer(_ result: ValidationResult) -> JSONValue {
        let errors = result.violations.map { violation -> JSONValue in
            [
                "absoluteKeywordLocation": .string(violation.absoluteKeywordLocation),
                "error": .string(violation.message), "instanceLocation": .string(violation.instanceLocation.text),
                "keyword": .string(violation.keyword), "keywordLocation": .string(violation.keywordLocation.text),
            ]
        }
        var members: JSONObject = ["errors": .array(errors), "valid": .bool(result.isValid)]
        if result.isTruncated { members["truncated"] = true }
        return .object(members)
    }
}
