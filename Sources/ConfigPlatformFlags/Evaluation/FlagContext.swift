package import ExactJSON

/// Whom or what flags are evaluated for: a targeting key and attributes, as OpenFeature has them.
package struct FlagContext: Sendable {
    /// Every attribute, the targeting key among them as `targetingKey`.
    package private(set) var attributes: FlagObject

    package init() {
        attributes = FlagObject()
    }

    /// An attribute `targetingKey` that is a text is the targeting key.
    package init(_ attributes: JSONObject) {
        self.attributes = FlagObject(attributes)
    }

    package init(targetingKey: String?, attributes: FlagObject = FlagObject()) {
        self.attributes = attributes
        if let targetingKey { self.attributes["targetingKey"] = .string(targetingKey) }
    }

    package subscript(name: String) -> FlagValue? {
        get { attributes[name] }
        set { attributes[name] = newValue }
    }

    /// Nil where there is none or where it is empty.
    package var targetingKey: String? {
        guard case .string(let key)? = self["targetingKey"], !key.isEmpty else { return nil }
        return key
    }
}
