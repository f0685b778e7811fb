import ConfigPlatformFlags
import ConfigPlatformModel
import Store
import Synchronization
import TestSupport
import Testing

@testable import ControlPlane

/// Rollouts that go on by themselves, on both engines, with a clock that is moved by hand.
@Suite(.timeLimit(.minutes(2))) struct RolloutTests {
    private static let plan: JSONValue = [
        "variant": "on",
        "steps": [
            ["percent": 1], ["percent": 5, "afterSeconds": 60], ["percent": 25, "afterSeconds": 60],
            ["percent": 100, "afterSeconds": 60],
        ],
    ]

    private static func guarded(bake: Int64, failures: Int64 = 1) -> JSONValue {
        guard case .object(var members) = plan else { return plan }
        members["guard"] = [
            "prometheus": ["url": "https://prometheus.example/", "query": "rate(errors[1m]) > 0"], "above": 0.1,
            "bakeSeconds": .int(bake), "failures": .int(failures), "intervalSeconds": 5,
        ]
        return .object(members)
    }

    @Test(arguments: RolloutEngine.names)
    func `steps are taken when they are due, each an ordinary change, and go on after a restart`(_ engine: String)
        async throws
    {
        try await RolloutEngine.with(engine) { engine in
            let clock = ManualWorld()
            try await engine.serve(clock) { test in
                try await test.makeFlag()
                try await test.write([test.putRollout(Self.plan)])
                try await test.expectStep(0)
                try await test.settle()
                #expect(try await test.steps().count == 1, "nothing is due")
                clock.advance(seconds: 60)
                try await test.expectStep(1)
                let change = try #require(try await test.steps().last)
                #expect(change.author.rawValue == "system:rollouts")
                #expect(
                    change.message
                        == "Rollout of 'checkout' in production: Advanced to step 2 of 4 (5 %): 60 s after the step before."
                )
                #expect(change.effects.map(\.address.kind) == [.flagRollout])
                let event = try #require(
                    try await test.store.events(matching: EventQuery(), limit: 1).first?.event)
                #expect(event.action == .rolloutAdvance && event.actor == .rollouts)
                #expect(event.target == "shop/production/checkout" && event.revision == change.revision)
            }
            clock.advance(seconds: 30)
            try await engine.serve(clock) { test in
                try await test.settle()
                #expect(test.rollout?.step == 1, "half of its time has passed")
                clock.advance(seconds: 30)
                try await test.expectStep(2)
            }
            // Nobody is there for a long time: the steps that come last their time all the same.
            clock.advance(seconds: 100_000)
            try await engine.serve(clock) { test in
                try await test.expectStep(3, .completed)
                // The last step was taken before, for as long as a look takes.
                let steps = try await test.steps()
                #expect(steps.count == 5 && steps[3].message.contains("Advanced to step 4 of 4"))
                #expect(test.platform.state.projects[test.project]?.flags.running.isEmpty == true)
                try await test.eventually("the lease is given back") {
                    try await test.store.leases().allSatisfy { !$0.isLive(at: clock.now) }
                }
            }
        }
    }

    @Test(arguments: RolloutEngine.names)
    func `of two servers on one store exactly one takes each step, and the other takes over`(_ engine: String)
        async throws
    {
        try await RolloutEngine.with(engine) { engine in
            let clock = ManualWorld()
            let shared = engine.isShared ? nil : try await engine.open()
            try await engine.serve(clock, on: shared) { first in
                try await first.makeFlag()
                try await first.write([first.putRollout(Self.plan)])
                try await first.expectStep(0)
                try await engine.serve(clock, on: shared) { second in
                    for step in 1...2 {
                        clock.advance(seconds: 60)
                        try await first.expectStep(step)
                        try await second.expectStep(step)
                        try await first.settle()
                    }
                    #expect(try await first.steps().count == 3)
                    #expect(try await first.refusals().isEmpty, "nobody even tried")
                    let leases = try await first.store.leases()
                    #expect(leases.map(\.name) == ["rollouts"] && leases.map(\.number) == [1])
                    // The first one dies: nobody renews what it held.
                    let lease = try #require(leases.first)
                    if engine.isShared {
                        try await second.store.write { try $0.endLease(lease.fence, at: clock.now) }
                        clock.advance(seconds: 400_000)
                        try await first.expectStep(3, .completed)
                        let newest = try #require(try await first.store.leases().first)
                        #expect(newest.number == 2)
                        let steps = try await first.steps()
                        #expect(steps.count == 5 && steps[3].message.contains("Advanced to step 4 of 4"))
                    }
                }
            }
        }
    }

    @Test(arguments: RolloutEngine.names)
    func `who has lost the lease commits nothing`(_ engine: String) async throws {
        try await RolloutEngine.with(engine) { engine in
            let clock = ManualWorld()
            try await engine.serve(clock) { test in
                try await test.makeFlag()
                try await test.write([test.putRollout(Self.plan)])
                try await test.expectStep(0)
                let place = try test.rolloutPlace()
                let standing = try #require(test.rollout)
                let revision = try #require(test.platform.state.projects[test.project]?.flagItem(place)?.revision)
                let next = standing.moved(to: .running, step: 1, began: standing.stepBegan, note: "n")
                let proposal = Proposal(project: test.project, by: .rollouts, as: .rolloutStep, message: "n") { _ in
                    [Operation(.putFlag(place, .rollout(next)), expecting: .revision(revision))]
                }
                func commit(_ number: Int64) async throws {
                    _ = try await test.platform.submit(
                        CommitJob(
                            work: .change(proposal, nil), caller: nil, action: .rolloutAdvance, target: "t",
                            fence: Lease.Fence(name: "rollouts", number: number)))
                }
                let held = try #require(try await test.store.leases().first?.number)
                for number in [held - 1, held + 1] {
                    await test.expect(.unavailable) { try await commit(number) }
                }
                try await commit(held)
                #expect(test.rollout?.step == 1)
                // The item is another by now.
                await test.expect(.revisionConflict) { try await commit(held) }
            }
        }
    }

    @Test(arguments: RolloutEngine.names)
    func `a guarded step lasts until it was good for long enough, and a bad value takes the rollout back`(
        _ engine: String
    ) async throws {
        try await RolloutEngine.with(engine) { engine in
            let clock = ManualWorld()
            let metric = Metric()
            func pass(_ seconds: Int64, _ test: PlatformUnderTest) async throws {
                for _ in 0..<seconds / 5 {
                    let before = metric.asked.count
                    clock.advance(seconds: 5)
                    try await test.eventually("the guard is asked") { metric.asked.count > before }
                    try await test.settle()
                }
            }
            let alerts = Mutex<[JSONValue]>([])
            let webhooks = Webhooks(
                key: WebhookKey(Array(repeating: 7, count: 32)), alertURL: "https://alerts.example/"
            ) { call in
                let alert = try JSONValue(parsing: call.body)
                alerts.withLock { $0.append(alert) }
                return WebhookReply(status: 200, body: [])
            }
            try await engine.serve(clock, metric, webhooks: webhooks) { test in
                try await test.makeFlag()
                try await test.write([test.putRollout(Self.guarded(bake: 90, failures: 2))])
                try await test.expectStep(0)
                try await test.eventually("the guard is asked") { !metric.asked.isEmpty }
                #expect(
                    metric.asked[0]
                        == "GET https://prometheus.example/api/v1/query?query=rate%28errors%5B1m%5D%29%20%3E%200")
                try await pass(80, test)
                #expect(test.rollout?.step == 0, "its 60 seconds are over, and it is not baked")
                try await pass(10, test)
                try await test.expectStep(1)
            }
            // Whoever comes next has not seen how good it was.
            let seen = metric.asked.count
            try await engine.serve(clock, metric, webhooks: webhooks) { test in
                try await test.eventually("the guard is asked") { metric.asked.count > seen }
                try await pass(85, test)
                #expect(test.rollout?.step == 1)
                metric.value = 0.25
                try await pass(5, test)
                #expect(test.rollout?.state == .running, "once is not twice in a row")
                try await pass(5, test)
                try await test.expectStep(1, .reverted)
                #expect(
                    test.rollout?.note
                        == "Reverted at step 2 of 4 (5 %): 'rate(errors[1m]) > 0' was 0.25, which is above 0.1, 2 times in a row."
                )
                let event = try #require(try await test.store.events(matching: EventQuery(), limit: 1).first?.event)
                #expect(event.action == .rolloutRevert && event.outcome == .success)
                let definition = try test.platform.flags(test.caller, test.name("production"), of: test.project)
                    .flags[PlatformUnderTest.flag]?.lowered?.definition
                #expect(definition?["targeting"] == nil, "nobody gets it any more")
                try await test.eventually("it is told of") { alerts.withLock { $0.count } == 1 }
                #expect(alerts.withLock { $0.first }?["type"] == "rollout.reverted")
                let asked = metric.asked.count
                clock.advance(seconds: 600)
                try await test.settle()
                #expect(metric.asked.count == asked, "what does not run is not watched")
            }
        }
    }

    @Test(arguments: RolloutEngine.names)
    func `a guard without answers neither advances nor reverts, and after a while the rollout pauses`(_ engine: String)
        async throws
    {
        try await RolloutEngine.with(engine) { engine in
            let clock = ManualWorld()
            let metric = Metric()
            metric.value = nil
            try await engine.serve(clock, metric) { test in
                try await test.makeFlag()
                try await test.write([test.putRollout(Self.guarded(bake: 0))])
                try await test.expectStep(0)
                try await test.eventually("the guard is asked") { !metric.asked.isEmpty }
                try await test.settle()
                for seconds in [200, 200, 199] as [Int64] {
                    let before = metric.asked.count
                    clock.advance(seconds: seconds)
                    try await test.eventually("the guard is asked again") { metric.asked.count > before }
                    try await test.settle()
                }
                #expect(test.rollout?.state == .running && test.rollout?.step == 0)
                clock.advance(seconds: 1)
                try await test.expectStep(0, .paused)
                #expect(test.rollout?.note?.contains("has had no value since") == true)
                #expect(try await test.steps().count == 2)
                _ = try await test.order(.resume, as: test.caller)
                #expect(test.rollout?.state == .running && test.rollout?.note == "Resumed by token:tester.")
            }
        }
    }

    @Test func `nobody else can take the path of a rollout's own steps`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeFlag()
            try await test.write([test.putRollout(["variant": "on", "steps": [["percent": 1], ["percent": 5]]])])
            try await test.eventually("it has begun") { test.rollout?.stepBegan != nil }
            let place = try test.rolloutPlace()
            let standing = try #require(test.rollout)
            let revision = try #require(test.platform.state.projects[test.project]?.flagItem(place)?.revision)
            let next = standing.moved(to: .running, step: 1, began: standing.stepBegan, note: "n")
            let other = try FlagRolloutBody(parsing: ["variant": "off", "steps": [["percent": 1], ["percent": 100]]])
            func attempt(
                _ author: Author, _ purpose: Proposal.Purpose, _ operations: [Operation]
            ) async throws {
                let proposal = Proposal(project: test.project, by: author, as: purpose, message: "m") { _ in operations
                }
                _ = try await test.platform.write(test.caller, WriteRequest(proposal: proposal))
            }
            let step = Operation(.putFlag(place, .rollout(next)), expecting: .revision(revision))
            let cases: [(Author, Proposal.Purpose, [Operation])] = [
                (Author(test.caller.subject), .rolloutStep, [step]),
                (.platform(), .rolloutStep, [step]),
                (.rollouts, .rolloutStep, [Operation(.putFlag(place, .rollout(next)))]),
                (
                    .rollouts, .rolloutStep,
                    [Operation(.putFlag(place, .rollout(other)), expecting: .revision(revision))]
                ),
                (.rollouts, .rolloutStep, [Operation(.deleteFlag(place), expecting: .revision(revision))]),
                (.rollouts, .rolloutStep, [step, try test.put("limit", 5, in: "production")]),
                (.rollouts, .change, [try test.put("limit", 5, in: "production")]),
                (.rollouts, .rolloutStep, [try test.kill()]),
            ]
            for (author, purpose, operations) in cases {
                await test.expect(.forbidden) { try await attempt(author, purpose, operations) }
            }
            try await attempt(.rollouts, .rolloutStep, [step])
            #expect(test.rollout?.step == 1)
        }
    }

    @Test
    func `an approved plan goes on without approval, waits for the end of a freeze, and is stopped by who may kill`()
        async throws
    {
        let clock = ManualWorld()
        try await RolloutEngine.with("SQLite") { engine in
            try await engine.serve(clock) { test in
                try await test.makeFlag()
                for name in ["ada", "ben"] { try await test.bind(name, .operator) }
                let (ada, ben) = (try test.person("ada"), try test.person("ben"))
                let role = try RoleBody(permissions: [Permission(allowing: [.read, .kill])])
                let night = try RoleName(parsing: "night")
                try await test.administer([Operation(.putAccess(.role(night), .role(role)))])
                try await test.bind("eve", night)
                let eve = try test.person("eve")
                try await test.protect("production", ["approvals": 1])
                let id = try await test.request([test.putRollout(Self.plan)], as: ada)
                try await test.settle()
                #expect(test.rollout == nil)
                try await test.approve(id, as: ben)
                try await test.apply(id, as: ada)
                try await test.expectStep(0)
                clock.advance(seconds: 60)
                try await test.expectStep(1)

                let end = clock.now.adding(seconds: 500)
                try await test.protect(
                    "production",
                    [
                        "approvals": 1,
                        "freezes": [["from": .string(clock.now.text), "to": .string(end.text), "reason": "sale"]],
                    ])
                clock.advance(seconds: 60)
                try await test.settle()
                #expect(test.rollout?.step == 1, "nothing alters in a freeze")
                #expect(
                    try await test.refusals().isEmpty,
                    "and no refusal is written every second")
                clock.advance(seconds: 500)
                try await test.expectStep(2)

                await test.expect(.forbidden) { _ = try await test.order(.advance, as: eve) }
                let paused = try await test.order(.pause, as: eve, reason: "looks odd")
                #expect(paused.kind == .committed)
                #expect(test.rollout?.state == .paused && test.rollout?.note == "Paused by user:eve: looks odd")
                await test.expect(.forbidden) { _ = try await test.order(.resume, as: eve) }
                guard case .requested = try await test.order(.resume, as: ada).kind else {
                    Issue.record("resumed without approval")
                    return
                }
                #expect(test.rollout?.state == .paused)
                #expect(try await test.order(.revert, as: eve).kind == .committed)
                #expect(test.rollout?.state == .reverted)
                await test.expect(.inUse) { _ = try await test.order(.pause, as: eve) }
                // With the right to kill somebody stops what there is, and writes nothing else.
                await test.expect(.forbidden) {
                    try await test.write([test.putRollout(["variant": "on", "steps": [["percent": 100]]])], as: eve)
                }
            }
        }
    }

    @Test func `a kill pauses the rollout of its flag, and one that cannot be served yet does not begin`() async throws
    {
        let clock = ManualWorld()
        try await RolloutEngine.with("SQLite") { engine in
            try await engine.serve(clock) { test in
                try await test.makeFlag()
                try await test.write([Operation(.deleteFlag(.rule(PlatformUnderTest.flag, test.name("production"))))])
                try await test.write([test.putRollout(Self.plan)])
                clock.advance(seconds: 600)
                try await test.settle()
                #expect(test.rollout?.stepBegan == nil, "nobody is served by a rule")
                let rule = FlagPlace.rule(PlatformUnderTest.flag, try test.name("production"))
                try await test.write([Operation(.putFlag(rule, try FlagItemBody(.flagRule, parsing: [:])))])
                try await test.expectStep(0)
                try await test.write([test.kill()])
                try await test.expectStep(0, .paused)
                #expect(test.rollout?.note == "Paused at step 1 of 4 (1 %): the flag is killed here.")
            }
        }
    }

    @Test func `a validator is asked of a step, and not of taking one back; what it refuses pauses the rollout`()
        async throws
    {
        let clock = ManualWorld()
        let says = Mutex<(allow: Bool, asked: Int)>((true, 0))
        let webhooks = Webhooks(key: WebhookKey(Array(repeating: 7, count: 32))) { _ in
            let allow = says.withLock { state in
                state.asked += 1
                return state.allow
            }
            return WebhookReply(
                status: 200, body: JSONValue.object(["allow": .bool(allow), "message": "no"]).canonicalBytes())
        }
        try await RolloutEngine.with("SQLite") { engine in
            try await engine.serve(clock, webhooks: webhooks) { test in
                try await test.makeFlag()
                let validator = try ValidatorBody(url: "https://checks.example/")
                try await test.write([Operation(.putValidator(try ValidatorName(parsing: "checks"), validator))])
                try await test.write([test.putRollout(Self.plan)])
                try await test.expectStep(0)
                #expect(says.withLock { $0.asked } == 2)
                says.withLock { $0.allow = false }
                clock.advance(seconds: 60)
                try await test.expectStep(0, .paused)
                #expect(test.rollout?.note?.contains("the next step was refused") == true)
                #expect(says.withLock { $0.asked } == 3, "nobody was asked whether it may be paused")
                #expect(try await test.order(.revert, as: test.caller).kind == .committed)
                #expect(says.withLock { $0.asked } == 3)
            }
        }
    }
}
