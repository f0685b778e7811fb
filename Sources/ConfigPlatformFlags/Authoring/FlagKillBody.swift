package import ExactJSON

/// The body of a kill's item: `{ "variant": NAME | null, "reason"?: text }`. It overrides everything until it is deleted.
package struct FlagKillBody: FlagItemValue {
    /// What everybody gets; nil for the caller's default, as if the flag were DISABLED.
    package let variant: VariantName?
    package let reason: String?

    package init(variant: VariantName?, reason: String? = nil) {
        self.variant = variant
        self.reason = reason
    }

    package init(parsing json: JSONValue) throws(InvalidFlagItem) {
        let faults = FlagItemFaults()
        self = try faults.check(Self(json, faults))
    }

    package static let members = ["reason", "variant"]

    private init?(_ json: JSONValue, _ faults: FlagItemFaults) {
        guard
            let reader = FlagItemReader(json, at: .root, what: "a kill", allowed: Self.members, faults: faults)
        else { return nil }
        switch reader.members["variant"] {
        case nil, .null: variant = nil
        default: variant = reader.variant("variant")
        }
        reason = reader.text("reason", bytes: FlagLimits.descriptionBytes)
    }

    package var json: JSONValue {
        var members: JSONObject = ["variant": variant.map { .string($0.rawValue) } ?? .null]
        members["reason"] = reason.map { .string($0) }
        return .object(members)
    }
}
