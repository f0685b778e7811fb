import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel
import Foundation

struct FlagArchiveCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive", abstract: "Take a flag out of use and keep its key from being used again.",
        discussion: """
            Programs that still ask for it get their own default, as of a flag that there never was. Before that it is looked \
            whether the flag was evaluated within the last week, whether other flags need it, and with --references whether \
            sources name it. Where there is something to say, you are asked; without a terminal to ask on, give --yes.

            'cfg flag set --lifecycle inactive' brings the flag back.

            Examples:
              cfg flag archive new-checkout -p shop --references ~/src/shop --references ~/src/web
              cfg flag archive new-checkout -p shop --dry-run
            """)

    @OptionGroup var project: ProjectOptions
    @OptionGroup var write: CommitOptions

    @Option(
        help: ArgumentHelp("A source tree in which nothing is to name it; may be given again.", valueName: "dir"),
        completion: .directory)
    var references: [String] = []

    @ArgumentParser.Flag(help: "Go ahead whatever there is to say.") var yes = false

    @Argument(help: "Its key.", completion: Completions.flags) var key: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        let standing = try await session.client.flag(key, of: project, at: nil)
        var body = standing.body
        body["lifecycle"] = "archived"
        let operations = [
            ItemOperation.put(.flag, key, .object(body), expecting: standing.value.revision)
        ]
        let warnings = try await warnings(session, project, operations)
        if !warnings.isEmpty {
            let style = session.terminal.errorStyle
            Output.writeError(warnings.map { "\(style.yellow("warning:")) \(SafeText.line($0))\n" }.joined())
            if !write.dryRun {
                try Prompt.confirm("Archive the flag '\(SafeText.line(key))' all the same?", isConfirmed: yes)
            }
        }
        try await session.commit(operations, to: project, write, saying: "Archive flag \(key)")
    }

    // MARK: What there is to say

    private static let usageSeconds: Int64 = 7 * 86_400
    private static let placesShown = 5

    private func warnings(
        _ session: Session, _ project: ProjectName, _ operations: [JSONValue]
    ) async throws -> [String] {
        try await session.working("Looking who uses it") {
            var warnings = try references.flatMap { try named(in: $0) }
            let now = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
            let use = try await session.client.usage(
                of: key, in: nil, of: project, from: now.adding(seconds: -Self.usageSeconds).text
            ).value
            if let warning = Self.warning(of: use, now: now) { warnings.append(warning) }
            do {
                _ = try await session.client.commit(
                    operations, to: project, message: "Archive flag \(key)", isDryRun: true, isRequest: false)
            } catch let error as ConfigPlatformError where error.code == .inUse {
                // It stays refused, whoever says yes; the rest is worth telling too.
                warnings.append(error.detail)
            }
            return warnings
        }
    }

    static func warning(of use: FlagUsageView, now: Timestamp) -> String? {
        let count = use.hours.reduce(0) { $0 + $1.count }
        guard count > 0 else { return nil }
        let environments = Set(use.hours.map(\.environment)).sorted().joined(separator: ", ")
        let last = use.lastEvaluatedAt.map { ", last \(TimeText.shown($0, now: now))" } ?? ""
        let client = use.lastClient.map { " by \($0)" } ?? ""
        return "evaluated \(count) times within a week in \(environments)\(last)\(client)"
    }

    private func named(in folder: String) throws -> [String] {
        let found: [SourceReferences.Place]
        do {
            found = try SourceReferences([key]).find(in: folder).places[key] ?? []
        } catch {
            throw ValidationError("The folder '\(folder)' cannot be read.")
        }
        guard !found.isEmpty else { return [] }
        let shown = found.prefix(Self.placesShown).map { "\($0.file):\($0.line)" }.joined(separator: ", ")
        let more = found.count > Self.placesShown ? " and \(found.count - Self.placesShown) more" : ""
        return ["named in \(folder): \(shown)\(more)"]
    }
}
