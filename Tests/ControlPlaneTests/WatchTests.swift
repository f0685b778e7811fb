import ConfigPlatformModel
import ControlPlane
import TestSupport
import Testing

@Suite struct WatchTests {
    @Test func `a watch begins with the document and brings every revision that touches it, in order`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let watch = try await test.platform.watch(
                test.caller, test.name("production"), of: test.project, after: nil)
            let first = try #require(await watch.nextChange())
            #expect(first.kind == .snapshot)
            for value in 0..<50 {
                try await test.write([test.put("a", .int(value), in: value.isMultiple(of: 2) ? "base" : "production")])
            }
            // From revision 3 on `production` has its own value, so that what `base` does to it does not show.
            var revisions: [Int64] = []
            while revisions.last != 51 {
                revisions.append(try #require(await watch.nextChange()).token.revision.number)
            }
            #expect(revisions == [2] + stride(from: 3, through: 51, by: 2))
            watch.end()
        }
    }

    @Test func `a watch that resumes gets what happened meanwhile, without gap or repetition`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let token = test.platform.state.token
            for value in 0..<10 { try await test.write([test.put("a", .int(value), in: "base")]) }
            let watch = try await test.platform.watch(
                test.caller, test.name("production"), of: test.project, after: token)
            try await test.write([test.put("a", 10, in: "base")])
            var revisions: [Int64] = []
            while revisions.count < 11 {
                revisions.append(try #require(await watch.nextChange()).token.revision.number)
            }
            #expect(revisions == Array(2...12))
            watch.end()
        }
    }

    @Test func `a watch that resumes far back gets everything while more is written, of one environment or of all`()
        async throws
    {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let token = test.platform.state.token
            for value in 0..<Limits.watchBacklog + 20 { try await test.write([test.put("a", .int(value), in: "base")]) }
            let one = try await test.platform.watch(test.caller, test.name("base"), of: test.project, after: token)
            let all = try await test.platform.watch(test.caller, nil, of: test.project, after: token)
            let last = test.revision + 40
            async let written: Void = {
                for value in 0..<40 { try await test.write([test.put("a", .int(-value - 1), in: "base")]) }
            }()
            for (watch, count) in [(one, 1), (all, 2)] {
                var revisions: [Int64] = []
                while revisions.last != last || revisions.count % count != 0 {
                    revisions.append(try #require(await watch.nextChange()).token.revision.number)
                }
                #expect(revisions == (2...last).flatMap { Array(repeating: $0, count: count) })
            }
            try await written
            try await test.write([test.put("a", "live", in: "base")])
            #expect(await one.nextChange()?.token.revision.number == last + 1)
            one.end()
            #expect(await one.next() == nil)
            all.end()
        }
    }

    @Test func `a watch of a project is behind until it has all of a revision`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let watch = try await test.platform.watch(test.caller, nil, of: test.project, after: nil)
            // `production` inherits from `base`: each change tells of both.
            #expect(await watch.nextChange()?.isComplete == false)
            #expect(await watch.nextChange()?.isComplete == true)
            try await test.write([test.put("a", 1, in: "base")])
            for isComplete in [false, true] {
                let event = try #require(await watch.nextChange())
                #expect(event.isComplete == isComplete && event.token.revision.number == 2)
            }
            let told = test.platform.state.token
            try await test.write([test.put("a", 2, in: "base")])
            #expect(await watch.nextChange()?.isComplete == false)
            for value in 0..<Limits.watchBacklog / 2 + 1 {
                try await test.write([test.put("b", .int(value), in: "base")])
            }
            let cut = try #require(await watch.nextChange())
            #expect(cut.kind == .behind && cut.token == told)
            let resumed = try await test.platform.watch(test.caller, nil, of: test.project, after: cut.token)
            for isComplete in [false, true] {
                let event = try #require(await resumed.nextChange())
                #expect(event.isComplete == isComplete && event.token.revision.number == 3)
            }
            resumed.end()
        }
    }

    @Test func `a watch that resumes before its environment ended and came again is told of the end`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let token = test.platform.state.token
            try await test.write([test.put("a", 1, in: "production")])
            try await test.write([Operation(.deleteEnvironment(test.name("production")))])
            try await test.write([test.environment("production", [])])
            let watch = try await test.platform.watch(
                test.caller, test.name("production"), of: test.project, after: token)
            #expect(await watch.nextChange()?.kind == .change)
            #expect(await watch.nextChange()?.kind == .deleted)
            #expect(await watch.nextChange() == nil)
        }
    }

    @Test func `a token of another ledger is refused`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let foreign = try RevisionToken(parsing: "1-0123456789abcdef")
            await test.expect(.ledgerDiverged) {
                _ = try await test.platform.watch(test.caller, test.name("base"), of: test.project, after: foreign)
            }
        }
    }

    @Test func `a slow watcher is cut off with the token to resume from, and slows nobody`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let slow = try await test.platform.watch(test.caller, test.name("base"), of: test.project, after: nil)
            let quick = try await test.platform.watch(test.caller, test.name("base"), of: test.project, after: nil)
            #expect(await quick.nextChange()?.kind == .snapshot)
            #expect(await slow.nextChange()?.kind == .snapshot)
            for value in 0..<Limits.watchBacklog + 10 {
                try await test.write([test.put("a", .int(value), in: "base")])
                #expect(await quick.nextChange()?.token.revision.number == Int64(value + 2))
            }
            let cut = try #require(await slow.nextChange())
            #expect(cut.kind == .behind)
            #expect(cut.token.revision.number == 1)
            #expect(await slow.nextChange() == nil)
            let resumed = try await test.platform.watch(
                test.caller, test.name("base"), of: test.project, after: cut.token)
            #expect(await resumed.nextChange()?.token.revision.number == 2)
            resumed.end()
            quick.end()
        }
    }

    @Test func `a watch ends with its environment`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let watch = try await test.platform.watch(
                test.caller, test.name("production"), of: test.project, after: nil)
            #expect(await watch.nextChange()?.kind == .snapshot)
            try await test.write([Operation(.deleteEnvironment(test.name("production")))])
            #expect(await watch.nextChange()?.kind == .deleted)
            #expect(await watch.nextChange() == nil)
        }
    }

    @Test func `a revision that leaves what is read as it was is not delivered`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([test.put("a", 1, in: "production")])
            let watch = try await test.platform.watch(
                test.caller, test.name("production"), of: test.project, after: nil)
            #expect(await watch.nextChange()?.kind == .snapshot)
            try await test.write([test.put("a", 2, in: "base")])
            try await test.write([test.put("b", 1, in: "base")])
            #expect(await watch.nextChange()?.token.revision.number == 4)
            watch.end()
        }
    }
}

extension WatchSubscription {
    /// The next event that is not a heartbeat: on a busy machine one may come in between.
    fileprivate func nextChange() async -> WatchEvent? {
        while let event = await next() {
            if event.kind != .heartbeat { return event }
        }
        return nil
    }
}
