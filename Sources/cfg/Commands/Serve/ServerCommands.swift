import ArgumentParser

/// The commands that work on a database rather than through a server's API.
enum ServerCommands {
    static let all: [any ParsableCommand.Type] = [
        ServeCommand.self, StoreCommand.self, BackupCommand.self, RestoreCommand.self,
    ]
}
