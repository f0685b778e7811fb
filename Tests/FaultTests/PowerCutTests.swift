import Foundation
import TestSupport
import Testing

/// The power fails under the embedded database. `kill -9` cannot show a missing fsync, because the kernel still has what was written; here a
/// preloaded library keeps apart what a disk would have (see PowerCut/powercut.c).
@Suite(.serialized, .enabled(if: PowerCut.isPossible, "\(PowerCut.absence)"))
struct PowerCutTests {
    @Test func `a power cut loses nothing that was acknowledged`() async throws {
        let disk = try await PowerCut()
        var random = FaultRounds.random()
        let load = CounterLoad(writers: 6, ballastBytes: 100_000)
        var ledger = CounterLedger()
        var token: String?
        var comment = "before the first cut, \(random)"
        for round in 1...FaultRounds.count(short: 4, share: 2) {
            // It reads its log again, and goes on, on a disk that may lose its power meanwhile, too.
            let server = try await CfgProcess(.init(data: disk.data, environment: try disk.environment()), token: token)
            token = server.token
            if round == 1 { try await CounterLoad.prepare(server.client) }
            try await ledger.verify(load, on: server.client, random: &random, comment)
            let client = server.client
            let goal = load.acknowledgedCount + random.int(in: 5...150)
            let writing = Task { await load.run { _ in client } }
            try await eventually("\(goal) acknowledged; \(load.unexpected.prefix(1))") {
                load.acknowledgedCount >= goal
            }
            try await Task.sleep(for: .microseconds(random.int(in: 0...20_000)))
            await server.kill()
            await writing.value
            // One time nothing of what was not synchronised is on the disk, another time some of it, in no order.
            let seed = round.isMultiple(of: 2) ? random.int(in: 1...1_000_000) : nil
            try await disk.recover(seed: seed)
            comment = "round \(round), sectors \(seed.map { "\($0)" } ?? "none"), \(random)"
            try await server.expectSoundStore(comment)
        }
        let restarted = try await CfgProcess(.init(data: disk.data), token: token)
        try await ledger.verify(load, on: restarted.client, random: &random, comment)
        #expect(ledger.missing(of: load) == 0)
        try await restarted.stop()
        try await restarted.expectSoundStore(comment)
    }

    @Test func `a power cut while a database is made leaves none, or one that starts`() async throws {
        var random = FaultRounds.random()
        for round in 1...FaultRounds.count(short: 6) {
            let disk = try await PowerCut()
            let process = try WatchedProcess(
                CfgProcess.binary, ["serve", "--data", disk.data, "--listen", "127.0.0.1:0", "--dev"],
                environment: ProcessInfo.processInfo.environment.merging(try disk.environment()) { $1 },
                directory: disk.data, errorFile: disk.data + "/../log")
            try await eventually("it has begun") {
                process.hasEnded || FileManager.default.fileExists(atPath: disk.data + "/cfg.lock")
            }
            try await Task.sleep(for: .microseconds(random.int(in: 0...60_000)))
            process.signal(SIGKILL)
            await process.end()
            let seed = round.isMultiple(of: 2) ? random.int(in: 1...1_000_000) : nil
            try await disk.recover(seed: seed)
            let server = try await CfgProcess(.init(data: disk.data))
            try await CounterLoad.prepare(server.client)
            try await server.stop()
            try await server.expectSoundStore("round \(round), sectors \(seed.map { "\($0)" } ?? "none"), \(random)")
        }
    }

    @Test func `with synchronising switched off below it, the same test sees the loss`() async throws {
        let disk = try await PowerCut()
        // What was there before it was switched off stays.
        let first = try await CfgProcess(.init(data: disk.data))
        try await CounterLoad.prepare(first.client)
        try await first.stop()
        let server = try await CfgProcess(
            .init(data: disk.data, environment: try disk.environment(ignoringSync: true)), token: first.token)
        let load = CounterLoad(writers: 4)
        let client = server.client
        let writing = Task { await load.run { _ in client } }
        try await eventually("20 acknowledged") { load.acknowledgedCount >= 20 }
        await server.kill()
        await writing.value
        try await disk.recover(seed: nil)
        let restarted = try await CfgProcess(.init(data: disk.data), token: first.token)
        var random = FaultRounds.random()
        var ledger = CounterLedger()
        let nothing = CounterLoad(writers: 0)
        try await ledger.verify(nothing, on: restarted.client, random: &random, "what is left is whole")
        #expect(ledger.missing(of: load) == load.acknowledgedCount)
        await restarted.kill()
    }
}

/// The folder of a database on a disk that can lose its power.
private final class PowerCut: Sendable {
    static let absence = "no C compiler is installed as cc, or this system has no LD_PRELOAD"
    static var isPossible: Bool {
        #if os(Linux)
            FileManager.default.isExecutableFile(atPath: "/usr/bin/cc")
        #else
            false
        #endif
    }

    let data: String
    private let folder: TemporaryFolder

    init() async throws {
        folder = try TemporaryFolder()
        data = folder.path("data")
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: false)
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "PowerCut/powercut.c")
        let path = source.path(percentEncoded: false)
        try await CommandRun.run(
            "cc", ["-shared", "-fPIC", "-O1", "-o", folder.path("powercut.so"), path, "-ldl", "-lpthread"]
        ).succeeded()
        try await CommandRun.run("cc", ["-DPOWERCUT_RECOVER", "-O1", "-o", folder.path("powercut"), path]).succeeded()
    }

    /// The environment of a server whose power will be cut.
    func environment(ignoringSync: Bool = false) throws -> [String: String] {
        try? FileManager.default.removeItem(atPath: folder.path("disk"))
        try FileManager.default.createDirectory(atPath: folder.path("disk"), withIntermediateDirectories: false)
        return [
            "LD_PRELOAD": folder.path("powercut.so"),
            "POWERCUT_PROGRAM": URL(filePath: CfgProcess.binary).lastPathComponent,
            "POWERCUT_DIRECTORY": data, "POWERCUT_LOG": folder.path("disk"),
            "POWERCUT_IGNORE_SYNC": ignoringSync ? "1" : "0",
        ]
    }

    /// Makes the folder what the disk has. With a seed, sectors that were not synchronised are there or not, as it falls.
    func recover(seed: Int?) async throws {
        let arguments = [data, folder.path("disk")] + (seed.map { ["\($0)"] } ?? [])
        try await CommandRun.run(folder.path("powercut"), arguments).succeeded()
    }
}
