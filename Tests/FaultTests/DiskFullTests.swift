import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// The embedded database on a file system that is full.
@Suite(.serialized) struct DiskFullTests {
    private static let project = "/api/v1/projects/large"

    @Test(.enabled(if: SmallDisk.isPossible, "\(SmallDisk.absence)"))
    func `on a full disk writes are refused, reads go on, and all is well once there is space again`() async throws {
        let disk = try await SmallDisk(megabytes: 12)
        do {
            try await Self.fillAndFree(disk)
        } catch {
            try await disk.remove()
            throw error
        }
        try await disk.remove()
    }

    private static func fillAndFree(_ disk: SmallDisk) async throws {
        var random = FaultRounds.random()
        let server = try await CfgProcess(.init(data: disk.path("data")))
        try await make(server.client)
        var stored: [Int] = []
        for round in 1...FaultRounds.count(short: 2, share: 20) {
            let comment = "round \(round), \(random)"
            try disk.fill(leaving: random.int(in: 0...400_000))
            // The log of the database may have room left over from earlier; so it takes some writes until it is full.
            var answer = try await write(stored.count, to: server.client)
            while answer.status == 201 && stored.count < 5_000 {
                stored.append(stored.count)
                answer = try await write(stored.count, to: server.client)
            }
            #expect(answer.status == 507, "\(answer); \(comment)")
            #expect(answer.header("Content-Type") == "application/problem+json", "\(answer)")
            #expect(try answer.json()["type"]?.stringValue?.hasSuffix("/storage-full") == true, "\(answer)")
            #expect(answer.header("Retry-After") != nil)
            for _ in 0..<20 {
                let again = try await write(stored.count, to: server.client)
                #expect(again.status == 507, "\(again); \(comment)")
                // What is refused for another reason is recorded, which also needs space; it must be told all the same.
                let wrong = try await server.client.send("DELETE", project + "/environments/none")
                #expect([404, 507].contains(wrong.status), "\(wrong); \(comment)")
                try await expect(stored, on: server.client, comment)
            }
            let health = try await server.client.get("/healthz")
            #expect(health.status == 200, "\(health)")
            try disk.free()
            let recovered = try await write(stored.count, to: server.client)
            #expect(recovered.status == 201, "without a restart: \(recovered); \(comment)")
            stored.append(stored.count)
            try await expect(stored, on: server.client, comment)
            try await server.expectSoundStore(comment)
        }
        // Killed while full, it has to start again, at the latest when there is space.
        try disk.fill(leaving: 0)
        _ = try await write(stored.count, to: server.client, bytes: 200_000)
        await server.kill()
        try disk.free()
        try await server.start()
        try await expect(stored, on: server.client, "killed while full")
        try await server.stop()
        try await server.expectSoundStore("killed while full")
    }

    private static func make(_ client: WireClient) async throws {
        let made = try await client.send("PUT", project, body: .json([:]))
        let environment = try await client.send("PUT", project + "/environments/base", body: .json([:]))
        #expect(made.status == 201 && environment.status == 201, "\(made) \(environment)")
    }

    /// A value that fills some pages.
    private static func write(_ number: Int, to client: WireClient, bytes: Int = 20_000) async throws -> HTTPAnswer {
        let value = JSONValue.string("\(number) " + String(repeating: "x", count: bytes))
        return try await client.send(
            "PUT", project + "/environments/base/settings/value-\(number % 7)", body: .json(value))
    }

    private static func expect(_ stored: [Int], on client: WireClient, _ comment: String) async throws {
        for number in stored.suffix(2) {
            let answer = try await client.get(project + "/environments/base/settings/value-\(number % 7)")
            #expect(answer.status == 200, "\(answer); \(comment)")
            let value = try answer.json()["value"]?.stringValue
            #expect(value?.hasPrefix("\(number) ") == true, "\(value?.prefix(10) ?? "nothing"); \(comment)")
        }
    }
}

/// A file system of its own in memory, with little space.
private final class SmallDisk: Sendable {
    static let absence = "mounting a small file system needs root on Linux"
    static var isPossible: Bool {
        #if os(Linux)
            guard geteuid() == 0 else { return false }
            // Root in a container may lack the right; so it is tried.
            let folder = try? TemporaryFolder()
            guard let root = folder?.root, mount("tmpfs", root, "tmpfs", 0, "size=1m") == 0 else { return false }
            return umount(root) == 0
        #else
            false
        #endif
    }

    private let folder: TemporaryFolder

    init(megabytes: Int) async throws {
        folder = try TemporaryFolder()
        try await CommandRun.run(
            "mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m,mode=0700", "cfg-test", folder.root]
        ).succeeded()
    }

    func path(_ name: String) -> String { folder.path(name) }

    /// Takes all space but so many bytes.
    func fill(leaving left: Int) throws {
        let descriptor = open(folder.path("ballast"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw POSIXError(.EIO) }
        defer { close(descriptor) }
        let block = [UInt8](repeating: 0x62, count: 4_096)
        var count = 0
        while Foundation.write(descriptor, block, block.count) == block.count { count += block.count }
        guard ftruncate(descriptor, max(0, count - left)) == 0 else { throw POSIXError(.EIO) }
    }

    func free() throws {
        guard unlink(folder.path("ballast")) == 0 else { throw POSIXError(.EIO) }
    }

    func remove() async throws {
        try await CommandRun.run("umount", ["-l", folder.root]).succeeded()
    }
}
