/// The drafts of JSON Schema that are understood, in the order they were published.
enum Draft: Int, Sendable, Comparable {
    case draft4, draft6, draft7, draft2019, draft2020

    static func < (left: Draft, right: Draft) -> Bool { left.rawValue < right.rawValue }

    /// In these `$ref` hides the keywords beside it and an `$id` that is a fragment names a place.
    var isBefore2019: Bool { self < .draft2019 }

    /// The keyword that names a resource.
    var identifier: String { self == .draft4 ? "id" : "$id" }
}

/// Which keywords of a draft have a meaning (JSON Schema Core section 8.1.2).
struct Vocabularies: OptionSet, Sendable {
    let rawValue: Int

    static let core = Vocabularies(rawValue: 1)
    static let applicator = Vocabularies(rawValue: 2)
    static let unevaluated = Vocabularies(rawValue: 4)
    static let validation = Vocabularies(rawValue: 8)
    static let annotation = Vocabularies(rawValue: 16)
    static let formatAssertion = Vocabularies(rawValue: 32)

    /// What a draft's own metaschema has.
    static let standard: Vocabularies = [.core, .applicator, .unevaluated, .validation, .annotation]

    /// Nil for a vocabulary that is not known.
    init?(uri: String) {
        let prefixes = ["https://json-schema.org/draft/2020-12/vocab/", "https://json-schema.org/draft/2019-09/vocab/"]
        guard let prefix = prefixes.first(where: uri.hasPrefix) else { return nil }
        switch uri.dropFirst(prefix.count) {
        case "core": self = .core
        case "applicator": self = prefix == prefixes[1] ? [.applicator, .unevaluated] : .applicator
        case "unevaluated": self = .unevaluated
        case "validation": self = .validation
        case "meta-data", "content", "format", "format-annotation": self = .annotation
        case "format-assertion": self = [.annotation, .formatAssertion]
        default: return nil
        }
    }

    init(rawValue: Int) { self.rawValue = rawValue }
}

/// A draft with the vocabularies a metaschema chooses from it.
struct Dialect: Sendable {
    let draft: Draft
    let vocabularies: Vocabularies

    static let standard = Dialect(draft: .draft2020, vocabularies: .standard)
}
