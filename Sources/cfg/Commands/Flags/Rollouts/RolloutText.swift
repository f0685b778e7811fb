import ConfigPlatformClient
import ConfigPlatformModel

/// A rollout for people.
struct RolloutText {
    let style: Style
    let width: Int?
    let now: Timestamp?

    init(session: Session) {
        style = session.style
        width = session.terminal.columns
        now = session.now
    }

    /// `running  step 2 of 4  5 %  Advanced to …`
    func line(_ rollout: RolloutView) -> String {
        let parts = [
            state(rollout), "step \(rollout.step + 1) of \(rollout.steps.count)", percent(rollout, Int(rollout.step)),
            SafeText.line(rollout.note ?? ""),
        ]
        return parts.filter { !$0.isEmpty }.joined(separator: "  ") + "\n"
    }

    func whole(_ rollout: RolloutView) -> String {
        var text = "\(SafeText.line(rollout.variant)): \(state(rollout))"
        if let environment = rollout.environment { text += ", said in \(SafeText.line(environment))" }
        text += rollout.isGuarded ? ", guarded\n" : "\n"
        if let note = rollout.note { text += SafeText.line(note) + "\n" }
        var table = Table([
            .init(title: ""), .init(title: "STEP", isNumber: true), .init(title: "SHARE", isNumber: true),
            .init(title: "BEGINS", isFlexible: true),
        ])
        for (index, step) in rollout.steps.enumerated() {
            let begins =
                step.at.map { shown($0) } ?? step.afterSeconds.map { "\($0) s after the step before" }
                ?? (index == 0 ? "with the plan" : "by hand")
            let isPresent = index == Int(rollout.step)
            let began = isPresent ? rollout.stepBegan.map { "; began \(shown($0))" } ?? "" : ""
            table.add(isPresent ? "→" : "", String(index + 1), percent(rollout, index), begins + began)
        }
        return text + table.text(width: width, style: style)
    }

    private func shown(_ time: String) -> String {
        (try? Timestamp(parsing: time)).map { TimeText.shown($0.text, now: now) } ?? SafeText.line(time)
    }

    private func percent(_ rollout: RolloutView, _ index: Int) -> String {
        rollout.steps.indices.contains(index) ? rollout.steps[index].percent.canonicalText + " %" : ""
    }

    private func state(_ rollout: RolloutView) -> String {
        switch rollout.state {
        case "reverted": style.red("reverted")
        case "paused": style.yellow("paused")
        case "completed": style.green("completed")
        default: SafeText.line(rollout.state)
        }
    }
}
