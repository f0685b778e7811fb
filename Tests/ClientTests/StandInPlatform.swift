import Foundation
import Synchronization

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel

/// A stand-in for a platform's server, with one environment, `shop/production`: it speaks the wire of `/api/v1` as far
/// as the client's following and reading go, and does on command what a real one does only in bad times.
final class StandInPlatform: Sendable {
    typealias Call = StandInServer.Call

    enum Reply: Sendable, Equatable {
        case whole(Int, headers: [String: String] = [:], String = "")
        case problem(Int, String, headers: [String: String] = [:])
        /// A granted watch on which nothing is ever sent.
        case silence
    }

    private struct State {
        var revision: Int64 = 1
        /// What tells the histories of two platforms apart.
        var history = "first"
        var settings: [ConfigKey: JSONValue] = [:]
        var changes: [(revision: Int64, event: String)] = []
        var flags: [String: JSONValue] = [:]
        /// `$evaluators`.
        var rules: [String: JSONValue] = [:]
        var flagChanges: [(revision: Int64, event: String)] = []
        var scripted: [@Sendable (Call) -> Reply?] = []
        var staleSince: String?
        var isDeleted = false
        var watches: [Int: AsyncStream<String>.Continuation] = [:]
        var flagWatches: [Int: AsyncStream<String>.Continuation] = [:]
        var nextWatch = 0
        /// Whether events reach the watches.
        var isMute = false
    }

    private let state = Mutex(State())
    private let calls = Broadcast<[Call]>([])
    private let port = Mutex(0)

    static let token = "cfg_stand_in_token"
    var url: String { "http://127.0.0.1:\(port.withLock { $0 })" }

    /// Runs a stand-in for as long as the body does.
    static func run(_ body: (StandInPlatform) async throws -> Void) async throws {
        let platform = StandInPlatform()
        let server = try await StandInServer { call in platform.respond(to: call) }
        platform.port.withLock { $0 = server.port }
        do {
            try await body(platform)
        } catch {
            try await server.stop()
            throw error
        }
        try await server.stop()
    }

    // MARK: What a test does to it

    /// Commits a change: values for keys, null only as a value, removal by leaving out.
    func commit(_ values: [String: JSONValue], removing: [String] = []) {
        state.withLock { state in
            let before = state.settings
            for key in removing { state.settings[Self.key(key)] = nil }
            for (key, value) in values { state.settings[Self.key(key)] = value }
            state.revision += 1
            let keys = Set(before.keys).union(state.settings.keys).filter { before[$0] != state.settings[$0] }
            let changes = keys.sorted().map { key -> JSONValue in
                var change: JSONObject = ["key": .string(key.text)]
                change["before"] = before[key]
                change["after"] = state.settings[key]
                return .object(change)
            }
            let data: JSONValue = [
                "author": "token:test", "changes": .array(changes), "committedAt": "2026-11-23T06:00:00.000000Z",
                "entityTag": .string(Self.entityTag(state)), "environment": "production", "message": "test",
                "project": "shop", "revision": .int(state.revision),
            ]
            let event = Self.event("change", Self.token(state, state.revision), data)
            state.changes.append((state.revision, event))
            Self.send(event, in: &state)
        }
    }

    /// Commits a change of flags: definitions by key, `.none` for one that is gone; and rules that flags share. All flags named in
    /// `sharing` are told of as referring to a rule that is another one.
    func commitFlags(
        _ flags: [String: JSONValue?], rules: [String: JSONValue] = [:], sharing: [String: [String]] = [:]
    ) {
        state.withLock { state in
            let before = state.flags
            for (key, definition) in flags { state.flags[key] = definition }
            state.rules.merge(rules) { $1 }
            state.revision += 1
            let changes = Set(flags.keys).union(sharing.keys).sorted().map { key -> JSONValue in
                var change: JSONObject = ["key": .string(key)]
                change["before"] = before[key]
                change["after"] = state.flags[key]
                if let shared = sharing[key] { change["shared"] = .array(shared.map { .string($0) }) }
                return .object(change)
            }
            let data: JSONValue = [
                "changes": .array(changes), "committedAt": "2026-11-23T06:00:00.000000Z", "environment": "production",
                "project": "shop", "revision": .int(state.revision),
            ]
            let event = Self.event("change", Self.token(state, state.revision), data)
            state.flagChanges.append((state.revision, event))
            guard !state.isMute else { return }
            for watch in state.flagWatches.values { watch.yield(event) }
        }
    }

    /// A revision that changes another project.
    func commitElsewhere() { state.withLock { $0.revision += 1 } }

    func heartbeat() {
        state.withLock { state in
            Self.send(
                Self.event("heartbeat", Self.token(state, state.revision), ["revision": .int(state.revision)]),
                in: &state)
        }
    }

    /// Sends a watch event of that kind with nothing in it.
    func say(_ kind: String) {
        state.withLock { state in
            Self.send(
                Self.event(kind, Self.token(state, state.revision), ["revision": .int(state.revision)]), in: &state)
        }
    }

    /// Sends text to every watch as it is.
    func sendRaw(_ text: String) { state.withLock { Self.send(text, in: &$0) } }

    /// What the body commits never reaches the watches.
    func dropNextChange(_ body: () -> Void) {
        state.withLock { $0.isMute = true }
        body()
        state.withLock { $0.isMute = false }
    }

    func dropWatches() {
        state.withLock { state in
            for watch in state.watches.values { watch.finish() }
            for watch in state.flagWatches.values { watch.finish() }
            state.watches = [:]
            state.flagWatches = [:]
        }
    }

    /// The platform as an older backup has it.
    func restore(revision: Int64, _ settings: [String: JSONValue], history: String) {
        state.withLock { state in
            state.revision = revision
            state.history = history
            state.settings = Dictionary(uniqueKeysWithValues: settings.map { (Self.key($0.key), $0.value) })
            state.changes = []
            state.flagChanges = []
        }
        dropWatches()
    }

    func deleteEnvironment() {
        state.withLock { $0.isDeleted = true }
        say("deleted")
        dropWatches()
    }

    func createEnvironment(_ settings: [String: JSONValue]) {
        state.withLock { state in
            state.isDeleted = false
            state.revision += 1
            state.settings = Dictionary(uniqueKeysWithValues: settings.map { (Self.key($0.key), $0.value) })
            state.changes = []
        }
    }

    func loseDatabase(since: String?) { state.withLock { $0.staleSince = since } }

    /// Answers so many of the calls that match in another way than it would.
    func answer(_ count: Int = 1, where matches: @escaping @Sendable (Call) -> Bool, with reply: Reply) {
        let left = Counter(count)
        state.withLock { state in
            state.scripted.append { call in matches(call) && left.take() ? reply : nil }
        }
    }

    // MARK: What a test asks it

    /// The calls that match, once there are as many.
    func calls(_ count: Int, where matches: @Sendable (Call) -> Bool) async -> [Call] {
        for await all in calls.values() {
            let found = all.filter(matches)
            if found.count >= count { return found }
        }
        return []
    }

    var allCalls: [Call] { calls.value }
    var newestToken: String { state.withLock { Self.token($0, $0.revision) } }

    // MARK: Answering

    private func respond(to call: Call) -> StandInServer.Answer {
        // Known before it is answered, so that who has an answer finds the call.
        calls.update { $0.append(call) }
        let (scripts, staleSince) = state.withLock { ($0.scripted, $0.staleSince) }
        var scripted: Reply?
        for script in scripts where scripted == nil { scripted = script(call) }
        let stale = staleSince.map { ["X-Stale-Since": $0] } ?? [:]
        if let scripted { return Self.response(scripted, stale) }
        guard call.headers["authorization"] == "Bearer \(Self.token)" else {
            return Self.response(.problem(401, "unauthenticated"), stale)
        }
        let minimum = call.headers["x-minimum-revision"] ?? call.query["after"]
        if let minimum, let refusal = refusal(of: minimum) { return Self.response(refusal, stale) }
        switch (call.method, call.path) {
        case ("GET", "/api/v1/projects/shop/watch"): return watch(call, stale)
        case ("GET", "/api/v1/projects/shop/environments/production/settings"): return settings(call, stale)
        case ("GET", "/api/v1/projects/shop/environments/production/flag-set"): return flagSet(call, stale)
        case ("GET", "/api/v1/projects/shop/environments/production/flag-set/watch"): return flagWatch(call, stale)
        case ("POST", "/api/v1/projects/shop/environments/production/flag-usage"),
            ("POST", "/api/v1/projects/shop/environments/production/flag-assignments"):
            return Self.response(.whole(204), stale)
        default: return Self.response(.problem(404, "not-found"), stale)
        }
    }

    private func refusal(of text: String) -> Reply? {
        guard let token = try? RevisionToken(parsing: text) else { return .problem(400, "invalid-request") }
        return state.withLock { state in
            if token.revision.number > state.revision { return .problem(503, "revision-not-reached") }
            return Self.token(state, token.revision.number) == text ? nil : .problem(409, "ledger-diverged")
        }
    }

    private func flagSet(_ call: Call, _ stale: [String: String]) -> StandInServer.Answer {
        let (definition, token) = state.withLock { (Self.definition($0), Self.token($0, $0.revision)) }
        let tag = FlagDefinitions.entityTag(of: definition.canonicalBytes())
        let headers = stale.merging(["ETag": tag, "X-Revision-Token": token]) { $1 }
        if call.headers["if-none-match"] == tag { return Self.response(.whole(304, headers: headers), [:]) }
        return Self.response(.whole(200, headers: headers, definition.canonicalText), [:])
    }

    private func flagWatch(_ call: Call, _ stale: [String: String]) -> StandInServer.Answer {
        let (stream, continuation) = AsyncStream<String>.makeStream()
        continuation.yield("retry: 1\n\n")
        state.withLock { state in
            if let after = call.query["after"].flatMap({ try? RevisionToken(parsing: $0) }) {
                for change in state.flagChanges where change.revision > after.revision.number {
                    continuation.yield(change.event)
                }
            } else {
                let definition = Self.definition(state)
                let data: JSONValue = [
                    "definition": definition,
                    "entityTag": .string(FlagDefinitions.entityTag(of: definition.canonicalBytes())),
                    "environment": "production", "project": "shop", "revision": .int(state.revision),
                ]
                continuation.yield(Self.event("snapshot", Self.token(state, state.revision), data))
            }
            state.nextWatch += 1
            state.flagWatches[state.nextWatch] = continuation
        }
        return Self.stream(stream, stale.merging(["X-Revision-Token": newestToken]) { $1 })
    }

    private static func definition(_ state: State) -> JSONValue {
        var (flags, rules) = (JSONObject(), JSONObject())
        for (key, definition) in state.flags { flags[key] = .some(definition) }
        for (name, rule) in state.rules { rules[name] = .some(rule) }
        return ["$evaluators": .object(rules), "flags": .object(flags)]
    }

    private func settings(_ call: Call, _ stale: [String: String]) -> StandInServer.Answer {
        let (document, tag, token, isDeleted) = state.withLock { state in
            (Self.document(state), Self.entityTag(state), Self.token(state, state.revision), state.isDeleted)
        }
        if isDeleted { return Self.response(.problem(404, "not-found"), stale) }
        let headers = stale.merging(["ETag": tag, "X-Revision-Token": token]) { $1 }
        if call.headers["if-none-match"] == tag { return Self.response(.whole(304, headers: headers), [:]) }
        return Self.response(.whole(200, headers: headers, String(decoding: document, as: UTF8.self)), [:])
    }

    private func watch(_ call: Call, _ stale: [String: String]) -> StandInServer.Answer {
        let (stream, continuation) = AsyncStream<String>.makeStream()
        continuation.yield("retry: 1\n\n")
        let isDeleted = state.withLock { state -> Bool in
            if state.isDeleted { return true }
            if let after = call.query["after"].flatMap({ try? RevisionToken(parsing: $0) }) {
                for change in state.changes where change.revision > after.revision.number {
                    continuation.yield(change.event)
                }
            } else {
                let data: JSONValue = [
                    "document": (try? JSONValue(parsing: Self.document(state))) ?? .null,
                    "entityTag": .string(Self.entityTag(state)), "environment": "production", "project": "shop",
                    "revision": .int(state.revision),
                ]
                continuation.yield(Self.event("snapshot", Self.token(state, state.revision), data))
            }
            state.nextWatch += 1
            state.watches[state.nextWatch] = continuation
            return false
        }
        if isDeleted { return Self.response(.problem(404, "not-found"), stale) }
        let token = newestToken
        return Self.stream(stream, stale.merging(["X-Revision-Token": token]) { $1 })
    }

    private static func stream(_ events: AsyncStream<String>, _ headers: [String: String]) -> StandInServer.Answer {
        StandInServer.Answer(
            status: 200, headers: headers.merging(["Content-Type": "text/event-stream"]) { $1 }, body: .stream(events))
    }

    private static func response(_ reply: Reply, _ stale: [String: String]) -> StandInServer.Answer {
        switch reply {
        case .whole(let status, let headers, let body):
            return StandInServer.Answer(status: status, headers: headers.merging(stale) { $1 }, body: .whole(body))
        case .problem(let status, let code, let headers):
            let body: JSONValue = [
                "type": .string("https://configplatform.dev/problems/\(code)"), "title": .string(code),
                "status": .int(status), "detail": .string("The stand-in says \(code)."), "instance": "request-1",
            ]
            let all = headers.merging(stale) { $1 }.merging(["Content-Type": "application/problem+json"]) { $1 }
            return StandInServer.Answer(status: status, headers: all, body: .whole(body.canonicalText))
        case .silence:
            return stream(AsyncStream { _ in }, stale)
        }
    }

    private static func send(_ event: String, in state: inout State) {
        guard !state.isMute else { return }
        for watch in state.watches.values { watch.yield(event) }
        for watch in state.flagWatches.values where !event.contains("event: change") { watch.yield(event) }
    }

    private static func event(_ kind: String, _ token: String, _ data: JSONValue) -> String {
        "id: \(token)\nevent: \(kind)\ndata: \(data.canonicalText)\n\n"
    }

    private static func token(_ state: State, _ revision: Int64) -> String {
        let digest = Digest.of(Array("\(state.history) \(revision)".utf8)).hexadecimal
        return "\(revision)-\(digest.prefix(16))"
    }

    private static func document(_ state: State) -> [UInt8] {
        SettingsDocument.empty.applying(
            state.settings.sorted { $0.key < $1.key }.map { SettingsDocument.Alteration(key: $0.key, value: $0.value) }
        ).bytes
    }

    private static func entityTag(_ state: State) -> String { SettingsDocument.entityTag(of: document(state)) }

    private static func key(_ text: String) -> ConfigKey {
        guard let key = try? ConfigKey(parsing: text) else { preconditionFailure("'\(text)' is no key") }
        return key
    }
}

extension StandInServer.Call {
    var isWatch: Bool { path.hasSuffix("/watch") }
}

private final class Counter: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }

    func take() -> Bool {
        left.withLock { left in
            guard left > 0 else { return false }
            left -= 1
            return true
        }
    }
}
