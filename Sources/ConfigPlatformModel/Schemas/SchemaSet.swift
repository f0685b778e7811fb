import JSONSchema
import Synchronization

/// A schema of a project, with the revision that last wrote it. Immutable; compiled when first needed.
package final class StoredSchema: Sendable {
    package let name: SchemaName
    package let body: SchemaBody
    /// The revision that last wrote it.
    package let revision: Revision

    private enum Compilation {
        case none
        case done(Result<Schema, SchemaError>)
    }
    private let compilation = Mutex(Compilation.none)
    /// Whether it may refer to other documents than itself and the metaschemas.
    let refersToOthers: Bool

    init(name: SchemaName, body: SchemaBody, revision: Revision) {
        self.name = name
        self.body = body
        self.revision = revision
        refersToOthers = Self.refersToOthers(body.schema)
    }

    /// What the schema's references are relative to: a reference to `common` leads to the schema of that name in the same project.
    var uri: String { SchemaSet.base + name.rawValue }

    private static func refersToOthers(_ schema: JSONValue) -> Bool {
        switch schema {
        case .object(let members):
            members.contains { name, value in
                if name == "$ref" || name == "$dynamicRef" || name == "$recursiveRef", let text = value.stringValue {
                    return !text.hasPrefix("#")
                }
                return refersToOthers(value)
            }
        case .array(let elements): elements.contains(where: refersToOthers)
        default: false
        }
    }

    /// Whether a reference of it names that schema. May say yes where it does not, never no where it does.
    fileprivate func mayRefer(to name: SchemaName) -> Bool { refersToOthers && Self.refers(body.schema, to: name) }

    private static func refers(_ schema: JSONValue, to name: SchemaName) -> Bool {
        switch schema {
        case .object(let members):
            members.contains { keyword, value in
                if keyword == "$ref" || keyword == "$dynamicRef" || keyword == "$recursiveRef",
                    let text = value.stringValue
                {
                    return text.contains(name.rawValue)
                }
                return refers(value, to: name)
            }
        case .array(let elements): elements.contains { refers($0, to: name) }
        default: false
        }
    }

    fileprivate func compiled(in set: SchemaSet) -> Result<Schema, SchemaError> {
        compilation.withLock { compilation in
            if case .done(let result) = compilation { return result }
            let result = Result { () throws(SchemaError) in
                try Schema(
                    compiling: body.schema, baseURI: uri, registry: set.registry,
                    options: SchemaOptions(assertsFormats: true))
            }
            compilation = .done(result)
            return result
        }
    }

    /// The same, to be compiled anew: what it refers to is another.
    fileprivate var forgotten: StoredSchema { StoredSchema(name: name, body: body, revision: revision) }
}

/// The schemas of a project. Immutable.
package struct SchemaSet: Sendable {
    static let base = "cfg:/schemas/"

    private let schemas: [SchemaName: StoredSchema]
    /// All of them by their URIs, where any refers to another.
    fileprivate let registry: SchemaRegistry
    /// Whether some schema has the keyword that asks for annotations.
    let mentionsWriteOnly: Bool
    let mentionsDeprecated: Bool

    init() { self.init([:]) }

    private init(_ schemas: [SchemaName: StoredSchema]) {
        self.schemas = schemas
        let refers = schemas.values.contains(where: \.refersToOthers)
        registry = refers ? SchemaRegistry(schemas.values.map { ($0.uri, $0.body.schema) }) : SchemaRegistry()
        mentionsWriteOnly = schemas.values.contains { Self.mentions("writeOnly", in: $0.body.schema) }
        mentionsDeprecated = schemas.values.contains { Self.mentions("deprecated", in: $0.body.schema) }
    }

    package var isEmpty: Bool { schemas.isEmpty }
    package var count: Int { schemas.count }

    package subscript(name: SchemaName) -> StoredSchema? { schemas[name] }

    /// In order of name.
    package var sorted: [StoredSchema] { schemas.values.sorted { $0.name < $1.name } }

    func compiled(_ schema: StoredSchema) -> Result<Schema, SchemaError> { schema.compiled(in: self) }

    /// The set after schemas were written, or ended where nil, and the names of all that may mean something else than before.
    func updated(with written: [SchemaName: StoredSchema?]) -> (set: SchemaSet, altered: Set<SchemaName>) {
        var schemas = schemas
        var altered = Set(written.keys)
        for (name, schema) in written { schemas[name] = schema }
        for (name, schema) in schemas where !altered.contains(name) && schema.refersToOthers {
            schemas[name] = schema.forgotten
            altered.insert(name)
        }
        return (SchemaSet(schemas), altered)
    }

    /// These, and those that refer to one of them, whichever way: what may judge otherwise where these are written.
    func judging(by names: Set<SchemaName>) -> Set<SchemaName> {
        var found = names
        var isGrowing = !found.isEmpty
        while isGrowing {
            let more = schemas.values.filter { schema in
                !found.contains(schema.name) && found.contains { schema.mayRefer(to: $0) }
            }
            found.formUnion(more.map(\.name))
            isGrowing = !more.isEmpty
        }
        return found
    }

    private static func mentions(_ keyword: String, in schema: JSONValue) -> Bool {
        switch schema {
        case .object(let members): members[keyword] != nil || members.contains { mentions(keyword, in: $0.value) }
        case .array(let elements): elements.contains { mentions(keyword, in: $0) }
        default: false
        }
    }
}
