/// A set of Unicode scalar values, as ranges in order that neither overlap nor touch.
struct ScalarSet: Sendable, Hashable {
    private(set) var ranges: [ClosedRange<UInt32>]

    static let last: UInt32 = 0x10FFFF
    static let all = ScalarSet([0...last])
    static let empty = ScalarSet([])

    init(_ ranges: [ClosedRange<UInt32>]) {
        var merged: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let previous = merged.last, range.lowerBound <= previous.upperBound &+ 1 {
                merged[merged.count - 1] = previous.lowerBound...max(previous.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    /// Ranges as the Unicode Character Database writes them, divided by spaces: `41-5A 61`.
    init(hexadecimal text: String) {
        self.init(
            text.split(separator: " ").map { range in
                let bounds = range.split(separator: "-").map { UInt32($0, radix: 16) ?? 0 }
                return bounds[0]...bounds[bounds.count - 1]
            })
    }

    /// The scalars a predicate holds for. Planes without characters of different kinds are asked about once.
    init(where predicate: (Unicode.Scalar) -> Bool) {
        var ranges: [ClosedRange<UInt32>] = []
        func add(_ range: ClosedRange<UInt32>, _ sample: UInt32) {
            guard let scalar = Unicode.Scalar(sample), predicate(scalar) else { return }
            if let previous = ranges.last, previous.upperBound &+ 1 == range.lowerBound {
                ranges[ranges.count - 1] = previous.lowerBound...range.upperBound
            } else {
                ranges.append(range)
            }
        }
        for value in Self.firstPlanes { add(value...value, value) }
        add(Self.emptyPlanes, Self.emptyPlanes.lowerBound)
        for value in Self.specialPlane { add(value...value, value) }
        add(0xF_0000...0xF_FFFD, 0xF_0000)
        add(0xF_FFFE...0xF_FFFF, 0xF_FFFE)
        add(0x10_0000...0x10_FFFD, 0x10_0000)
        add(0x10_FFFE...0x10_FFFF, 0x10_FFFE)
        self.ranges = ranges
    }

    private static let firstPlanes: ClosedRange<UInt32> = 0...0x3_FFFF
    private static let emptyPlanes: ClosedRange<UInt32> = 0x4_0000...0xD_FFFF
    private static let specialPlane: ClosedRange<UInt32> = 0xE_0000...0xE_FFFF

    var isEmpty: Bool { ranges.isEmpty }

    func contains(_ value: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= value
    }

    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

    var inverted: ScalarSet {
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= Self.last { gaps.append(next...Self.last) }
        return ScalarSet(gaps)
    }

    /// The classes of ECMA-262 section 22.2.2.9: `\d` and `\w` are ASCII, `\s` is white space and line terminators.
    static let digit = ScalarSet([0x30...0x39])
    static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let space = ScalarSet([
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ])
    /// What `.` does not match.
    static let lineTerminator = ScalarSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029])
}
