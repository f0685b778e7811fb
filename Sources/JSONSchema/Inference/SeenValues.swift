import ExactJSON

/// The values that were seen at one place, apart by their types.
struct SeenValues {
    /// The names of the types, in an order that is always the same; `number` where one has a fraction.
    let types: [String]
    private(set) var numbers: [JSONNumber] = []
    private(set) var texts: [String] = []
    /// Of all the arrays together.
    private(set) var elements: [JSONValue] = []
    private(set) var objects: [JSONObject] = []

    init(_ values: [JSONValue]) {
        var hasBoolean = false
        var hasArray = false
        var hasNull = false
        for value in values {
            switch value {
            case .null: hasNull = true
            case .bool: hasBoolean = true
            case .number(let number): numbers.append(number)
            case .string(let text): texts.append(text)
            case .array(let array):
                hasArray = true
                elements.append(contentsOf: array)
            case .object(let object): objects.append(object)
            }
        }
        var types: [String] = []
        if hasBoolean { types.append("boolean") }
        if !numbers.isEmpty { types.append(numbers.allSatisfy(\.isInteger) ? "integer" : "number") }
        if !texts.isEmpty { types.append("string") }
        if hasArray { types.append("array") }
        if !objects.isEmpty { types.append("object") }
        if hasNull { types.append("null") }
        self.types = types
    }

    /// Whether all are of one type, null beside it allowed, and objects have at least half of their members in common,
    /// each of one type.
    var haveOneShape: Bool {
        guard types.filter({ $0 != "null" }).count == 1 else { return false }
        let filled = objects.filter { !$0.isEmpty }
        let members = SeenMember.all(of: filled)
        let common = members.count { $0.values.count == filled.count }
        guard common * 2 >= members.count else { return false }
        return members.allSatisfy { SeenValues($0.values).types.filter { $0 != "null" }.count <= 1 }
    }
}

/// A name that objects at one place have, with the value of each object that has it.
struct SeenMember {
    let name: String
    private(set) var values: [JSONValue]

    /// In the order of names.
    static func all(of objects: [JSONObject]) -> [SeenMember] {
        var seen: [SeenMember] = []
        let members = objects.flatMap(\.members).sorted { $0.name.precedesInUTF16($1.name) }
        for member in members {
            if let last = seen.last, last.name.hasSameBytes(as: member.name) {
                seen[seen.count - 1].values.append(member.value)
            } else {
                seen.append(SeenMember(name: member.name, values: [member.value]))
            }
        }
        return seen
    }
}
