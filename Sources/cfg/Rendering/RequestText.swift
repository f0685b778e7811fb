import ConfigPlatformClient
import ConfigPlatformModel

/// Change requests as people read them.
struct RequestText {
    let changes: ChangeText

    private var style: Style { changes.differences.style }
    private var now: Timestamp? { changes.now }

    /// All of it: who, why, what, what was said, and what is still to be had.
    func whole(_ request: ChangeRequestView, in project: ProjectName) -> String {
        var text = Facts([
            ("Request", request.id), ("State", request.state), ("Author", request.author),
            ("Opened", time(request.createdAt)), ("Due", request.scheduledFor.map { time($0) }),
            ("Closed by", request.closedBy), ("Impact", request.impact),
        ]).text(style)
        if !request.message.isEmpty {
            let lines = SafeText.block(request.message).split(separator: "\n", omittingEmptySubsequences: false)
            text += "\n" + lines.map { "    \($0)\n" }.joined()
        }
        if request.isOpen { text += "\n" + difference(request) }
        if !request.approvals.isEmpty {
            text += "\n" + style.bold("Approvals") + "\n"
            for approval in request.approvals {
                text += "  \(SafeText.line(approval.by))  \(TimeText.shown(approval.at, now: now))"
                text += (approval.isVoid ? "  " + style.yellow("of something else; counts no more") : "") + "\n"
            }
        }
        if !request.comments.isEmpty {
            text += "\n" + style.bold("Comments") + "\n"
            for comment in request.comments {
                text += "  \(SafeText.line(comment.by))  \(style.dim(TimeText.shown(comment.at, now: now)))\n"
                for line in SafeText.block(comment.text).split(separator: "\n") { text += "    \(line)\n" }
            }
        }
        return request.isOpen ? text + "\n" + outlook(request, in: project) : text
    }

    /// What it does, and what programs would read.
    func difference(_ request: ChangeRequestView) -> String {
        if let obstacle = request.obstacle {
            return "\(style.red("It cannot be applied as it is:")) \(SafeText.line(obstacle))\n"
        }
        var text = changes.operations(request.operations, linesMax: .max)
        if !request.environments.isEmpty {
            text += "\n" + style.bold("Programs would read") + "\n" + changes.environments(request.environments)
        }
        return text
    }

    /// What is still to be had, and what to do next.
    func outlook(_ request: ChangeRequestView, in project: ProjectName) -> String {
        let option = "\(SafeText.line(request.id)) \(project.option)"
        guard request.obstacle == nil else {
            return "It cannot be applied as it is: 'cfg request edit \(option) FILE', or withdraw it.\n"
        }
        let missing = request.protections.filter { $0.required > $0.given ?? 0 }
        guard missing.isEmpty else {
            let needs = missing.map { guarded in
                let count = guarded.required - (guarded.given ?? 0)
                return "\(ChangeText.place(guarded, in: project)) needs \(count) more approval\(count == 1 ? "" : "s")"
            }
            return "\(needs.joined(separator: ", ")).\n"
        }
        if request.scheduledFor != nil { return "It has all its approvals.\n" }
        return "Nothing is missing: cfg request apply \(option)\n"
    }

    /// One line of a watch.
    func line(_ request: ChangeRequestView, in project: ProjectName) -> String {
        var parts = [style.bold(SafeText.line(request.state))]
        if let closedBy = request.closedBy { parts.append("by \(SafeText.line(closedBy))") }
        if request.isOpen {
            if request.obstacle != nil { parts.append(style.red("cannot be applied as it is")) }
            for guarded in request.protections where guarded.required > 0 {
                parts.append(
                    "\(ChangeText.place(guarded, in: project)) \(guarded.given ?? 0) of \(ChangeText.approvals(guarded.required))"
                )
            }
            if let due = request.scheduledFor { parts.append("due \(TimeText.shown(due, now: now))") }
            if let comment = request.comments.last {
                parts.append("\(SafeText.line(comment.by)): \(SafeText.line(FirstLine.of(comment.text)))")
            }
        }
        return "\(SafeText.line(request.id))  \(parts.joined(separator: "  "))\n"
    }

    private func time(_ text: String) -> String {
        now == nil ? text : "\(text) (\(TimeText.shown(text, now: now)))"
    }
}
