/// The scalars divided into classes that no set of a pattern tells apart.
struct ScalarClasses: Sendable {
    static let maxCount = 255

    private(set) var count = 0
    private var ascii: [UInt8]
    /// Where each stretch of one class begins, in order, the first at 0.
    private var starts: [UInt32] = []
    private var classes: [UInt8] = []
    /// For each set, whether it holds each class.
    private(set) var membership: [[Bool]]

    /// Nil where there are more classes than are kept.
    init?(_ sets: [ScalarSet]) {
        ascii = Array(repeating: 0, count: 128)
        membership = Array(repeating: [], count: sets.count)
        var bounds: Set<UInt32> = [0]
        for range in sets.flatMap(\.ranges) {
            bounds.insert(range.lowerBound)
            if range.upperBound < ScalarSet.last { bounds.insert(range.upperBound + 1) }
        }
        var known: [[Bool]: UInt8] = [:]
        for start in bounds.sorted() {
            let signature = sets.map { $0.contains(start) }
            var assigned = known[signature]
            if assigned == nil {
                guard count < Self.maxCount else { return nil }
                assigned = UInt8(count)
                known[signature] = assigned
                for (set, isMember) in signature.enumerated() { membership[set].append(isMember) }
                count += 1
            }
            if classes.last != assigned {
                starts.append(start)
                classes.append(assigned ?? 0)
            }
        }
        for value in 0..<128 { ascii[value] = search(UInt32(value)) }
    }

    /// The classes of the first 128 scalars.
    @inline(__always)
    func withASCII<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        ascii.withUnsafeBufferPointer(body)
    }

    func of(_ value: UInt32) -> Int { Int(search(value)) }

    private func search(_ value: UInt32) -> UInt8 {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= value { low = middle } else { high = middle }
        }
        return classes[low]
    }
}
