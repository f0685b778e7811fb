import ExactJSON

/// The metaschemas of every draft that is understood, so that they can be referred to and validated against.
enum Metaschemas {
    /// By URI, without a fragment.
    static let documents: [String: JSONValue] = {
        let texts =
            Draft202012.documents + Draft201909.documents + Draft7.documents + Draft6.documents + Draft4.documents
        var documents: [String: JSONValue] = [:]
        for text in texts {
            guard let document = try? JSONValue(parsing: text),
                let uri = (document["$id"] ?? document["id"])?.stringValue
            else { preconditionFailure("a metaschema is JSON and names itself") }
            documents[URIReference(uri).textWithoutFragment] = document
        }
        return documents
    }()

    /// The draft a `$schema` names; `https` and a missing or additional `#` are overlooked, as they are in use.
    static func draft(_ uri: String) -> Draft? {
        var name = URIReference(uri).textWithoutFragment[...]
        for scheme in ["https://", "http://"] where name.hasPrefix(scheme) {
            name = name.dropFirst(scheme.count)
            break
        }
        switch name {
        case "json-schema.org/draft/2020-12/schema", "json-schema.org/schema": return .draft2020
        case "json-schema.org/draft/2019-09/schema": return .draft2019
        case "json-schema.org/draft-07/schema": return .draft7
        case "json-schema.org/draft-06/schema": return .draft6
        case "json-schema.org/draft-04/schema": return .draft4
        default: return nil
        }
    }
}
