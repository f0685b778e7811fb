import ExactJSON

/// Turns a schema, and what it refers to, into a program: subschema by subschema, as they are come upon.
struct SchemaCompiler {
    var index: SchemaIndex
    var program: Program
    let options: SchemaOptions
    private var nodes: [SchemaLocation: NodeIndex] = [:]
    private var locations: [SchemaLocation] = []
    /// What further patterns may cost.
    private var patternLimits: SchemaLimits
    private var patternIndices: [String: Int32] = [:]
    private var dynamicAnchors: [String: Int32] = [:]
    private var dynamicNodes: [DynamicAnchor: NodeIndex] = [:]

    private struct DynamicAnchor: Hashable {
        let resource: Int
        let name: Int32
    }

    static func compile(
        _ schema: JSONValue, baseURI: String, registry: SchemaRegistry, options: SchemaOptions
    ) throws(SchemaError) -> Program {
        var compiler = SchemaCompiler(registry: registry, options: options)
        let root = try compiler.index.add(schema, uri: baseURI, dialect: .standard)
        _ = compiler.node(at: compiler.index.resources[root].root)
        try compiler.compilePending()
        try ReferenceCycles.refuse(in: compiler.program) {
            compiler.locations[$0]
        } fault: {
            compiler.index.fault(.endlessReference, $0, $1)
        }
        return compiler.program
    }

    private init(registry: SchemaRegistry, options: SchemaOptions) {
        index = SchemaIndex(registry: registry, limits: options.limits)
        program = Program(limits: options.limits)
        patternLimits = options.limits
        self.options = options
    }

    /// The node of a subschema, which is compiled later if it has not been.
    mutating func node(at location: SchemaLocation) -> NodeIndex {
        if let known = nodes[location] { return known }
        let number = NodeIndex(locations.count)
        nodes[location] = number
        locations.append(location)
        return number
    }

    private mutating func compilePending() throws(SchemaError) {
        var next = 0
        while next < locations.count {
            while next < locations.count {
                guard next < options.limits.maxSubschemas else {
                    throw index.fault(
                        .tooManySubschemas, locations[next],
                        "There are more than \(options.limits.maxSubschemas) subschemas; divide the schema.")
                }
                try compile(locations[next])
                next += 1
            }
            addDynamicAnchors()
        }
        let names = dynamicAnchors.count
        program.dynamicAnchorCount = names
        program.dynamicTargets = Array(repeating: -1, count: names * index.resources.count)
        for (anchor, node) in dynamicNodes {
            program.dynamicTargets[anchor.resource * names + Int(anchor.name)] = node
        }
    }

    /// What a dynamic reference may come upon in any of the resources.
    private mutating func addDynamicAnchors() {
        for (name, number) in dynamicAnchors {
            for resource in index.resources.indices {
                guard let place = index.resources[resource].dynamicAnchors[name] else { continue }
                dynamicNodes[DynamicAnchor(resource: resource, name: number)] = node(at: place)
            }
        }
    }

    private mutating func compile(_ location: SchemaLocation) throws(SchemaError) {
        let number = try index.resource(of: location)
        let resource = index.resources[number]
        let pointer = JSONPointer(tokens: Array(location.pointer.tokens.dropFirst(resource.root.pointer.tokens.count)))
        var node = Program.Node()
        node.resource = Int32(number)
        program.sources.append(NodeSource(uri: resource.uri.textWithoutFragment, pointer: pointer))
        var reading: SubschemaReading
        switch index.value(at: location) {
        case .bool(let isAccepting):
            reading = SubschemaReading(JSONObject(), location, number, resource.dialect)
            if !isAccepting { reading.general.append((.never, "")) }
        case .object(let object):
            reading = SubschemaReading(object, location, number, resource.dialect)
            try read(&reading)
        default:
            let found = index.value(at: location)?.described ?? "nothing"
            throw index.fault(
                .invalidKeyword, location, "A schema is an object or a boolean; found \(found).")
        }
        emit(reading, into: &node)
        program.nodes.append(node)
    }

    private mutating func emit(_ reading: SubschemaReading, into node: inout Program.Node) {
        node.types = reading.types
        node.hasUnevaluated = !reading.unevaluated.isEmpty
        func add(_ rules: [(Instruction, String)]) -> Int32 {
            let start = Int32(program.instructions.count)
            for (instruction, keyword) in rules {
                program.instructions.append(instruction)
                program.keywords.append(keyword)
            }
            return start
        }
        node.numberStart = add(reading.number)
        node.stringStart = add(reading.string)
        node.arrayStart = add(reading.array)
        node.objectStart = add(reading.members)
        node.generalStart = add(reading.general)
        node.unevaluatedStart = add(reading.unevaluated)
        node.end = Int32(program.instructions.count)
    }

    mutating func number(of anchor: String) -> Int32 {
        if let known = dynamicAnchors[anchor] { return known }
        let number = Int32(dynamicAnchors.count)
        dynamicAnchors[anchor] = number
        return number
    }

    mutating func pattern(_ text: String, at location: SchemaLocation) throws(SchemaError) -> Int32 {
        if let known = patternIndices[text] { return known }
        do throws(RegexError) {
            let expression = try RegularExpression(text, limits: patternLimits)
            patternLimits.use(expression.size)
            program.patterns.append(expression)
        } catch {
            throw index.fault(
                .invalidPattern, location,
                "The pattern is no regular expression at character \(error.offset): " + error.message)
        }
        let number = Int32(program.patterns.count - 1)
        patternIndices[text] = number
        return number
    }

    mutating func name(_ text: String) -> Program.Name {
        let start = Int32(program.nameBytes.count)
        return text.withBytes { bytes in
            program.nameBytes.append(contentsOf: bytes)
            return Program.Name(key: NameKey.of(bytes), start: start, count: Int32(bytes.count))
        }
    }

    /// Names in order, without duplicates.
    mutating func addNames(_ texts: [String]) -> TableRange {
        let start = Int32(program.names.count)
        var last: String?
        for text in texts.sorted(by: { $0.precedesInUTF16($1) }) {
            if let last, last.hasSameBytes(as: text) { continue }
            last = text
            program.names.append(name(text))
        }
        return TableRange(start: start, end: Int32(program.names.count))
    }
}

/// A subschema while it is read: what its keywords come to, by the type of value they are for.
struct SubschemaReading {
    let object: JSONObject
    let location: SchemaLocation
    let resource: Int
    let dialect: Dialect
    var types: TypeSet = .all
    var number: [(Instruction, String)] = []
    var string: [(Instruction, String)] = []
    var array: [(Instruction, String)] = []
    var members: [(Instruction, String)] = []
    var general: [(Instruction, String)] = []
    var unevaluated: [(Instruction, String)] = []

    init(_ object: JSONObject, _ location: SchemaLocation, _ resource: Int, _ dialect: Dialect) {
        self.object = object
        self.location = location
        self.resource = resource
        self.dialect = dialect
    }

    var draft: Draft { dialect.draft }
}
