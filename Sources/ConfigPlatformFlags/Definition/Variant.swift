package import ExactJSON

/// What type a caller asks a flag's value as.
package enum FlagType: String, Sendable, CaseIterable {
    case boolean
    case string
    case integer
    case double
    /// An object or a list.
    case object
}

/// One of the values a flag can have.
package final class Variant: Sendable {
    package let name: String
    package let value: JSONValue
    /// The value as JSON text, canonical; made once so that answers need not make it.
    package let encoded: [UInt8]
    /// The narrowest type; nil for null.
    package let type: FlagType?

    package init(name: String, value: JSONValue) {
        self.name = name
        self.value = value
        encoded = value.canonicalBytes()
        type =
            switch value {
            case .null: nil
            case .bool: .boolean
            case .number(let number): number.isInteger ? .integer : .double
            case .string: .string
            case .array, .object: .object
            }
    }

    /// Whether the value can be given to who asks for that type. An integer is a double too; a double with a fraction is no integer.
    package func isGiven(as type: FlagType) -> Bool {
        self.type == type || (type == .double && self.type == .integer)
    }

    /// Whether a rule that gives this name chooses the variant: one without a value or a name is never chosen.
    func isChosen(by name: String) -> Bool { !value.isNull && !name.isEmpty && self.name.hasSameBytes(as: name) }
}
