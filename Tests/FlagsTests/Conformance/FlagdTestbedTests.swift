import ConfigPlatformFlags
import ExactJSON
import TestSupport
import Testing

/// The scenarios of flagd's public test bed that concern evaluation, against the evaluator itself.
///
/// Bucketing has three generations there, which exclude one another: `fractional-v1` (100 buckets) is not ours, `fractional-v2` is
/// `Bucketing.text`, `fractional-v3` is `Bucketing.cbor`.
@Suite("flagd's test bed")
struct FlagdTestbedTests {
    static let isPresent = SharedData.path("conformance/flagd-testbed") != nil

    @Test(
        "Every scenario of the evaluator's features holds",
        .enabled(if: isPresent, "the folder conformance/flagd-testbed is absent"),
        arguments: scenarios("evaluator/gherkin"))
    func evaluatorScenario(_ scenario: GherkinScenario) throws {
        try run(scenario, flags: ["evaluator/flags/testkit-flags.json"])
    }

    @Test(
        "Every scenario of the providers' features that is about evaluation holds",
        .enabled(if: isPresent, "the folder conformance/flagd-testbed is absent"),
        arguments: ["targeting", "evaluation", "disabled"].flatMap { scenarios("gherkin", only: $0) })
    func providerScenario(_ scenario: GherkinScenario) throws {
        try run(
            scenario,
            flags: [
                "testing-flags", "changing-flag", "custom-ops", "edge-case-flags", "evaluator-refs", "zero-flags",
                "disabled-flags",
            ].map { "flags/\($0).json" })
    }

    private static func scenarios(_ folder: String, only: String? = nil) -> [GherkinScenario] {
        guard isPresent else { return [] }
        let folder = "conformance/flagd-testbed/\(folder)"
        return SharedData.fileNames(in: folder)
            .filter { only == nil || $0 == only.map { $0 + ".feature" } }
            .flatMap { file in
                let bytes = (try? SharedData.bytes("\(folder)/\(file)")) ?? []
                return GherkinScenario.all(in: String(decoding: bytes, as: UTF8.self), file: file)
            }
            .filter { $0.tags.isDisjoint(with: ["fractional-v1", "deprecated"]) }
    }

    private func run(_ scenario: GherkinScenario, flags files: [String]) throws {
        var flags: [(String, JSONValue)] = []
        var evaluators: [(String, JSONValue)] = []
        var files = files
        for step in scenario.steps where step.text.hasPrefix("an option \"selector\"") {
            let selector = step.quoted[2]
            if selector.hasPrefix("rawflags/") { files = ["flags/" + selector.dropFirst("rawflags/".count)] }
        }
        for file in files {
            let document = try JSONValue(parsing: SharedData.bytes("conformance/flagd-testbed/\(file)"))
            flags += document["flags"]?.objectValue?.members.map { ($0.name, $0.value) } ?? []
            evaluators += document["$evaluators"]?.objectValue?.members.map { ($0.name, $0.value) } ?? []
        }
        let document = JSONValue.object(
            JSONObject(uniqueMembers: [
                ("flags", .object(try JSONObject(flags))), ("$evaluators", .object(try JSONObject(evaluators))),
            ]))
        let set = try FlagSet(
            document: document, bucketing: scenario.tags.contains("fractional-v2") ? .text : .cbor)
        var evaluated = ScenarioRun()
        for step in scenario.steps { try evaluated.perform(step, in: set) }
    }
}

/// What a scenario has said so far.
private struct ScenarioRun {
    private var type = FlagType.boolean
    private var key = ""
    private var fallback = JSONValue.null
    private var context = FlagContext()
    private var resolution: Resolution?
    private var metadata = JSONObject()

    mutating func perform(_ step: GherkinScenario.Step, in set: FlagSet) throws {
        let quoted = step.quoted
        let text = step.text
        if text.contains("-flag with key") {
            let name = text.drop { $0 != " " }.dropFirst().prefix { $0 != "-" }
            type = try #require(Self.types[String(name)])
            key = quoted[0]
            fallback = try Self.value(quoted[1], type)
        } else if text.hasPrefix("a context containing a key") {
            let named = try #require(Self.types[quoted[1]])
            context[quoted[0]] = FlagValue(try Self.value(quoted[2], named))
        } else if text.hasPrefix("a context containing a nested property") {
            var inner = FlagObject()
            inner[quoted[1]] = .string(quoted[2])
            context[quoted[0]] = .object(inner)
        } else if text.hasPrefix("a context containing a targeting key") {
            context["targetingKey"] = .string(quoted[0])
        } else if text.hasPrefix("the flag was evaluated") {
            resolution = set.resolve(key, context, as: type, at: 1_790_000_000)
            metadata = set[key]?.metadata ?? JSONObject()
        } else if text.hasPrefix("the resolved details value should be") {
            let resolution = try #require(resolution)
            #expect(
                try (resolution.variant?.value ?? fallback) == Self.value(quoted[0], type),
                "\(key): \(resolution.reason)")
        } else if text.hasPrefix("the reason should be") {
            #expect(resolution?.reason.rawValue == quoted[0])
        } else if text.hasPrefix("the error-code should be") {
            #expect(resolution?.error?.rawValue ?? "" == quoted[0])
        } else if text.hasPrefix("the resolved metadata should contain") {
            for row in step.table.dropFirst() {
                #expect(metadata[row[0]] == (try Self.value(row[2], #require(Self.types[row[1]]))))
            }
        } else {
            #expect(
                text.hasPrefix("an evaluator") || text.hasPrefix("an option")
                    || text.hasPrefix("a stable flagd provider"),
                "a step that is not understood: \(text)")
        }
    }

    private static let types: [String: FlagType] = [
        "Boolean": .boolean, "String": .string, "Integer": .integer, "Float": .double, "Object": .object,
    ]

    private static func value(_ text: String, _ type: FlagType) throws -> JSONValue {
        switch type {
        case .string: .string(text)
        case .object, .boolean, .integer, .double:
            try JSONValue(parsing: Self.withLastOfDuplicates(text))
        }
    }

    /// Some objects there name a member twice, by which the last is meant.
    private static func withLastOfDuplicates(_ text: String) -> String {
        switch text {
        case #"{"a": [false, 2.5, ""], "b": [], "c": [{}], "c": null}"#: #"{"a": [false, 2.5, ""], "b": [], "c": null}"#
        case #"{"": "", "": [], "": {}, "": null}"#: #"{"": null}"#
        case #"{"": {"": ""}, "": ["", {"": ""}], "": {"": {"": ""}}}"#: #"{"": {"": {"": ""}}}"#
        default: text
        }
    }
}

extension GherkinScenario: CustomTestStringConvertible {}
