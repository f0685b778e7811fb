/// What items of flags may hold.
package enum FlagLimits {
    package static let keyBytes = 256
    package static let segmentNameBytes = 128
    package static let variants = 256
    package static let variantNameBytes = 256
    /// Bytes in canonical form of the body of a flag, with all its variants.
    package static let flagBytes = 512 << 10
    /// Bytes in canonical form of the body of a rule, a rollout or a kill.
    package static let ruleBytes = 512 << 10
    /// Bytes in canonical form of the body of a segment.
    package static let segmentBytes = 4 << 20
    package static let descriptionBytes = 4_096
    package static let ownerBytes = 256
    package static let tags = 32
    package static let tagBytes = 64
    package static let expectedLifetimeDays: Int64 = 36_500
    package static let metadataMembers = 64
    package static let metadataNameBytes = 256
    package static let metadataTextBytes = 4_096
    package static let rules = 1_000
    package static let ruleNameBytes = 256
    /// Conditions of one list: of a rule, of an `any` or of an `all`.
    package static let conditions = 64
    /// How deep `any` and `all` may lie in one another.
    package static let conditionDepth = 8
    package static let attributeBytes = 256
    package static let seedBytes = 256
    /// Values of one condition.
    package static let values = 10_000
    package static let valueBytes = 1_024
    package static let shares = 256
    /// Of all shares of a split together: what a flagd client can count to.
    package static let weightSum: Int64 = 2_147_483_647
    package static let experiments = 32
    package static let experimentKeyBytes = 128
    /// Attributes that are written down with the units of an experiment.
    package static let experimentAttributes = 16
    package static let prerequisites = 32
    /// Contexts that a segment lists, included and excluded together.
    package static let listedContexts = 100_000
    package static let listedContextBytes = 512
    package static let steps = 64
    package static let stepSegments = 64
    package static let stepSeconds: Int64 = 366 * 86_400
    package static let urlBytes = 2_048
    package static let queryBytes = 4_096
    package static let guardIntervalSeconds = 5...86_400 as ClosedRange<Int64>
    package static let bakeSeconds = 0...2_592_000 as ClosedRange<Int64>
    package static let guardFailures = 1...100 as ClosedRange<Int64>
    /// A rollout whose guard has had no value for so long is paused.
    package static let guardSilenceSeconds: Int64 = 600
    /// Rules referred to one from the other: segments that name segments, flags that require flags.
    package static let referenceDepth = 16
    /// Bytes of a flag's targeting with all that it refers to put in, as clients do.
    package static let expandedBytes = 16 << 20
    /// Faults told of one item.
    package static let faults = 32
}
