import ArgumentParser
import ConfigFormats
import ConfigPlatformClient
import ConfigPlatformModel
import Foundation

extension ConfigFormat: ExpressibleByArgument {
    /// `yml` and `env` are taken for what they are, too.
    package init?(argument: String) {
        guard let format = ConfigFormat(rawValue: argument.lowercased()) ?? ConfigFormat(fileName: "." + argument)
        else {
            return nil
        }
        self = format
    }

    package static var allValueStrings: [String] { allCases.map(\.rawValue) }
}

struct ImportCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take the settings of a file into an environment, as one change.",
        discussion: """
            The format follows from the file's name (.env, .yaml, .yml, .json, .toml, .properties) or from --format. \
            What could not be read, or was read around, is said line by line on standard error.

            Examples:
              cfg import demo.env -p shop -e base
              cfg import application.yml -p shop -e production --mode replace --dry-run
              kubectl get configmap shop -o json | jq .data | cfg import - --format json -e staging
            """)

    enum Mode: String, CaseIterable, ExpressibleByArgument {
        case merge, replace
    }

    enum References: String, CaseIterable, ExpressibleByArgument {
        case live, literal
    }

    @OptionGroup var place: PlaceOptions
    @OptionGroup var write: WriteOptions

    @Option(name: .shortAndLong, help: "The file's format, if its name does not tell.") var format: ConfigFormat?

    @Option(help: "merge adds and overwrites; replace also deletes what the file lacks.") var mode: Mode = .merge

    @Option(help: "Whether ${…} in strings stands for other settings; by default in dotenv files only.")
    var references: References?

    @Flag(help: "Write nothing if there is a line that cannot be read.") var strict = false

    @Argument(help: "The file; '-' for standard input.", completion: .file())
    var file: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let (project, environment) = try place.place()
        guard let format = format ?? ConfigFormat(fileName: file) else {
            throw ValidationError(
                "The format of '\(file)' does not show in its name; give --format (\(ConfigFormat.allValueStrings.joined(separator: ", ")))."
            )
        }
        let bytes = try InputFile.bytes(of: file)
        let session = try Session(connection)
        let order = AdministrationClient.ImportOrder(
            environment: environment, format: format.rawValue, replaces: mode == .replace,
            references: references?.rawValue,
            message: write.message ?? (file == "-" ? nil : "Import \(URL(filePath: file).lastPathComponent)"))
        let answer = try await session.working("Importing \(file)") {
            if strict { try await refuseUnreadable(bytes, project, order, session) }
            return try await session.client.importFile(bytes, into: project, order, isDryRun: write.dryRun)
        }
        showNotices(answer.value.notices, session)
        if session.format == .text, let count = answer.value.settingsRead {
            Output.write("Read \(count) setting\(count == 1 ? "" : "s") from \(file).\n")
        }
        try session.show(answer, in: project)
    }

    private func refuseUnreadable(
        _ bytes: [UInt8], _ project: ProjectName, _ order: AdministrationClient.ImportOrder, _ session: Session
    ) async throws {
        let notices = try await session.client.importFile(bytes, into: project, order, isDryRun: true).value.notices
        guard notices.contains(where: { $0.severity == "error" }) else { return }
        showNotices(notices, session)
        throw ConfigPlatformError(
            .unreadableFile,
            "\(file) has lines that cannot be read; nothing was imported. Leave --strict out to import the rest.")
    }

    private func showNotices(_ notices: [NoticeView], _ session: Session) {
        Output.writeError(
            Self.noticeText(notices, file: file == "-" ? "standard input" : file, session.terminal.errorStyle))
    }

    static func noticeText(_ notices: [NoticeView], file: String, _ style: Style) -> String {
        notices.map { notice in
            let place = [notice.line, notice.column].compactMap { $0.map { ":\($0)" } }.joined()
            let severity =
                switch notice.severity {
                case "error": style.red("error")
                case "warning": style.yellow("warning")
                default: "note"
                }
            return "\(SafeText.line(file))\(place): \(severity): \(SafeText.line(notice.message))\n"
        }.joined()
    }
}

/// A file that is named on the command line.
enum InputFile {
    /// All of it, at most ``Limits/requestBodyBytes``; `-` is standard input.
    static func bytes(of file: String) throws -> [UInt8] {
        guard file != "-" else { return try StandardInput.bytes(bytesMax: Limits.requestBodyBytes) }
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ValidationError(
                "The file '\(file)' cannot be read: \(String(cString: strerror(errno)).lowercased()).")
        }
        return try StandardInput.bytes(
            of: FileHandle(fileDescriptor: descriptor, closeOnDealloc: true), named: "'\(file)'",
            bytesMax: Limits.requestBodyBytes)
    }
}

struct ExportCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write an environment's settings as a file.",
        discussion: """
            What programs read, inheritance and references resolved: importing the file again gives the same values.

            Examples:
              cfg export -p shop -e production --format yaml > production.yaml
              cfg export -e staging --file staging.env
            """)

    @OptionGroup var place: PlaceOptions

    @Option(
        name: .shortAndLong,
        help: "The format: json, yaml, toml, dotenv or properties. By default what the file's name says, else json.")
    var format: ConfigFormat?

    @Option(
        help: ArgumentHelp("Write this file, replacing it as a whole, instead of standard output.", valueName: "file"),
        completion: .file())
    var file: String?

    @Option(
        help: ArgumentHelp("As it was at a revision, a time, or so long ago.", valueName: "moment"),
        transform: MomentArgument.argument)
    var at: MomentArgument?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let (project, environment) = try place.place()
        let session = try Session(connection)
        let format = format ?? file.flatMap { ConfigFormat(fileName: $0) } ?? .json
        let response = try await session.working("Exporting \(environment.rawValue)") {
            try await session.client.exportFile(
                of: environment, in: project, format: format.rawValue, at: at?.text)
        }
        guard let file else {
            Output.write(response.body)
            // A document without a line end leaves the shell's prompt behind it.
            if session.terminal.isOutputTerminal, response.body.last != 0x0A { Output.write("\n") }
            return
        }
        try DurableFile.replace(file, with: response.body)
        Output.writeError("Wrote \(file): \(project.rawValue)/\(environment.rawValue) as \(format.title).\n")
    }
}
