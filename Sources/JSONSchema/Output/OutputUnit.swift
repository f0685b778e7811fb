import ExactJSON

/// One node of the specification's output (JSON Schema Core section 12.3): what a schema or a keyword found in one
/// value.
struct OutputUnit: Sendable {
    let isValid: Bool
    /// The way through the schema that was taken, references included.
    let keywordLocation: JSONPointer
    /// Where the keyword itself stands: URI, `#` and pointer.
    let absoluteKeywordLocation: String
    let instanceLocation: JSONPointer
    /// Empty for the unit of a schema.
    let keyword: String
    /// The schema whose unit this is; -1 for that of a keyword.
    var node: NodeIndex = -1
    /// A sentence; nil where what is beneath says it.
    var error: String?
    var annotation: JSONValue?
    var children: [OutputUnit] = []

    /// That of a schema that accepts, where nothing is to be said of it.
    static let accepted = OutputUnit(
        isValid: true, keywordLocation: .root, absoluteKeywordLocation: "", instanceLocation: .root, keyword: "")
}

/// The output formats of JSON Schema Core section 12.4.
package enum OutputFormat: String, Sendable, CaseIterable {
    case flag, basic, detailed
}

extension OutputUnit {
    /// The unit in one of the specification's formats. Of an invalid value there are errors only, of a valid one
    /// annotations only.
    func json(_ format: OutputFormat) -> JSONValue {
        switch format {
        case .flag:
            return ["valid": .bool(isValid)]
        case .basic:
            var units: [JSONValue] = []
            appendFlat(to: &units)
            return ["valid": .bool(isValid), isValid ? "annotations" : "errors": .array(units)]
        case .detailed:
            return (condensed() ?? self).nested()
        }
    }

    private var listName: String { isValid ? "annotations" : "errors" }

    private func members() -> JSONObject {
        var members: JSONObject = [
            "valid": .bool(isValid), "keywordLocation": .string(keywordLocation.text),
            "absoluteKeywordLocation": .string(absoluteKeywordLocation),
            "instanceLocation": .string(instanceLocation.text),
        ]
        if let error { members["error"] = .string(error) }
        if let annotation { members["annotation"] = annotation }
        return members
    }

    private func appendFlat(to units: inout [JSONValue]) {
        if isValid ? annotation != nil : error != nil || children.isEmpty { units.append(.object(members())) }
        for child in children where child.isValid == isValid { child.appendFlat(to: &units) }
    }

    /// Without nodes that say nothing and with those of one child replaced by it; nil where nothing is left.
    private func condensed() -> OutputUnit? {
        var unit = self
        unit.children = children.filter { $0.isValid == isValid }.compactMap { $0.condensed() }
        if error != nil || annotation != nil { return unit }
        switch unit.children.count {
        case 0: return isValid ? nil : unit
        case 1: return unit.children[0]
        default: return unit
        }
    }

    private func nested() -> JSONValue {
        var members = members()
        if !children.isEmpty { members[listName] = .array(children.map { $0.nested() }) }
        return .object(members)
    }
}
