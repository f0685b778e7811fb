package import ConfigPlatformModel

/// What a watch delivers, encoded once for all who receive it; one object, so that a transport can frame it once for all too.
package final class WatchEvent: Sendable {
    package let kind: Kind
    /// The revision up to which the receiver has now seen everything.
    package let token: RevisionToken
    /// Whether that is so with this event: of those that one revision makes for several environments it is so with the last.
    package let isComplete: Bool
    /// JSON.
    package let data: [UInt8]
    /// What it tells of, so that it can be told of in part.
    let content: Content

    enum Content: Sendable {
        /// Of no environment.
        case nothing
        case environment(EnvironmentName, of: ProjectName)
        case document(ResolvedEnvironment, of: ProjectName)
        case differences(ChangeRecord, [ValueDifference], in: ResolvedEnvironment)
        case flags([FlagDifference], in: ResolvedFlags, of: ProjectName)
    }

    init(
        kind: Kind, token: RevisionToken, isComplete: Bool = true, data: [UInt8], content: Content = .nothing
    ) {
        self.kind = kind
        self.token = token
        self.isComplete = isComplete
        self.data = data
        self.content = content
    }

    /// One revision's events, or the documents of one, for somebody who receives all of them.
    static func parts(of events: [WatchEvent]) -> [WatchEvent] {
        events.dropLast().map(\.part) + events.suffix(1)
    }

    /// The same, with more of its revision to come.
    var part: WatchEvent { WatchEvent(kind: kind, token: token, isComplete: false, data: data, content: content) }

    package enum Kind: String, Sendable {
        /// The whole document as it stands: the first event of a watch that resumes from nowhere.
        case snapshot
        /// The differences that one revision made.
        case change
        /// Nothing happened up to the token.
        case heartbeat
        /// The environment has ended, and with it the watch.
        case deleted
        /// The receiver was too slow: the watch ends, and may be resumed from the token.
        case behind
    }
}

extension WatchEvent {
    static func snapshot(_ reading: ResolvedEnvironment, in project: ProjectName, at token: RevisionToken) -> WatchEvent
    {
        var out: [UInt8] = []
        let document = reading.document
        out.reserveCapacity(document.bytes.count + 200)
        out.append(contentsOf: Array("{\"document\":".utf8))
        out.append(contentsOf: document.bytes)
        out.appendMember(",\"entityTag\":", document.entityTag)
        appendPlace(reading.name, project, token, into: &out)
        out.append(UInt8(ascii: "}"))
        return WatchEvent(kind: .snapshot, token: token, data: out, content: .document(reading, of: project))
    }

    static func change(
        _ change: ChangeRecord, _ differences: [ValueDifference], in reading: ResolvedEnvironment
    ) -> WatchEvent {
        var out: [UInt8] = []
        out.appendMember("{\"author\":", change.author.rawValue)
        out.append(",\"changes\":[")
        for (index, difference) in differences.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            difference.write(into: &out)
        }
        out.append(UInt8(ascii: "]"))
        out.appendMember(",\"committedAt\":", change.committedAt.text)
        out.appendMember(",\"entityTag\":", reading.document.entityTag)
        out.appendMember(",\"message\":", change.message)
        appendPlace(reading.name, change.project, change.token, into: &out)
        out.append(UInt8(ascii: "}"))
        return WatchEvent(
            kind: .change, token: change.token, data: out, content: .differences(change, differences, in: reading))
    }

    /// The whole definition of an environment's flags.
    static func flagSnapshot(_ flags: ResolvedFlags, in project: ProjectName, at token: RevisionToken) -> WatchEvent {
        var out = Array("{\"definition\":".utf8)
        out.append(contentsOf: flags.document.bytes)
        out.appendMember(",\"entityTag\":", flags.document.entityTag)
        appendPlace(flags.environment, project, token, into: &out)
        out.append(UInt8(ascii: "}"))
        return WatchEvent(kind: .snapshot, token: token, data: out, content: .flags([], in: flags, of: project))
    }

    /// The flags that a change made others, with their definitions.
    static func flags(_ change: ChangeRecord, _ differences: [FlagDifference], in flags: ResolvedFlags) -> WatchEvent {
        var out = Array("{\"changes\":[".utf8)
        for (index, difference) in differences.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            difference.write(into: &out)
        }
        out.append(contentsOf: Array("],\"committedAt\":".utf8))
        JSONText.appendString(change.committedAt.text, into: &out)
        appendPlace(flags.environment, change.project, change.token, into: &out)
        out.append(UInt8(ascii: "}"))
        return WatchEvent(
            kind: .change, token: change.token, data: out,
            content: .flags(differences, in: flags, of: change.project))
    }

    /// What it says of flags; nil where it is of something else. A snapshot has no differences.
    package var flagChange: (differences: [FlagDifference], flags: ResolvedFlags, setName: String)? {
        guard case .flags(let differences, let flags, let project) = content else { return nil }
        return (differences, flags, "\(project.rawValue)/\(flags.environment.rawValue)")
    }

    static func bare(
        _ kind: Kind, in environment: EnvironmentName?, of project: ProjectName?, at token: RevisionToken
    ) -> WatchEvent {
        var out = Array("{\"revision\":\(token.revision.number)".utf8)
        if let environment, let project {
            out = [UInt8(ascii: "{")]
            appendPlace(environment, project, token, into: &out)
            out.remove(at: 1)
        }
        out.append(UInt8(ascii: "}"))
        let content = environment.flatMap { name in project.map { Content.environment(name, of: $0) } }
        return WatchEvent(kind: kind, token: token, data: out, content: content ?? .nothing)
    }

    private static func appendPlace(
        _ environment: EnvironmentName, _ project: ProjectName, _ token: RevisionToken, into out: inout [UInt8]
    ) {
        out.append(contentsOf: Array(",\"environment\":".utf8))
        JSONText.appendString(environment.rawValue, into: &out)
        out.append(contentsOf: Array(",\"project\":".utf8))
        JSONText.appendString(project.rawValue, into: &out)
        out.append(contentsOf: Array(",\"revision\":\(token.revision.number)".utf8))
    }
}

extension WatchEvent {
    /// What it is about; nil where that is nothing of an environment.
    var place: (EnvironmentName, ProjectName)? {
        switch content {
        case .nothing: nil
        case .environment(let name, let project): (name, project)
        case .document(let reading, let project): (reading.name, project)
        case .differences(let change, _, let reading): (reading.name, change.project)
        case .flags(_, let flags, let project): (flags.environment, project)
        }
    }

    /// The event as it is told to somebody who may not read every key; nil where nothing of it is left.
    func restricted(to isVisible: (ConfigKey) -> Bool) -> WatchEvent? {
        let restricted: WatchEvent
        switch content {
        case .nothing, .environment, .flags: return self
        case .document(let reading, let project):
            restricted = .snapshot(reading.restricted(to: isVisible), in: project, at: token)
        case .differences(let change, let differences, let reading):
            let visible = differences.filter { isVisible($0.key) }
            if visible.isEmpty { return nil }
            restricted = .change(change, visible, in: reading.restricted(to: isVisible))
        }
        return isComplete ? restricted : restricted.part
    }
}

extension ValueDifference {
    /// `{"after":…,"before":…,"key":…}`, without the member that has no value.
    package func write(into out: inout [UInt8]) {
        out.append(UInt8(ascii: "{"))
        if let after {
            out.append(contentsOf: Array("\"after\":".utf8))
            out.append(contentsOf: after)
            out.append(UInt8(ascii: ","))
        }
        if let before {
            out.append(contentsOf: Array("\"before\":".utf8))
            out.append(contentsOf: before)
            out.append(UInt8(ascii: ","))
        }
        out.append(contentsOf: Array("\"key\":".utf8))
        JSONText.appendString(key.text, into: &out)
        out.append(UInt8(ascii: "}"))
    }
}
