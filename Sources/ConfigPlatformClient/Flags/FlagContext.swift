import ConfigPlatformFlags

/// Whom or what a flag is evaluated for: a targeting key and attributes.
///
/// ```swift
/// let context = FlagContext(targetingKey: user.id, ["country": "DE", "age": 34, "plan": ["name": "pro", "seats": 5]])
/// ```
///
/// Made once for a request and given to all evaluations in it, it costs the evaluations nothing.
public struct FlagContext: Sendable {
    /// As rules see it.
    private(set) var evaluated: ConfigPlatformFlags.FlagContext
    /// Attributes that rules see in another form than they were given in.
    private var given: [String: FlagAttribute] = [:]

    static let empty = FlagContext()

    /// A context.
    ///
    /// - Parameters:
    ///   - targetingKey: What tells the subject from others, and decides its share of a percentage. Nil where there is none.
    ///   - attributes: Everything else that rules may ask of; one named `targetingKey` is the targeting key.
    public init(targetingKey: String? = nil, _ attributes: [String: FlagAttribute] = [:]) {
        evaluated = ConfigPlatformFlags.FlagContext()
        for (name, attribute) in attributes { self[name] = attribute }
        if let targetingKey { self.targetingKey = targetingKey }
    }

    /// What tells the subject from others; nil where there is none, or it is empty.
    public var targetingKey: String? {
        get { evaluated.targetingKey }
        set { self[Self.targetingKeyName] = newValue.map { .string($0) } }
    }

    /// An attribute; nil where there is none. Setting nil removes it.
    public subscript(name: String) -> FlagAttribute? {
        get { given[name] ?? evaluated[name].flatMap { FlagAttribute($0) } }
        set {
            evaluated[name] = newValue?.value
            // Most contexts have none: then there is nothing to look up or to make.
            if let newValue, newValue.isAltered {
                given[name] = newValue
            } else if !given.isEmpty {
                given[name] = nil
            }
        }
    }

    /// All attributes by name, without the targeting key.
    public var attributes: [String: FlagAttribute] {
        var attributes: [String: FlagAttribute] = [:]
        for member in evaluated.attributes.members where member.name != Self.targetingKeyName {
            attributes[member.name] = self[member.name]
        }
        return attributes
    }

    /// Whether there is nothing in it.
    public var isEmpty: Bool { evaluated.attributes.count == 0 }

    /// Both together; where both have an attribute, the other's counts, whole.
    public func merging(_ other: FlagContext) -> FlagContext {
        if isEmpty { return other }
        var merged = self
        for member in other.evaluated.attributes.members {
            merged.evaluated[member.name] = member.value
            if !merged.given.isEmpty { merged.given[member.name] = nil }
        }
        for (name, attribute) in other.given { merged.given[name] = attribute }
        return merged
    }

    private static let targetingKeyName = "targetingKey"
}

extension FlagContext: Hashable {
    /// Whether both have the same targeting key and attributes.
    public static func == (left: FlagContext, right: FlagContext) -> Bool {
        left.targetingKey == right.targetingKey && left.attributes == right.attributes
    }

    /// Of the targeting key and the attributes.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(targetingKey)
        hasher.combine(attributes)
    }
}
