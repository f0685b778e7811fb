import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel
import Foundation

struct BindingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "binding", abstract: "Bindings: who has which role, and where.",
        discussion: """
            A binding of a project holds in that project, and where it names environments in those alone. One of the platform \
            (--platform) holds everywhere.
            """,
        subcommands: [
            BindingListCommand.self, BindingShowCommand.self, BindingAddCommand.self, BindingRemoveCommand.self,
        ])
}

struct BindingListCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the bindings of a project, or of the platform.", aliases: ["ls"])

    @OptionGroup var home: HomeOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try home.name()
        let session = try Session(connection)
        let found = try await session.working("Reading bindings") {
            try await Pages.read { next, limit in
                try await session.client.bindings(of: project, after: next, limit: limit)
            }
        }
        session.show(found.json) {
            guard !found.items.isEmpty else {
                return
                    "No bindings here. Give somebody a role: cfg binding add --subject user:NAME --role ROLE \(project.option)\n"
            }
            return Self.table(found.items, now: session.now, session.style)
                .text(width: session.terminal.columns, style: session.style)
        }
    }

    static func table(_ bindings: [BindingView], now: Timestamp?, _ style: Style) -> Table {
        var table = Table([
            .init(title: "BINDING", isFlexible: true, style: style.cyan), .init(title: "SUBJECT"),
            .init(title: "ROLE"), .init(title: "ENVIRONMENTS", isFlexible: true), .init(title: "ENDS"),
            .init(title: "REV", isNumber: true), .init(title: "DESCRIPTION", isFlexible: true),
        ])
        for binding in bindings {
            table.add(
                binding.name, binding.subject, binding.role,
                binding.environments.isEmpty ? "all" : binding.environments.joined(separator: ", "),
                binding.expiresAt.map { TimeText.shown($0, now: now) } ?? "never", String(binding.revision),
                (binding.isBreakGlass ? "glass broken: " : "") + FirstLine.of(binding.description))
        }
        return table
    }
}

struct BindingShowCommand: PlatformCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one binding.")

    @OptionGroup var home: HomeOptions

    @Argument(help: "Its name.", completion: Completions.bindings, transform: BindingName.argument)
    var name: BindingName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try home.name()
        let session = try Session(connection)
        let answer = try await session.client.binding(name, of: project)
        session.show(answer) { binding in
            Facts([
                ("Binding", binding.name), ("Subject", binding.subject), ("Role", binding.role),
                ("Where", project == .platform ? "everywhere" : "project \(project.rawValue)"),
                ("Environments", binding.environments.isEmpty ? "all" : binding.environments.joined(separator: ", ")),
                ("Ends", binding.expiresAt.map { TimeText.shown($0, now: session.now) } ?? "never"),
                ("Description", binding.description), ("Glass broken", binding.isBreakGlass ? "yes" : nil),
                ("Revision", String(binding.revision)),
            ]).text(session.style)
        }
    }
}

struct BindingAddCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Give somebody a role.",
        discussion: """
            The subject is an identity (user:ada, user:corp/ada@example.com), a group (group:sre, group:corp/sre), or of \
            workloads and certificates all whose names begin so (workload:github/repo:acme/shop:*). Nobody gives a role \
            that may more than they may themselves.

            Without a name the binding is called after its role, subject and environments.

            Examples:
              cfg binding add --subject group:corp/sre --role operator -p shop -e production
              cfg binding add oncall --subject user:ada --role operator -p shop --for 8h --description "on call tonight"
              cfg binding add --subject group:corp/audit --role auditor --platform
            """)

    @OptionGroup var home: HomeOptions
    @OptionGroup var write: CommitOptions

    @Option(
        help: ArgumentHelp("Who: user:, group:, workload: or certificate: and a name.", valueName: "subject"),
        completion: Completions.identities, transform: Principal.argument)
    var subject: Principal

    @Option(
        help: ArgumentHelp(
            "administrator, operator, viewer, auditor, evaluator, or a role of your own.", valueName: "role"),
        completion: Completions.roles, transform: RoleName.argument)
    var role: RoleName

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Only in this environment; may be given again.", valueName: "environment"),
        completion: Completions.environments, transform: EnvironmentName.argument)
    var environment: [EnvironmentName] = []

    @Option(
        name: .customLong("for"), help: ArgumentHelp("It ends after this: 8h, 30d.", valueName: "duration"),
        transform: DurationArgument.argument)
    var duration: DurationArgument?

    @Option(
        help: ArgumentHelp("It ends then: 2026-12-24T18:00:00Z.", valueName: "time"), transform: FutureArgument.argument
    )
    var until: FutureArgument?

    @Option(help: ArgumentHelp("Why there is the binding.", valueName: "text")) var description: String?

    @Argument(help: "What it is called.", transform: BindingName.argument) var name: BindingName?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard duration == nil || until == nil else { throw ValidationError("Give --for or --until, not both.") }
        guard environment.isEmpty || !home.platform else {
            throw ValidationError("Environments belong to a project; give -p instead of --platform.")
        }
    }

    func run() async throws {
        let project = try home.name()
        guard environment.isEmpty || project != .platform else {
            throw ValidationError("Environments belong to a project; give -p PROJECT.")
        }
        let name = try name ?? Self.name(of: role, subject, environment)
        let body = try body(now: Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)))
        let session = try Session(connection)
        let places = environment.map { "\(project.rawValue)/\($0.rawValue)" }.joined(separator: ", ")
        let place = project == .platform ? "everywhere" : "in \(places.isEmpty ? project.rawValue : places)"
        try await Creation.of("binding '\(name.rawValue)'", remedy: "Give this one another name, or remove that one.") {
            try await session.commit(
                [ItemOperation.put(.binding, name.rawValue, body.json, expecting: 0)], to: project, write,
                saying: "Bind \(subject.rawValue) to \(role.rawValue)"
            ) { change in
                let ends = body.expiresAt.map { " until \($0)" } ?? ""
                return
                    "\(subject.rawValue) is \(role.rawValue) \(place)\(ends) (binding \(name.rawValue), revision \(change.revision)).\n"
            }
        }
    }

    func body(now: Timestamp) throws -> BindingBody {
        try BindingBody(
            subject: subject, role: role, environments: environment.isEmpty ? nil : environment,
            expiresAt: until?.time ?? duration.map { now.adding(seconds: $0.seconds) }, description: description ?? "")
    }

    /// A name that tells role, subject and environments: `operator-group-corp-sre-production`.
    static func name(
        of role: RoleName, _ subject: Principal, _ environments: [EnvironmentName]
    ) throws -> BindingName {
        let parts = [role.rawValue, subject.rawValue] + environments.map(\.rawValue).sorted()
        var text = ""
        for byte in parts.joined(separator: "-").lowercased().utf8 {
            let isAllowed =
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || [0x2E, 0x40, 0x5F].contains(byte)
            if isAllowed {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else if !text.hasSuffix("-") {
                text += "-"
            }
        }
        while text.hasSuffix("-") { text.removeLast() }
        // What is cut off still makes a difference.
        if text.utf8.count > Limits.nameBytes {
            text = text.prefix(Limits.nameBytes - 9) + "-" + Digest.of(Array(text.utf8)).hexadecimal.prefix(8)
        }
        return try BindingName.argument(text)
    }
}

struct BindingRemoveCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Take a role from whoever a binding gave it to.", aliases: ["delete"])

    @OptionGroup var home: HomeOptions
    @OptionGroup var write: CommitOptions

    @Argument(
        help: "Its name, as 'cfg binding list' shows it.", completion: Completions.bindings,
        transform: BindingName.argument)
    var name: BindingName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try home.name()
        let session = try Session(connection)
        let standing = try await session.client.binding(name, of: project)
        try await session.commit(
            [ItemOperation.delete(.binding, name.rawValue, expecting: standing.value.revision)], to: project, write,
            saying: "Remove binding \(name.rawValue)")
    }
}
