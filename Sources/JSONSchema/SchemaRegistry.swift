package import ExactJSON

/// The documents `$ref` and `$schema` may refer to, by their URIs. Nothing else is ever fetched; the metaschemas of the
/// drafts need not be registered.
package struct SchemaRegistry: Sendable {
    private var documents: [String: JSONValue] = [:]

    package init() {}

    package init(_ documents: some Sequence<(uri: String, document: JSONValue)>) {
        for (uri, document) in documents { register(document, at: uri) }
    }

    /// A document is found by the URI given and by the one it gives itself, if that is absolute.
    package mutating func register(_ document: JSONValue, at uri: String) {
        documents[URIReference(uri).textWithoutFragment] = document
        guard let own = (document["$id"] ?? document["id"])?.stringValue else { return }
        let resolved = URIReference(own).resolved(against: URIReference(uri)).textWithoutFragment
        if documents[resolved] == nil { documents[resolved] = document }
    }

    /// `uri` without a fragment.
    func document(at uri: String) -> JSONValue? {
        if let document = documents[uri] ?? Metaschemas.documents[uri] { return document }
        // Schemas name the metaschemas with either scheme.
        guard uri.hasPrefix("https://json-schema.org/draft-") else { return nil }
        return Metaschemas.documents["http" + uri.dropFirst("https".count)]
    }
}
