import ConfigPlatformModel
import Foundation
import JSONSchema

/// Judges a schema and an instance a line, from standard input to standard output.
struct BatchValidation {
    let registry: SchemaRegistry
    let options: SchemaOptions

    private static let readBytes = 1 << 16

    /// Whether every line could be judged.
    func run() -> Bool {
        var isSound = true
        var last: (schema: JSONValue, compiled: Result<Schema, SchemaError>)?
        forEachLine { line in
            guard line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { return }
            let answer = judge(line, &last)
            if answer["error"] != nil { isSound = false }
            Output.write(Self.line(answer))
        }
        return isSound
    }

    /// U+0085, U+2028 and U+2029 are escaped: many programs take them for the end of a line.
    private static func line(_ answer: JSONValue) -> String {
        var line = ""
        for character in answer.canonicalText.unicodeScalars {
            switch character {
            case "\u{85}": line += "\\u0085"
            case "\u{2028}": line += "\\u2028"
            case "\u{2029}": line += "\\u2029"
            default: line.unicodeScalars.append(character)
            }
        }
        return line + "\n"
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

    private func forEachLine(_ body: (ArraySlice<UInt8>) -> Void) {
        var waiting: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: Self.readBytes)
        while true {
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            let searched = waiting.count
            waiting.append(contentsOf: chunk[..<count])
            var start = 0
            var from = searched
            while let end = waiting[from...].firstIndex(of: 0x0A) {
                body(waiting[start..<end])
                start = end + 1
                from = start
            }
            waiting.removeFirst(start)
        }
        if !waiting.isEmpty { body(waiting[...]) }
    }
}
