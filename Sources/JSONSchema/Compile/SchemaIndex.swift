import ExactJSON

/// Where a subschema stands: a place in one of the documents.
struct SchemaLocation: Sendable, Hashable {
    let document: Int
    let pointer: JSONPointer

    func appending(_ tokens: String...) -> SchemaLocation {
        SchemaLocation(document: document, pointer: JSONPointer(tokens: pointer.tokens + tokens))
    }
}

/// A schema resource: a document, or a part of one that has a URI of its own (JSON Schema Core section 4.3.5).
struct SchemaResource: Sendable {
    let uri: URIReference
    let root: SchemaLocation
    let dialect: Dialect
    var anchors: [String: SchemaLocation] = [:]
    var dynamicAnchors: [String: SchemaLocation] = [:]

    /// The name under which `$recursiveAnchor` of 2019-09 is kept, which no anchor can have.
    static let recursiveAnchor = ""
}

/// The documents of a schema with the URIs and anchors in them.
struct SchemaIndex {
    private(set) var documents: [(uri: String, value: JSONValue)] = []
    private(set) var resources: [SchemaResource] = []
    private var resourceNumbers: [String: Int] = [:]
    private var memberships: [SchemaLocation: Int] = [:]
    private let registry: SchemaRegistry
    private let limits: SchemaLimits

    init(registry: SchemaRegistry, limits: SchemaLimits) {
        self.registry = registry
        self.limits = limits
    }

    /// The number of the root resource.
    mutating func add(_ document: JSONValue, uri: String, dialect: Dialect) throws(SchemaError) -> Int {
        let base = URIReference(URIReference(uri).textWithoutFragment)
        let location = SchemaLocation(document: documents.count, pointer: .root)
        documents.append((uri: base.text, value: document))
        resources.append(SchemaResource(uri: base, root: location, dialect: dialect))
        let number = resources.count - 1
        try visit(document, at: location, in: number, isRoot: true)
        let root = memberships[location] ?? number
        resourceNumbers[base.text] = root
        return root
    }

    func value(at location: SchemaLocation) -> JSONValue? { documents[location.document].value[location.pointer] }

    func fault(_ kind: SchemaError.Kind, _ location: SchemaLocation, _ message: String) -> SchemaError {
        SchemaError(
            kind: kind, documentURI: documents[location.document].uri, location: location.pointer, message: message)
    }

    /// The number of the resource a subschema belongs to. A place that is in no keyword for subschemas is taken for a
    /// subschema of the resource around it, as a reference to it asks.
    mutating func resource(of location: SchemaLocation) throws(SchemaError) -> Int {
        if let number = memberships[location] { return number }
        var pointer = location.pointer
        while !pointer.tokens.isEmpty {
            pointer = JSONPointer(tokens: pointer.tokens.dropLast())
            let enclosing = SchemaLocation(document: location.document, pointer: pointer)
            if let number = memberships[enclosing] {
                if let value = value(at: location) { try visit(value, at: location, in: number, isRoot: false) }
                break
            }
        }
        return memberships[location] ?? 0
    }

    /// Where a reference made in a resource leads.
    mutating func resolve(
        _ reference: String, from number: Int, at location: SchemaLocation
    ) throws(SchemaError) -> (target: SchemaLocation, resource: Int, fragment: String) {
        let uri = URIReference(reference).resolved(against: resources[number].uri)
        guard let fragment = uri.decodedFragment else {
            throw fault(
                .unresolvedReference, location, "The fragment of \"\(reference)\" is not percent-encoded UTF-8.")
        }
        let target = try resource(named: uri.textWithoutFragment, reference, from: number, at: location)
        let resource = resources[target]
        if fragment.isEmpty { return (resource.root, target, fragment) }
        if fragment.hasPrefix("/") {
            let pointer = try? JSONPointer(parsing: fragment)
            guard let pointer, let found = self.value(at: resource.root)?[pointer] else {
                throw fault(
                    .unresolvedReference, location,
                    "\"\(reference)\" leads to no place in \(name(of: resource)); mend the pointer.")
            }
            guard found.boolValue != nil || found.objectValue != nil else {
                throw fault(
                    .unresolvedReference, location,
                    "\"\(reference)\" leads to \(found.described), which is no schema; refer to an object or a boolean."
                )
            }
            let place = SchemaLocation(
                document: resource.root.document,
                pointer: JSONPointer(tokens: resource.root.pointer.tokens + pointer.tokens))
            return (place, try self.resource(of: place), fragment)
        }
        guard let place = resource.anchors[fragment] else {
            let known = resource.anchors.keys.sorted()
            let hint =
                Spelling.nearest(to: fragment, among: known).map { "; did you mean \"#\($0)\"?" }
                ?? "; add \"$anchor\": \"\(fragment)\" to the schema that is meant."
            throw fault(
                .unresolvedReference, location, "\(name(of: resource)) has no anchor \"\(fragment)\"\(hint)")
        }
        return (place, target, fragment)
    }

    private func name(of resource: SchemaResource) -> String {
        resource.uri.text.isEmpty ? "this schema" : resource.uri.text
    }

    private mutating func resource(
        named uri: String, _ reference: String, from number: Int, at location: SchemaLocation
    ) throws(SchemaError) -> Int {
        if let known = resourceNumbers[uri] { return known }
        guard let document = registry.document(at: uri) else {
            throw fault(
                .unresolvedReference, location,
                "\"\(reference)\" refers to \(uri), which is not registered; register that document or mend the reference."
            )
        }
        return try add(document, uri: uri, dialect: resources[number].dialect)
    }

    private mutating func visit(
        _ value: JSONValue, at location: SchemaLocation, in enclosing: Int, isRoot: Bool
    ) throws(SchemaError) {
        guard location.pointer.tokens.count <= limits.maxSchemaDepth else {
            throw fault(
                .tooDeep, location,
                "The schema is nested deeper than \(limits.maxSchemaDepth) here; move parts to $defs.")
        }
        guard memberships.count < limits.maxSubschemas else {
            throw fault(
                .tooManySubschemas, location,
                "There are more than \(limits.maxSubschemas) subschemas; divide the schema.")
        }
        guard case .object(let object) = value else {
            memberships[location] = enclosing
            return
        }
        let number = try enter(object, at: location, in: enclosing, isRoot: isRoot)
        memberships[location] = number
        let draft = resources[number].dialect.draft
        for member in object.members {
            guard let shape = SubschemaShape(member.name, in: draft) else { continue }
            let place = location.appending(member.name)
            switch (shape, member.value) {
            case (.one, let inner):
                try visitSchema(inner, at: place, in: number)
            case (.oneOrList, let inner) where inner.arrayValue == nil:
                try visitSchema(inner, at: place, in: number)
            case (.list, .array(let elements)), (.oneOrList, .array(let elements)):
                for (index, element) in elements.enumerated() {
                    try visitSchema(element, at: place.appending(String(index)), in: number)
                }
            case (.map, .object(let members)), (.mapOrNames, .object(let members)):
                for inner in members.members where inner.value.arrayValue == nil {
                    try visitSchema(inner.value, at: place.appending(inner.name), in: number)
                }
            default:
                break
            }
        }
    }

    /// What is no schema is left to the compiler to refuse.
    private mutating func visitSchema(
        _ value: JSONValue, at location: SchemaLocation, in number: Int
    ) throws(SchemaError) {
        guard value.objectValue != nil || value.boolValue != nil else { return }
        try visit(value, at: location, in: number, isRoot: false)
    }

    /// The resource a subschema belongs to, which its identifier may begin; its anchors are noted.
    private mutating func enter(
        _ object: JSONObject, at location: SchemaLocation, in enclosing: Int, isRoot: Bool
    ) throws(SchemaError) -> Int {
        var dialect = resources[enclosing].dialect
        if let uri = object["$schema"]?.stringValue {
            dialect = try MetaschemaReading(registry: registry, index: self).dialect(uri, at: location)
        }
        var number = enclosing
        let hidesSiblings = dialect.draft.isBefore2019 && object["$ref"]?.stringValue != nil
        let identifier = hidesSiblings ? nil : object[dialect.draft.identifier]?.stringValue
        let reference = identifier.map { URIReference($0) }
        if let reference, !reference.textWithoutFragment.isEmpty {
            number = try begin(reference, dialect, at: location, in: enclosing, isRoot: isRoot)
        } else if isRoot {
            resources[enclosing] = SchemaResource(
                uri: resources[enclosing].uri, root: location, dialect: dialect)
        }
        let draft = resources[number].dialect.draft
        if let reference, let fragment = reference.fragment, !fragment.isEmpty {
            guard draft.isBefore2019 else {
                throw fault(
                    .invalidIdentifier, location.appending("$id"),
                    "An $id has no fragment; write \"$anchor\": \"\(fragment)\" to name a place.")
            }
            try anchor(fragment, at: location, in: number)
        }
        if draft >= .draft2019, let name = object["$anchor"]?.stringValue {
            try anchor(name, at: location, in: number)
        }
        if draft == .draft2019, object["$recursiveAnchor"]?.boolValue == true {
            resources[number].dynamicAnchors[SchemaResource.recursiveAnchor] = location
        }
        if draft == .draft2020, let name = object["$dynamicAnchor"]?.stringValue {
            try anchor(name, at: location, in: number)
            resources[number].dynamicAnchors[name] = location
        }
        return number
    }

    private mutating func begin(
        _ reference: URIReference, _ dialect: Dialect, at location: SchemaLocation, in enclosing: Int, isRoot: Bool
    ) throws(SchemaError) -> Int {
        var uri = reference.resolved(against: resources[enclosing].uri)
        uri.fragment = nil
        if isRoot {
            resources[enclosing] = SchemaResource(uri: uri, root: location, dialect: dialect)
            resourceNumbers[uri.text] = enclosing
            return enclosing
        }
        if let other = resourceNumbers[uri.text], resources[other].root.document == location.document,
            resources[other].root != location
        {
            throw fault(
                .duplicateIdentifier, location,
                "\(uri.text) is also the URI of \(described(resources[other].root)); give each its own.")
        }
        resources.append(SchemaResource(uri: uri, root: location, dialect: dialect))
        resourceNumbers[uri.text] = resources.count - 1
        return resources.count - 1
    }

    private mutating func anchor(_ name: String, at location: SchemaLocation, in number: Int) throws(SchemaError) {
        if let other = resources[number].anchors.updateValue(location, forKey: name), other != location {
            throw fault(
                .duplicateIdentifier, location,
                "The anchor \"\(name)\" also names \(described(other)); give each its own.")
        }
    }

    private func described(_ location: SchemaLocation) -> String {
        location.pointer.tokens.isEmpty ? "the root" : location.pointer.text
    }
}
