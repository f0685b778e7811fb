import ConfigPlatformFlags
import ConfigPlatformModel

/// Evaluates flags of a definition file: one request a line, or one for a person.
struct FileEvaluation {
    let flags: FlagSet
    /// What rules see as the present, in seconds since 1970.
    let timestamp: Int64

    /// Answers every line of standard input; whether every line could be.
    func runBatch() -> Bool {
        var isSound = true
        BatchLines.answerEach { line in
            do throws(UnusableRequest) {
                return answer(to: try FlagRequest(line))
            } catch {
                isSound = false
                return ["error": ["message": .string(error.message)]]
            }
        }
        return isSound
    }

    func answer(to request: FlagRequest) -> JSONValue {
        let resolution = flags.resolve(request.key, request.context, as: request.type, at: timestamp)
        var members: JSONObject = [
            "value": resolution.variant?.value ?? request.fallback,
            "variant": resolution.variant.map { .string($0.name) } ?? .null,
            "reason": .string(resolution.reason.rawValue),
            "errorCode": resolution.error.map { .string($0.rawValue) } ?? .null,
        ]
        members["metadata"] = .object(flags[request.key]?.metadata ?? JSONObject())
        return .object(members)
    }

    /// The answer, and what each operator of the flag's rules came to.
    func explanation(of request: FlagRequest) -> JSONValue {
        guard case .object(var members) = answer(to: request), let flag = flags[request.key] else {
            return answer(to: request)
        }
        let explained = flag.explain(request.context, as: request.type, at: timestamp)
        members["steps"] = .array(explained.steps.map(\.json))
        if explained.stepsLeftOut > 0 { members["stepsLeftOut"] = .int(explained.stepsLeftOut) }
        return .object(members)
    }
}

/// What is asked of a flag: `{"flag", "type", "default", "context"}`.
struct FlagRequest {
    let key: String
    /// Nil for whatever type the flag has.
    let type: FlagType?
    let fallback: JSONValue
    let context: FlagContext

    init(key: String, type: FlagType?, fallback: JSONValue, context: FlagContext) {
        self.key = key
        self.type = type
        self.fallback = fallback
        self.context = context
    }

    init(_ line: ArraySlice<UInt8>) throws(UnusableRequest) {
        let request: JSONValue
        do {
            request = try JSONValue(parsing: line)
        } catch {
            throw UnusableRequest("The line is not JSON: \(error)")
        }
        guard case .object = request else { throw UnusableRequest("A line is an object with the member \"flag\".") }
        guard case .string(let key)? = request["flag"] else {
            throw UnusableRequest("A line names its flag as a text, in the member \"flag\".")
        }
        switch request["type"] {
        case nil, .null?: type = nil
        case .string(let name)?:
            guard let known = FlagType(named: name) else {
                throw UnusableRequest("The type '\(name)' is none of \(FlagType.names).")
            }
            type = known
        default: throw UnusableRequest("The type is one of \(FlagType.names).")
        }
        switch request["context"] {
        case nil, .null?: context = FlagContext()
        case .object(let attributes)?: context = FlagContext(attributes)
        default: throw UnusableRequest("The context is an object of attributes.")
        }
        self.key = key
        fallback = request["default"] ?? .null
    }
}

struct UnusableRequest: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

extension FlagType {
    /// Also as OpenFeature's clients call them.
    init?(named name: String) {
        switch name.lowercased() {
        case "bool": self = .boolean
        case "int": self = .integer
        case "float", "number": self = .double
        case "json", "structure": self = .object
        default: self.init(rawValue: name.lowercased())
        }
    }

    static let names = allCases.map(\.rawValue).joined(separator: ", ")
}
