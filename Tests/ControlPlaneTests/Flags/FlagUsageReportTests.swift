import ConfigPlatformFlags
import ConfigPlatformModel
import Store
import TestSupport
import Testing

@testable import ControlPlane

/// What programs tell of their evaluations, on both engines.
@Suite(.timeLimit(.minutes(2))) struct FlagUsageReportTests {
    private func report(
        _ name: String?, _ clock: ManualWorld, count: Int64 = 7, flag: String = "checkout"
    ) -> FlagUsageReport {
        FlagUsageReport(
            client: "web", name: name, from: clock.now.adding(seconds: -60), until: clock.now,
            counts: [.init(flag: flag, variant: "on", reason: .targetingMatch, count: count)])
    }

    private func counted(_ test: PlatformUnderTest) async throws -> Int64 {
        let use = try await test.platform.use(
            test.caller, of: PlatformUnderTest.flag, in: nil, of: test.project, from: nil, until: nil)
        return use.hours.reduce(0) { $0 + $1.count }
    }

    private func take(_ report: FlagUsageReport, _ test: PlatformUnderTest, as caller: Caller? = nil) throws {
        try test.platform.take(
            report, caller ?? test.caller, try test.name("production"), of: test.project)
    }

    @Test(arguments: RolloutEngine.names)
    func `a report that is told again counts once, also after it was written and after a restart`(_ engine: String)
        async throws
    {
        try await RolloutEngine.with(engine) { engine in
            let clock = ManualWorld()
            try await engine.serve(clock) { test in
                try await test.makeFlag()
                try take(report("a", clock), test)
                try take(report("a", clock), test)
                #expect(try await counted(test) == 7)
                try take(report("a", clock), test)
                try take(report("b", clock, count: 2), test)
                #expect(try await counted(test) == 9)
            }
            try await engine.serve(clock) { test in
                try take(report("a", clock), test)
                try take(report("b", clock, count: 2), test)
                try take(report("c", clock, count: 1), test)
                #expect(try await counted(test) == 10)
                func known(after seconds: Int64) async throws -> Int {
                    try await test.store.idempotencyRecords(liveAt: clock.now.adding(seconds: seconds))
                        .count { $0.principal == .flagUsage }
                }
                #expect(try await known(after: Limits.flagUsageRepeatSeconds - 1) == 3)
                #expect(try await known(after: Limits.flagUsageRepeatSeconds) == 0)
            }
        }
    }

    @Test(arguments: RolloutEngine.names)
    func `two servers count a report once that was told to both`(_ engine: String) async throws {
        try await RolloutEngine.with(engine) { engine in
            let clock = ManualWorld()
            let shared = engine.isShared ? nil : try await engine.open()
            try await engine.serve(clock, on: shared) { first in
                try await engine.serve(clock, on: shared) { second in
                    try await first.makeFlag()
                    try await second.eventually("the second server knows the flag") {
                        second.revision == first.revision
                    }
                    for number in 0..<250 {
                        for test in [first, second] { try take(report("r-\(number)", clock, count: 1), test) }
                    }
                    _ = try await counted(first)
                    #expect(try await counted(second) == 250)
                }
            }
        }
    }

    @Test(arguments: RolloutEngine.names)
    func `a report without a name counts each time, and so do reports of one name of two callers`(_ engine: String)
        async throws
    {
        try await RolloutEngine.with(engine) { engine in
            let clock = ManualWorld()
            try await engine.serve(clock) { test in
                try await test.makeFlag()
                for _ in 0..<3 { try take(report(nil, clock, count: 1), test) }
                let other = Caller(
                    subject: Subject(principal: try Principal(parsing: "token:other"), grants: [.everything]),
                    means: .credential(id: "tok_other", .access), sourceAddress: nil, requestID: "req-2")
                for caller in [test.caller, other] { try take(report("a", clock, count: 10), test, as: caller) }
                #expect(try await counted(test) == 23)
                // What there is none of is passed over.
                try take(report("gone", clock, flag: "none"), test)
                #expect(try await counted(test) == 23)
            }
        }
    }
}
