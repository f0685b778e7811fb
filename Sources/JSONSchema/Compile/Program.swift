import ExactJSON

/// A compiled schema: flat tables that refer to one another by index.
struct Program: Sendable {
    var nodes: [Node] = []
    var instructions: [Instruction] = []
    /// The keyword of each instruction; that of a walk along the members is not used.
    var keywords: [String] = []
    /// Lists of subschemas.
    var branches: [NodeIndex] = []
    var names: [Name] = []
    var nameBytes: [UInt8] = []
    var numbers: [JSONNumber] = []
    var values: [JSONValue] = []
    var patterns: [RegularExpression] = []
    var propertyTables: [PropertyTable] = []
    var properties: [Property] = []
    var patternProperties: [PatternProperty] = []
    /// The node each dynamic anchor in use has in each resource, -1 where it has none: resource by resource.
    var dynamicTargets: [NodeIndex] = []
    var dynamicAnchorCount = 0
    /// What is said about each node and only read to explain.
    var sources: [NodeSource] = []
    var limits: SchemaLimits

    /// A compiled subschema. Its instructions stand one behind the other in the order in which they are followed: those
    /// for a type of value, of which only one group applies, then those for every value.
    struct Node: Sendable {
        var types: TypeSet = .all
        var hasUnevaluated = false
        var resource: Int32 = 0
        var numberStart: Int32 = 0
        var stringStart: Int32 = 0
        var arrayStart: Int32 = 0
        var objectStart: Int32 = 0
        var generalStart: Int32 = 0
        /// `unevaluatedItems` and `unevaluatedProperties`, which come last.
        var unevaluatedStart: Int32 = 0
        var end: Int32 = 0
    }

    /// A member name: its first eight bytes as a number, which decides most comparisons, and all its bytes.
    struct Name: Sendable {
        let key: UInt64
        let start: Int32
        let count: Int32
    }

    struct Property: Sendable {
        let name: Name
        /// -1 where the name is only required.
        let node: NodeIndex
        let isRequired: Bool
    }

    struct PatternProperty: Sendable {
        let pattern: Int32
        let node: NodeIndex
    }

    /// What a subschema says about members by their names.
    struct PropertyTable: Sendable {
        /// In the order of `JSONObject`.
        let properties: TableRange
        let patterns: TableRange
        /// -1 where there is no `additionalProperties`.
        let additional: NodeIndex
        let requiredCount: Int32
    }

    func text(of name: Name) -> String {
        String(decoding: nameBytes[Int(name.start)..<Int(name.start + name.count)], as: UTF8.self)
    }
}

/// Where a node comes from and what it annotates.
struct NodeSource: Sendable {
    /// The resource's URI and the pointer in it, as `absoluteKeywordLocation` has them.
    let uri: String
    let pointer: JSONPointer
    var title: String?
    /// Keyword and value, in the schema's order.
    var annotations: [(keyword: String, value: JSONValue)] = []

    func absoluteLocation(_ tokens: [String]) -> String {
        let pointer = tokens.isEmpty ? pointer : JSONPointer(tokens: pointer.tokens + tokens)
        return uri + URIReference.fragment(pointer.text)
    }
}
