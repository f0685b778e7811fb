import ConfigFormats
import ConfigPlatformModel
import ControlPlane
import Store
import TestSupport
import Testing

@Suite struct HistoryTests {
    @Test func `every past revision reads as it was, by number and by time`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            var documents: [Int64: String] = [:]
            var times: [Int64: Timestamp] = [:]
            for value in 0..<12 {
                test.clock.advance(seconds: 60)
                try await test.write([
                    test.put("a.k\(value % 3)", .int(value), in: value.isMultiple(of: 2) ? "base" : "production")
                ])
                documents[test.revision] = try await test.document("production")
                times[test.revision] = test.clock.now
            }
            for (number, document) in documents {
                #expect(try await test.document("production", at: .revision(try Revision(number))) == document)
                let later = number == test.revision ? 0 : 30 as Int64
                #expect(
                    try await test.document("production", at: .time(times[number]!.adding(seconds: later))) == document)
            }
            await test.expect(.invalidRequest) {
                _ = try await test.document("production", at: .time(test.clock.now.adding(seconds: 3600)))
            }
            await test.expect(.notFound) {
                _ = try await test.document("production", at: .revision(try Revision(1_000)))
            }
        }
    }

    @Test func `a list of changes goes on where it ended, also for who may see few of them`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.bind("vera", .viewer, in: ["production"])
            let vera = try test.person("vera")
            var mine: [Int64] = []
            for number in 1...24 {
                let environment = number % 8 == 1 ? "production" : "base"
                try await test.write([test.put("a", .int(number), in: environment)])
                if environment == "production" { mine.append(test.revision) }
            }
            func list(_ caller: Caller, limit: Int, pagesMax: Int) async throws -> (found: [Int64], pages: [Int]) {
                var (found, pages): ([Int64], [Int]) = ([], [])
                var next: Revision?
                repeat {
                    let page = try await test.platform.changes(
                        caller, of: test.project, matching: ChangeQuery(before: next), limit: limit, pagesMax: pagesMax)
                    found += page.changes.map(\.revision.number)
                    pages.append(page.changes.count)
                    next = page.next
                } while next != nil
                return (found, pages)
            }
            let all = try await list(test.caller, limit: 10, pagesMax: 10)
            #expect(all.found == all.found.sorted(by: >) && all.found.first == test.revision)
            #expect(all.pages.dropLast().allSatisfy { $0 == 10 } && all.pages.last != 0)
            // Looked through at once, in several steps, and a page of the ledger at a time.
            for (limit, pagesMax) in [(100, 1), (2, 10), (2, 1), (1, 1), (3, 1)] {
                let list = try await list(vera, limit: limit, pagesMax: pagesMax)
                let mineAmong = list.found.filter { mine.contains($0) }
                #expect(mineAmong == mine.reversed(), "\(limit), \(pagesMax)")
                #expect(Set(list.found).isSubset(of: all.found) && list.found.count < 10)
                #expect(list.pages.allSatisfy { $0 <= limit }, "\(limit), \(pagesMax)")
            }
            #expect(try await list(vera, limit: 1, pagesMax: 1).pages.contains(0))
            #expect(try await !list(vera, limit: 1, pagesMax: 10).pages.contains(0))
        }
    }

    @Test func `rolling back restores the document byte for byte, as a new change`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([test.put("a", "${b:x}", in: "base"), test.put("b", 1, in: "production")])
            let before = try await test.document("production")
            try await test.write([
                test.put("a", 2, in: "base"), test.delete("b", in: "production"), test.put("c", 3, in: "base"),
            ])
            let proposal = try await test.platform.rollback(
                test.caller, test.project, to: .revision(try Revision(2)), scope: RollbackScope(), message: nil)
            let outcome = try await test.platform.write(
                test.caller, WriteRequest(proposal: proposal, action: .rollback))
            #expect(outcome.change?.revision.number == 4)
            #expect(try await test.document("production") == before)
            #expect(outcome.change?.source?["toRevision"]?.int64Value == 2)
        }
    }

    @Test func `a rollback of chosen keys leaves the others`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([test.put("a.x", 1, in: "base"), test.put("b", 1, in: "base")])
            try await test.write([
                test.put("a.x", 2, in: "base"), test.put("a.y", 2, in: "base"), test.put("b", 2, in: "base"),
            ])
            let proposal = try await test.platform.rollback(
                test.caller, test.project, to: .revision(try Revision(2)),
                scope: RollbackScope(keys: [try ConfigKey(parsing: "a")]), message: nil)
            _ = try await test.platform.write(test.caller, WriteRequest(proposal: proposal, action: .rollback))
            #expect(try await test.document("base") == #"{"a":{"x":1},"b":2}"#)
        }
    }

    @Test func `a rollback that names environments brings a deleted one back with its settings`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([test.put("a", 1, in: "production")])
            try await test.write([Operation(.deleteEnvironment(test.name("production")))])
            await test.expect(.notFound) { _ = try await test.document("production") }
            let proposal = try await test.platform.rollback(
                test.caller, test.project, to: .revision(try Revision(2)),
                scope: RollbackScope(kinds: [.environment, .setting]), message: nil)
            _ = try await test.platform.write(test.caller, WriteRequest(proposal: proposal, action: .rollback))
            #expect(try await test.document("production") == #"{"a":1}"#)
        }
    }

    @Test func `an environment made anew does not see the settings of its namesake`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([test.put("a", 1, in: "production")])
            try await test.write([Operation(.deleteEnvironment(test.name("production")))])
            try await test.write([test.environment("production", [])])
            #expect(try await test.document("production") == "{}")
            #expect(try await test.document("production", at: .revision(try Revision(2))) == #"{"a":1}"#)
        }
    }

    @Test func `promotion gives the target what the source itself has, and not what both inherit`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([
                test.environment("staging", ["base"]), test.put("shared", 1, in: "base"),
                test.put("a", 1, in: "staging"),
                test.put("b", 1, in: "production"),
            ])
            let proposal = try test.platform.promotion(
                test.caller, in: test.project, from: test.name("staging"), to: test.name("production"), keys: nil,
                mode: .merge,
                message: nil)
            let outcome = try await test.platform.write(
                test.caller, WriteRequest(proposal: proposal, action: .promotion))
            #expect(outcome.items.map(\.address.key) == ["a"])
            #expect(try await test.document("production") == #"{"a":1,"b":1,"shared":1}"#)
        }
    }

    @Test func `an import is one change, and replacing deletes what the file lacks`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            func take(_ text: String, _ mode: WriteMode) async throws {
                let plan = try test.platform.importing(
                    test.caller,
                    ImportRequest(
                        project: test.project, environment: test.name("base"), format: .dotenv, bytes: Array(text.utf8),
                        mode: mode, references: nil, message: nil))
                _ = try await test.platform.write(test.caller, WriteRequest(proposal: plan.proposal, action: .import))
            }
            try await take("A=1\nB=${A}2\n", .merge)
            #expect(test.revision == 2)
            #expect(try await test.document("base") == #"{"A":"1","B":"12"}"#)
            try await take("A=3\n", .replace)
            #expect(try await test.document("base") == #"{"A":"3"}"#)
        }
    }

    @Test func `what a change did is told with what was there before`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([test.put("a", 1, in: "base")])
            try await test.write([test.put("a", 2, in: "base"), test.put("b", 1, in: "base")])
            let (change, items) = try await test.platform.change(test.caller, at: try Revision(3), of: test.project)
            #expect(change.effects.count == 2)
            #expect(items.map { $0.before.map { String(decoding: $0, as: UTF8.self) } } == [#"{"value":1}"#, nil])
        }
    }

    @Test func `a backup restores to the same ledger, token for token`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            for value in 0..<20 { try await test.write([test.put("a", .int(value), in: "base")]) }
            let head = try await test.store.head()
            let folder = Temporary.folder()
            defer { Temporary.remove(folder) }
            _ = try await Backup.write(test.store, to: folder + "/backup", now: test.clock.now) { _ in }
            let restored = try SQLiteStore.open(directory: folder + "/data", mode: .readWrite, platformID: { "other" })
            _ = try await Backup.restore(from: folder + "/backup", into: restored) { _ in }
            let copy = try await restored.head()
            #expect(copy.revision == head.revision && copy.digest == head.digest && copy.platformID == head.platformID)
            #expect(copy.auditSequence == head.auditSequence)
            #expect(try await LedgerCheck.run(restored) { _ in } == [])
            await restored.close()
        }
    }

    @Test func `a damaged backup is refused before anything is written`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let folder = Temporary.folder()
            defer { Temporary.remove(folder) }
            _ = try await Backup.write(test.store, to: folder + "/backup", now: test.clock.now) { _ in }
            try Temporary.flipByte(of: folder + "/backup", at: 300)
            let target = try SQLiteStore.open(directory: folder + "/data", mode: .readWrite, platformID: { "other" })
            await #expect(throws: UnreadableRecord.self) {
                _ = try await Backup.restore(from: folder + "/backup", into: target) { _ in }
            }
            #expect(try await target.head().revision == .zero)
            await target.close()
        }
    }
}
