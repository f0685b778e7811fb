import Synchronization
import TestSupport
import Testing

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel

/// OpenFeature's own scenarios, with the Swift client in the provider's place.
extension FlagEvaluationTests {
    static let areScenariosPresent = SharedData.path(OpenFeatureScenarios.folder) != nil

    @Test(
        .enabled(if: areScenariosPresent, "the folder conformance/openfeature-spec is absent"),
        arguments: OpenFeatureScenarios.all)
    func `every scenario of OpenFeature's holds`(_ scenario: GherkinScenario) async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(OpenFeatureScenarios.flags, rules: OpenFeatureScenarios.rules)
            var run = OpenFeatureRun(platform)
            do {
                for step in scenario.steps { try await run.perform(step) }
            } catch {
                await run.end()
                throw error
            }
            await run.end()
        }
    }

    @Test(.enabled(if: areScenariosPresent, "the folder conformance/openfeature-spec is absent"))
    func `no scenario of OpenFeature's is left out but those of a cache that the client has not`() {
        #expect(OpenFeatureScenarios.all.count == 130)
        #expect(OpenFeatureScenarios.leftOut.map(\.name).allSatisfy { $0.hasPrefix("CACHED reason") })
        #expect(OpenFeatureScenarios.leftOut.count == 2)
    }
}

extension GherkinScenario: CustomTestStringConvertible {}

private enum OpenFeatureScenarios {
    static let folder = "conformance/openfeature-spec/specification/assets/gherkin"

    /// A flag is evaluated in the program, so there is no answer to keep and no reason to call one CACHED.
    private static let leftOutTag = "reason-codes-cached"
    static let all = read().filter { !$0.tags.contains(leftOutTag) }
    static let leftOut = read().filter { $0.tags.contains(leftOutTag) }

    private static func read() -> [GherkinScenario] {
        guard SharedData.path(folder) != nil else { return [] }
        return SharedData.fileNames(in: folder).filter { $0.hasSuffix(".feature") }.flatMap { file in
            let bytes = (try? SharedData.bytes("\(folder)/\(file)")) ?? []
            return GherkinScenario.all(in: String(decoding: bytes, as: UTF8.self), file: file)
        }
    }

    // MARK: What the scenarios take to be there

    static let rules: [String: JSONValue] = ["ballmer": ["===": ["ballmer@macrosoft.com", ["var": ["email"]]]]]

    static let flags: [String: JSONValue?] = {
        let metadata: JSONObject = ["string": "1.0.2", "integer": 2, "float": 0.1, "boolean": true]
        var flags: [String: JSONValue?] = [
            "boolean-flag": flag(["on": true, "off": false], "on"),
            "string-flag": flag(["greeting": "hi", "parting": "bye"], "greeting"),
            "integer-flag": flag(["one": 1, "ten": 10], "ten"),
            "float-flag": flag(["tenth": 0.1, "half": 0.5], "half"),
            "object-flag": flag(
                [
                    "empty": [:],
                    "template": ["showImages": true, "title": "Check out these pics!", "imagesPerPage": 100],
                ], "template"),
            "wrong-flag": flag(["one": "uno", "two": "dos"], "one"),
            "context-aware": flag(
                ["internal": "INTERNAL", "external": "EXTERNAL"], "external",
                targeting: [
                    "if": [
                        [
                            "and": [
                                ["===": [["var": ["fn"]], "Sulisław"]], ["===": [["var": ["ln"]], "Świętopełk"]],
                                ["===": [["var": ["age"]], 29]], ["===": [["var": ["customer"]], false]],
                            ]
                        ], "internal", "external",
                    ]
                ]),
            "complex-targeted": flag(
                ["internal": "INTERNAL", "external": "EXTERNAL"], "external",
                targeting: [
                    "if": [
                        [
                            "and": [
                                ["$ref": "ballmer"], ["===": [["var": ["role"]], "admin"]],
                                [">=": [["var": ["age"]], 65]], ["!": [["var": ["customer"]]]],
                            ]
                        ], "internal",
                    ]
                ]),
            "metadata-flag": flag(["on": true, "off": false], "on", metadata: metadata),
        ]
        let values: [(type: String, zero: JSONValue, other: JSONValue)] = [
            ("boolean", false, true), ("string", "", "str"), ("integer", 0, 1), ("float", 0.0, 1.0),
            ("object", [:], ["a": 1]),
        ]
        for (type, zero, other) in values {
            let variants: JSONValue = ["zero": zero, "non-zero": other]
            flags["\(type)-zero-flag"] = flag(variants, "zero")
            flags["\(type)-targeted-zero-flag"] = flag(
                variants, "zero", targeting: ["if": [["$ref": "ballmer"], "zero"]])
            flags["\(type)-disabled-flag"] = flag(variants, "zero", state: "DISABLED")
        }
        return flags
    }()

    private static func flag(
        _ variants: JSONValue, _ defaultVariant: String, targeting: JSONValue? = nil, state: String = "ENABLED",
        metadata: JSONObject? = nil
    ) -> JSONValue {
        var definition: JSONObject = [
            "state": .string(state), "variants": variants, "defaultVariant": .string(defaultVariant),
        ]
        definition["targeting"] = targeting
        definition["metadata"] = metadata.map { .object($0) }
        return .object(definition)
    }
}

/// What a scenario has said so far.
private struct OpenFeatureRun {
    private let platform: StandInPlatform
    private let program = FlagScope()
    private var client: FlagClient?
    private var kind = FlagValueKind.boolean
    private var key = "boolean-flag"
    private var fallback = JSONValue.null
    private var context = FlagContext()
    private var transaction = FlagContext()
    private var options: FlagEvaluationOptions?
    private var details: FlagDetails<SettingValue>?
    private let seen = StagesSeen()
    private var added = FlagContext()
    private var levels: [String] = []

    init(_ platform: StandInPlatform) {
        self.platform = platform
    }

    func end() async { await client?.shutdown() }

    mutating func perform(_ step: GherkinScenario.Step) async throws {
        if try await given(step) { return }
        if try await evaluated(step) { return }
        if try expected(step) { return }
        Issue.record("a step that is not understood: \(step.text)")
    }

    // MARK: Given

    private mutating func given(_ step: GherkinScenario.Step) async throws -> Bool {
        let (text, quoted) = (step.text, step.quoted)
        if text.hasPrefix("a "), let word = text.firstRange(of: " provider") {
            await client?.shutdown()
            client = try await client(String(text[..<word.lowerBound].dropFirst(2)))
        } else if text.contains("-flag with key"), text.contains("fallback value"), text.hasPrefix("a ") {
            kind = try Self.kind(String(text.dropFirst(2).prefix { $0 != "-" }))
            key = quoted[0]
            fallback = try Self.value(quoted[1], kind)
        } else if text.hasSuffix("with null value") {
            // There is no null in a context: setting nothing is the same.
            context[quoted[0]] = nil
        } else if text.hasPrefix("a context containing a key") {
            context[quoted[0]] = try Self.attribute(quoted[2], Self.kind(quoted[1]))
        } else if text.hasPrefix("context contains keys") {
            context = FlagContext(["fn": "Sulisław", "ln": "Świętopełk", "age": 29, "customer": false])
        } else if text == "a client with added hook" {
            client?.add(hooks: [StageHook("client", seen)])
        } else if text == "evaluation options containing specific hooks" {
            options = FlagEvaluationOptions(hooks: [StageHook("first", seen), StageHook("second", seen)])
        } else if text == "an evaluation context with modifiable data" {
            context = FlagContext(targetingKey: "user", ["list": [1, 2], "nested": ["a": "b"]])
        } else if text.hasPrefix("A context entry with key") {
            add(quoted[0], quoted[1], to: quoted[2])
        } else if text.hasPrefix("A table with levels") {
            levels = step.table.map { $0[0] }
        } else if text.hasPrefix("Context entries for each level") {
            let last = try #require(levels.firstIndex(of: quoted[0]))
            for level in levels[...last] { add(quoted[1], level, to: level) }
        } else {
            return false
        }
        return true
    }

    private func client(_ state: String) async throws -> FlagClient {
        switch state {
        case "stable":
            let client = try platform.flagClient(program: program)
            try await client.waitUntilReady()
            return client
        case "not ready":
            return try platform.flagClient(program: program)
        case "fatal":
            return try await client(AccessToken("wrong"), becoming: .fatal)
        case "error":
            platform.answer(1_000, where: { _ in true }, with: .problem(503, "unavailable"))
            return try await client(AccessToken(StandInPlatform.token), becoming: .error)
        case "stale":
            let client = try platform.flagClient(program: program)
            try await client.waitUntilReady()
            platform.answer(1_000, where: { _ in true }, with: .problem(503, "unavailable"))
            platform.dropWatches()
            try await client.until { (_: ClientState<FlagDefinitions>) in client.status == .stale }
            return client
        default:
            Issue.record("a state of the provider that is not understood: \(state)")
            return try platform.flagClient(program: program)
        }
    }

    private func client(_ token: AccessToken, becoming status: FlagProviderStatus) async throws -> FlagClient {
        let client = try platform.flagClient(token: token, program: program)
        client.start()
        try await client.until { (state: ClientState<FlagDefinitions>) in FlagProviderStatus(state) == status }
        return client
    }

    private mutating func add(_ name: String, _ value: String, to level: String) {
        let attribute = FlagAttribute.string(value)
        switch level {
        case "API": program.context[name] = attribute
        case "Transaction": transaction[name] = attribute
        case "Client": client?.context[name] = attribute
        case "Invocation": context[name] = attribute
        case "Before Hooks": added[name] = attribute
        default: Issue.record("a level that is not understood: \(level)")
        }
    }

    // MARK: When

    private mutating func evaluated(_ step: GherkinScenario.Step) async throws -> Bool {
        let (text, quoted) = (step.text, step.quoted)
        if text == "Some flag was evaluated" {
            if !added.isEmpty { client?.add(hooks: [AddingHook(added: added)]) }
            client?.add(hooks: [StageHook("client", seen)])
            fallback = false
            try FlagClient.$transactionContext.withValue(transaction.isEmpty ? nil : transaction) { try evaluate() }
        } else if text == "the flag was evaluated with details asynchronously" {
            details = try await Task { [run = self] in
                var run = run
                try run.evaluate()
                return run.details
            }.value
        } else if text.hasPrefix("the flag was evaluated with details") {
            try evaluate()
        } else if text.contains("is evaluated") {
            // a boolean flag with key "boolean-flag" is evaluated with details and default value "false"
            key = quoted[0]
            if text.hasSuffix("a null default value") {
                (kind, fallback) = (.object, [:])
            } else {
                let last = text.split(separator: " ").last.map(String.init) ?? ""
                kind = try Self.kind(Self.asked(text))
                fallback = try Self.value(quoted.count > 1 ? quoted[1] : last, kind)
            }
            try evaluate()
        } else {
            return false
        }
        return true
    }

    /// The older scenarios say what is asked for before the flag's key, or after it where that is another type.
    private static func asked(_ text: String) -> String {
        let names = ["boolean", "string", "integer", "float", "object"]
        let words = text.split { " ,".contains($0) }.map(String.init)
        return words.last { names.contains($0) } ?? "string"
    }

    private mutating func evaluate() throws {
        let client = try #require(client)
        let given = context
        switch kind {
        case .boolean:
            details = client.booleanDetails(key, default: fallback.boolValue ?? false, context: given, options: options)
                .with(FlagForm<Bool>.boolean.shown)
        case .string:
            details = client.stringDetails(key, default: fallback.stringValue ?? "", context: given, options: options)
                .with(FlagForm<String>.string.shown)
        case .integer:
            let number = Int(try #require(fallback.int64Value))
            details = client.integerDetails(key, default: number, context: given, options: options)
                .with(FlagForm<Int>.integer.shown)
        case .double:
            let number = try #require(fallback.numberValue).double
            details = client.doubleDetails(key, default: number, context: given, options: options)
                .with(FlagForm<Double>.double.shown)
        case .object:
            details = client.objectDetails(key, default: SettingValue(fallback), context: given, options: options)
        }
    }

    // MARK: Then

    private mutating func expected(_ step: GherkinScenario.Step) throws -> Bool {
        let (text, quoted) = (step.text, step.quoted)
        let isStaged = try expectedOfHooks(step)
        if isStaged { return true }
        if text.hasPrefix("the provider status should be") {
            #expect(client?.status.rawValue == quoted[0])
        } else if text.hasPrefix("The merged context contains an entry") {
            #expect(seen.calls.last?.context[quoted[0]] == .string(quoted[1]))
        } else if text.hasPrefix("the original evaluation context should remain unmodified") {
            #expect(context == FlagContext(targetingKey: "user", ["list": [1, 2], "nested": ["a": "b"]]))
        } else if text.hasPrefix("the evaluation details should be immutable") {
            // They are a value whose members are constants.
            #expect(details != nil)
        } else if text.hasPrefix("the evaluation should complete without blocking") {
            #expect(details != nil)
        } else if text.contains("contain fields") {
            #expect(
                details?.value == ["showImages": true, "title": "Check out these pics!", "imagesPerPage": 100])
        } else if text.hasPrefix("the resolved flag value is"), text.hasSuffix("when the context is empty") {
            context = FlagContext()
            try evaluate()
            #expect(details?.value == SettingValue(quoted[0]))
        } else if text.hasPrefix("the resolved metadata is empty") {
            #expect(details?.flagMetadata == [:])
        } else if text.hasPrefix("the resolved metadata should contain") {
            let metadata = try #require(details).flagMetadata
            #expect(metadata.count == step.table.count - 1)
            for row in step.table.dropFirst() {
                #expect(metadata[row[0]] == SettingValue(try Self.value(row[2], Self.kind(row[1]))))
            }
        } else {
            return try expectedOfDetails(text, quoted)
        }
        return true
    }

    private func expectedOfHooks(_ step: GherkinScenario.Step) throws -> Bool {
        let (text, quoted) = (step.text, step.quoted)
        if text.contains("hook should have been executed") {
            #expect(seen.calls.contains { $0.stage == quoted[0] })
        } else if text.contains("hooks should be called with evaluation details") {
            for stage in quoted[0].split(separator: ", ") {
                let told = try #require(seen.calls.first { $0.stage == stage }?.details)
                for row in step.table.dropFirst() { try Self.expect(told, row) }
            }
        } else if text == "the specified hooks should execute during evaluation" {
            #expect(Set(seen.calls.map(\.hook)) == ["first", "second"])
        } else if text == "the hook order should be maintained" {
            #expect(
                seen.calls.map { "\($0.stage) \($0.hook)" } == [
                    "before first", "before second", "after second", "after first", "finally second", "finally first",
                ])
        } else {
            return false
        }
        return true
    }

    private static func expect(_ told: FlagDetails<SettingValue>, _ row: [String]) throws {
        let wanted: String? = row[2] == "null" ? nil : row[2]
        switch row[1] {
        case "flag_key": #expect(told.flagKey == wanted)
        case "value": #expect(told.value == SettingValue(try value(row[2], kind(row[0]))))
        case "variant": #expect(told.variant == wanted)
        case "reason": #expect(told.reason.rawValue == wanted)
        case "error_code": #expect(told.errorCode?.rawValue == wanted)
        default: Issue.record("a member of details that is not understood: \(row[1])")
        }
    }

    private func expectedOfDetails(_ text: String, _ quoted: [String]) throws -> Bool {
        let details = try #require(details)
        var isUnderstood = false
        func after(_ words: String) -> String? {
            guard let range = text.firstRange(of: words) else { return nil }
            isUnderstood = true
            let rest = text[range.upperBound...].drop { $0 == " " }
            return rest.first == "\""
                ? String(rest.dropFirst().prefix { $0 != "\"" }) : String(rest.prefix { $0 != "," })
        }
        if text.hasPrefix("the resolved"), let open = text.firstRange(of: "should be") {
            isUnderstood = true
            let rest = text[open.upperBound...].drop { $0 == " " }
            let wanted = rest.first == "\"" ? quoted[0] : String(rest.prefix { $0 != "," })
            #expect(details.value == SettingValue(try Self.value(wanted, kind)))
        }
        if text.hasPrefix("the default"), text.hasSuffix("value should be returned") {
            isUnderstood = true
            #expect(details.value == SettingValue(fallback))
        }
        if let variant = after("the variant should be") { #expect(details.variant == variant) }
        if let reason = after("the reason should be") { #expect(details.reason.rawValue == reason) }
        if text.contains("the reason should indicate an error") {
            isUnderstood = true
            #expect(details.reason == .error && details.errorCode?.rawValue == quoted.last)
        }
        if let code = after("the error-code should be") { #expect(details.errorCode?.rawValue == code) }
        if let key = after("the flag key should be") { #expect(details.flagKey == key) }
        return isUnderstood
    }

    // MARK: Reading

    private static func kind(_ name: String) throws -> FlagValueKind {
        try #require(
            ["boolean": .boolean, "string": .string, "integer": .integer, "float": .double, "object": .object][
                name.lowercased()])
    }

    private static func attribute(_ text: String, _ kind: FlagValueKind) throws -> FlagAttribute {
        switch kind {
        case .boolean: .bool(text == "true")
        case .integer: .int(try #require(Int(text)))
        case .double: .double(try #require(Double(text)))
        case .string, .object: .string(text)
        }
    }

    private static func value(_ text: String, _ kind: FlagValueKind) throws -> JSONValue {
        kind == .string ? .string(text) : try JSONValue(parsing: text)
    }
}

extension FlagDetails {
    fileprivate func with(_ shown: (Value) -> SettingValue) -> FlagDetails<SettingValue> { with(shown(value)) }
}

/// The stages in which hooks were called, in order.
private final class StagesSeen: Sendable {
    struct Call: Sendable {
        let stage: String
        let hook: String
        let context: FlagContext
        let details: FlagDetails<SettingValue>?
    }
    private let state = Mutex<[Call]>([])

    var calls: [Call] { state.withLock { $0 } }

    func add(_ call: Call) { state.withLock { $0.append(call) } }
}

private struct StageHook: FlagHook {
    let name: String
    let seen: StagesSeen

    init(_ name: String, _ seen: StagesSeen) {
        self.name = name
        self.seen = seen
    }

    private func add(_ stage: String, _ context: FlagHookContext, _ details: FlagDetails<SettingValue>? = nil) {
        seen.add(StagesSeen.Call(stage: stage, hook: name, context: context.context, details: details))
    }

    func before(_ context: FlagHookContext, hints: [String: FlagAttribute]) throws -> FlagContext? {
        add("before", context)
        return nil
    }

    func after(
        _ context: FlagHookContext, _ details: FlagDetails<SettingValue>, hints: [String: FlagAttribute]
    ) throws { add("after", context, details) }

    func error(_ context: FlagHookContext, _ error: any Error, hints: [String: FlagAttribute]) throws {
        add("error", context)
    }

    func finally(
        _ context: FlagHookContext, _ details: FlagDetails<SettingValue>, hints: [String: FlagAttribute]
    ) throws { add("finally", context, details) }
}

private struct AddingHook: FlagHook {
    let added: FlagContext

    func before(_ context: FlagHookContext, hints: [String: FlagAttribute]) throws -> FlagContext? { added }
}
