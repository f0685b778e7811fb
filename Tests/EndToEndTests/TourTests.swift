import Foundation
import TestSupport
import Testing

/// The tour that README.md gives a stranger, run as it stands there.
@Suite("The five-minute tour", .timeLimit(.minutes(9)))
struct TourTests {
    @Test func `every command of the tour in README succeeds against a fresh server`() async throws {
        let commands = try Self.commands()
        try #require(!commands.isEmpty, "README.md has no ```sh block between <!-- tour --> and <!-- /tour -->")
        let server = try await CfgProcess(.init(arguments: ["--sample", "--local-users"]))
        let folder = try TemporaryFolder()
        try FileManager.default.createSymbolicLink(atPath: folder.path("cfg"), withDestinationPath: CfgProcess.binary)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        // -x names each command before what it prints, so that a failure shows which it was.
        let result = try await CommandRun.run(
            "/bin/sh", ["-eux"],
            environment: [
                "PATH": "\(folder.root):\(path)", "HOME": folder.root, "CFG_SERVER": server.url,
                "CFG_TOKEN": server.token ?? "", "CFG_PROJECT": "shop",
                "LANG": "C.UTF-8",
            ], directory: folder.root, input: Array(commands.joined(separator: "\n").utf8))
        #expect(result.status == 0, "\(result)")
        try await server.stop()
    }

    /// The lines of the blocks, in order.
    private static func commands() throws -> [String] {
        let readme = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
            .appending(path: "README.md")
        let lines = try String(contentsOf: readme, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        var commands: [String] = []
        var isTour = false
        var isBlock = false
        for line in lines {
            switch line.trimmingCharacters(in: .whitespaces) {
            case "<!-- tour -->": isTour = true
            case "<!-- /tour -->": isTour = false
            case "```sh" where isTour: isBlock = true
            case "```": isBlock = false
            default: if isBlock { commands.append(String(line)) }
            }
        }
        return commands
    }
}
