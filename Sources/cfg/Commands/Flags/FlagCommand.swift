import ArgumentParser

struct FlagCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flag", abstract: "Feature flags: what they are, who gets which variant, and why.",
        subcommands: [
            FlagListCommand.self, FlagGetCommand.self, FlagCreateCommand.self, FlagSetCommand.self,
            FlagArchiveCommand.self,
            FlagDeleteCommand.self, FlagHistoryCommand.self, FlagRuleCommand.self, FlagKillCommand.self,
            FlagUnkillCommand.self, SegmentCommand.self, FlagEvaluateCommand.self, FlagReferencesCommand.self,
            RolloutCommand.self, ExperimentCommand.self, KillHookCommand.self, FlagUsageCommand.self,
            FlagStaleCommand.self, FlagSimulateCommand.self,
        ])
}
