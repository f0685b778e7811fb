import ConfigPlatformModel
import NIOCore
import Testing

@testable import API

/// The pure parts behind the server.
@Suite struct MachineryTests {
    @Test func `whom a request comes from is believed of trusted proxies only`() throws {
        let trusting = ClientAddress(trustedProxies: [try AddressRange(parsing: "10.0.0.0/8")])
        #expect(trusting.client(peer: "10.0.0.1", forwardedFor: "203.0.113.9") == "203.0.113.9")
        #expect(trusting.client(peer: "10.0.0.1", forwardedFor: "198.51.100.7, 203.0.113.9, 10.2.3.4") == "203.0.113.9")
        #expect(trusting.client(peer: "203.0.113.1", forwardedFor: "198.51.100.7") == "203.0.113.1")
        #expect(trusting.client(peer: "10.0.0.1", forwardedFor: "spoofed, 10.2.3.4") == "10.2.3.4")
        #expect(trusting.client(peer: "10.0.0.1", forwardedFor: nil) == "10.0.0.1")
        #expect(trusting.client(peer: "10.0.0.1", forwardedFor: "10.9.9.9") == "10.9.9.9")
        #expect(ClientAddress(trustedProxies: []).client(peer: "10.0.0.1", forwardedFor: "1.2.3.4") == "10.0.0.1")
    }

    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private static func clock() -> RequestClock {
        RequestClock(.init(idle: .seconds(60), request: .seconds(30), stall: .seconds(20)), now: start)
    }

    private static func due(_ clock: RequestClock, after seconds: Int64, direct: Int64 = 0) -> RequestClock.Due {
        clock.due(at: start + .seconds(seconds), elsewhere: start + .seconds(direct))
    }

    @Test func `an idle connection is closed when its time is over, not before`() {
        let clock = Self.clock()
        #expect(Self.due(clock, after: 59) == .nothing(until: Self.start + .seconds(60)))
        #expect(Self.due(clock, after: 60) == .closeIdle)
        #expect(Self.due(clock, after: 60, direct: 1) == .nothing(until: Self.start + .seconds(61)))
    }

    @Test func `a request that is not answered in time is refused, whether it has arrived or not`() {
        var clock = Self.clock()
        clock.requestBegan(at: Self.start + .seconds(50))
        #expect(Self.due(clock, after: 70) == .nothing(until: Self.start + .seconds(80)))
        #expect(Self.due(clock, after: 80) == .refuse(isReading: true))
        clock.requestEnded()
        #expect(Self.due(clock, after: 80) == .refuse(isReading: false))
        clock.answerBegan(isStreaming: true)
        if case .nothing = Self.due(clock, after: 100_000) {} else { Issue.record("a watch was ended") }
        clock.answerEnded(at: Self.start + .seconds(100))
        #expect(Self.due(clock, after: 159) == .nothing(until: Self.start + .seconds(160)))
        #expect(Self.due(clock, after: 160) == .closeIdle)
    }

    @Test func `the second of two requests has its time from the answer to the first`() {
        var clock = Self.clock()
        clock.requestBegan(at: Self.start)
        clock.requestEnded()
        clock.requestBegan(at: Self.start + .seconds(1))
        clock.requestEnded()
        clock.answerBegan(isStreaming: false)
        clock.answerEnded(at: Self.start + .seconds(29))
        #expect(clock.inFlight == 1)
        #expect(Self.due(clock, after: 58) == .nothing(until: Self.start + .seconds(59)))
        #expect(Self.due(clock, after: 59) == .refuse(isReading: false))
    }

    @Test func `a client that takes nothing is given up`() {
        var clock = Self.clock()
        clock.requestBegan(at: Self.start)
        clock.requestEnded()
        clock.answerBegan(isStreaming: true)
        clock.writabilityChanged(false, at: Self.start + .seconds(5))
        clock.writabilityChanged(false, at: Self.start + .seconds(9))
        #expect(Self.due(clock, after: 24) == .nothing(until: Self.start + .seconds(25)))
        #expect(Self.due(clock, after: 25) == .closeStalled)
        clock.writabilityChanged(true, at: Self.start + .seconds(25))
        if case .nothing = Self.due(clock, after: 99) {} else { Issue.record("a client that reads was given up") }
    }

    @Test func `the most specific range of Accept decides`() {
        let list = AcceptList(parsing: "text/*;q=0.3, text/html;q=0.7, application/json;q=0, */*;q=0.5")
        #expect(list.quality(of: "text/html") == 0.7)
        #expect(list.quality(of: "text/plain") == 0.3)
        #expect(list.quality(of: "application/json") == 0)
        #expect(list.quality(of: "application/yaml") == 0.5)
        #expect(AcceptList(parsing: "nonsense").quality(of: "text/html") == 0)
    }

    @Test func `a cache of answers holds no more than it may`() throws {
        let answers = DirectAnswers(bytesMax: 200_000)
        let environment = try EnvironmentName(parsing: "e")
        let project = try ProjectName(parsing: "p")
        let operations = [
            Operation(.putProject(try ProjectBody())), Operation(.putEnvironment(environment, try EnvironmentBody())),
        ]
        let state = try PlatformState.empty.decide(
            Proposal(project: project, by: .platform(), message: "", operations: operations),
            at: Timestamp(microseconds: 0)
        ).state
        let reading = try #require(state.projects[project]?.resolved[environment])
        func answer(_ bytes: Int) -> DirectAnswer {
            DirectAnswer(
                .environment(reading, of: project), routeIndex: 0, fields: [],
                body: ByteBuffer(repeating: 0x20, count: bytes),
                entityTag: "\"t\"")
        }
        for index in 0..<100 { answers.keep(answer(10_000), for: "/\(index)") }
        #expect(answers.answer(to: "/99") != nil)
        #expect(answers.answer(to: "/0") == nil)
        #expect((0..<100).count { answers.answer(to: "/\($0)") != nil } <= 20)
        answers.keep(answer(DirectAnswers.bodyBytesMax + 1), for: "/large")
        #expect(answers.answer(to: "/large") == nil)
    }

    @Test func `dates are those of RFC 9110`() {
        #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }
}
