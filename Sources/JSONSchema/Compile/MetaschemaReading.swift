import ExactJSON

/// What a `$schema` says about the schema it stands in.
struct MetaschemaReading {
    let registry: SchemaRegistry
    let index: SchemaIndex

    /// A metaschema of one's own is looked up in the registry; the draft it is written in and its `$vocabulary` decide
    /// (JSON Schema Core section 8.1).
    func dialect(_ uri: String, at location: SchemaLocation) throws(SchemaError) -> Dialect {
        var vocabularies: Vocabularies?
        var uri = uri
        var seen: Set<String> = []
        while true {
            if let draft = Metaschemas.draft(uri) {
                return Dialect(draft: draft, vocabularies: vocabularies ?? .standard)
            }
            let name = URIReference(uri).textWithoutFragment
            guard let metaschema = registry.document(at: name), seen.insert(name).inserted else {
                throw index.fault(
                    .unknownMetaschema, location.appending("$schema"),
                    "The metaschema \(uri) is not known; register it, or name one of the drafts such as "
                        + "https://json-schema.org/draft/2020-12/schema.")
            }
            if vocabularies == nil, let declared = metaschema["$vocabulary"]?.objectValue {
                vocabularies = try read(declared, of: uri, at: location)
            }
            guard let next = metaschema["$schema"]?.stringValue else {
                return Dialect(draft: .draft2020, vocabularies: vocabularies ?? .standard)
            }
            uri = next
        }
    }

    private func read(
        _ declared: JSONObject, of uri: String, at location: SchemaLocation
    ) throws(SchemaError) -> Vocabularies {
        var vocabularies: Vocabularies = .core
        for (name, isRequired) in declared {
            if let known = Vocabularies(uri: name) {
                vocabularies.formUnion(known)
            } else if isRequired == .bool(true) {
                throw index.fault(
                    .unknownVocabulary, location.appending("$schema"),
                    "\(uri) requires the vocabulary \(name), which is not known; schemas of it cannot be understood.")
            }
        }
        return vocabularies
    }
}
