/// `fractional`: one of several values, in proportion to their weights and always the same for the same bucket key.
///
/// The bucket is `(hash × Σ weights) >> 32` with MurmurHash3, so that growing the first share never moves anybody out of it. Null where there is
/// no key, a weight is no integer, or the weights sum to 0 or to more than 2,147,483,647. A negative weight counts as 0.
final class Fractional: Expression {
    /// An argument, and where it is a list written out, its elements.
    struct Argument {
        let whole: any Expression
        let elements: [any Expression]?
    }

    /// Nil where the flag's key and the targeting key are the bucket key.
    private let key: (any Expression)?
    private let shares: [Argument]
    /// Of each share, where all of them are written out.
    private let weights: [Int64]?
    private let bucketing: Bucketing

    init(_ arguments: [Argument], bucketing: Bucketing) {
        self.bucketing = bucketing
        let hasKey = arguments.first.map { $0.elements == nil } ?? false
        key = hasKey ? arguments.first?.whole : nil
        let shares = Array(arguments.dropFirst(hasKey ? 1 : 0))
        self.shares = shares
        let weights = shares.compactMap(Self.constantWeight)
        self.weights = weights.count == shares.count ? weights : nil
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        guard let found = try place(in: &evaluation) else { return .null }
        return try value(at: found, in: &evaluation)
    }

    func decision(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Decision {
        guard let found = try place(in: &evaluation) else { return .value(.null) }
        if let share = found.share, let value = shares[share].elements?.first {
            return try value.decision(in: &evaluation)
        }
        return .value(try value(at: found, in: &evaluation))
    }

    /// The share that the bucket falls into.
    struct Place {
        let key: FlagValue
        let hash: UInt32
        let bucket: Int64
        let total: Int64
        /// Of `shares`; nil for the first argument, where that came to a share.
        fileprivate let share: Int?
        fileprivate let computed: FlagValue?
    }

    func value(at place: Place, in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        let whole: FlagValue?
        if let share = place.share {
            if let value = shares[share].elements?.first { return try value.value(in: &evaluation) }
            whole = try shares[share].whole.value(in: &evaluation)
        } else {
            whole = place.computed
        }
        guard case .list(let elements)? = whole, let value = elements.first else { return .null }
        return value
    }

    /// Nil where nobody gets a share.
    func place(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Place? {
        try evaluation.step()
        var key = FlagValue.null
        var usesTargetingKey = self.key == nil
        // A first argument that comes to a list is the first share.
        var computed: FlagValue?
        if let expression = self.key {
            key = try expression.value(in: &evaluation)
            if case .list = key { (computed, usesTargetingKey) = (key, true) }
        }
        // Two passes, so that nothing is allocated: the weights, then the share that the bucket falls into.
        var total: Int64 = 0
        var isValid = true
        if let computed {
            if let weight = Self.weight(ofComputed: computed) { total = weight } else { isValid = false }
        }
        for index in shares.indices {
            if let weight = try weight(of: index, in: &evaluation) { total += weight } else { isValid = false }
        }
        var hash: UInt32?
        if !usesTargetingKey {
            hash = key.isNull ? nil : bucketing.hash(of: key)
        } else if let both = try Self.flagAndTargetingKey(in: evaluation) {
            key = .list([.string(both.flagKey), .string(both.targetingKey)])
            hash = bucketing.hash(ofFlag: both.flagKey, targetingKey: both.targetingKey)
        }
        guard let hash, isValid, total > 0, total <= Int64(Int32.max) else { return nil }
        let bucket = Int64((UInt64(hash) &* UInt64(total)) >> 32)
        func place(_ share: Int?) -> Place {
            Place(key: key, hash: hash, bucket: bucket, total: total, share: share, computed: computed)
        }
        var end: Int64 = 0
        if let computed, let weight = Self.weight(ofComputed: computed) {
            end += weight
            if bucket < end { return place(nil) }
        }
        for index in shares.indices {
            end += try weight(of: index, in: &evaluation) ?? 0
            if bucket < end { return place(index) }
        }
        return nil
    }

    private static let targetingKeyHash = FlagObject.hash(of: "targetingKey")

    private static func flagAndTargetingKey(
        in evaluation: borrowing Evaluation
    ) throws(EvaluationFailure) -> (flagKey: String, targetingKey: String)? {
        let found: FlagValue
        switch evaluation.scope {
        case nil: found = evaluation.attribute("targetingKey", hash: targetingKeyHash)
        case .object(let object)?: found = object["targetingKey"] ?? .null
        default: throw .impossible("fractional without a bucket key where there is no targeting key")
        }
        guard case .string(let targetingKey) = found, !targetingKey.isEmpty else { return nil }
        // Inside map, filter and the like there is no flag's key.
        return (evaluation.scope == nil ? evaluation.flagKey : "", targetingKey)
    }

    @inline(__always)
    private func weight(of index: Int, in evaluation: inout Evaluation) throws(EvaluationFailure) -> Int64? {
        if let weights { return weights[index] }
        let share = shares[index]
        guard let elements = share.elements else {
            return Self.weight(ofComputed: try share.whole.value(in: &evaluation))
        }
        switch elements.count {
        case 1: return 1
        case 2: return Self.weight(try elements[1].value(in: &evaluation))
        default: return nil
        }
    }

    private static func constantWeight(of share: Argument) -> Int64? {
        switch share.elements?.count {
        case 1?: 1
        case 2?: (share.elements?[1] as? Constant).flatMap { weight($0.constant) }
        default: nil
        }
    }

    private static func weight(ofComputed share: FlagValue) -> Int64? {
        guard case .list(let elements) = share, (1...2).contains(elements.count) else { return nil }
        return elements.count == 1 ? 1 : weight(elements[1])
    }

    private static func weight(_ value: FlagValue) -> Int64? {
        guard case .integer(let weight) = value else { return nil }
        return min(max(0, weight), Int64(UInt32.max))
    }
}
