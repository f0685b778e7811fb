/// How much a project may have: `{"bytes": N, "changesPerDay": N, "items": N, "watchers": N}`, each optional, whole numbers from 0 to
/// ``Limits/quota``. Of what is absent it may have as much as the platform's limits allow.
package struct ProjectQuotas: Hashable, Sendable {
    /// What there is a quota of. The raw value is the member's name.
    package enum Quota: String, CaseIterable, Sendable {
        /// Of ``ProjectSize/items``.
        case items
        /// Of ``ProjectSize/bytes``.
        case bytes
        /// Of a day in UTC.
        case changesPerDay
        /// Of one server.
        case watchers
    }

    private let most: [Quota: Int64]

    package static let empty = ProjectQuotas(most: [:])

    private init(most: [Quota: Int64]) { self.most = most }

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: Self.members, what: "quotas")
        var most: [Quota: Int64] = [:]
        for quota in Quota.allCases {
            guard let number = try ItemText.number(members[quota.rawValue], named: quota.rawValue) else { continue }
            guard (0...Limits.quota).contains(number) else {
                throw Problem(
                    .invalidRequest, "'\(quota.rawValue)' is a whole number from 0 to \(Limits.quota).",
                    at: [quota.rawValue], keyword: number < 0 ? "minimum" : "maximum")
            }
            most[quota] = number
        }
        self.init(most: most)
    }

    /// The members that they may have.
    package static let members = Set(Quota.allCases.map(\.rawValue))

    package var isEmpty: Bool { most.isEmpty }

    /// Nil where there is none.
    package subscript(quota: Quota) -> Int64? { most[quota] }

    package var json: JSONValue {
        var members: JSONObject = [:]
        for (quota, number) in most { members[quota.rawValue] = .int(number) }
        return .object(members)
    }
}
