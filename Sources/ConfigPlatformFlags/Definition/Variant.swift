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
    /// Its place among the variants of its flag.
    let index: Int
    /// The members `value` and `variant` of an answer that gives it, as JSON text; made once so that answers need not make it.
    package let encodedMembers: [UInt8]
    /// The narrowest type; nil for null.
    package let type: FlagType?

    /// - Parameter isDouble: whether the value is of a flag that is declared to be a double. It then has a fraction, so that clients
    ///   that tell numbers apart by it take it for one.
    init(name: String, value: JSONValue, index: Int, isDouble: Bool) {
        self.name = name
        self.value = value
        self.index = index
        var encoded = Array(#""value":"#.utf8)
        if isDouble, case .number(let number) = value {
            number.writeDouble(into: &encoded)
        } else {
            value.writeCanonical(into: &encoded)
        }
        encoded.append(contentsOf: #","variant":"#.utf8)
        JSONText.appendString(name, into: &encoded)
        encodedMembers = encoded
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
