import ConfigPlatformFlags
import ConfigPlatformModel

/// A place in the request's body, read strictly: every error carries its JSON pointer (RFC 6901).
struct BodyReader: Sendable {
    let value: JSONValue
    private let place: Place

    /// The way to a value, made into a pointer only where there is something to say of it.
    fileprivate indirect enum Place: Sendable {
        case at(JSONPointer)
        case member(String, of: Place)
        case element(Int, of: Place)

        var pointer: JSONPointer {
            switch self {
            case .at(let pointer): pointer
            case .member(let name, let whole): whole.pointer.appending(name)
            case .element(let index, let whole): whole.pointer.appending(index)
            }
        }
    }

    var pointer: JSONPointer { place.pointer }

    private static let limits = JSONLimits(maxDepth: Limits.requestBodyDepth, maxBytes: Limits.requestBodyBytes)

    init(parsing bytes: [UInt8]) throws(Problem) {
        do throws(JSONParseError) {
            value = try JSONValue(parsing: bytes, limits: Self.limits)
        } catch {
            throw Problem(
                .invalidRequest, "The body is not JSON: line \(error.line), column \(error.column): \(error.message)",
                violations: [
                    Violation(error.message, keyword: error.kind.rawValue, line: error.line, column: error.column)
                ])
        }
        place = .at(.root)
    }

    init(_ value: JSONValue, at pointer: JSONPointer = .root) {
        self.init(value, .at(pointer))
    }

    fileprivate init(_ value: JSONValue, _ place: Place) {
        self.value = value
        self.place = place
    }

    func problem(_ message: String, code: Problem.Code = .invalidRequest, keyword: String? = nil) -> Problem {
        let place = pointer.text.isEmpty ? "" : "At \(InvalidIdentifier.shown(pointer.text)): "
        return Problem(code, place + message, violations: [Violation(message, pointer: pointer.text, keyword: keyword)])
    }

    /// The members of an object that may have only these.
    func members(_ known: [String], of what: String) throws(Problem) -> Members {
        guard case .object(let object) = value else { throw problem("\(what) is a JSON object.", keyword: "type") }
        for (name, _) in object where !known.contains(name) {
            throw BodyReader(.null, .member(name, of: place)).problem(
                "'\(InvalidIdentifier.shown(name))' is not a member of \(what.lowercasedFirst); there are: "
                    + "\(known.sorted().joined(separator: ", ")).",
                keyword: "additionalProperties")
        }
        return Members(object: object, place: place)
    }

    func elements(max: Int, of what: String) throws(Problem) -> [BodyReader] {
        guard case .array(let values) = value else { throw problem("\(what) is a list.", keyword: "type") }
        guard values.count <= max else {
            throw problem("\(what) has \(values.count) entries; at most \(max) are taken.", code: .limitExceeded)
        }
        return values.enumerated().map { BodyReader($0.element, .element($0.offset, of: place)) }
    }

    func string() throws(Problem) -> String {
        guard case .string(let text) = value else { throw problem("A string is needed here.", keyword: "type") }
        return text
    }

    func bool() throws(Problem) -> Bool {
        guard let flag = value.boolValue else { throw problem("true or false is needed here.", keyword: "type") }
        return flag
    }

    func int64() throws(Problem) -> Int64 {
        guard let number = value.int64Value else { throw problem("A whole number is needed here.", keyword: "type") }
        return number
    }

    func revision() throws(Problem) -> Revision {
        let number = try int64()
        do throws(InvalidIdentifier) {
            return try Revision(number)
        } catch {
            throw problem(error.message, keyword: "minimum")
        }
    }

    func choice<Choice: CaseIterable & RawRepresentable<String>>(of type: Choice.Type) throws(Problem) -> Choice {
        let text = try string()
        guard let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            throw problem("'\(InvalidIdentifier.shown(text))' is none of \(choices).", keyword: "enum")
        }
        return choice
    }

    func projectName() throws(Problem) -> ProjectName {
        let text = try string()
        return try identifier { () throws(InvalidIdentifier) in try ProjectName(parsing: text) }
    }

    func environmentName() throws(Problem) -> EnvironmentName {
        let text = try string()
        return try identifier { () throws(InvalidIdentifier) in try EnvironmentName(parsing: text) }
    }

    func schemaName() throws(Problem) -> SchemaName {
        let text = try string()
        return try identifier { () throws(InvalidIdentifier) in try SchemaName(parsing: text) }
    }

    func validatorName() throws(Problem) -> ValidatorName {
        let text = try string()
        return try identifier { () throws(InvalidIdentifier) in try ValidatorName(parsing: text) }
    }

    func key() throws(Problem) -> ConfigKey {
        let text = try string()
        return try identifier { () throws(InvalidIdentifier) in try ConfigKey(parsing: text) }
    }

    func flagKey() throws(Problem) -> FlagKey {
        let text = try string()
        return try identifier { () throws(InvalidIdentifier) in try FlagKey(named: text) }
    }

    func time() throws(Problem) -> Timestamp {
        let text = try string()
        do throws(InvalidIdentifier) {
            return try Timestamp(parsing: text)
        } catch {
            throw problem(error.message, keyword: "format")
        }
    }

    func identifier<Identifier>(
        _ parse: () throws(InvalidIdentifier) -> Identifier
    ) throws(Problem) -> Identifier {
        do throws(InvalidIdentifier) {
            return try parse()
        } catch {
            throw problem(error.message, code: .invalidName)
        }
    }

    /// Runs a parser of the model, whose problems know places in what it reads, as reading this place.
    func parsed<Value>(_ parse: (JSONValue) throws(Problem) -> Value) throws(Problem) -> Value {
        do throws(Problem) {
            return try parse(value)
        } catch {
            throw error.located(at: pointer)
        }
    }

    /// An item of flags; its faults carry their places in it.
    func flagItem(of kind: Kind) throws(Problem) -> FlagItemBody {
        try parsed { json throws(Problem) in try FlagItemBody(kind, parsing: json) }
    }

    struct Members {
        fileprivate let object: JSONObject
        fileprivate let place: Place

        /// Nil where there is no such member.
        subscript(name: String) -> BodyReader? {
            object[name].map { BodyReader($0, .member(name, of: place)) }
        }

        func required(_ name: String) throws(Problem) -> BodyReader {
            guard let reader = self[name] else {
                throw BodyReader(.null, place).problem("'\(name)' is missing.", keyword: "required")
            }
            return reader
        }

        func list<Element>(
            _ name: String, max: Int, _ read: (BodyReader) throws(Problem) -> Element
        ) throws(Problem) -> [Element]? {
            guard let reader = self[name] else { return nil }
            var result: [Element] = []
            for element in try reader.elements(max: max, of: "'\(name)'") { result.append(try read(element)) }
            return result
        }
    }
}

extension String {
    fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
