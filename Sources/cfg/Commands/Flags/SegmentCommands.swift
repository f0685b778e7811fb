import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct SegmentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "segment", abstract: "Groups of contexts that rules name.",
        subcommands: [
            SegmentListCommand.self, SegmentGetCommand.self, SegmentSetCommand.self, SegmentDeleteCommand.self,
            SegmentHistoryCommand.self,
        ])
}

struct SegmentListCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show a project's segments.", aliases: ["ls"])

    @OptionGroup var project: ProjectOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        let found = try await session.working("Reading segments") {
            try await Pages.read("segments", limit: nil) { next, limit in
                try await session.client.segments(of: project, after: next, limit: limit)
            }
        }
        session.show(found.json) {
            guard !found.items.isEmpty else {
                return "No segments yet. Make one: cfg flag segment set NAME --include KEY -p \(project.rawValue)\n"
            }
            var table = Table([
                .init(title: "SEGMENT", style: session.style.cyan), .init(title: "REV", isNumber: true),
                .init(title: "DESCRIPTION", isFlexible: true),
            ])
            for segment in found.items {
                table.add(segment.name, String(segment.revision), FirstLine.of(segment.description ?? ""))
            }
            return table.text(width: session.terminal.columns, style: session.style)
        }
    }
}

struct SegmentGetCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Show who is in a segment, and what names it.")

    @OptionGroup var project: ProjectOptions

    @Option(help: "As it was then: a revision, a time, or how long ago.", transform: MomentArgument.argument)
    var at: MomentArgument?

    @Argument(help: "Its name.", completion: Completions.segments) var name: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        let answer = try await session.client.segment(name, of: project, at: at?.text)
        session.show(answer) { segment in
            Facts([
                ("Segment", segment.name), ("Revision", String(segment.revision)),
                ("Flags", segment.flags.joined(separator: ", ")),
                ("Segments", segment.segments.joined(separator: ", ")),
            ]).text(session.style) + "\n" + JSONValue.object(segment.body).prettyText() + "\n"
        }
    }
}

struct SegmentSetCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Define a segment, or alter it.",
        discussion: """
            The whole segment is given as a file, or contexts are added to and removed from the lists of the one that stands.

            Examples:
              cfg flag segment set testers -p shop --include user-7 --include user-8 --description "Who tests"
              cfg flag segment set testers -p shop --remove user-7
              cfg flag segment set europe -p shop europe.json
            """)

    @OptionGroup var project: ProjectOptions
    @OptionGroup var write: CommitOptions

    @Option(help: ArgumentHelp("Who belongs to it; may be given again.", valueName: "key")) var include: [String] = []
    @Option(help: ArgumentHelp("Who never does; may be given again.", valueName: "key")) var exclude: [String] = []
    @Option(help: ArgumentHelp("Take out of both lists; may be given again.", valueName: "key")) var remove: [String] =
        []
    @Option(help: ArgumentHelp("What the lists are of (default targetingKey).", valueName: "attribute")) var by: String?
    @Option(help: ArgumentHelp("Who they are.", valueName: "text")) var description: String?

    @Argument(help: "Its name.", completion: Completions.segments) var name: String
    @Argument(help: "The segment, in JSON or YAML; '-' for JSON on standard input.", completion: .file())
    var file: String?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        let standing = try await standing(session, project)
        var body = standing?.body ?? [:]
        if let file {
            guard case .object(let members) = try SchemaFiles.document(file) else {
                throw ValidationError("\(file) is no segment: it is to hold an object.")
            }
            body = members
        }
        body = Self.altered(body, including: include, excluding: exclude, removing: remove)
        if let by { body["by"] = .string(by) }
        if let description { body["description"] = .string(description) }
        try await session.commit(
            [ItemOperation.put(.segment, name, .object(body), expecting: standing?.revision ?? 0)], to: project, write,
            saying: "Set segment \(name)")
    }

    /// Nil where there is none.
    private func standing(_ session: Session, _ project: ProjectName) async throws -> SegmentView? {
        do {
            return try await session.client.segment(name, of: project, at: nil).value
        } catch let error as ConfigPlatformError where error.code == .notFound {
            return nil
        }
    }

    static func altered(
        _ body: JSONObject, including include: [String], excluding exclude: [String], removing remove: [String]
    ) -> JSONObject {
        var body = body
        for (name, added, other) in [("include", include, exclude), ("exclude", exclude, include)] {
            let standing = (body[name]?.arrayValue ?? []).compactMap(\.stringValue)
            let kept = standing.filter { text in !(remove + other).contains { $0.hasSameBytes(as: text) } }
            let new = added.filter { text in !kept.contains { $0.hasSameBytes(as: text) } }
            let list = kept + new
            body[name] = list.isEmpty ? nil : .array(list.map { .string($0) })
        }
        return body
    }
}

struct SegmentDeleteCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a segment that nothing names; its history is kept.")

    @OptionGroup var project: ProjectOptions
    @OptionGroup var write: CommitOptions

    @Argument(help: "Its name.", completion: Completions.segments) var name: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        try await Session(connection).commit(
            [ItemOperation.delete(.segment, name)], to: try project.name(), write, saying: "Delete segment \(name)")
    }
}

struct SegmentHistoryCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show what a segment was, newest first.")

    @OptionGroup var project: ProjectOptions

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("Only so many.", valueName: "count"))
    var limit: Int = 20

    @Argument(help: "Its name.", completion: Completions.segments) var name: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is a number above zero.") }
    }

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        let found = try await session.working("Reading history") {
            try await Pages.read("history", limit: limit) { next, limit in
                try await session.client.segmentHistory(of: name, of: project, before: next, limit: limit)
            }
        }
        session.show(found.json) { FlagText.history(found.items, session) }
    }
}
