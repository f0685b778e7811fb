import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// What no server may start on: a database in use, or one that is damaged.
@Suite(.serialized) struct DamageTests {
    @Test func `a second server on the same folder refuses to start and names the first`() async throws {
        let server = try await CfgProcess()
        let pid = try #require(server.process.pid)
        let second = try await CfgProcess.run(["serve", "--data", server.data, "--listen", "127.0.0.1:0", "--dev"])
        #expect((1..<128).contains(second.status), "\(second)")
        #expect(second.output.isEmpty)
        #expect(second.errors.split(separator: "\n").count == 1, "\(second)")
        #expect(second.errors.contains("\(pid)") && second.errors.contains(server.data), "\(second)")
        #expect(try await server.client.get("/api/v1/projects").status == 200, "the first is not disturbed")
        // The lock is the process's: where that was killed, there is nobody to wait for.
        await server.kill()
        try await server.start()
        try await server.stop()
    }

    /// One kind of damage to a file of so many bytes.
    enum Damage: String, CaseIterable, Sendable {
        case header, firstPage, middle, truncated, truncatedToHeader, emptied, text, pageOfZeros

        func apply(to bytes: inout [UInt8], _ random: inout SeededGenerator) {
            switch self {
            case .header: for index in 0..<16 { bytes[index] ^= 0xFF }
            case .firstPage: for index in 100..<400 { bytes[index] ^= 0x55 }
            case .middle:
                let start = random.int(in: 4_096...bytes.count - 64)
                for index in start..<start + 64 { bytes[index] ^= UInt8(random.int(in: 1...255)) }
            case .truncated: bytes.removeLast(random.int(in: 1...bytes.count - 200))
            case .truncatedToHeader: bytes.removeLast(bytes.count - 100)
            case .emptied: bytes = []
            case .text: bytes = Array("this is no database\n".utf8)
            case .pageOfZeros:
                let page = random.int(in: 1...bytes.count / 4_096 - 1) * 4_096
                for index in page..<page + 4_096 { bytes[index] = 0 }
            }
        }
    }

    @Test func `a damaged database is refused, or found by the check, or read as it was; nothing crashes`() async throws
    {
        var random = FaultRounds.random()
        let sound = try await CfgProcess()
        let load = CounterLoad(writers: 3)
        try await CounterLoad.prepare(sound.client)
        let client = sound.client
        let writing = Task { await load.run { _ in client } }
        try await eventually("150 acknowledged") { load.acknowledgedCount >= 150 }
        load.stop()
        await writing.value
        try await sound.stop()
        let token = try #require(sound.token)
        let file = try Data(contentsOf: URL(filePath: sound.data + "/cfg.sqlite"))

        var damages = Damage.allCases
        for _ in 0..<FaultRounds.count(short: 6, share: 1) {
            damages.append(random.chance(oneIn: 4) ? .truncated : .middle)
        }
        var refusals = 0
        for damage in damages {
            let before = "\(random)"
            let folder = try TemporaryFolder()
            try FileManager.default.copyItem(atPath: sound.data, toPath: folder.path("data"))
            var bytes = Array(file)
            damage.apply(to: &bytes, &random)
            try Data(bytes).write(to: URL(filePath: folder.path("data") + "/cfg.sqlite"))
            let comment = "\(damage), \(before)"

            let check = try await CfgProcess.run(["store", "check", "--data", folder.path("data")])
            #expect([0, 1].contains(check.status), "\(check); \(comment)")
            if check.status == 1 { expectAdvice(check.errors + check.output, comment) }

            let process = try WatchedProcess(
                CfgProcess.binary,
                ["serve", "--data", folder.path("data"), "--listen", "127.0.0.1:0", "--log-level", "error"],
                environment: ProcessInfo.processInfo.environment, directory: folder.root, errorFile: folder.path("log"))
            guard let url = await process.line(after: "cfg is ready at ") else {
                refusals += 1
                let status = await process.end()
                #expect((1..<128).contains(status), "ended with \(status): \(process.errors); \(comment)")
                let said = process.errors
                #expect(said.split(separator: "\n").count == 1, "\(said); \(comment)")
                expectAdvice(said, comment)
                #expect(check.status == 1, "refused, and the check finds nothing: \(said) \(check); \(comment)")
                continue
            }
            let port = try #require(url.split(separator: ":").last.flatMap { Int($0) })
            if check.status == 0 {
                var ledger = CounterLedger()
                try await ledger.verify(
                    load, on: WireClient(port: port, token: token), random: &random,
                    "the check found nothing; \(comment)")
            } else {
                // It was found by the check alone; what is asked of the server must be answered, if with a problem.
                let answer = try await WireClient(port: port, token: token).get("/api/v1/projects/counters/changes")
                #expect([200, 401, 500, 503].contains(answer.status), "\(answer); \(comment)")
            }
            process.signal(SIGTERM)
            let status = await process.end()
            #expect(status < 128, "ended with \(status): \(process.errors); \(comment)")
        }
        #expect(refusals >= 5)
    }

    /// Says what to do.
    private func expectAdvice(_ said: String, _ comment: String) {
        #expect(said.contains("cfg restore"), "'\(said)' says not what to do; \(comment)")
    }
}
