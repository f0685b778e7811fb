import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

/// A command that does something with a rollout which goes on by itself.
protocol RolloutOrderCommand: PlatformCommand {
    static var order: String { get }
    var rollout: RolloutOptions { get }
    var write: WriteOptions { get }
    var connection: ConnectionOptions { get }
}

extension RolloutOrderCommand {
    func run() async throws {
        let (project, environment) = try rollout.place.place()
        let session = try Session(connection)
        let (flag, reason, isDryRun) = (rollout.flag, write.message, write.dryRun)
        let answer = try await session.working("Writing") {
            try await session.client.orderRollout(
                Self.order, of: flag, in: environment, of: project, reason: reason, isDryRun: isDryRun)
        }
        try session.show(answer, in: project)
    }
}

struct RolloutPauseCommand: RolloutOrderCommand {
    static let order = "pause"
    static let configuration = CommandConfiguration(
        commandName: order, abstract: "Let a rollout stay at its step until it is resumed.")

    @OptionGroup var rollout: RolloutOptions
    @OptionGroup var write: WriteOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
}

struct RolloutResumeCommand: RolloutOrderCommand {
    static let order = "resume"
    static let configuration = CommandConfiguration(
        commandName: order, abstract: "Let a rollout that was paused or reverted go on; its step counts anew.")

    @OptionGroup var rollout: RolloutOptions
    @OptionGroup var write: WriteOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
}

struct RolloutAdvanceCommand: RolloutOrderCommand {
    static let order = "advance"
    static let configuration = CommandConfiguration(
        commandName: order, abstract: "Take the next step of a rollout now.")

    @OptionGroup var rollout: RolloutOptions
    @OptionGroup var write: WriteOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
}

struct RolloutRevertCommand: RolloutOrderCommand {
    static let order = "revert"
    static let configuration = CommandConfiguration(
        commandName: order, abstract: "Take a rollout back: nobody gets the variant by it any more.")

    @OptionGroup var rollout: RolloutOptions
    @OptionGroup var write: WriteOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
}
