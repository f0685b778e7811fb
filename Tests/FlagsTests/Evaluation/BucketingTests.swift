import ConfigPlatformFlags
import ExactJSON
import TestSupport
import Testing

@Suite("Splits")
struct BucketingTests {
    private static let keys = 1_000_000

    private static func flag(_ key: String, _ shares: [(String, Int)], by: JSONValue? = nil) throws -> Flag {
        let fractional: [JSONValue] =
            [by ?? ["cat": [["var": "$flagd.flagKey"], ["var": "targetingKey"]]]]
            + shares.map { [.string($0), .int($1)] }
        let names = shares.map { ($0.0, JSONValue.string($0.0)) } + [("none", JSONValue.string("none"))]
        return try Flag(
            key: key,
            definition: [
                "state": "ENABLED", "variants": .object(JSONObject(uniqueMembers: names)), "defaultVariant": "none",
                "targeting": ["fractional": .array(fractional)],
            ])
    }

    private static func variant(_ flag: Flag, _ key: String) -> String {
        flag.resolve(FlagContext(targetingKey: key), as: .string, at: 0).variant?.name ?? ""
    }

    @Test func `a million keys fall into shares as their weights say`() throws {
        let shares = [("a", 1), ("b", 9), ("c", 40), ("d", 50)]
        let flag = try Self.flag("fair", shares)
        var counts: [String: Int] = [:]
        for index in 0..<Self.keys { counts[Self.variant(flag, "user-\(index)"), default: 0] += 1 }
        let chiSquare = shares.reduce(0.0) { sum, share in
            let expected = Double(Self.keys * share.1) / 100
            let difference = Double(counts[share.0] ?? 0) - expected
            return sum + difference * difference / expected
        }
        // Three degrees of freedom: beyond 16.3 with a probability of 0.001, were the keys random.
        #expect(chiSquare < 16.3, "\(counts)")
        #expect(counts.values.reduce(0, +) == Self.keys)
    }

    @Test func `growing the first share never moves anybody out of it`() throws {
        let keys = (0..<20_000).map { "user-\($0)" }
        var inside: Set<String> = []
        for percent in [0, 1, 5, 25, 50, 99, 100] {
            let flag = try Self.flag("grows", [("on", percent), ("off", 100 - percent)])
            let now = Set(keys.filter { Self.variant(flag, $0) == "on" })
            #expect(now.isSuperset(of: inside), "at \(percent) %")
            inside = now
        }
        #expect(inside.count == keys.count)
    }

    @Test func `splits of two flags have nothing to do with each other`() throws {
        let (first, second) = (
            try Self.flag("first", [("on", 50), ("off", 50)]), try Self.flag("second", [("on", 50), ("off", 50)])
        )
        var together = [0, 0, 0, 0]
        let count = 200_000
        for index in 0..<count {
            let key = "user-\(index)"
            together[
                (Self.variant(first, key) == "on" ? 2 : 0) + (Self.variant(second, key) == "on" ? 1 : 0)] += 1
        }
        let chiSquare = together.reduce(0.0) { sum, found in
            let difference = Double(found) - Double(count) / 4
            return sum + difference * difference / (Double(count) / 4)
        }
        #expect(chiSquare < 16.3, "\(together)")
    }

    @Test func `a key of any type falls where its value says, however the number is written`() throws {
        let flag = try Self.flag("typed", [("a", 1), ("b", 1), ("c", 1), ("d", 1)], by: ["var": "key"])
        func variant(_ value: FlagValue) -> String? {
            var context = FlagContext()
            context["key"] = value
            return flag.resolve(context, as: .string, at: 0).variant?.name
        }
        #expect(variant(.integer(7)) == variant(.double(7)))
        #expect(variant(.double(-0.0)) == variant(.integer(0)))
        #expect(variant(.null) == "none")
        var forwards = FlagObject()
        forwards["a"] = .integer(1)
        forwards["bb"] = .bool(true)
        var backwards = FlagObject()
        backwards["bb"] = .bool(true)
        backwards["a"] = .integer(1)
        #expect(variant(.object(forwards)) == variant(.object(backwards)))
    }

    @Test(
        "Weights that cannot be are nobody's",
        arguments: [
            [["a", 0], ["b", 0]], [["a", 2_147_483_647], ["b", 1]], [["a", 1.5], ["b", 1]], [["a", true], ["b", 1]],
            [["a", "1"], ["b", 1]], [["a", 1, 1], ["b", 1]], [[], ["b", 1]],
        ] as [JSONValue])
    func impossibleWeights(_ shares: JSONValue) throws {
        let flag = try Flag(
            key: "weights",
            definition: [
                "state": "ENABLED", "variants": ["a": 1, "b": 2], "defaultVariant": "a",
                "targeting": ["fractional": .array([["var": "targetingKey"]] + (shares.arrayValue ?? []))],
            ])
        let resolution = flag.resolve(FlagContext(targetingKey: "somebody"), as: nil, at: 0)
        #expect(resolution.reason == .default)
        #expect(resolution.variant?.name == "a")
    }
}
