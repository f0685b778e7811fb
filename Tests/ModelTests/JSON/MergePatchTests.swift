import ConfigPlatformModel
import TestSupport
import Testing

@Suite struct MergePatchTests {
    private func merged(_ target: String, _ patch: String) throws -> JSONValue {
        try JSONValue(parsing: target).merging(patch: JSONValue(parsing: patch))
    }

    /// The cases of RFC 7396 appendix A.
    @Test(arguments: [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
        (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
        (#"{"a":"b"}"#, #"{"a":null}"#, #"{}"#),
        (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
        (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
        (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
        (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
        (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
        (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#),
        (#"{"a":"foo"}"#, "null", "null"),
        (#"{"a":"foo"}"#, #""bar""#, #""bar""#),
        (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
        ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
        ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ])
    func `a merge patch does what RFC 7396 shows`(target: String, patch: String, result: String) throws {
        #expect(try merged(target, patch) == JSONValue(parsing: result))
    }

    @Test func `nulls inside an array of the patch stay`() throws {
        #expect(try merged(#"{"a":1}"#, #"{"a":[null,{"b":null}]}"#) == ["a": [.null, ["b": .null]]])
    }

    /// The algorithm of RFC 7396 section 2, a member at a time.
    private func reference(_ target: JSONValue, _ patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var result = target.objectValue ?? [:]
        for (name, change) in changes {
            result[name] = change.isNull ? .none : reference(result[name] ?? .null, change)
        }
        return .object(result)
    }

    @Test func `merging agrees with the algorithm as RFC 7396 writes it`() throws {
        try SeededGenerator.runs(1_000) { random in
            let target = RandomJSON.value(&random, depth: 3)
            var patch = RandomJSON.value(&random, depth: 3)
            if case .object(var changes) = patch, case .object(let members) = target {
                for (name, value) in members where random.chance(oneIn: 2) {
                    changes[name] = random.chance(oneIn: 2) ? JSONValue.null : value
                }
                patch = .object(changes)
            }
            #expect(target.merging(patch: patch) == reference(target, patch), "\(random)")
        }
    }

    @Test func `an empty patch makes an object of what is none and leaves an object alone`() throws {
        #expect(try merged("5", "{}") == [:])
        #expect(try merged(#"{"a":null}"#, "{}") == ["a": .null])
    }
}
