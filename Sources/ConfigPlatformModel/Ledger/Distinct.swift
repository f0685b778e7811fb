/// Values met so far. A few are compared one by one, which costs less than to hash them; more are hashed.
struct Distinct<Value: Hashable> {
    private var few: [Value] = []
    private var many: Set<Value> = []
    private static var fewMax: Int { 8 }

    init() {}

    /// Whether the value was not met before; notes it.
    mutating func insert(_ value: Value) -> Bool {
        guard many.isEmpty else { return many.insert(value).inserted }
        if few.contains(value) { return false }
        few.append(value)
        if few.count > Self.fewMax { many = Set(few) }
        return true
    }
}
