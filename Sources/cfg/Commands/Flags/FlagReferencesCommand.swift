import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct FlagReferencesCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "references", abstract: "Find where flags are used in a source tree.",
        discussion: """
            Every text file below the folder is searched for the keys of the project's flags as whole words. A flag that is used nowhere may \
            be ready to be archived; with --unused only such flags are shown.

            Ends with 1 where one of the flags that were named is used: before archiving it, take it out there.

            Examples:
              cfg flag references ~/src/shop -p shop
              cfg flag references . new-checkout -p shop
              cfg flag references . --unused -p shop
            """)

    @OptionGroup var project: ProjectOptions

    @ArgumentParser.Flag(help: "Only the flags that are used nowhere.") var unused = false

    @Argument(help: "The folder.", completion: .directory) var folder: String

    @Argument(help: "Keys of flags; all of the project's where there are none.") var keys: [String] = []

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let wanted: [String]
        if keys.isEmpty {
            let project = try project.name()
            wanted = try await session.working("Reading flags") { try await session.client.flagKeys(of: project) }
        } else {
            wanted = keys
        }
        let found: (places: [String: [SourceReferences.Place]], files: Int, isCut: Bool)
        do {
            found = try SourceReferences(wanted).find(in: folder)
        } catch {
            throw ValidationError("The folder '\(folder)' cannot be read.")
        }
        let shown = wanted.filter { !unused || found.places[$0] == nil }
        session.show(json(shown, found.places)) { text(shown, found, session.style) }
        if !keys.isEmpty, !found.places.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func json(_ flags: [String], _ places: [String: [SourceReferences.Place]]) -> JSONValue {
        [
            "flags": .array(
                flags.map { flag in
                    [
                        "flag": .string(flag),
                        "references": .array(
                            (places[flag] ?? []).map { ["file": .string($0.file), "line": .int($0.line)] }),
                    ]
                })
        ]
    }

    private func text(
        _ flags: [String], _ found: (places: [String: [SourceReferences.Place]], files: Int, isCut: Bool),
        _ style: Style
    ) -> String {
        var lines: [String] = []
        for flag in flags {
            let places = found.places[flag] ?? []
            lines.append(
                style.cyan(SafeText.line(flag))
                    + (places.isEmpty ? "  " + style.dim("used nowhere") : "  \(places.count)"))
            lines += places.map { SafeText.line("  \($0.file):\($0.line)") }
        }
        lines.append(style.dim("\(found.files) files searched."))
        if found.isCut { lines.append(style.yellow("Only the first \(SourceReferences.placesMax) places are shown.")) }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension AdministrationClient {
    /// Keys of every flag of a project that is not archived.
    func flagKeys(of project: ProjectName) async throws -> [String] {
        var keys: [String] = []
        var next: String?
        repeat {
            var request = ServerRequest(.get, "projects", project.rawValue, "flags")
            request.ask("after", next)
            let page = try await call(request).json()
            keys += (page["flags"]?.arrayValue ?? []).compactMap { flag in
                flag["lifecycle"]?.stringValue == "archived" ? nil : flag["key"]?.stringValue
            }
            next = page["next"]?.stringValue
        } while next != nil
        return keys
    }
}
