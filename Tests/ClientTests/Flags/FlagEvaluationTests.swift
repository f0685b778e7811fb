import Foundation
import Synchronization
import Testing

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel

@Suite(.timeLimit(.minutes(2))) struct FlagEvaluationTests {
    private static let flags: [String: JSONValue?] = [
        "on": .switchFlag(true),
        "off-state": .switchFlag(true, state: "DISABLED"),
        "text": ["state": "ENABLED", "variants": ["greeting": "hi", "none": ""], "defaultVariant": "greeting"],
        "whole": .numberFlag(10),
        "half": ["state": "ENABLED", "variants": ["half": 0.5], "defaultVariant": "half"],
        "huge": [
            "state": "ENABLED", "variants": ["huge": .number(JSONNumber(1e300) ?? JSONNumber(0))],
            "defaultVariant": "huge",
        ],
        "object": [
            "state": "ENABLED", "variants": ["template": ["title": "Pics", "count": 100]], "defaultVariant": "template",
            "metadata": ["owner": "web", "version": 2, "beta": true],
        ],
        "german": .switchFlag(false, targeting: ["if": [["===": [["var": "country"], "DE"]], "on", "off"]]),
        "born-before": .switchFlag(
            false, targeting: ["if": [["<": [["var": "born"], "2000-01-01T00:00:00Z"]], "on", "off"]]),
        "nested": .switchFlag(false, targeting: ["if": [["===": [["var": "user.plan.name"], "pro"]], "on", "off"]]),
        "nonsense": .switchFlag(false, targeting: ["if": [true, "none such", "off"]]),
    ]

    private func withClient(
        of program: FlagScope = FlagScope(), _ body: (FlagClient) async throws -> Void
    ) async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(Self.flags)
            let client = try platform.flagClient(program: program)
            try await client.waitUntilReady()
            try await body(client)
            await client.shutdown()
        }
    }

    @Test func `each type is answered with its value and how it came to it`() async throws {
        try await withClient { client in
            let on = client.booleanDetails("on", default: false)
            #expect(
                on
                    == FlagDetails(
                        value: true, flagKey: "on", variant: "on", reason: .static, errorCode: nil, errorMessage: nil,
                        flagMetadata: [:]))
            #expect(client.string("text", default: "bye") == "hi")
            #expect(client.integer("whole", default: 1) == 10)
            #expect(client.double("whole", default: 1) == 10)
            #expect(client.double("half", default: 1) == 0.5)
            #expect(client.object("object", default: [:]) == ["title": "Pics", "count": 100])
            struct Template: Codable, Equatable, Sendable {
                var title: String
                var count: Int
            }
            let fallback = Template(title: "", count: 0)
            #expect(client.object("object", default: fallback) == Template(title: "Pics", count: 100))
            #expect(client.object("object", default: ["a": 1]) == ["title": "Pics", "count": 100] as SettingValue)
            let details = client.objectDetails("object", default: fallback)
            #expect(details.variant == "template")
            #expect(details.flagMetadata == ["owner": "web", "version": 2, "beta": true])
        }
    }

    @Test func `whatever is wrong, the default is the answer, and the details say what`() async throws {
        try await withClient { client in
            let missing = client.stringDetails("missing", default: "uh-oh")
            #expect(missing.value == "uh-oh")
            #expect(missing.reason == .error)
            #expect(missing.errorCode == .flagNotFound)
            #expect(missing.variant == nil)
            #expect(missing.errorMessage?.contains("missing") == true)
            #expect(client.booleanDetails("text", default: true).errorCode == .typeMismatch)
            #expect(client.integerDetails("half", default: 1).errorCode == .typeMismatch)
            #expect(client.integerDetails("huge", default: 1).errorCode == .typeMismatch)
            #expect(client.double("huge", default: 1) == 1e300)
            #expect(client.objectDetails("on", default: [:]).errorCode == .typeMismatch)
            #expect(client.objectDetails("object", default: 1).value == 1)
            #expect(client.objectDetails("object", default: 1).errorCode == .typeMismatch)
            #expect(client.booleanDetails("nonsense", default: true).errorCode == .general)
            let disabled = client.booleanDetails("off-state", default: false)
            #expect(disabled.value == false)
            #expect(disabled.reason == .disabled)
            #expect(disabled.errorCode == nil)
        }
    }

    @Test func `contexts are read by rules with all their types, and read back as given`() async throws {
        try await withClient { client in
            let german = client.booleanDetails("german", default: false, context: FlagContext(["country": "DE"]))
            #expect(german.value && german.reason == .targetingMatch)
            let young = FlagContext(["born": .date(Date(timeIntervalSince1970: 1_000_000_000.25))])
            let old = FlagContext(["born": .date(Date(timeIntervalSince1970: 100_000_000))])
            #expect(!client.boolean("born-before", default: true, context: young))
            #expect(client.boolean("born-before", default: false, context: old))
            let nested = FlagContext(["user": ["plan": ["name": "pro"], "ages": [1, 2.5, true]]])
            #expect(client.boolean("nested", default: false, context: nested))
            var context = FlagContext(targetingKey: "u1", ["n": 1, "born": .date(Date(timeIntervalSince1970: 5))])
            #expect(context.targetingKey == "u1")
            #expect(context["born"] == .date(Date(timeIntervalSince1970: 5)))
            #expect(context.attributes == ["n": 1, "born": .date(Date(timeIntervalSince1970: 5))])
            #expect(nested["user"] == ["plan": ["name": "pro"], "ages": [1, 2.5, true]])
            context["born"] = nil
            context["n"] = nil
            context.targetingKey = nil
            #expect(context.isEmpty && context == FlagContext())
        }
    }

    @Test func `contexts are laid over one another from the program's to the evaluation's and the hooks'`() async throws
    {
        let program = FlagScope()
        try await withClient(of: program) { client in
            let seen = Recorder()
            program.context = FlagContext([
                "a": "global", "b": "global", "c": "global", "d": "global", "e": "global",
            ])
            client.context = FlagContext(["c": "client", "d": "client", "e": "client"])
            client.add(hooks: [ContextHook(added: FlagContext(["e": "hook"])), RecordingHook("r", seen)])
            FlagClient.$transactionContext.withValue(
                FlagContext(targetingKey: "t", ["b": "transaction", "c": "transaction"])
            ) {
                _ = client.boolean("on", default: false, context: FlagContext(["d": "evaluation", "e": "evaluation"]))
            }
            let context = try #require(seen.contexts.last)
            #expect(context.targetingKey == "t")
            #expect(
                context.attributes == [
                    "a": "global", "b": "transaction", "c": "client", "d": "evaluation", "e": "hook",
                ])
            // And rules read the same.
            program.context = FlagContext(["country": "DE"])
            #expect(client.boolean("german", default: false))
            #expect(!client.boolean("german", default: true, context: FlagContext(["country": "FR"])))
        }
    }

    @Test func `hooks run in the order of the specification, each with its own data and the hints`() async throws {
        let program = FlagScope()
        try await withClient(of: program) { client in
            let seen = Recorder()
            program.add(RecordingHook("api", seen))
            client.add(hooks: [RecordingHook("client", seen)])
            let options = FlagEvaluationOptions(
                hooks: [RecordingHook("one", seen), RecordingHook("two", seen)], hookHints: ["hint": 1])
            #expect(client.boolean("on", default: false, options: options))
            let (there, back) = (["api", "client", "one", "two"], ["two", "one", "client", "api"])
            #expect(
                seen.taken() == there.map { "\($0) before" } + back.map { "\($0) after" } + back.map { "\($0) finally" }
            )
            #expect(seen.data == back)
            #expect(seen.hints.allSatisfy { $0 == ["hint": 1] })
            #expect(client.string("missing", default: "x", options: options) == "x")
            #expect(
                seen.taken() == there.map { "\($0) before" } + back.map { "\($0) error" } + back.map { "\($0) finally" }
            )
            let finals = seen.finals
            #expect(finals.last?.errorCode == .flagNotFound)
            #expect(finals.last?.value == "x")
            #expect(finals.first?.variant == "on")
        }
    }

    @Test func `the clients of a program share what counts for all of them`() throws {
        func client(_ project: String) throws -> FlagClient {
            try FlagClient(server: "http://127.0.0.1:1", token: "none", project: project, environment: "production")
        }
        #expect(try client("shop").surface.program === FlagClient.global)
        #expect(try client("bank").surface.program === FlagClient.global)
    }

    @Test func `a hook that fails ends its stage, and the default is the value`() async throws {
        try await withClient { client in
            for stage in ["before", "after"] {
                let seen = Recorder()
                let options = FlagEvaluationOptions(hooks: [
                    RecordingHook("one", seen), RecordingHook("two", seen, failing: [stage]),
                    RecordingHook("three", seen),
                ])
                let details = client.booleanDetails("on", default: false, options: options)
                #expect(!details.value)
                #expect(details.errorCode == .targetingKeyMissing)
                #expect(details.errorMessage == "the hook says so")
                let told = seen.taken()
                #expect(told.contains("one error") && told.contains("three error") && told.contains("three finally"))
                #expect(!told.contains(stage == "before" ? "three before" : "one after"))
                #expect(told.contains("one after") == false)
            }
            // What fails later changes nothing.
            let seen = Recorder()
            let options = FlagEvaluationOptions(hooks: [
                RecordingHook("one", seen, failing: ["error", "finally"]),
                RecordingHook("two", seen, failing: ["error", "finally"]),
            ])
            #expect(client.boolean("on", default: false, options: options))
            #expect(client.booleanDetails("missing", default: true, options: options).errorCode == .flagNotFound)
            #expect(
                seen.taken().suffix(4) == ["two error", "one error", "two finally", "one finally"])
        }
    }
}

/// What hooks were called with.
private final class Recorder: Sendable {
    private struct State {
        var calls: [String] = []
        var contexts: [FlagContext] = []
        var data: [String] = []
        var hints: [[String: FlagAttribute]] = []
        var finals: [FlagDetails<SettingValue>] = []
    }
    private let state = Mutex(State())

    func record(
        _ call: String, _ context: FlagHookContext, _ hints: [String: FlagAttribute],
        _ details: FlagDetails<SettingValue>? = nil
    ) {
        let kept = context.data["name"] as? String
        state.withLock { state in
            state.calls.append(call)
            state.contexts.append(context.context)
            state.hints.append(hints)
            if call.hasSuffix("after"), let kept { state.data.append(kept) }
            if call.hasSuffix("finally"), let details { state.finals.append(details) }
        }
    }

    var contexts: [FlagContext] { state.withLock { $0.contexts } }
    var data: [String] { state.withLock { $0.data } }
    var hints: [[String: FlagAttribute]] { state.withLock { $0.hints } }
    var finals: [FlagDetails<SettingValue>] { state.withLock { $0.finals } }

    func taken() -> [String] {
        state.withLock { state in
            defer { state.calls = [] }
            return state.calls
        }
    }
}

private struct RecordingHook: FlagHook {
    let name: String
    let recorder: Recorder
    let failing: Set<String>

    init(_ name: String, _ recorder: Recorder, failing: Set<String> = []) {
        self.name = name
        self.recorder = recorder
        self.failing = failing
    }

    private func end(_ stage: String) throws {
        if failing.contains(stage) { throw FlagError(.targetingKeyMissing, "the hook says so") }
    }

    func before(_ context: FlagHookContext, hints: [String: FlagAttribute]) throws -> FlagContext? {
        context.data["name"] = name
        recorder.record("\(name) before", context, hints)
        try end("before")
        return nil
    }

    func after(
        _ context: FlagHookContext, _ details: FlagDetails<SettingValue>, hints: [String: FlagAttribute]
    ) throws {
        recorder.record("\(name) after", context, hints, details)
        try end("after")
    }

    func error(_ context: FlagHookContext, _ error: any Error, hints: [String: FlagAttribute]) throws {
        recorder.record("\(name) error", context, hints)
        try end("error")
    }

    func finally(
        _ context: FlagHookContext, _ details: FlagDetails<SettingValue>, hints: [String: FlagAttribute]
    ) throws {
        recorder.record("\(name) finally", context, hints, details)
        try end("finally")
    }
}

private struct ContextHook: FlagHook {
    let added: FlagContext

    func before(_ context: FlagHookContext, hints: [String: FlagAttribute]) throws -> FlagContext? { added }
}
