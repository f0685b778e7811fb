import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

/// Changes as people read them.
struct ChangeText {
    let differences: DifferenceText
    /// For relative times; nil for RFC 3339.
    let now: Timestamp?
    /// Lines of differences after a write; the rest is counted.
    static let linesMax = 40

    private var style: Style { differences.style }

    /// After a write: the revision, and what it did.
    func summary(_ change: ChangeView, project: ProjectName) -> String {
        if let request = change.changeRequest { return requested(change, request, project) }
        guard change.isChanged else { return "Nothing to change; the newest revision is \(change.revision).\n" }
        if change.isDryRun {
            var text = style.bold("Dry run") + " against revision \(change.revision); nothing was written.\n"
            text += operations(change.operations, linesMax: .max)
            if !change.environments.isEmpty {
                text += "\n" + style.bold("Programs would read") + "\n" + environments(change.environments)
            }
            text += findings("Would be wrong from then on", change.newFindings)
            text += findings("Would be mended", change.mendedFindings)
            text += approvals(change.approvals, in: project)
            return text
        }
        let text =
            style.bold("Revision \(change.revision)") + "\n" + operations(change.operations, linesMax: Self.linesMax)
        guard change.operations.count > Self.linesMax else { return text }
        let rest = change.operations.count - Self.linesMax
        return text + "… and \(rest) more: cfg show \(change.revision) \(project.option)\n"
    }

    /// A request for approval that was opened instead of the change.
    private func requested(_ change: ChangeView, _ request: String, _ project: ProjectName) -> String {
        let guarded = change.approvals.filter { $0.required > 0 }
        let needs = guarded.map { "\(Self.place($0, in: project)) needs \(Self.approvals($0.required))" }
        let opened = "change request \(style.bold(SafeText.line(request))) was opened. Nothing else was written.\n"
        var text =
            needs.isEmpty
            ? opened.prefix(1).uppercased() + opened.dropFirst() : needs.joined(separator: ", ") + ": " + opened
        text += operations(change.operations, linesMax: Self.linesMax)
        if change.operations.count > Self.linesMax {
            text +=
                "… and \(change.operations.count - Self.linesMax) more: cfg request diff \(request) \(project.option)\n"
        }
        let next =
            needs.isEmpty
            ? "it needs no approval: 'cfg request apply \(request) \(project.option)' applies it"
            : "somebody else reviews it with 'cfg request show \(request) \(project.option)' and 'cfg request approve \(request) "
                + "\(project.option)'"
        return text + style.bold("next:") + " \(next)\n"
    }

    /// What a dry run finds that others would have to say.
    private func approvals(_ guarded: [GuardedEnvironmentView], in project: ProjectName) -> String {
        let lines = guarded.filter { $0.required > 0 }.map { guarded in
            "  \(style.cyan(Self.place(guarded, in: project))): \(Self.approvals(guarded.required)); a change request would be opened\n"
        }
        return lines.isEmpty ? "" : "\n" + style.bold("Approvals needed") + "\n" + lines.joined()
    }

    /// The environment, with its project where that goes without saying nowhere.
    static func place(_ guarded: GuardedEnvironmentView, in project: ProjectName) -> String {
        let other = guarded.project.flatMap { $0 == project.rawValue ? nil : $0 }
        return SafeText.line(other.map { "\($0)/\(guarded.environment)" } ?? guarded.environment)
    }

    static func approvals(_ count: Int64) -> String { "\(count) approval\(count == 1 ? "" : "s")" }

    /// A committed change, whole.
    func whole(_ change: ChangeView) -> String {
        var text = style.bold("Revision \(change.revision)") + "  " + style.dim(SafeText.line(change.token)) + "\n"
        func line(_ name: String, _ value: String?) {
            guard let value, !value.isEmpty else { return }
            text += "\(Columns.padded(name, to: 8))\(SafeText.line(value))\n"
        }
        line("Author", change.author)
        line(
            "Date",
            change.committedAt.map { time in now == nil ? time : "\(time) (\(TimeText.shown(time, now: now)))" })
        line("Source", change.source.map { source($0) })
        line("Digest", change.digest)
        if let message = change.message, !message.isEmpty {
            let lines = SafeText.block(message).split(separator: "\n", omittingEmptySubsequences: false)
            text += "\n" + lines.map { "    \($0)\n" }.joined()
        }
        return text + "\n" + operations(change.operations, linesMax: .max)
    }

    /// Operations under the environments they are about.
    func operations(_ operations: [OperationView], linesMax: Int) -> String {
        var groups: [(environment: String?, lines: [DifferenceText.Line])] = []
        for operation in operations.prefix(linesMax) {
            let line = DifferenceText.Line(
                label: Self.label(of: operation), before: Self.shown(operation.before, of: operation.kind),
                after: Self.shown(operation.after, of: operation.kind))
            let environment = operation.kind == "setting" ? operation.environment : nil
            if let index = groups.firstIndex(where: { $0.environment == environment }) {
                groups[index].lines.append(line)
            } else {
                groups.append((environment, [line]))
            }
        }
        return groups.map { group in
            guard let environment = group.environment else { return differences.text(group.lines) }
            return style.cyan(SafeText.line(environment)) + "\n" + differences.text(group.lines, indent: 2)
        }.joined()
    }

    func environments(_ environments: [EnvironmentDifferenceView]) -> String {
        environments.map { environment in
            style.cyan(SafeText.line(environment.environment)) + "\n" + differences.text(environment.changes, indent: 2)
        }.joined()
    }

    private func findings(_ title: String, _ findings: [FindingView]) -> String {
        guard !findings.isEmpty else { return "" }
        let lines = findings.map { "  \(SafeText.line($0.environment)): \(SafeText.line($0.message))\n" }
        return "\n" + style.bold(title) + "\n" + lines.joined()
    }

    /// Warnings of an answer, for standard error.
    static func warnings(_ findings: [FindingView], _ style: Style) -> String {
        findings.map { "\(style.yellow("warning:")) \(SafeText.line($0.environment)): \(SafeText.line($0.message))\n" }
            .joined()
    }

    /// A change request says much more of itself than whoever reads a change wants to know.
    private static func shown(_ value: OwnValue, of kind: String) -> OwnValue {
        guard kind == "change-request", case .value(let body) = value else { return value }
        var text = body["state"]?.stringValue ?? ""
        for (member, noun) in [("approvals", "approval"), ("comments", "comment")] {
            let count = body[member]?.arrayValue?.count ?? 0
            if count > 0 { text += ", \(count) \(noun)\(count == 1 ? "" : "s")" }
        }
        return .value(.string(text))
    }

    private static func label(of operation: OperationView) -> String {
        switch operation.kind {
        case "setting", "group": operation.key
        case "setting-definition": "key \(operation.key)"
        case "protection": "protection of \(operation.environment ?? "")"
        default: operation.key.isEmpty ? operation.kind : "\(operation.kind) \(operation.key)"
        }
    }

    /// `rollback (toRevision 12)`: what the change was made by, in the words of the API.
    private func source(_ source: JSONValue) -> String {
        guard let object = source.objectValue else { return source.canonicalText }
        let rest = object.filter { $0.name != "operation" }.map { name, value in
            "\(name) \(value.stringValue ?? value.canonicalText)"
        }
        let operation = source["operation"]?.stringValue ?? ""
        return rest.isEmpty ? operation : "\(operation) (\(rest.joined(separator: ", ")))"
    }
}

extension Session {
    var changes: ChangeText { ChangeText(differences: differences, now: now) }

    /// Shows what a write did. Where it did nothing but open a change request, and none was asked for, ends with the status that
    /// tells.
    ///
    /// - Parameter done: what to say of a change that was committed.
    func show(
        _ answer: Answer<ChangeView>, in project: ProjectName, isRequest: Bool = false,
        done: ((ChangeView) -> String)? = nil
    ) throws {
        let change = answer.value
        Output.writeError(ChangeText.warnings(change.warnings, terminal.errorStyle))
        show(answer) { change in
            guard let done, change.isChanged, !change.isDryRun else {
                return changes.summary(change, project: project)
            }
            return done(change)
        }
        if change.changeRequest != nil, !isRequest { throw ExitCode(ExitStatus.approvalNeeded.rawValue) }
    }
}

extension ProjectName {
    /// How a command is told that it is about this project.
    var option: String { self == .platform ? "--platform" : "-p \(rawValue)" }
}
