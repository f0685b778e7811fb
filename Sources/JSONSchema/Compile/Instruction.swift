/// Index of a compiled subschema in the program's nodes.
typealias NodeIndex = Int32

/// From `start` up to `end` in one of the program's tables.
struct TableRange: Sendable, Hashable {
    let start: Int32
    let end: Int32

    var isEmpty: Bool { start == end }
    var indices: Range<Int> { Int(start)..<Int(end) }
}

/// One assertion or applicator of a subschema. Without references to objects, so that nothing is counted when one is
/// read; what is longer stands in the program's tables.
enum Instruction: Sendable {
    /// The schema `false`.
    case never
    case reference(NodeIndex)
    /// `anchor` counts the names in use by dynamic references.
    case dynamicReference(anchor: Int32, fallback: NodeIndex)
    case allOf(TableRange)
    case anyOf(TableRange)
    case oneOf(TableRange)
    case not(NodeIndex)
    /// -1 where there is no such branch.
    case conditional(condition: NodeIndex, then: NodeIndex, otherwise: NodeIndex)
    /// A range of values.
    case enumeration(TableRange)
    /// A range of names in order.
    case stringEnumeration(TableRange)

    case lowerBound(Int64, number: Int32, isExclusive: Bool)
    case upperBound(Int64, number: Int32, isExclusive: Bool)
    case exactLowerBound(number: Int32, isExclusive: Bool)
    case exactUpperBound(number: Int32, isExclusive: Bool)
    case multipleOf(number: Int32)

    /// In scalars.
    case minLength(Int)
    case maxLength(Int)
    case pattern(Int32)
    /// Not asserted where it is an annotation only; there is no instruction then.
    case format(Format)

    case minItems(Int)
    case maxItems(Int)
    case uniqueItems
    case prefixItems(TableRange)
    /// Elements from an index on.
    case items(NodeIndex, from: Int)
    case contains(NodeIndex, minimum: Int, maximum: Int, marksEvaluated: Bool)
    case unevaluatedItems(NodeIndex)

    case minProperties(Int)
    case maxProperties(Int)
    /// `properties`, `patternProperties`, `additionalProperties` and `required` in one walk along the members.
    case properties(Int32)
    case propertyNames(NodeIndex)
    /// Names that must be there where another is.
    case dependentRequired(name: Int32, names: TableRange)
    case dependentSchema(name: Int32, NodeIndex)
    case unevaluatedProperties(NodeIndex)
}

/// The types a value may have, `integer` being a number without a fraction.
struct TypeSet: OptionSet, Sendable {
    let rawValue: UInt8

    static let null = TypeSet(rawValue: 1)
    static let boolean = TypeSet(rawValue: 2)
    static let integer = TypeSet(rawValue: 4)
    static let fraction = TypeSet(rawValue: 8)
    static let string = TypeSet(rawValue: 16)
    static let array = TypeSet(rawValue: 32)
    static let object = TypeSet(rawValue: 64)

    static let number: TypeSet = [.integer, .fraction]
    static let all: TypeSet = [.null, .boolean, .number, .string, .array, .object]

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Nil for a name that is no type.
    init?(_ name: String) {
        switch name {
        case "null": self = .null
        case "boolean": self = .boolean
        case "integer": self = .integer
        case "number": self = .number
        case "string": self = .string
        case "array": self = .array
        case "object": self = .object
        default: return nil
        }
    }
}
