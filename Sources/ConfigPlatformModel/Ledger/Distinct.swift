/// Values met so far. A few are compared one by one, which costs less than to hash them; more are hashed.
package struct Distinct<Value: Hashable> {
    @usableFromInline var few: [Value] = []
    @usableFromInline var many: Set<Value> = []
    @usableFromInline static var fewMax: Int { 8 }

    @inlinable
    package init() {}

    /// Whether the value was not met before; notes it.
    @inlinable
    package mutating func insert(_ value: Value) -> Bool {
        guard many.isEmpty else { return many.insert(value).inserted }
        if few.contains(value) { return false }
        few.append(value)
        if few.count > Self.fewMax { many = Set(few) }
        return true
    }
}
