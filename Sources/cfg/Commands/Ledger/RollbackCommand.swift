import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct RollbackCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Bring back what was at an earlier moment, as a new change.",
        discussion: """
            Nothing is lost: a rollback can itself be rolled back. Say which environments: -e (again for more; else \
            CFG_ENVIRONMENT) or --all-environments.

            Examples:
              cfg rollback 41 -p shop -e production --dry-run
              cfg rollback 2h -p shop --all-environments -m "bad release"
              cfg rollback 41 -p shop -e production --key checkout
              cfg rollback 41 --platform --kind role
            """)

    @OptionGroup var project: ProjectOptions
    @OptionGroup var write: WriteOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("An environment to bring back; may be given again.", valueName: "environment"),
        completion: Completions.environments, transform: EnvironmentName.argument)
    var environment: [EnvironmentName] = []

    @Flag(name: [.customShort("A"), .long], help: "All environments.") var allEnvironments = false

    @Flag(help: "The platform itself: its roles, groups and bindings, as --kind says.") var platform = false

    @Option(
        help: ArgumentHelp("Only this key and those below it; may be given again.", valueName: "key"),
        completion: Completions.keys, transform: ConfigKey.argument)
    var key: [ConfigKey] = []

    @Option(help: ArgumentHelp("Only this kind of item; may be given again.", valueName: "kind"))
    var kind: [String] = []

    @Argument(help: "The revision, the time, or how long ago, to go back to.", transform: MomentArgument.argument)
    var moment: MomentArgument

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard environment.isEmpty || !allEnvironments else {
            throw ValidationError("Give -e or --all-environments, not both.")
        }
        guard !platform || (project.project == nil && environment.isEmpty && !allEnvironments && key.isEmpty) else {
            throw ValidationError("--platform goes with none of -p, -e, --all-environments and --key.")
        }
        guard !platform || !kind.isEmpty else {
            throw ValidationError("What of the platform? Give --kind role, --kind group or --kind binding.")
        }
    }

    func run() async throws {
        let project = platform ? .platform : try project.name()
        let session = try Session(connection)
        let order = try order(ProcessVariables.all)
        let answer = try await session.working("Rolling back") {
            try await session.client.rollBack(project, order, isDryRun: write.dryRun)
        }
        try session.show(answer, in: project)
    }

    func order(_ variables: [String: String]) throws -> AdministrationClient.RollbackOrder {
        let target: AdministrationClient.RollbackOrder.Target =
            switch moment.point {
            case .revision(let revision): .revision(revision)
            case .time(let time): .time(time)
            }
        var order = AdministrationClient.RollbackOrder(to: target)
        order.environments = environment
        if environment.isEmpty, !allEnvironments, !platform {
            guard let text = variables["CFG_ENVIRONMENT"], !text.isEmpty else {
                throw ValidationError("Which environments? Give -e ENVIRONMENT, again for more, or --all-environments.")
            }
            order.environments = [
                try ProcessVariables.parsed("CFG_ENVIRONMENT", text) { try EnvironmentName.argument($0) }
            ]
        }
        order.keys = key
        order.kinds = kind
        order.message = write.message
        return order
    }
}

struct PromoteCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Give one environment what another has, as one change.",
        discussion: """
            Without --key: every setting that FROM itself has. With --key also what it inherits.

            Examples:
              cfg promote staging production -p shop --dry-run
              cfg promote staging production -p shop --key checkout -m "release 12"
            """)

    @OptionGroup var project: ProjectOptions
    @OptionGroup var write: WriteOptions

    @Option(
        help: ArgumentHelp("Only this key and those below it; may be given again.", valueName: "key"),
        completion: Completions.keys, transform: ConfigKey.argument)
    var key: [ConfigKey] = []

    @Flag(help: "Also delete what TO itself has and FROM does not.") var replace = false

    @Argument(
        help: "The environment to take from.", completion: Completions.environments, transform: EnvironmentName.argument
    )
    var from: EnvironmentName

    @Argument(
        help: "The environment to give to.", completion: Completions.environments, transform: EnvironmentName.argument)
    var to: EnvironmentName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        let answer = try await session.working("Promoting \(from.rawValue) to \(to.rawValue)") {
            try await session.client.promote(
                project, from: from, to: to, keys: key, replaces: replace, message: write.message,
                isDryRun: write.dryRun)
        }
        try session.show(answer, in: project)
    }
}
