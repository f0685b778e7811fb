import ExactJSON

/// Where in the context an attribute is: `user.address.city`.
struct VariablePath: Sendable {
    struct Part: Sendable {
        let name: String
        let hash: UInt64
        /// The name as a place in a list or text.
        let index: Int?

        init(_ name: String) {
            self.name = name
            hash = FlagObject.hash(of: name)
            // As written in no other way: "01" is a name.
            index = Int(name).flatMap { $0 >= 0 && String($0) == name ? $0 : nil }
        }
    }

    let parts: [Part]
    /// The only part, where it is an attribute of the context itself.
    let single: Part?
    private static let platform = "$flagd"

    init(_ text: String) {
        parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Part(String($0)) }
        single = parts.count == 1 && !text.hasSameBytes(as: Self.platform) ? parts[0] : nil
    }

    /// Null where there is nothing.
    @inline(__always)
    func value(in evaluation: borrowing Evaluation) -> FlagValue {
        if evaluation.scope == nil, let single { return evaluation.attribute(single.name, hash: single.hash) }
        return nestedValue(in: evaluation)
    }

    private func nestedValue(in evaluation: borrowing Evaluation) -> FlagValue {
        if let scope = evaluation.scope { return rest(after: 0, of: scope) }
        let first = parts[0]
        if first.name.hasSameBytes(as: Self.platform) { return platformValue(in: evaluation) }
        return rest(after: 1, of: evaluation.attribute(first.name, hash: first.hash))
    }

    private func platformValue(in evaluation: borrowing Evaluation) -> FlagValue {
        if parts.count == 2 {
            switch parts[1].name {
            case "flagKey": return .string(evaluation.flagKey)
            case "timestamp": return .integer(evaluation.timestamp)
            default: return .null
            }
        }
        return rest(after: 1, of: .object(evaluation.platformAttributes))
    }

    private func rest(after start: Int, of value: FlagValue) -> FlagValue {
        var value = value
        for part in parts[start...] {
            guard let next = part.value(in: value) else { return .null }
            value = next
        }
        return value
    }
}

extension VariablePath.Part {
    func value(in value: FlagValue) -> FlagValue? {
        switch value {
        case .object(let object):
            return object.index(of: name, hash: hash).map { object.members[$0].value }
        case .list(let elements):
            if name == "length" { return .integer(Int64(elements.count)) }
            return index.flatMap { $0 < elements.count ? elements[$0] : nil }
        case .string(let text):
            if name == "length" { return .integer(Int64(text.unicodeScalars.count)) }
            return index.flatMap { FlagValue.character($0, of: text) }
        default:
            return nil
        }
    }
}

extension FlagValue {
    /// The Unicode scalar at a place of a text, as a text.
    static func character(_ place: Int, of text: String) -> FlagValue? {
        let scalars = text.unicodeScalars
        guard place < text.utf8.count,
            let index = scalars.index(scalars.startIndex, offsetBy: place, limitedBy: scalars.endIndex),
            index < scalars.endIndex
        else { return nil }
        return .string(String(scalars[index]))
    }

    /// What JsonLogic's `var` finds under a computed key; null where that is nothing.
    static func attribute(_ key: FlagValue, in evaluation: borrowing Evaluation) -> FlagValue {
        switch key {
        case .null: return evaluation.data
        case .string(let text) where text.isEmpty: return evaluation.data
        case .bool, .integer, .double:
            guard let index = Int(exactly: key.double), index >= 0 else { return .null }
            switch evaluation.data {
            case .list(let elements): return index < elements.count ? elements[index] : .null
            case .string(let text): return character(index, of: text) ?? .null
            default: return .null
            }
        default: return VariablePath(key.text).value(in: evaluation)
        }
    }
}

/// `{"var": "path"}`, the path written out.
final class Attribute: Expression {
    let path: VariablePath

    init(_ path: VariablePath) {
        self.path = path
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        try evaluation.step()
        return path.value(in: evaluation)
    }
}

/// `{"var": [key, default]}` in its other forms.
final class ComputedAttribute: Expression {
    private let arguments: [any Expression]

    init(_ arguments: [any Expression]) {
        self.arguments = arguments
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        try evaluation.step()
        let values = try arguments.values(in: &evaluation)
        guard values.count <= 2 else { throw .impossible("var takes a path and a default") }
        let value = FlagValue.attribute(values.first ?? .null, in: evaluation)
        return value.isNull && values.count > 1 ? values[1] : value
    }
}

/// `missing` and `missing_some`.
final class Missing: Expression {
    enum Form { case all, some }

    private let form: Form
    private let arguments: [any Expression]

    init(_ form: Form, _ arguments: [any Expression]) {
        self.form = form
        self.arguments = arguments
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        try evaluation.step()
        var keys = try arguments.values(in: &evaluation)
        if form == .some {
            guard keys.count > 1, case .list(let wanted) = keys[1] else { return .list([]) }
            let absent = try absent(wanted, in: &evaluation)
            let found = FlagValue.integer(Int64(wanted.count - absent.count))
            switch FlagValue.order(found, keys[0].number) {
            case .greater, .same: return .list([])
            case .less, .none: return .list(absent)
            }
        }
        if case .list(let wanted)? = keys.first { keys = wanted }
        return .list(try absent(keys, in: &evaluation))
    }

    private func absent(_ keys: [FlagValue], in evaluation: inout Evaluation) throws(EvaluationFailure) -> [FlagValue] {
        var absent: [FlagValue] = []
        for key in keys {
            try evaluation.step()
            switch FlagValue.attribute(key, in: evaluation) {
            case .null: absent.append(key)
            case .string(let text) where text.isEmpty: absent.append(key)
            default: break
            }
        }
        return absent
    }
}
