import ArgumentParser
import ConfigFormats
import ConfigPlatformClient
import ConfigPlatformFlags
import ConfigPlatformModel
import ControlPlane
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

extension ImportFormat: ExpressibleByArgument {
    package init?(argument: String) {
        if let format = FlagFormat(rawValue: argument.lowercased()) {
            self = .flags(format)
        } else if let format = ConfigFormat(argument: argument) {
            self = .settings(format)
        } else {
            return nil
        }
    }

    package static var allValueStrings: [String] { allCases.map(\.rawValue) }
}

extension ExportFormat: ExpressibleByArgument {
    package init?(argument: String) {
        switch ImportFormat(argument: argument) {
        case .flags(.flagd)?: self = .flagd
        case .settings(let format)?: self = .settings(format)
        default: return nil
        }
    }

    package static var allValueStrings: [String] { allCases.map(\.rawValue) }

    fileprivate var title: String {
        switch self {
        case .settings(let format): format.title
        case .flagd: FlagFormat.flagd.title
        }
    }
}

struct ImportCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take settings and flags of files into an environment, as one change.",
        discussion: """
            The format follows from the file's name (.env, .yaml, .yml, .json, .toml, .properties; .flagd.json, .launchdarkly.json, \
            .unleash.json, .flagsmith.json), from what a JSON file holds where that leaves no doubt, or from --format. \
            What could not be read or carried over, or was read otherwise, is said on standard error.

            Examples:
              cfg import demo.env -p shop -e base
              cfg import demo.env demo.flagd.json -p shop -e base
              cfg import flags.json --format launchdarkly --file-environment prod -e production --dry-run
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

    @Option(name: .shortAndLong, help: "The format of a single file, if its name does not tell.") var format:
        ImportFormat?

    @Option(
        help:
            "merge adds and overwrites; replace also deletes what the file lacks, and is refused where a line of settings cannot be read."
    )
    var mode: Mode = .merge

    @Option(help: "Whether ${…} in strings stands for other settings; by default in dotenv files only.")
    var references: References?

    @Option(
        help: ArgumentHelp(
            "Of a file of flags with several environments the one whose rules are taken; by default the one that is called like ours, or the only one.",
            valueName: "name"))
    var fileEnvironment: String?

    @ArgumentParser.Flag(help: "Write nothing if there is a line or an item that cannot be carried over.") var strict =
        false

    @Argument(help: "The files; '-' for standard input.", completion: .file())
    var files: [String]

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let (project, environment) = try place.place()
        let files = try read()
        let session = try Session(connection)
        let order = AdministrationClient.ImportOrder(
            environment: environment, format: files[0].format, replaces: mode == .replace,
            references: references?.rawValue, fileEnvironment: fileEnvironment,
            message: write.message
                ?? (self.files == ["-"] ? nil : "Import \(files.map(\.name).joined(separator: ", "))"))
        let answer = try await session.working("Importing \(Self.shown(self.files))") {
            if strict { try await refuseUnreadable(files, project, order, session) }
            return try await send(files, project, order, session, isDryRun: write.dryRun)
        }
        showNotices(answer.value.notices, session)
        if session.format == .text {
            let read = [
                answer.value.settingsRead.map { Self.counted($0, "setting") },
                answer.value.flagsRead.map { Self.counted($0, "flag") },
                answer.value.segmentsRead.flatMap { $0 > 0 ? Self.counted($0, "segment") : nil },
            ].compactMap { $0 }
            if !read.isEmpty { Output.write("Read \(read.joined(separator: ", ")) from \(Self.shown(self.files)).\n") }
        }
        try session.show(answer, in: project)
    }

    private static func counted(_ count: Int64, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    private static func shown(_ files: [String]) -> String { files.joined(separator: ", ") }

    private func read() throws -> [AdministrationClient.ImportFile] {
        guard format == nil || files.count == 1 else {
            throw ValidationError("With --format there is one file; several say by their names what they are.")
        }
        guard files.filter({ $0 == "-" }).count <= 1 else { throw ValidationError("Standard input can be read once.") }
        return try files.map { file in
            let bytes = try InputFile.bytes(of: file)
            guard let format = format ?? Self.format(of: file, bytes) else {
                throw ValidationError(
                    "The format of '\(file)' does not show in its name; give --format (\(ImportFormat.allValueStrings.joined(separator: ", ")))."
                )
            }
            return AdministrationClient.ImportFile(
                name: file == "-" ? "standard input" : URL(filePath: file).lastPathComponent, format: format.rawValue,
                bytes: bytes)
        }
    }

    /// What the name says; of JSON that could be settings or flags what it holds.
    static func format(of file: String, _ bytes: [UInt8]) -> ImportFormat? {
        let named = file == "-" ? nil : ImportFormat(fileName: file)
        guard named == nil || named == .settings(.json) else { return named }
        let held = (try? JSONValue(parsing: bytes)).flatMap { FlagFormat(recognizing: $0) }
        return held.map { .flags($0) } ?? named
    }

    private func send(
        _ files: [AdministrationClient.ImportFile], _ project: ProjectName,
        _ order: AdministrationClient.ImportOrder, _ session: Session, isDryRun: Bool
    ) async throws -> Answer<ChangeView> {
        files.count == 1
            ? try await session.client.importFile(files[0].bytes, into: project, order, isDryRun: isDryRun)
            : try await session.client.importFiles(files, into: project, order, isDryRun: isDryRun)
    }

    private func refuseUnreadable(
        _ files: [AdministrationClient.ImportFile], _ project: ProjectName,
        _ order: AdministrationClient.ImportOrder, _ session: Session
    ) async throws {
        let notices = try await send(files, project, order, session, isDryRun: true).value.notices
        guard notices.contains(where: { $0.severity == "error" }) else { return }
        showNotices(notices, session)
        throw ConfigPlatformError(
            .unreadableFile,
            "\(Self.shown(self.files)) has what cannot be carried over; nothing was imported. Leave --strict out to import the rest."
        )
    }

    private func showNotices(_ notices: [NoticeView], _ session: Session) {
        Output.writeError(
            Self.noticeText(
                notices, file: files == ["-"] ? "standard input" : Self.shown(files), session.terminal.errorStyle))
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
            let key = notice.key.map { "'\(SafeText.line($0))': " } ?? ""
            let pointer = notice.pointer.flatMap { $0.isEmpty ? nil : " (\(SafeText.line($0)))" } ?? ""
            return
                "\(SafeText.line(notice.file ?? file))\(place): \(severity): \(key)\(SafeText.line(notice.message))\(pointer)\n"
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
        commandName: "export", abstract: "Write an environment's settings, or its flags, as a file.",
        discussion: """
            What programs read, inheritance and references resolved: importing the file again gives the same values. With the format \
            flagd it is the flags: a definition file that any flagd evaluates as this server does.

            Examples:
              cfg export -p shop -e production --file shop.flagd.json
              cfg export -p shop -e production --format yaml > production.yaml
              cfg export -e staging --file staging.env
            """)

    @OptionGroup var place: PlaceOptions

    @Option(
        name: .shortAndLong,
        help:
            "The format: json, yaml, toml, dotenv, properties or flagd. By default what the file's name says, else json."
    )
    var format: ExportFormat?

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
        let format = format ?? file.flatMap { ExportFormat(fileName: $0) } ?? .settings(.json)
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
