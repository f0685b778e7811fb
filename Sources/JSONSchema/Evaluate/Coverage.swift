/// Which members or elements of one value have been evaluated, for `unevaluatedProperties` and `unevaluatedItems`
/// (JSON Schema Core section 11).
protocol Coverage {
    /// Whether anything is kept, so that every branch must be followed.
    static var isTracking: Bool { get }

    init()
    func contains(_ index: Int) -> Bool
    mutating func insert(_ index: Int)
    /// All from 0 up to `count`.
    mutating func insertAll(_ count: Int)
    mutating func formUnion(_ other: borrowing Self)
}

/// Keeps nothing: for schemas that do not ask.
struct NoCoverage: Coverage {
    static var isTracking: Bool { false }

    @inline(__always) init() {}
    @inline(__always) func contains(_ index: Int) -> Bool { false }
    @inline(__always) mutating func insert(_ index: Int) {}
    @inline(__always) mutating func insertAll(_ count: Int) {}
    @inline(__always) mutating func formUnion(_ other: borrowing NoCoverage) {}
}

/// Keeps the places, the first 64 without allocating.
struct PlaceCoverage: Coverage {
    static var isTracking: Bool { true }

    /// All below are evaluated.
    private var prefix = 0
    private var first: UInt64 = 0
    private var others: Set<Int> = []

    init() {}

    func contains(_ index: Int) -> Bool {
        if index < prefix { return true }
        return index < 64 ? first >> UInt64(index) & 1 == 1 : others.contains(index)
    }

    mutating func insert(_ index: Int) {
        if index < prefix { return }
        if index < 64 { first |= 1 << UInt64(index) } else { others.insert(index) }
    }

    mutating func insertAll(_ count: Int) { prefix = max(prefix, count) }

    mutating func formUnion(_ other: borrowing PlaceCoverage) {
        prefix = max(prefix, other.prefix)
        first |= other.first
        if !other.others.isEmpty { others.formUnion(other.others) }
    }
}
