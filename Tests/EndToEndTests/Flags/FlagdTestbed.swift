import ConfigPlatformModel
import TestSupport

/// flagd's public test bed as flags of a project, and its scenarios as requests.
enum FlagdTestbed {
    static let folder = "conformance/flagd-testbed"
    static let isPresent = SharedData.path(folder) != nil
    static let absence = "skipped: there is no folder conformance/flagd-testbed in the shared data"

    /// Scenarios that have flags of their own, each part a project.
    enum Part: String, CaseIterable, Sendable {
        /// What clients of flagd are held to.
        case providers = "testbed"
        /// What evaluators are held to.
        case evaluator = "testkit"

        var project: ProjectPath { ProjectPath(rawValue) }

        fileprivate var files: [String] {
            switch self {
            case .providers:
                [
                    "testing-flags", "changing-flag", "custom-ops", "edge-case-flags", "evaluator-refs", "zero-flags",
                    "disabled-flags", "metadata-flags",
                ].map { "flags/\($0)" }
            case .evaluator: ["evaluator/flags/testkit-flags"]
            }
        }

        fileprivate var features: [String] {
            switch self {
            case .providers: ["targeting", "evaluation", "disabled", "metadata"].map { "gherkin/\($0).feature" }
            case .evaluator:
                SharedData.fileNames(in: "\(folder)/evaluator/gherkin").map { "evaluator/gherkin/\($0)" }
            }
        }
    }

    static let project = Part.providers.project

    /// Definitions that the platform does not take, each with the reason: what cannot be evaluated never gets in.
    static let refused: Set<String> = [
        "error-targeting-flag", "ref-to-nonexistent-evaluator-flag",
    ]

    /// Makes the project of a part, with the flags of every file in one environment.
    static func load(_ part: Part = .providers, into client: WireClient) async throws {
        try await load(part.files, as: part.project, into: client)
    }

    /// Makes a project with the flags of these files in its environment `production`.
    static func load(_ files: [String], as project: ProjectPath, into client: WireClient) async throws {
        try await client.makeProject(project, environments: [("production", [])])
        // As flagd's own container puts them together: rules are shared across files.
        var flags: [(String, JSONValue)] = []
        var evaluators: [(String, JSONValue)] = []
        var metadata = JSONObject()
        // 0.0 is to stay a double.
        var doubles: Set<JSONPointer> = []
        for file in files {
            let bytes = try SharedData.bytes("\(folder)/\(file).json")
            let document = try JSONValue(parsing: bytes)
            flags += document["flags"]?.objectValue?.members.map { ($0.name, $0.value) } ?? []
            evaluators += document["$evaluators"]?.objectValue?.members.map { ($0.name, $0.value) } ?? []
            for member in document["metadata"]?.objectValue?.members ?? [] { metadata[member.name] = member.value }
            doubles.formUnion(JSONFractions(in: bytes).places)
        }
        let all: JSONValue = [
            "flags": .object(try JSONObject(flags)), "$evaluators": .object(try JSONObject(evaluators)),
            "metadata": .object(metadata),
        ]
        _ = try await client.importFile(
            Array(all.prettyText(doubles: JSONFractions(places: doubles)).utf8), format: "flagd", into: "production",
            of: project, mode: "merge", message: "Import the test bed")
    }

    /// A scenario as what is asked and what must come of it.
    struct Case: Sendable, CustomStringConvertible {
        let description: String
        var key = ""
        /// As the features call it: `Boolean`, `String`, `Integer`, `Float`, `Object`.
        var type = ""
        var fallback = JSONValue.null
        var context = JSONObject()
        var value: JSONValue?
        var reason: String?
        var errorCode: String?
        var metadata = JSONObject()

        var request: JSONValue {
            ["flag": .string(key), "type": .string(type), "default": fallback, "context": .object(context)]
        }
    }

    static func scenarios(of feature: String) throws -> [GherkinScenario] {
        let text = String(decoding: try SharedData.bytes("\(folder)/\(feature)"), as: UTF8.self)
        return GherkinScenario.all(in: text, file: feature)
    }

    /// The scenarios about evaluation, as far as they are of flags that the platform takes and of today's bucketing.
    static func cases(of part: Part = .providers) throws -> [Case] {
        guard isPresent else { return [] }
        return
            try part.features.flatMap { try scenarios(of: $0) }
            .filter { scenario in
                scenario.tags.isDisjoint(with: ["fractional-v1", "fractional-v2", "deprecated"])
                    && !scenario.steps.contains { $0.text.hasPrefix("an option \"selector\"") }
            }
            .map { try Case($0) }
            .filter { !refused.contains($0.key) }
    }
}

extension FlagdTestbed.Case {
    init(_ scenario: GherkinScenario) throws {
        description = "\(scenario.feature): \(scenario.name)"
        for step in scenario.steps {
            let (text, quoted) = (step.text, step.quoted)
            if text.contains("-flag with key") {
                type = String(text.drop { $0 != " " }.dropFirst().prefix { $0 != "-" })
                key = quoted[0]
                fallback = try Self.value(quoted[1], type)
            } else if text.hasPrefix("a context containing a key") {
                context[quoted[0]] = try Self.value(quoted[2], quoted[1])
            } else if text.hasPrefix("a context containing a nested property") {
                context[quoted[0]] = .object([quoted[1]: .string(quoted[2])])
            } else if text.hasPrefix("a context containing a targeting key") {
                context["targetingKey"] = .string(quoted[0])
            } else if text.hasPrefix("the resolved details value should be") {
                value = try Self.value(quoted[0], type)
            } else if text.hasPrefix("the reason should be") {
                reason = quoted[0]
            } else if text.hasPrefix("the error-code should be"), !quoted[0].isEmpty {
                errorCode = quoted[0]
            } else if text.hasPrefix("the resolved metadata should contain") {
                for row in step.table.dropFirst() { metadata[row[0]] = try Self.value(row[2], row[1]) }
            }
        }
    }

    private static func value(_ text: String, _ type: String) throws -> JSONValue {
        if type == "String" { return .string(text) }
        switch text {
        // Some objects there name a member twice, by which the last is meant.
        case #"{"a": [false, 2.5, ""], "b": [], "c": [{}], "c": null}"#:
            return try JSONValue(parsing: #"{"a": [false, 2.5, ""], "b": [], "c": null}"#)
        case #"{"": "", "": [], "": {}, "": null}"#: return ["": .null]
        case #"{"": {"": ""}, "": ["", {"": ""}], "": {"": {"": ""}}}"#: return ["": ["": ["": ""]]]
        default: return try JSONValue(parsing: text)
        }
    }
}
