import ConfigPlatformModel
import TestSupport
import Testing

@Suite struct AuditEventTests {
    private func event(_ text: String) throws -> AuditEvent { try AuditEvent(body: Array(text.utf8)) }

    /// The event of the worked example in `docs/audit-leaf.md`, pinned for ever.
    static let pinned =
        #"{"action":"change","actor":"token:deploy-bot","#
        + #""changeDigest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","detail":{"operations":1},"#
        + #""occurredAt":"2026-11-23T06:00:00.123456Z","outcome":"success","requestId":"0f8fad5b-d9cb-469f-a165-70867728950e","#
        + #""revision":41,"sequence":42,"sourceAddress":"192.0.2.7","target":"shop/production/setting/checkout.timeout","version":1}"#

    static func example() throws -> AuditEvent {
        AuditEvent(
            sequence: 42, occurredAt: Timestamp(microseconds: 1_795_413_600_123_456),
            actor: try Principal(parsing: "token:deploy-bot"), action: .change,
            target: "shop/production/setting/checkout.timeout", outcome: .success, revision: 41,
            changeDigest: Digest.of([]), sourceAddress: "192.0.2.7", requestID: "0f8fad5b-d9cb-469f-a165-70867728950e",
            detail: ["operations": 1])
    }

    @Test func `an event with every member has the bytes it always had`() throws {
        #expect(try Self.example().body == Array(Self.pinned.utf8))
        #expect(try event(Self.pinned) == Self.example())
        #expect(try JSONValue(parsing: Self.pinned).canonicalText == Self.pinned)
    }

    @Test func `an event with no more than it needs has the bytes it always had`() throws {
        let least = AuditEvent(
            sequence: 1, occurredAt: Timestamp(microseconds: 0), actor: .system, action: .platformInitialize,
            target: "", outcome: .success)
        let pinned =
            #"{"action":"platform.initialize","actor":"system","occurredAt":"1970-01-01T00:00:00.000000Z","outcome":"success","#
            + #""sequence":1,"target":"","version":1}"#
        #expect(least.body == Array(pinned.utf8))
        #expect(try event(pinned) == least)
    }

    @Test func `actions and outcomes are written as they always were`() {
        #expect(
            AuditEvent.Action.allCases.map(\.rawValue) == [
                "platform.initialize", "platform.restore", "change", "change.rollback", "change.promote",
                "change.import", "token.create",
                "token.revoke", "authenticate", "session.create", "session.revoke", "password.set", "request.create",
                "request.edit", "request.comment", "request.approve", "request.reject", "request.withdraw",
                "request.schedule", "request.apply", "access.break-glass", "flag.kill", "rollout.advance",
                "rollout.pause", "rollout.resume", "rollout.revert", "experiment.export", "kill-hook.create",
                "kill-hook.pull", "kill-hook.rotate",
            ])
        #expect(AuditEvent.Outcome.allCases.map(\.rawValue) == ["success", "refused"])
    }

    @Test func `any event is read back as it was written, and its body is canonical`() throws {
        try SeededGenerator.runs(200) { random in
            func perhaps<Value>(_ value: Value) -> Value? { random.chance(oneIn: 2) ? value : nil }
            let detail: JSONValue = [
                "code": .string(RandomJSON.string(&random)), "values": RandomJSON.value(&random, depth: 3),
            ]
            let written = AuditEvent(
                sequence: Int64(random.int(in: 1...Int.max)),
                occurredAt: Timestamp(microseconds: Int64(random.int(in: 0...4_000_000_000_000_000))),
                actor: try Principal(parsing: random.element(of: ["system", "token:a", "user:\"x\\\"@y"])),
                action: random.element(of: AuditEvent.Action.allCases), target: RandomJSON.string(&random),
                outcome: random.element(of: AuditEvent.Outcome.allCases),
                revision: perhaps(try Revision(Int64(random.int(in: 0...99)))),
                changeDigest: perhaps(Digest.of([1])), sourceAddress: perhaps("2001:db8::1"), requestID: perhaps("r"),
                detail: perhaps(detail))
            #expect(try AuditEvent(body: written.body) == written, "\(random)")
            #expect(try JSONValue(parsing: written.body).canonicalBytes() == written.body, "\(random)")
        }
    }

    @Test func `a body that is not canonical, or not an event of this version, is refused`() throws {
        let faults: [(String, String)] = [
            ("\"version\":1", "\"version\":2"), (",\"version\":1", ""),
            ("\"action\":\"change\"", "\"action\":\"change.undo\""),
            ("\"outcome\":\"success\"", "\"outcome\":\"failure\""), ("\"sequence\":42", "\"sequence\":\"42\""),
            ("\"sequence\":42", "\"sequence\":42.0"),
            ("\"revision\":41", "\"revision\":\"41\""), ("\"revision\":41", "\"revision\":-1"),
            ("\"requestId\":", "\"requestID\":"),
            ("\"actor\":\"token:deploy-bot\"", "\"actor\":\"a b\""), ("00.123456Z", "00.12345Z"),
            ("00.123456Z", "00.123456+00:00"),
            ("\"changeDigest\":\"e3", "\"changeDigest\":\"E3"), ("\"detail\":{", "\"detail\": {"),
            ("\"sourceAddress\":\"192.0.2.7\"", "\"sourceAddress\":7"),
            (
                "{\"action\":\"change\",\"actor\":\"token:deploy-bot\"",
                "{\"actor\":\"token:deploy-bot\",\"action\":\"change\""
            ),
            ("\"version\":1", "\"version\":1,\"x\":1"), ("\"target\":\"shop", "\"target\":\"\\u0073hop"),
        ]
        for (old, new) in faults {
            let text = Self.pinned.replacing(old, with: new, maxReplacements: 1)
            #expect(text != Self.pinned)
            #expect(throws: (any Error).self, "\(new)") { try event(text) }
        }
        for text in ["", "{}", "[]", "null", Self.pinned + "\n"] {
            #expect(throws: (any Error).self, "\(text)") { try event(text) }
        }
    }
}
