import ConfigPlatformModel
import ControlPlane
import Crypto
import Foundation
import Store
import Synchronization
import TestSupport
import Testing

/// Validators over a transport that is a closure; a real one, over a real network, is in EndToEndTests.
@Suite struct ValidatorTests {
    private static let key = Array("a key of thirty-two bytes, or so".utf8)

    /// What was sent, and what is answered.
    private final class Other: Sendable {
        let calls = Mutex<[WebhookCall]>([])
        private let answer: @Sendable (JSONValue) async throws -> WebhookReply

        init(_ answer: @escaping @Sendable (JSONValue) async throws -> WebhookReply) { self.answer = answer }

        var webhooks: Webhooks {
            Webhooks(key: WebhookKey(ValidatorTests.key)) { call in
                self.calls.withLock { $0.append(call) }
                return try await self.answer(JSONValue(parsing: call.body))
            }
        }
    }

    private static func reply(_ json: JSONValue, status: Int = 200) -> WebhookReply {
        WebhookReply(status: status, body: json.canonicalBytes())
    }

    private static func put(_ body: ValidatorBody) throws -> Operation {
        Operation(.putValidator(try ValidatorName(parsing: "limits"), body))
    }

    private static func body(
        environments: [String]? = nil, onFailure: ValidatorBody.OnFailure = .refuse
    ) throws -> ValidatorBody {
        try ValidatorBody(
            url: "https://checks.example/", environments: environments?.map { try EnvironmentName(parsing: $0) },
            onFailure: onFailure)
    }

    private static func details(_ test: PlatformUnderTest) async throws -> [AuditEvent] {
        try await test.store.events(matching: EventQuery(after: 0), limit: 100).map(\.event)
    }

    @Test func `a validator sees what programs would read, signed, and what it says is in the audit event`()
        async throws
    {
        let other = Other { _ in Self.reply(["allow": true]) }
        try await PlatformUnderTest.run(webhooks: other.webhooks) { test in
            try await test.makeShop()
            try await test.write([Self.put(Self.body())])
            #expect(other.calls.withLock { $0.count } == 0, "it was not there before")
            try await test.write([test.put("limit", 5, in: "base")])
            let call = try #require(other.calls.withLock { $0.first })
            let question = try JSONValue(parsing: call.body)
            let environments = question["environments"]?.arrayValue ?? []
            #expect(environments.map { $0["environment"] } == ["base", "production"])
            #expect(environments[1]["changes"]?.arrayValue?[0] == ["after": 5, "key": "limit"])
            #expect(question["dryRun"] == false && question["author"] == "token:tester")
            func header(_ name: String) -> String { call.headers.first { $0.0 == name }?.1 ?? "" }
            let signed = Array("\(header("Webhook-Id")).\(header("Webhook-Timestamp")).".utf8) + call.body
            let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: Self.key))
            #expect(header("Webhook-Signature") == "v1," + Data(code).base64EncodedString())
            let last = try #require(try await Self.details(test).last)
            #expect(last.detail?["validators"]?.arrayValue?[0]["answer"] == "allowed")
        }
    }

    @Test func `what a validator refuses is not written, and its reason is told and recorded`() async throws {
        let other = Other { question in
            question["operations"]?.canonicalText.contains("\"value\":9") == true
                ? Self.reply([
                    "allow": false, "message": "too much",
                    "violations": [["environment": "production", "key": "limit", "message": "at most 8"]],
                ]) : Self.reply(["allow": true])
        }
        try await PlatformUnderTest.run(webhooks: other.webhooks) { test in
            try await test.makeShop()
            try await test.write([Self.put(Self.body())])
            await test.expect(.invalidChange) { try await test.write([test.put("limit", 9, in: "base")]) }
            let last = try #require(try await Self.details(test).last)
            #expect(last.outcome == .refused)
            #expect(last.detail?["validators"]?.arrayValue?[0]["message"] == "too much")
            do {
                try await test.write([test.put("limit", 9, in: "base")], dryRun: true)
                Issue.record("the dry run told nothing of it")
            } catch let problem as Problem {
                #expect(problem.detail == "The validator 'limits' refuses the change: too much")
                #expect(problem.violations.map(\.key) == ["limit"])
            }
            try await test.write([test.put("limit", 8, in: "base")])
        }
    }

    @Test(arguments: [ValidatorBody.OnFailure.refuse, .accept])
    func `without an answer a change is refused or taken, as was chosen`(onFailure: ValidatorBody.OnFailure)
        async throws
    {
        for answer in [Self.reply(["allow": "yes"]), Self.reply([:], status: 500), WebhookReply(status: 200, body: [])]
        {
            let other = Other { _ in answer }
            try await PlatformUnderTest.run(webhooks: other.webhooks) { test in
                try await test.makeShop()
                try await test.write([Self.put(Self.body(onFailure: onFailure))])
                if onFailure == .refuse {
                    await test.expect(.unavailable) { try await test.write([test.put("limit", 9, in: "base")]) }
                } else {
                    try await test.write([test.put("limit", 9, in: "base")])
                }
                let last = try #require(try await Self.details(test).last)
                #expect(last.detail?["validators"]?.arrayValue?[0]["answer"] == "failed")
            }
        }
    }

    @Test func `a server without a key asks nobody, and says so`() async throws {
        try await PlatformUnderTest.run(webhooks: Webhooks(key: nil)) { test in
            try await test.makeShop()
            try await test.write([Self.put(Self.body())])
            do {
                try await test.write([test.put("limit", 9, in: "base")])
                Issue.record("written without asking")
            } catch let problem as Problem {
                #expect(problem.code == .unavailable && problem.detail.contains("--webhook-key-file"))
            }
        }
    }

    @Test func `a validator of one environment is asked of what that one reads, and cannot be taken away unasked`()
        async throws
    {
        let other = Other { _ in Self.reply(["allow": false, "message": "no"]) }
        try await PlatformUnderTest.run(webhooks: other.webhooks) { test in
            try await test.makeShop()
            try await test.write([test.environment("development", ["base"])])
            try await test.write([Self.put(Self.body(environments: ["production"]))])
            try await test.write([test.put("limit", 9, in: "development")])
            await test.expect(.invalidChange) { try await test.write([test.put("limit", 9, in: "base")]) }
            await test.expect(.invalidChange) {
                try await test.write([Operation(.deleteValidator(try ValidatorName(parsing: "limits")))])
            }
        }
    }

    @Test func `a change that others overtake is judged again`() async throws {
        let overtaking = Mutex<PlatformUnderTest?>(nil)
        let other = Other { question in
            let test = overtaking.withLock { held in
                defer { held = nil }
                return held
            }
            if let test, question["operations"]?.arrayValue?[0]["key"] == "limit" {
                // Another writer is faster, with a change that alters what this one comes to.
                try await test.write([test.put("other", 1, in: "base"), test.put("limit", 4, in: "production")])
            }
            return Self.reply(["allow": true])
        }
        try await PlatformUnderTest.run(webhooks: other.webhooks) { test in
            try await test.makeShop()
            try await test.write([test.put("limit", 1, in: "base")])
            try await test.write([Self.put(Self.body())])
            overtaking.withLock { $0 = test }
            try await test.write([test.put("limit", 9, in: "base")])
            let questions = try other.calls.withLock { calls in try calls.map { try JSONValue(parsing: $0.body) } }
            #expect(questions.count == 3, "one for the change between, two for this one")
            let last = questions[2]["environments"]?.arrayValue ?? []
            #expect(last.first { $0["environment"] == "production" }?["changes"] == [], "which reads its own by now")
        }
    }

    @Test func `a protected environment alters only with the word of the validator that its protection asks for`()
        async throws
    {
        let word = Mutex<WebhookReply?>(nil)
        let other = Other { _ in
            guard let reply = word.withLock({ $0 }) else { throw Problem(.unavailable, "no answer") }
            return reply
        }
        try await PlatformUnderTest.run(webhooks: other.webhooks) { test in
            try await test.makeShop()
            try await test.bind("ada", .operator)
            let ada = try test.person("ada")
            try await test.write([Self.put(Self.body(onFailure: .accept))])
            word.withLock { $0 = Self.reply(["allow": true]) }
            try await test.protect("production", ["approvals": 0, "requiredValidators": ["limits"]])
            word.withLock { $0 = nil }
            // Without the protection its silence would have been taken for a yes.
            await test.expect(.invalidChange) {
                try await test.write([test.put("limit", 5, in: "production")], as: ada)
            }
            word.withLock { $0 = Self.reply(["allow": true]) }
            try await test.write([test.put("limit", 5, in: "production")], as: ada)
        }
    }
}
