import ConfigPlatformModel
import ControlPlane
import Foundation
import Logging
import Store

/// `AccessBenchmark SECONDS` prints how many nanoseconds of the processor it takes to look a token up and to find out that its caller may
/// read an environment: of a person in 20 groups, on a platform of 10,000 bindings.
@main
struct AccessBenchmark {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 2, let seconds = Double(arguments[1]) else {
            fatalError("usage: AccessBenchmark SECONDS")
        }
        let folder = NSTemporaryDirectory() + "cfg-access-benchmark-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try SQLiteStore.open(directory: folder, mode: .readWrite, platformID: { "plt_benchmark" })
        let platform = try await Platform(
            store: store, world: .system, logger: Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await platform.run() }
        let token = try await platform.developmentToken(kept: nil)
        let project = try ProjectName(parsing: "shop")
        let environment = try EnvironmentName(parsing: "production")
        try await platform.makeSample(
            Proposal(
                project: project, by: .platform(), message: "",
                operations: [
                    Operation(.putProject(try ProjectBody())),
                    Operation(.putEnvironment(environment, try EnvironmentBody())),
                    Operation(
                        .putSetting(
                            try ConfigKey(parsing: "a"), environment, try SettingBody("b", references: .literal))),
                ]))
        let person = try Principal(parsing: "user:ada")
        try await platform.makeSample(
            Proposal(project: .platform, by: .platform(), message: "", operations: try policy(person)))
        let administrator = try await platform.authenticate(
            Proofs(token: token.text), sourceAddress: nil, requestID: nil)
        // A personal token counts by what both it and its owner may: the longest way there is.
        let made = try await platform.createToken(
            Caller(
                subject: Subject(principal: person), means: administrator.means, sourceAddress: nil, requestID: nil),
            TokenRequest(
                name: try TokenName(parsing: "ada"), grants: [try Grant(role: .viewer, project: project)],
                isPersonal: true, expiresAt: nil))
        let caller = try await platform.authenticate(
            Proofs(token: made.token.text), sourceAddress: nil, requestID: nil)
        let hash = made.token.hash
        print(
            measure(seconds) {
                platform.isLive(caller, tokenHash: hash)
                    && (try? platform.read(caller, environment, of: project)) != nil
            })
        running.cancel()
    }

    private static func policy(_ person: Principal) throws -> [ConfigPlatformModel.Operation] {
        var operations: [ConfigPlatformModel.Operation] = []
        for number in 0..<20 {
            let group = try Principal(parsing: "group:team-\(number)")
            operations.append(
                Operation(.putAccess(.group(group), .group(try GroupBody(members: [person])))))
        }
        for number in 0..<10_000 {
            let subject = try Principal(parsing: number < 20 ? "group:team-\(number)" : "user:nobody-\(number)")
            operations.append(
                Operation(
                    .putAccess(
                        .binding(try BindingName(parsing: "b-\(number)")),
                        .binding(try BindingBody(subject: subject, role: number == 19 ? .viewer : .evaluator)))))
        }
        return operations
    }

    /// Nanoseconds of the processor that one call takes.
    private static func measure(_ seconds: Double, _ body: () -> Bool) -> Double {
        let begin = processorSeconds()
        var count = 0
        var taken = 0.0
        while taken < seconds {
            for _ in 0..<1_000 { precondition(body(), "the caller may read each time") }
            count += 1_000
            taken = processorSeconds() - begin
        }
        return taken / Double(count) * 1e9
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
