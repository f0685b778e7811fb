import Foundation
import Testing

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel

@Suite(.timeLimit(.minutes(2))) struct AdministrationTests {
    private static let written = StandInPlatform.Reply.whole(
        201, headers: ["X-Revision-Token": "9-0000000000000000"],
        #"{"revision":9,"token":"9-0000000000000000","changed":true,"dryRun":false,"operations":[]}"#)

    private func commit(_ client: AdministrationClient) async throws -> Answer<ChangeView> {
        try await client.commit([], to: ProjectName(parsing: "shop"), message: "m", isDryRun: false)
    }

    private let isChange: @Sendable (StandInPlatform.Call) -> Bool = { $0.path == "/api/v1/projects/shop/changes" }

    @Test func `a write whose outcome is unknown is repeated under the same idempotency key`() async throws {
        try await StandInPlatform.run { platform in
            platform.answer(2, where: isChange, with: .problem(503, "unavailable"))
            platform.answer(where: isChange, with: Self.written)
            let answer = try await commit(platform.administration())
            #expect(answer.value.revision == 9)
            let keys = platform.allCalls.map { $0.headers["idempotency-key"] }
            #expect(keys.count == 3)
            #expect(Set(keys).count == 1)
            #expect(keys.first??.count == 32)
        }
    }

    @Test func `two writes have two idempotency keys`() async throws {
        try await StandInPlatform.run { platform in
            platform.answer(2, where: isChange, with: Self.written)
            let client = try platform.administration()
            _ = try await commit(client)
            _ = try await commit(client)
            #expect(Set(platform.allCalls.map { $0.headers["idempotency-key"] }).count == 2)
        }
    }

    @Test func `what is read after a write has at least its revision`() async throws {
        try await StandInPlatform.run { platform in
            platform.answer(where: isChange, with: Self.written)
            platform.answer(
                where: { $0.path == "/api/v1/whoami" }, with: .whole(200, #"{"principal":"token:x","purpose":"p"}"#))
            let client = try platform.administration()
            _ = try await commit(client)
            #expect(try await client.whoAmI().value.principal == "token:x")
            #expect(platform.allCalls.map { $0.headers["x-minimum-revision"] } == [nil, "9-0000000000000000"])
        }
    }

    @Test func `a fault is not tried again`() async throws {
        try await StandInPlatform.run { platform in
            platform.answer(10, where: { _ in true }, with: .problem(500, "fault"))
            let client = try platform.administration()
            let error = await #expect(throws: ConfigPlatformError.self) { try await client.whoAmI() }
            #expect(error?.code == .fault)
            #expect(platform.allCalls.count == 1)
        }
    }

    @Test func `the making of a token is not repeated where its outcome is unknown`() async throws {
        try await StandInPlatform.run { platform in
            platform.answer(10, where: { _ in true }, with: .whole(504))
            let client = try platform.administration()
            await #expect(throws: ConfigPlatformError.self) {
                try await client.createToken(TokenName(parsing: "bot"), expiresIn: nil)
            }
            #expect(platform.allCalls.count == 1)
        }
    }

    @Test func `a server that asks for too long a wait is not waited for`() async throws {
        try await StandInPlatform.run { platform in
            platform.answer(
                10, where: { _ in true }, with: .problem(503, "unavailable", headers: ["Retry-After": "3600"]))
            let client = try platform.administration()
            let error = await #expect(throws: ConfigPlatformError.self) { try await client.whoAmI() }
            #expect(error?.retryAfter == .seconds(3600))
            #expect(platform.allCalls.count == 1)
        }
    }

    @Test func `a token does not follow a redirect`() async throws {
        try await StandInPlatform.run { platform in
            platform.answer(
                10, where: { _ in true }, with: .whole(307, headers: ["Location": "http://127.0.0.1:1/elsewhere"]))
            let client = try platform.administration()
            let error = await #expect(throws: ConfigPlatformError.self) { try await client.whoAmI() }
            #expect(error?.code == .invalidResponse)
            #expect(error?.detail.contains("http://127.0.0.1:1/elsewhere") == true)
        }
    }

    @Test func `an answer that is not the platform's is told as such`() async throws {
        try await StandInPlatform.run { platform in
            let client = try platform.administration()
            for reply in [StandInPlatform.Reply.whole(200, "<html>"), .whole(200, "{}"), .whole(404, "not here")] {
                platform.answer(where: { _ in true }, with: reply)
                let error = await #expect(throws: ConfigPlatformError.self) { try await client.whoAmI() }
                #expect(error?.code == .invalidResponse)
            }
        }
    }

    @Test func `every part of a problem document arrives`() async throws {
        try await StandInPlatform.run { platform in
            let body = #"""
                {"type":"https://configplatform.dev/problems/invalid-change","title":"t","status":422,"detail":"Two things.",\#
                "instance":"req-7","violations":[{"message":"m","pointer":"/operations/0/key","keyword":"prefix",\#
                "environment":"production","key":"a.b","line":3,"column":4},{"message":"n"}]}
                """#
            platform.answer(where: { _ in true }, with: .whole(422, body))
            let client = try platform.administration()
            let error = await #expect(throws: ConfigPlatformError.self) { try await client.whoAmI() }
            #expect(error?.code == .invalidChange)
            #expect(error?.detail == "Two things.")
            #expect(error?.status == 422)
            #expect(error?.requestID == "req-7")
            #expect(
                error?.violations == [
                    .init(
                        "m", pointer: "/operations/0/key", keyword: "prefix", environment: "production", key: "a.b",
                        line: 3,
                        column: 4), .init("n"),
                ])
            #expect(error?.document?["title"] == "t")
        }
    }

    @Test func `a watch goes on after the last event, over interruptions`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["a": 1])
            let client = try platform.administration()
            struct Enough: Error {}
            let seen = Broadcast<[String]>([])
            await #expect(throws: Enough.self) {
                try await client.watch(
                    ProjectName(parsing: "shop"), environment: EnvironmentName(parsing: "production"), after: nil
                ) { event in
                    let kinds = seen.update { seen in
                        seen.append("\(event.kind) \(event.token?.revision.number ?? 0)")
                        return seen
                    }
                    if kinds.count == 1 {
                        platform.dropWatches()
                        platform.commit(["a": 2])
                    }
                    if kinds.count == 2 { throw Enough() }
                } onInterruption: { _, _ in
                }
            }
            #expect(seen.value == ["snapshot 2", "change 3"])
        }
    }

    @Test func `a watch that is refused ends`() async throws {
        try await StandInPlatform.run { platform in
            let client = try platform.administration()
            let error = await #expect(throws: ConfigPlatformError.self) {
                try await client.watch(ProjectName(parsing: "none"), environment: nil, after: nil) { _ in
                } onInterruption: { _, _ in
                }
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test func `a key with a slash is found in the list`() async throws {
        try await StandInPlatform.run { platform in
            platform.answer(
                where: { $0.query["origin"] == "true" },
                with: .whole(
                    200,
                    #"{"environment":"production","revision":3,"settings":[{"key":"\"a/b\"","value":5,"environment":"base","revision":2}]}"#
                ))
            let client = try platform.administration()
            let answer = try await client.setting(
                ConfigKey(parsing: "\"a/b\""), of: EnvironmentName(parsing: "production"),
                in: ProjectName(parsing: "shop"),
                at: nil)
            #expect(answer.value.value == 5)
            #expect(answer.value.origin == "base")
        }
    }
}
