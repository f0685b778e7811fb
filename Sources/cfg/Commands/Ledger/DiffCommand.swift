import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct DiffCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show what programs read differently: between two moments, or two environments.",
        discussion: """
            Between two moments, in one environment or all, with --from and --to; between two environments by naming \
            both. '~' is a changed value, '+' a new one, '-' one that is gone.

            Examples:
              cfg diff --from 12 -p shop -e production
              cfg diff --from 2h --to 1h -p shop
              cfg diff staging production -p shop
              cfg diff --from 12 -e production --exit-code || echo changed
            """)

    @OptionGroup var scope: ScopeOptions

    @Option(
        help: ArgumentHelp("From this revision, time, or so long ago.", valueName: "moment"),
        transform: MomentArgument.argument)
    var from: MomentArgument?

    @Option(
        help: ArgumentHelp("Up to this one; by default now.", valueName: "moment"), transform: MomentArgument.argument)
    var to: MomentArgument?

    @Option(
        help: ArgumentHelp("Compare the environments as they were then.", valueName: "moment"),
        transform: MomentArgument.argument)
    var at: MomentArgument?

    @Flag(help: "End with status 7 if there are differences.") var exitCode = false

    @Argument(
        help: "Two environments.", completion: Completions.environments, transform: EnvironmentName.argument)
    var environments: [EnvironmentName] = []

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        switch environments.count {
        case 0:
            guard from != nil else { throw ValidationError("Give --from MOMENT, or two environments.") }
            guard at == nil else {
                throw ValidationError("--at is for comparing two environments; here it is --from and --to.")
            }
        case 2:
            guard from == nil, to == nil else {
                throw ValidationError(
                    "--from and --to compare moments, not environments; --at says when to compare two.")
            }
            guard scope.environment == nil else {
                throw ValidationError("Name both environments, without -e.")
            }
        default: throw ValidationError("Name two environments, the one to come from first.")
        }
    }

    func run() async throws {
        let session = try Session(connection)
        let hasDifferences =
            environments.isEmpty ? try await compareMoments(session) : try await compareEnvironments(session)
        if exitCode, hasDifferences { throw ExitCode(ExitStatus.different.rawValue) }
    }

    private func compareMoments(_ session: Session) async throws -> Bool {
        let (project, environment) = try scope.scope()
        let answer = try await session.working("Comparing") {
            try await session.client.difference(
                of: project, in: environment, from: from?.text ?? "", to: to?.text)
        }
        session.show(answer) { difference in
            guard !difference.environments.isEmpty else {
                return "No differences between revision \(difference.from) and \(difference.to).\n"
            }
            // Where one environment was asked for, its name would only be repeated.
            if environment != nil, let only = difference.environments.first, difference.environments.count == 1 {
                return session.differences.text(only.changes)
            }
            return session.changes.environments(difference.environments)
        }
        return answer.value.environments.contains { !$0.changes.isEmpty }
    }

    private func compareEnvironments(_ session: Session) async throws -> Bool {
        let project = try scope.project.name()
        let answer = try await session.working("Comparing") {
            try await session.client.difference(
                of: project, from: environments[0], to: environments[1], at: at?.text)
        }
        session.show(answer) { difference in
            guard !difference.changes.isEmpty else {
                return "No differences between \(difference.fromEnvironment) and \(difference.toEnvironment).\n"
            }
            return session.differences.text(difference.changes)
        }
        return !answer.value.changes.isEmpty
    }
}
