package import ExactJSON

/// Why a schema cannot be compiled, and where.
package struct SchemaError: Error, Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A keyword's value is not of the shape the specification gives it.
        case invalidKeyword
        case invalidPattern
        case invalidIdentifier
        /// Two subschemas have the same URI or the same anchor.
        case duplicateIdentifier
        /// A reference to a document that is not registered, or to a place that is not there.
        case unresolvedReference
        /// References that lead back to themselves without going into the instance.
        case endlessReference
        case unknownMetaschema
        case unknownVocabulary
        case tooDeep
        case tooManySubschemas
    }

    package let kind: Kind
    /// The document at fault: the schema's own base URI, or that of one it refers to.
    package let documentURI: String
    /// The place in that document.
    package let location: JSONPointer
    /// A sentence: what is wrong and how to mend it.
    package let message: String
}

extension SchemaError: CustomStringConvertible {
    package var description: String {
        let place = location.tokens.isEmpty ? "the schema's root" : location.text
        return "\(documentURI.isEmpty ? "" : documentURI + ", ")\(place): \(message)"
    }
}
