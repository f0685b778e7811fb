package import ExactJSON

/// One thing that is wrong with a value.
package struct Violation: Sendable, Hashable {
    /// Where in the value.
    package let instanceLocation: JSONPointer
    /// The way through the schema to the keyword, references included.
    package let keywordLocation: JSONPointer
    /// Where the keyword stands: the URI of its resource, `#` and the pointer in it.
    package let absoluteKeywordLocation: String
    /// Empty for the schema `false`.
    package let keyword: String
    /// What was wanted, what was found and, where that can be told, how to mend it; without the location.
    package let message: String
}

extension Violation: CustomStringConvertible {
    package var description: String {
        (instanceLocation.tokens.isEmpty ? "the value" : instanceLocation.text) + ": " + message
    }
}

package struct ValidationResult: Sendable {
    package let isValid: Bool
    /// In the order of the value's places as the schema comes upon them; none where the value is valid.
    package let violations: [Violation]
    /// Whether there are more than are listed (`SchemaLimits.maxViolations`).
    package let isTruncated: Bool
}
