import ArgumentParser

struct FlagCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flag", abstract: "Feature flags: what they are, who gets which variant, and why.",
        subcommands: [FlagEvaluateCommand.self, FlagReferencesCommand.self, RolloutCommand.self])
}
