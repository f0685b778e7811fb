import TestSupport
import Testing

@testable import ConfigPlatformModel

/// Against an array that is sorted anew each time. The chunk limits are 32 (as made) and 64 (before a split).
@Suite struct SettingIndexTests {
    private static let sizes = [0, 1, 2, 31, 32, 33, 63, 64, 65, 96, 127, 128, 129, 255, 256, 257, 700]

    private static func key(_ number: Int) -> ConfigKey { ConfigKey(stringLiteral: "k\(10_000 + number)") }

    private static func setting(_ number: Int, _ revision: Int64 = 1, unset: Bool = false) -> StoredSetting {
        StoredSetting(
            key: key(number), environment: "base", revision: Revision(integerLiteral: revision),
            body: unset ? .unset : SettingBody(content: .plain, value: Array("\(revision)".utf8)))
    }

    private static func index(_ numbers: some Sequence<Int>) -> SettingIndex {
        SettingIndex(sorted: numbers.sorted().map { setting($0) })
    }

    /// That the index holds these settings and no others, by every way of asking.
    private func expect(
        _ index: SettingIndex, holds expected: [Int: StoredSetting], probing probes: [Int], _ comment: String
    ) {
        let sorted = expected.sorted { $0.key < $1.key }.map(\.value)
        #expect(index.map(ObjectIdentifier.init) == sorted.map(ObjectIdentifier.init), "\(comment)")
        #expect(
            index.count == sorted.count && index.isEmpty == sorted.isEmpty && index.underestimatedCount == sorted.count,
            "\(comment)")
        for number in probes {
            #expect(index[Self.key(number)] === expected[number], "\(comment)")
            let next = sorted.first { $0.key >= Self.key(number) }
            #expect(index.first(notBelow: Self.key(number)) === next, "\(comment)")
        }
    }

    @Test(arguments: sizes)
    func `an index of sorted settings holds them in order`(size: Int) {
        let settings = (0..<size).map { Self.setting($0 * 2) }
        let expected = Dictionary(uniqueKeysWithValues: settings.enumerated().map { ($0.offset * 2, $0.element) })
        expect(
            SettingIndex(sorted: settings), holds: expected,
            probing: Array(stride(from: -1, through: size * 2 + 1, by: max(1, size / 50))), "size \(size)")
    }

    @Test(arguments: ["ascending", "descending", "shuffled"])
    func `settings put one by one are held in order, and each removed again is gone`(order: String) throws {
        try SeededGenerator.runs(1) { random in
            let numbers = Array(0..<700)
            let puts =
                order == "ascending"
                ? numbers : order == "descending" ? numbers.reversed() : numbers.shuffled(using: &random)
            var index = SettingIndex()
            var expected: [Int: StoredSetting] = [:]
            for (count, number) in puts.enumerated() {
                expected[number] = Self.setting(number)
                index.put(try #require(expected[number]))
                if Self.sizes.contains(count + 1) {
                    expect(index, holds: expected, probing: [0, number, 699], "\(order) \(random)")
                }
            }
            for (count, number) in puts.shuffled(using: &random).enumerated() {
                expected[number] = nil
                index.remove(Self.key(number))
                if Self.sizes.contains(expected.count) {
                    expect(index, holds: expected, probing: [0, number, 699], "\(count) \(order) \(random)")
                }
            }
            #expect(index.isEmpty)
        }
    }

    @Test func `an index altered at random is a sorted array altered alike, and its copies stay as they were`() throws {
        try SeededGenerator.runs(20) { random in
            let size = random.element(of: Self.sizes)
            var expected: [Int: StoredSetting] = [:]
            for number in 0..<size { expected[number * 3] = Self.setting(number * 3) }
            var index = SettingIndex(sorted: expected.sorted { $0.key < $1.key }.map(\.value))
            let (copy, copied) = (index, expected)
            for step in 0..<200 {
                let number = random.int(in: 0...max(9, size * 3))
                if random.chance(oneIn: 2) {
                    expected[number] = Self.setting(number, Int64(step))
                    index.put(try #require(expected[number]))
                } else {
                    expected[number] = nil
                    index.remove(Self.key(number))
                }
            }
            let probes = (0..<60).map { _ in random.int(in: -2...size * 3 + 5) }
            expect(index, holds: expected, probing: probes, "\(random)")
            expect(copy, holds: copied, probing: probes, "\(random)")
        }
    }

    @Test func `a layer laid over another wins, and its masks take out what lies below`() throws {
        try SeededGenerator.runs(60) { random in
            let below = random.element(of: Self.sizes)
            let above = random.chance(oneIn: 2) ? random.int(in: 0...20) : random.element(of: Self.sizes)
            let range = 0...max(4, max(below, above) * 2)
            var lower: [Int: StoredSetting] = [:]
            var upper: [Int: StoredSetting] = [:]
            for _ in 0..<below {
                let number = random.int(in: range)
                lower[number] = Self.setting(number)
            }
            for _ in 0..<above {
                let number = random.int(in: range)
                upper[number] = Self.setting(number, 2, unset: random.chance(oneIn: 4))
            }
            let base = SettingIndex(sorted: lower.sorted { $0.key < $1.key }.map(\.value))
            let layer = SettingIndex(sorted: upper.sorted { $0.key < $1.key }.map(\.value))
            let expected = lower.merging(upper) { _, new in new }.filter { $0.value.body.content != .unset }
            let probes = (0..<40).map { _ in random.int(in: range) }
            expect(base.overlaid(with: layer), holds: expected, probing: probes, "\(random)")
            expect(base, holds: lower, probing: probes, "\(random)")
            expect(layer, holds: upper, probing: probes, "\(random)")
        }
    }

    @Test func `the first setting not below a key is found from below all to above all`() {
        let index = Self.index([0, 300])
        #expect(index.first(notBelow: "a") === index[Self.key(0)])
        #expect(index.first(notBelow: Self.key(1)) === index[Self.key(300)])
        #expect(index.first(notBelow: "z") == nil)
        #expect(SettingIndex().first(notBelow: "a") == nil)
    }
}
