import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

@Suite("Stopping", .timeLimit(.minutes(9)))
struct StoppingTests {
    private let project = ProjectPath("shop")

    @Test func `at SIGTERM watches end, a write that has begun is finished and kept, and nothing new is let in`()
        async throws
    {
        let server = try await CfgProcess()
        try await server.client.makeProject(project, environments: [("base", [])])
        let (answer, watch) = try await server.client.events(project.root + "/watch", query: [("environment", "base")])
        #expect(answer.status == 200)
        #expect(try await watch.next()?.event == "snapshot")

        let body = JSONValue.string(String(repeating: "late ", count: 10_000))
        let request = server.client.request("PUT", project.setting("message", "base"), body: .json(body))
        let connection = try HTTPConnection(port: server.port)
        try await connection.send(Array(request[..<(request.count / 2)]))
        try await untilRead(from: connection, by: server)

        server.process.signal(SIGTERM)
        #expect(try await watch.nextChange() == nil, "the stream ends in order")
        try await untilClosed(server)
        try await connection.send(Array(request[(request.count / 2)...]))
        let written = try await connection.answer()
        #expect(written.status == 201, "\(written)")
        #expect(await server.process.end() == 0, "\(server.log)")

        try await server.start()
        #expect(try await server.client.document("base", of: project).json() == ["message": body])
        try await server.stop()
    }

    @Test func `at SIGTERM an answer that has begun is sent to its end`() async throws {
        let server = try await CfgProcess()
        try await server.client.makeProject(project, environments: [("large", [])])
        // More than both sides' buffers hold, so that it is still being sent when the signal comes.
        let value = JSONValue.string(String(repeating: "0123456789abcdef", count: 15_000))
        for part in 0..<4 {
            try await server.client.change(
                project, "Part \(part)", (0..<20).map { .put("part-\(part).value-\($0)", "large", value) })
        }
        let whole = try await server.client.document("large", of: project)
        try #require(whole.body.count > 16 << 20)

        let connection = try HTTPConnection(port: server.port, receiveBytes: 262_144)
        try await connection.send(server.client.request("GET", project.settings("large")))
        let head = try await connection.head()
        #expect(head.status == 200)
        server.process.signal(SIGTERM)
        try await untilClosed(server)
        let length = try #require(head.header("Content-Length").flatMap { Int($0) })
        let received = try await connection.bytes(length)
        #expect(received == whole.body)
        #expect(await server.process.end() == 0, "\(server.log)")
    }

    @Test func `many writes under way at SIGTERM are each either kept or refused`() async throws {
        let server = try await CfgProcess()
        try await server.client.makeProject(project, environments: [("base", [])])
        let client = server.client
        let acknowledged = try await withThrowingTaskGroup(of: [Int].self) { group in
            for writer in 0..<8 {
                group.addTask {
                    var kept: [Int] = []
                    for number in 0... {
                        // A connection that was closed before the request was read was not answered, and promised nothing.
                        let answer = try? await client.send(
                            "PUT", project.setting("writer-\(writer).last", "base"), body: .json(.int(number)))
                        guard let answer else { break }
                        guard answer.status == 201 else {
                            #expect(answer.status == 503, "\(answer)")
                            break
                        }
                        kept.append(number)
                        if writer == 0, number == 20 { server.process.signal(SIGTERM) }
                    }
                    return kept
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(await server.process.end() == 0, "\(server.log)")
        try await server.start()
        let revision = try await server.client.call("GET", "/readyz").json()["revision"]?.int64Value
        let total = acknowledged.reduce(0) { $0 + $1.count }
        #expect(try #require(revision) >= 2 + Int64(total))
        let document = try await server.client.document("base", of: project).json()
        let last = (0..<8).compactMap { document["writer-\($0)"]?["last"]?.int64Value }
        #expect(last.count == 8)
        #expect(Set(acknowledged.map { Int64($0.last ?? -1) }).isSubset(of: Set(last + last.map { $0 - 1 })))
        try await server.stop()
    }

    @Test func `connections that arrive while the server stops are let go, and hold it up in nothing`() async throws {
        let server = try await CfgProcess()
        let port = server.port
        let process = server.process
        let held = await withTaskGroup(of: [HTTPConnection].self) { group in
            for caller in 0..<4 {
                group.addTask { @concurrent in
                    var held: [HTTPConnection] = []
                    // Until the server takes no more.
                    while let connection = try? HTTPConnection(port: port) {
                        if held.count < 150 { held.append(connection) }
                        if caller == 0, held.count == 50 { process.signal(SIGTERM) }
                        await Task.yield()
                    }
                    return held
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(held.count >= 50)
        #expect(await process.end() == 0, "\(server.log)")
        #expect(!server.log.contains("still busy"), "\(server.log)")
    }

    @Test func `what was acknowledged is there after SIGKILL, and the database is sound`() async throws {
        let server = try await CfgProcess()
        try await server.client.makeProject(project, environments: [("base", [])])
        for round in 1...3 {
            let answer = try await server.client.put(.int(round), "round", "base", of: project)
            await server.kill()
            try await server.start()
            let read = try await server.client.document("base", of: project)
            #expect(try read.json() == ["round": .int(round)])
            #expect(read.revisionToken == answer.revisionToken)
        }
        try await server.stop()
        try await CfgProcess.run(["store", "check", "--data", server.data]).succeeded()
    }

    /// Waits until the server takes no more connections.
    private func untilClosed(_ server: CfgProcess) async throws {
        while let probe = try? HTTPConnection(port: server.port) {
            probe.shutDown()
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Waits until the server has taken all that was sent on this connection out of the kernel.
    private func untilRead(from connection: HTTPConnection, by server: CfgProcess) async throws {
        #if os(Linux)
            func port(_ address: Substring) -> Int? {
                address.split(separator: ":").last.flatMap { Int($0, radix: 16) }
            }
            while true {
                // Foundation takes the first of the short reads of this file for all of it.
                let table = try await CommandRun.run("cat", ["/proc/net/tcp"]).succeeded().output
                let sockets = table.split(separator: "\n").dropFirst().map { $0.split(separator: " ") }
                let own = sockets.first { port($0[1]) == server.port && port($0[2]) == connection.localPort }
                if let own, own[4].split(separator: ":").last.flatMap({ Int($0, radix: 16) }) == 0 { return }
                try await Task.sleep(for: .milliseconds(2))
            }
        #endif
    }
}
