import ExactJSON
import TestSupport
import Testing

@testable import ConfigPlatformFlags

/// What becomes of a rollout by its times, its guard and those who order it about. Seconds are counted from `start`.
@Suite struct RolloutMoveTests {
    private static let start = FlagTime(microseconds: 1_790_000_000_000_000)

    private static func after(_ seconds: Int64) -> FlagTime {
        FlagTime(microseconds: start.microseconds + seconds * 1_000_000)
    }

    private static func text(_ seconds: Int64) -> JSONValue { .string(after(seconds).text) }

    private func plan(_ steps: JSONValue, _ others: JSONObject = JSONObject()) throws -> FlagRolloutBody {
        var members: JSONObject = ["variant": "on", "steps": steps]
        for (name, value) in others { members[name] = value }
        return try FlagRolloutBody(parsing: .object(members))
    }

    /// The plan that begins at `start`.
    private func begun(_ steps: JSONValue, _ others: JSONObject = JSONObject()) throws -> FlagRolloutBody {
        let plan = try plan(steps, others)
        return plan.moved(to: .running, step: 0, began: Self.start, note: nil)
    }

    private static func guarded(bake: Int64 = 0, failures: Int64 = 1) -> JSONObject {
        [
            "guard": [
                "prometheus": ["url": "https://p.example", "query": "errors"], "above": 0.5,
                "bakeSeconds": .int(bake), "failures": .int(failures),
            ]
        ]
    }

    private func record(_ answers: [(Int64, GuardrailAnswer)], of rollout: FlagRolloutBody) throws -> GuardrailRecord {
        let guardrail = try #require(rollout.guardrail)
        var record = GuardrailRecord()
        for (seconds, answer) in answers { record.note(answer, of: guardrail, at: Self.after(seconds)) }
        return record
    }

    private func due(_ rollout: FlagRolloutBody, at seconds: Int64, _ record: GuardrailRecord = GuardrailRecord())
        -> RolloutMove?
    {
        rollout.due(at: Self.after(seconds), record)
    }

    @Test func `a plan begins, takes its steps when they are due, and completes`() throws {
        var rollout = try plan([
            ["percent": 1], ["percent": 5, "afterSeconds": 60], ["percent": 100, "at": Self.text(500)],
        ])
        var move = try #require(due(rollout, at: 0))
        #expect(move.kind == .begin && move.rollout.stepBegan == Self.start && move.rollout.step == 0)
        #expect(move.note == "Began with step 1 of 3 (1 %).")
        rollout = move.rollout
        #expect(due(rollout, at: 59) == nil)
        move = try #require(due(rollout, at: 61))
        #expect(move.kind == .advance && move.rollout.step == 1 && move.rollout.stepBegan == Self.after(61))
        #expect(move.note == "Advanced to step 2 of 3 (5 %): 60 s after the step before.")
        rollout = move.rollout
        #expect(due(rollout, at: 499) == nil)
        move = try #require(due(rollout, at: 500))
        #expect(move.rollout.step == 2 && move.rollout.state == .running)
        move = try #require(due(move.rollout, at: 500))
        #expect(move.kind == .complete && move.rollout.state == .completed && move.rollout.step == 2)
        #expect(due(move.rollout, at: 5_000) == nil)
    }

    @Test func `a first step with a time of its own waits for it, and a window for its beginning`() throws {
        let timed = try plan([["percent": 1, "at": Self.text(30)]])
        #expect(due(timed, at: 29) == nil)
        #expect(due(timed, at: 30)?.kind == .begin)
        let windowed = try plan(
            [["percent": 1], ["percent": 2]], ["window": ["from": Self.text(10), "until": Self.text(90)]])
        #expect(due(windowed, at: 9) == nil)
        let rollout = try #require(due(windowed, at: 10)).rollout
        #expect(due(rollout, at: 89) == nil)
        let over = try #require(due(rollout, at: 90))
        #expect(over.kind == .complete && over.rollout.isProgress(of: rollout))
    }

    @Test func `a step by hand waits for ever, and whoever orders it takes it`() throws {
        let rollout = try begun([["percent": 1], ["percent": 2], ["percent": 3]])
        #expect(due(rollout, at: 1_000_000_000) == nil)
        let second = try rollout.advanced(at: Self.after(9), because: "Go on").rollout
        #expect(second.step == 1 && second.stepBegan == Self.after(9) && second.note == "Go on")
        let last = try second.advanced(at: Self.after(10), because: "").rollout
        let done = try last.advanced(at: Self.after(11), because: "")
        #expect(done.kind == .complete && done.rollout.state == .completed && done.rollout.step == 2)
        #expect(throws: InvalidFlagItem.self) { try done.rollout.advanced(at: Self.after(12), because: "") }
    }

    @Test
    func `after a time in which nobody looked, steps are taken by their times and not skipped by their durations`()
        throws
    {
        let steps: JSONValue = [
            ["percent": 1], ["percent": 5, "at": Self.text(10)], ["percent": 25, "at": Self.text(20)],
            ["percent": 50, "afterSeconds": 60], ["percent": 100, "at": Self.text(30)],
        ]
        let rollout = try begun(steps)
        let move = try #require(due(rollout, at: 1_000))
        #expect(move.rollout.step == 2, "the last of those whose time has come one after the other")
        #expect(due(move.rollout, at: 1_059) == nil, "it began late, and lasts as long as it was to")
        #expect(due(move.rollout, at: 1_060)?.rollout.step == 3)
        let guarded = try begun(steps, Self.guarded(bake: 5))
        #expect(due(guarded, at: 1_000) == nil, "nobody knows how good the first step is")
        let baked = try record([(1_000, .value(0)), (1_005, .value(0))], of: guarded)
        #expect(due(guarded, at: 1_005, baked)?.rollout.step == 1, "one at a time")
    }

    @Test func `with a guard no step is taken before the one before was good for as long as it asks`() throws {
        let rollout = try begun([["percent": 1], ["percent": 5, "afterSeconds": 10]], Self.guarded(bake: 60))
        func due(_ answers: [(Int64, GuardrailAnswer)], at seconds: Int64) throws -> RolloutMove? {
            rollout.due(at: Self.after(seconds), try record(answers, of: rollout))
        }
        #expect(try due([], at: 100) == nil)
        #expect(try due([(0, .value(0.1))], at: 100) == nil, "good once is not good for a minute")
        #expect(try due([(0, .value(0.1)), (59, .value(0.5))], at: 100) == nil)
        let move = try #require(try due([(0, .value(0.1)), (30, .none("lost")), (60, .value(0.5))], at: 60))
        #expect(move.kind == .advance)
        #expect(move.note == "Advanced to step 2 of 2 (5 %): 10 s after the step before. 'errors' was good for 60 s.")
        let gap: [(Int64, GuardrailAnswer)] = [
            (0, .value(0)), (20, .none("a")), (30, .none("b")), (40, .none("c")), (60, .value(0)),
        ]
        #expect(try due(gap, at: 60) == nil, "three times without an answer, and nothing is known any more")
        let last = rollout.moved(to: .running, step: 1, began: Self.start, note: nil)
        #expect(last.due(at: Self.after(100), GuardrailRecord()) == nil, "the last step is guarded too")
        let good = try record([(0, .value(0)), (60, .value(0))], of: last)
        #expect(last.due(at: Self.after(100), good)?.kind == .complete)
    }

    @Test func `bad answers in a row revert, and say what was bad`() throws {
        let rollout = try begun([["percent": 1], ["percent": 5]], Self.guarded(failures: 3))
        func due(_ values: [Double?]) throws -> RolloutMove? {
            let answers = values.enumerated().map { index, value in
                (Int64(index), value.map { GuardrailAnswer.value($0) } ?? .none("lost"))
            }
            return rollout.due(at: Self.after(100), try record(answers, of: rollout))
        }
        #expect(try due([0.6, 0.7]) == nil)
        #expect(try due([0.6, 0.7, 0.5, 0.6, 0.6]) == nil, "not in a row")
        let move = try #require(try due([0.6, 0.7, nil, 0.9]))
        #expect(move.kind == .revert && move.rollout.state == .reverted && move.rollout.step == 0)
        #expect(
            move.note == "Reverted at step 1 of 2 (1 %): 'errors' was 0.9, which is above 0.5, 3 times in a row.")
        let below: JSONObject = ["guard": ["webhook": ["url": "https://w.example"], "below": 10]]
        let other = try begun([["percent": 12.5]], below)
        let bad = try record([(0, .value(9.5))], of: other)
        #expect(
            other.due(at: Self.after(1), bad)?.note
                == "Reverted at step 1 of 1 (12.5 %): what https://w.example answers was 9.5, which is below 10.")
    }

    @Test func `a guard that is silent neither advances nor reverts, and after ten minutes pauses`() throws {
        let rollout = try begun([["percent": 1], ["percent": 5, "afterSeconds": 0]], Self.guarded())
        let silent = try record(
            [(0, .none("refused")), (300, .none("refused")), (590, .none("it did not answer"))], of: rollout)
        #expect(due(rollout, at: 599, silent) == nil)
        let move = try #require(due(rollout, at: 600, silent))
        #expect(move.kind == .pause && move.rollout.state == .paused && move.rollout.step == 0)
        #expect(move.note.hasSuffix("has had no value since \(Self.start.text): it did not answer."))
        // Of a guard that is asked seldom, one lost answer is no silence.
        let seldom = try record([(0, .none("refused"))], of: rollout)
        #expect(due(rollout, at: 100_000, seldom) == nil)
    }

    @Test func `what is paused stays until it is resumed, and its step counts anew`() throws {
        let rollout = try begun([["percent": 1], ["percent": 5, "afterSeconds": 60]])
        let paused = try rollout.paused(because: "wait").rollout
        #expect(paused.state == .paused && due(paused, at: 10_000) == nil)
        let resumed = try paused.resumed(at: Self.after(10_000), because: "on").rollout
        #expect(resumed.state == .running && resumed.step == 0)
        #expect(due(resumed, at: 10_059) == nil && due(resumed, at: 10_060) != nil)
        let reverted = try resumed.reverted(because: "no").rollout
        #expect(due(reverted, at: 99_999) == nil)
        #expect(try reverted.resumed(at: Self.after(1), because: "").rollout.state == .running)
        #expect(throws: InvalidFlagItem.self) { try paused.paused(because: "") }
        #expect(throws: InvalidFlagItem.self) { try resumed.resumed(at: Self.start, because: "") }
        #expect(throws: InvalidFlagItem.self) { try reverted.reverted(because: "") }
        #expect(throws: InvalidFlagItem.self) { try reverted.advanced(at: Self.start, because: "") }
        let waiting = try plan([["percent": 1, "at": Self.text(500)]]).paused(because: "").rollout
        #expect(try waiting.resumed(at: Self.after(1), because: "").rollout.stepBegan == nil)
    }

    @Test func `progress and retreat are told from everything else`() throws {
        let rollout = try begun([["percent": 1], ["percent": 5, "afterSeconds": 60]])
        let other = try begun([["percent": 1], ["percent": 6, "afterSeconds": 60]])
        let next = rollout.moved(to: .running, step: 1, began: Self.after(60), note: "n")
        let paused = try rollout.paused(because: "").rollout
        let reverted = try rollout.reverted(because: "").rollout
        #expect(next.isProgress(of: rollout) && paused.isProgress(of: rollout) && reverted.isProgress(of: rollout))
        #expect(!other.isProgress(of: rollout) && !rollout.isProgress(of: next))
        #expect(!next.isProgress(of: paused) && !rollout.isProgress(of: reverted))
        #expect(!rollout.moved(to: .completed, step: 1, began: Self.start, note: nil).isProgress(of: rollout))
        #expect(
            paused.isRetreat(from: rollout) && reverted.isRetreat(from: paused) && reverted.isRetreat(from: rollout))
        #expect(!next.isRetreat(from: rollout) && !rollout.isRetreat(from: paused) && !paused.isRetreat(from: reverted))
        #expect(!rollout.isRetreat(from: rollout))
        #expect(!next.moved(to: .paused, step: 1, began: Self.after(60), note: nil).isRetreat(from: rollout))
        #expect(!other.moved(to: .reverted, step: 0, began: Self.start, note: nil).isRetreat(from: rollout))
    }

    @Test func `a flag that gives nobody anything holds its rollout up or stops it`() throws {
        func obstacle(_ flag: JSONObject, rule: JSONValue? = [:], kill: JSONValue? = nil) throws
            -> FlagItems.RolloutObstacle?
        {
            var members: JSONObject = ["type": "boolean", "variants": ["on": true, "off": false]]
            for (name, value) in flag { members[name] = value }
            return FlagItems(
                flag: try FlagBody(parsing: .object(members)), rule: try rule.map { try FlagRuleBody(parsing: $0) },
                kill: try kill.map { try FlagKillBody(parsing: $0) }
            ).rolloutObstacle
        }
        #expect(try obstacle([:]) == nil)
        #expect(try obstacle([:], rule: nil) == .notServed)
        #expect(try obstacle(["lifecycle": "draft"]) == .notServed)
        #expect(try obstacle(["lifecycle": "inactive"]) == .stopped("the flag is inactive"))
        #expect(try obstacle([:], rule: ["state": "DISABLED"]) == .stopped("the flag's rule is disabled here"))
        #expect(
            try obstacle([:], kill: ["variant": .null, "reason": "r"]) == .stopped("the flag is killed here"))
    }

    // MARK: Whatever the plan, and whatever happens

    @Test func `words of others are cut, and steer nothing`() throws {
        let rollout = try begun([["percent": 1]])
        let long = try rollout.paused(because: String(repeating: "é", count: 5_000) + "\0")
        #expect(long.note.utf8.count <= 3_500 && long.note.hasSuffix("…"))
        #expect(try rollout.paused(because: "a\u{1B}b\0").note == "a\u{FFFD}b\u{FFFD}")
    }

    private func randomPlan(_ random: inout SeededGenerator) throws -> FlagRolloutBody {
        var share: Int64 = 0
        let count = random.int(in: 1...6)
        let steps = (0..<count).map { index -> JSONValue in
            share += Int64(random.int(in: 0...20))
            var step: JSONObject = ["percent": .int(min(share, 100))]
            switch random.int(in: 0...3) {
            case 0: step["at"] = Self.text(Int64(random.int(in: -100...2_000)))
            case 1...2 where index > 0: step["afterSeconds"] = .int(Int64(random.int(in: 0...300)))
            default: break
            }
            return .object(step)
        }
        var others = JSONObject()
        if random.chance(oneIn: 2) {
            others = Self.guarded(bake: Int64(random.int(in: 0...120)), failures: Int64(random.int(in: 1...3)))
        }
        if random.chance(oneIn: 4) { others["window"] = ["until": Self.text(Int64(random.int(in: 1...3_000)))] }
        return try plan(.array(steps), others)
    }

    @Test
    func `while a rollout runs its share never shrinks, every move is progress, and no guarded step is cut short`()
        throws
    {
        try SeededGenerator.runs(2_000) { random in
            var rollout = try randomPlan(&random)
            var record = GuardrailRecord()
            var now: Int64 = 0
            for _ in 0..<200 where rollout.state == .running {
                // Now and then whoever looks dies, or nobody looks for long.
                now += random.chance(oneIn: 20) ? Int64(random.int(in: 100...5_000)) : Int64(random.int(in: 1...40))
                if random.chance(oneIn: 25) { record = GuardrailRecord() }
                if let guardrail = rollout.guardrail, rollout.stepBegan != nil, random.chance(oneIn: 2) {
                    let value = random.chance(oneIn: 12) ? 0.9 : 0.1
                    record.note(
                        random.chance(oneIn: 10) ? .none("lost") : .value(value), of: guardrail, at: Self.after(now))
                }
                guard let move = rollout.due(at: Self.after(now), record) else { continue }
                #expect(move.rollout.isProgress(of: rollout))
                #expect(!move.note.isEmpty && move.note.utf8.count <= FlagLimits.descriptionBytes)
                if move.rollout.state == .running {
                    #expect(move.rollout.steps[move.rollout.step].share >= rollout.steps[rollout.step].share)
                    if let guardrail = rollout.guardrail, move.kind == .advance, let began = rollout.stepBegan {
                        #expect(move.rollout.step == rollout.step + 1)
                        #expect(Self.after(now).microseconds - began.microseconds >= guardrail.bakeSeconds * 1_000_000)
                    }
                }
                // Written and read again, it is the same.
                #expect(try FlagRolloutBody(parsing: move.rollout.json) == move.rollout)
                rollout = move.rollout
                record = GuardrailRecord()
            }
        }
    }

    @Test func `who got the variant by a step gets it by every later one`() throws {
        let key = try FlagKey(parsing: "new-checkout")
        let flag = try FlagBody(
            parsing: [
                "type": "boolean", "variants": ["on": true, "off": false], "defaultVariant": "off",
            ])
        let rule = try FlagRuleBody(parsing: [:])
        let plan = try plan([["percent": 1], ["percent": 5], ["percent": 25], ["percent": 99.5], ["percent": 100]])
        var had: Set<Int> = []
        for step in plan.steps.indices {
            let rollout = plan.moved(to: .running, step: step, began: Self.start, note: nil)
            let items = FlagItems(flag: flag, rule: rule, rollout: rollout)
            let document = try FlagLowering(flag: { $0 == key ? items : nil }, segment: { _ in nil }).document(of: [key]
            )
            let set = try FlagSet(document: .object(document))
            let compiled = try #require(set["new-checkout"])
            let has = Set(
                (0..<4_000).filter { user in
                    compiled.resolve(FlagContext(["targetingKey": .string("user-\(user)")]), as: nil, at: 0).variant?
                        .name == "on"
                })
            #expect(had.isSubset(of: has), "step \(step)")
            let share = Double(plan.steps[step].share) / 100_000
            #expect(abs(Double(has.count) / 4_000 - share) < 0.02, "step \(step) has \(has.count)")
            had = has
        }
        #expect(had.count == 4_000)
    }
}
