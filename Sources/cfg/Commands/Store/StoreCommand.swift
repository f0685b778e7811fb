import ArgumentParser
import ConfigPlatformModel
import ControlPlane
import Foundation
import Store

/// `cfg store …`: what is done to a database without a server.
struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Check a database, or move a platform to another.",
        subcommands: [StoreCheckCommand.self, StoreCopyCommand.self])
}

/// Which database a maintenance command is about.
struct StoreOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Folder of the embedded database.", valueName: "DIR")) var data: String?
    @Option(help: ArgumentHelp("PostgreSQL instead.", valueName: "URL")) var databaseUrl: String?

    func location() throws -> StoreLocation {
        switch (data, databaseUrl) {
        case (.some(let directory), nil): .embedded(directory: directory)
        case (nil, .some(let url)): try StoreLocation(parsing: url)
        case (nil, nil): throw ValidationError("Which database? Give --data DIR or --database-url URL.")
        case (.some, .some): throw ValidationError("Give --data or --database-url, not both.")
        }
    }
}

struct StoreCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Verify every invariant of a database.",
        discussion:
            "Replays the whole ledger and compares it with what is stored. May run beside a server. Exits with 1 where it finds a fault."
    )

    @OptionGroup var options: StoreOptions

    func run() async throws {
        let location = try options.location()
        try await Maintenance.run { progress in
            let store = try await location.open(for: .readOnly)
            let faults = try await LedgerCheck.run(store, progress: progress)
            let head = try await store.head()
            await store.close()
            guard faults.isEmpty else {
                for fault in faults.prefix(100) { print("fault: \(fault)") }
                print("\(faults.count) fault\(faults.count == 1 ? "" : "s") found in \(store.location).")
                print("Stop its server, keep a copy of it, and restore the newest backup with 'cfg restore'.")
                throw ExitCode(1)
            }
            print("\(store.location) is sound: \(head.revision) revisions, \(head.auditSequence) audit events.")
        }
    }
}

struct StoreCopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy", abstract: "Move a platform into another, empty database.",
        discussion: """
            Stop the server of the source first. Every revision, audit event and token is carried over under the same identity, so \
            clients go on where they were.

            Example: cfg store copy --from sqlite:./data --to postgres://cfg@db/cfg
            """)

    @Option(help: ArgumentHelp("sqlite:DIR or postgres://…", valueName: "DATABASE")) var from: String
    @Option(help: ArgumentHelp("sqlite:DIR or postgres://…", valueName: "DATABASE")) var to: String

    func run() async throws {
        try await Maintenance.run { progress in
            // Opened as a server would, so that no server can write to the source meanwhile.
            let source = try await StoreLocation(parsing: from).open(for: .serve)
            let target = try await StoreLocation(parsing: to).open(for: .serve)
            let head = try await StoreCopy.run(from: source, to: target, now: World.system.now(), progress: progress)
            await source.close()
            await target.close()
            print("Copied \(head.revision) revisions and \(head.auditSequence) audit events to \(target.location).")
        }
    }
}

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Write a backup file, while the server may go on serving.",
        discussion:
            "The file holds every change, audit event and hashed token up to one revision, fits either engine, and is checked by its checksum."
    )

    @OptionGroup var options: StoreOptions
    @Argument(help: "The file to write.") var file: String

    func run() async throws {
        let location = try options.location()
        try await Maintenance.run { progress in
            let store = try await location.open(for: .readOnly)
            let summary = try await Backup.write(store, to: file, now: World.system.now(), progress: progress)
            await store.close()
            print("Wrote \(file): revision \(summary.revision), \(summary.records) records, \(summary.bytes) bytes.")
        }
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Restore a backup file into an empty database.",
        discussion: "Clients that saw a later revision than the backup holds are told so, and read everything anew.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "The file to read.") var file: String

    func run() async throws {
        let location = try options.location()
        try await Maintenance.run { progress in
            let store = try await location.open(for: .serve)
            let summary: Backup.Summary
            do {
                summary = try await Backup.restore(from: file, into: store, progress: progress)
            } catch let error as UnreadableRecord {
                await store.close()
                throw ServeSettings.Invalid(description: "\(file) cannot be restored: it is \(error).")
            }
            await store.close()
            print("Restored \(file) into \(store.location): revision \(summary.revision), \(summary.records) records.")
        }
    }
}

/// Runs a maintenance command: progress on a terminal after a second, failures in one sentence.
enum Maintenance {
    static func run(_ body: ((String) -> Void) async throws -> Void) async throws {
        let start = ContinuousClock.now
        let isTerminal = isatty(STDERR_FILENO) == 1
        var hasShown = false
        do {
            try await body { message in
                guard isTerminal, ContinuousClock.now - start > .seconds(1) else { return }
                hasShown = true
                FileHandle.standardError.write(Data("\r\u{1B}[2K\(message)".utf8))
            }
            if hasShown { FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8)) }
        } catch let code as ExitCode {
            throw code
        } catch {
            FileHandle.standardError.write(Data("cfg: \(StartFailure.sentence(for: error))\n".utf8))
            throw ExitCode(1)
        }
    }
}
