import ExactJSON

/// One step of a rollout's way: what its item becomes. Pure; who takes it and by what right is decided elsewhere.
package struct RolloutMove: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// The present step begins to count.
        case begin
        /// The next step begins.
        case advance
        /// The last step is done.
        case complete
        case pause
        case resume
        case revert
    }

    package let kind: Kind
    package let rollout: FlagRolloutBody

    /// What there is to say of it, which is also the rollout's note.
    package var note: String { rollout.note ?? "" }
}

extension FlagRolloutBody {
    /// `step 2 of 4 (5 %)`
    package var stepText: String { Self.text(of: step, of: steps) }

    private static func text(of step: Int, of steps: [Step]) -> String {
        let thousandths = steps[step].share % 1_000
        var percent = String(steps[step].share / 1_000)
        if thousandths > 0 {
            var digits = String(1_000 + thousandths).dropFirst()
            while digits.last == "0" { digits.removeLast() }
            percent += "." + digits
        }
        return "step \(step + 1) of \(steps.count) (\(percent) %)"
    }

    /// Whether both are the same plan, however far each has come.
    package func isSamePlan(as other: FlagRolloutBody) -> Bool { plan == other.plan }

    private var plan: JSONValue {
        guard case .object(var members) = json else { return json }
        for name in ["note", "state", "step", "stepBegan"] { members[name] = nil }
        return .object(members)
    }

    /// Whether this is what the plan of `standing` itself comes to next, by its times and its guard, or a stop of it.
    package func isProgress(of standing: FlagRolloutBody) -> Bool {
        guard isSamePlan(as: standing), standing.state == .running else { return false }
        switch state {
        case .running: return step >= standing.step
        case .completed, .paused, .reverted: return step == standing.step && stepBegan == standing.stepBegan
        }
    }

    /// Whether this is `standing` stopped where it was, or taken back: nobody gets the variant by it who does not have it.
    package func isRetreat(from standing: FlagRolloutBody) -> Bool {
        guard isSamePlan(as: standing), step == standing.step, stepBegan == standing.stepBegan else { return false }
        switch (standing.state, state) {
        case (.running, .paused), (.running, .reverted), (.paused, .reverted), (.completed, .reverted): return true
        default: return false
        }
    }

    // MARK: What becomes of it by itself

    /// What is to be done with the plan now; nil where nothing is.
    ///
    /// One step is taken at a time, and where there is a guard none before the present one was good for as long as it asks. After a time in
    /// which nobody looked, steps without a guard whose times have all passed are taken together; what counts from the beginning of a step
    /// counts from when it really began.
    ///
    /// - Parameter record: what the guard has said of the present step; without meaning where there is none.
    package func due(at now: FlagTime, _ record: GuardrailRecord) -> RolloutMove? {
        guard state == .running else { return nil }
        if let guardrail, record.isBroken(by: guardrail), let value = record.lastValue {
            let times = record.bad == 1 ? "" : ", \(record.bad) times in a row"
            return move(
                .revert, to: .reverted,
                "Reverted at \(stepText): \(guardrail.what) was \(value), which is \(guardrail.boundText)\(times).")
        }
        guard let stepBegan else { return begun(at: now) }
        if let guardrail, record.isSilent(at: now), let since = record.silentSince {
            return move(
                .pause, to: .paused,
                "Paused at \(stepText): \(guardrail.what) has had no value since \(since.text): \(record.silence ?? "no answer")."
            )
        }
        if let until = window?.until, until <= now {
            return move(.complete, to: .completed, "Over at \(stepText): the window ended at \(until.text).")
        }
        var good = ""
        if let guardrail {
            guard record.isBaked(by: guardrail) else { return nil }
            good = guardrail.bakeSeconds == 0 ? "" : " \(guardrail.what) was good for \(guardrail.bakeSeconds) s."
        }
        guard steps.indices.contains(step + 1) else {
            return move(.complete, to: .completed, "Completed at \(stepText).\(good)")
        }
        switch steps[step + 1].begins {
        case .byHand: return nil
        case .after(let seconds):
            guard now.microseconds - stepBegan.microseconds >= seconds * 1_000_000 else { return nil }
            return advanced(to: step + 1, at: now, "\(seconds) s after the step before.\(good)")
        case .at(let time):
            guard time <= now else { return nil }
            return advanced(to: lastDue(at: now), at: now, "its time had come.\(good)")
        }
    }

    /// The last of the steps that follow one another by times which have passed; with a guard the first of them.
    private func lastDue(at now: FlagTime) -> Int {
        var last = step + 1
        while guardrail == nil, steps.indices.contains(last + 1), case .at(let time) = steps[last + 1].begins,
            time <= now
        {
            last += 1
        }
        return last
    }

    private func begun(at now: FlagTime) -> RolloutMove? {
        if let from = window?.from, from > now { return nil }
        if step == 0, case .at(let time) = steps[0].begins, time > now { return nil }
        let rollout = moved(to: .running, step: step, began: now, note: "Began with \(stepText).")
        return RolloutMove(kind: .begin, rollout: rollout)
    }

    private func advanced(to step: Int, at now: FlagTime, _ why: String) -> RolloutMove {
        let note = "Advanced to \(Self.text(of: step, of: steps)): \(why)"
        return RolloutMove(kind: .advance, rollout: moved(to: .running, step: step, began: now, note: note))
    }

    private func move(_ kind: RolloutMove.Kind, to state: State, _ note: String) -> RolloutMove {
        RolloutMove(kind: kind, rollout: moved(to: state, step: step, began: stepBegan, note: note.cut))
    }

    // MARK: What others do with it

    /// Stays at its step until somebody resumes it. Throws where it does not run.
    package func paused(because note: String) throws(InvalidFlagItem) -> RolloutMove {
        guard state == .running else { throw wrongState("Only one that is running can be paused.") }
        return move(.pause, to: .paused, note)
    }

    /// Goes on at the step where it was paused or reverted, which counts anew from `now`. Throws where it was neither.
    package func resumed(at now: FlagTime, because note: String) throws(InvalidFlagItem) -> RolloutMove {
        guard state == .paused || state == .reverted else {
            throw wrongState("Only one that is paused or reverted can be resumed.")
        }
        // A first step with a time of its own still waits for that.
        let waits = if step == 0, case .at(let time) = steps[0].begins { time > now } else { false }
        return RolloutMove(
            kind: .resume, rollout: moved(to: .running, step: step, began: waits ? nil : now, note: note.cut))
    }

    /// Takes the next step whatever it waits for; after the last one it is completed. Throws where it neither runs nor is paused.
    package func advanced(at now: FlagTime, because note: String) throws(InvalidFlagItem) -> RolloutMove {
        guard state == .running || state == .paused else {
            throw wrongState(
                "Only one that is running or paused can be advanced; resume it first, or write a new plan.")
        }
        guard steps.indices.contains(step + 1) else { return move(.complete, to: .completed, note) }
        return RolloutMove(kind: .advance, rollout: moved(to: state, step: step + 1, began: now, note: note.cut))
    }

    /// Gives the variant to nobody any more. Throws where it does so already.
    package func reverted(because note: String) throws(InvalidFlagItem) -> RolloutMove {
        guard state != .reverted else { throw wrongState("There is nothing to take back.") }
        return move(.revert, to: .reverted, note)
    }

    private func wrongState(_ rule: String) -> InvalidFlagItem {
        InvalidFlagItem("The rollout is \(state.rawValue), at \(stepText). \(rule)")
    }
}

extension FlagRolloutBody.Guardrail {
    /// What is asked for, in a few words.
    var what: String {
        switch source {
        case .prometheus(_, let query): "'\(InvalidFlagItem.shown(query))'"
        case .webhook(let url): "what \(InvalidFlagItem.shown(url)) answers"
        }
    }
}

extension FlagItems {
    /// Why a rollout of the flag has no effect; nil where it has.
    package enum RolloutObstacle: Hashable, Sendable {
        /// What is yet to be done before the flag is served by its rule: nothing has been given to anybody.
        case notServed
        /// What was done on purpose to stop the flag.
        case stopped(String)
    }

    package var rolloutObstacle: RolloutObstacle? {
        if kill != nil { return .stopped("the flag is killed here") }
        switch flag.lifecycle {
        case .inactive, .archived: return .stopped("the flag is \(flag.lifecycle.rawValue)")
        case .draft: return .notServed
        case .active: break
        }
        guard let rule else { return .notServed }
        return rule.isEnabled ? nil : .stopped("the flag's rule is disabled here")
    }
}

extension String {
    /// Less than a note may have, so that a change's message can hold it and say whose it is; cut between characters. Words of others do
    /// not steer a terminal, and no NUL stands in the ledger.
    fileprivate var cut: String {
        var text = String(
            String.UnicodeScalarView(
                unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
        guard text.utf8.count > 3_500 else { return text }
        while text.utf8.count > 3_497 { text.removeLast() }
        return text + "…"
    }
}
