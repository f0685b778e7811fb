import ConfigPlatformModel
import ControlPlane
import Store
import TestSupport
import Testing

/// A shop whose production is protected, with Ada and Ben who operate it, and Cleo who sees it.
@Suite struct ChangeRequestTests {
    private func withShop(
        _ protection: JSONValue = ["approvals": 1],
        _ body: (PlatformUnderTest, _ ada: Caller, _ ben: Caller) async throws -> Void
    ) async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([test.put("port", 80, in: "base"), test.put("level", "info", in: "production")])
            try await test.bind("ada", .operator)
            try await test.bind("ben", .operator)
            try await test.bind("cleo", .viewer)
            try await test.protect("production", protection)
            try await body(test, test.person("ada"), test.person("ben"))
        }
    }

    @Test func `a change of a base that production reads waits for a second pair of eyes, and then is one change`()
        async throws
    {
        try await withShop { test, ada, ben in
            let id = try await test.request([test.put("port", 81, in: "base")], as: ada)
            #expect(try await test.document("production") == #"{"level":"info","port":80}"#)
            await test.expect(.approvalNeeded) { try await test.apply(id, as: ada) }
            try await test.approve(id, as: ben)
            let outcome = try await test.apply(id, as: ada)
            #expect(outcome.kind == .committed)
            #expect(try await test.document("production") == #"{"level":"info","port":81}"#)
            let closed = try await test.platform.changeRequest(ada, id, in: test.project)
            #expect(closed.body.state == .applied)
            // The change and the end of its request are one revision.
            #expect(closed.revision.number == test.revision)
            await test.expect(.inUse) { try await test.apply(id, as: ada) }
        }
    }

    @Test func `who wrote a change does not approve it, nor who made the token it was written with`() async throws {
        try await withShop { test, ada, ben in
            let id = try await test.request([test.put("port", 81, in: "base")], as: ada)
            await test.expect(.forbidden) { try await test.approve(id, as: ada) }
            let token = Caller(
                subject: Subject(
                    principal: try Principal(parsing: "token:bot"), grants: [.everything],
                    maker: ben.principal), means: .credential(id: "tok_bot", .access), sourceAddress: nil,
                requestID: nil)
            let bots = try await test.request([test.put("port", 82, in: "base")], as: token)
            await test.expect(.forbidden) { try await test.approve(bots, as: ben) }
            await test.expect(.forbidden) { try await test.approve(bots, as: token) }
            try await test.approve(bots, as: ada)
            try await test.apply(bots, as: ben)
        }
    }

    @Test func `an approval is of what was looked at: an edit voids it, and so does whoever edited it`() async throws {
        try await withShop { test, ada, ben in
            let id = try await test.request([test.put("port", 81, in: "base")], as: ada)
            try await test.approve(id, as: ben)
            _ = try await test.platform.edit(
                ada, id, in: test.project, message: nil, operations: [test.put("port", 82, in: "base")])
            await test.expect(.approvalNeeded) { try await test.apply(id, as: ada) }
            let reading = try await test.platform.changeRequest(ben, id, in: test.project)
            #expect(reading.outlook?.approvals.void.count == 1)
            try await test.approve(id, as: ben)
            // Ben edits what he approved, and is an author from then on.
            _ = try await test.platform.edit(
                ben, id, in: test.project, message: nil, operations: [test.put("port", 83, in: "base")])
            await test.expect(.forbidden) { try await test.approve(id, as: ben) }
            await test.expect(.forbidden) { try await test.approve(id, as: ada) }
        }
    }

    @Test func `a conflict asks for a fresh look, and what has nothing to do with it does not`() async throws {
        try await withShop { test, ada, ben in
            let id = try await test.request([test.put("port", 81, in: "base")], as: ada)
            try await test.approve(id, as: ben)
            try await test.administer([test.put("other", 1, in: "base")], everywhere: false)
            let other = try await test.platform.changeRequest(ben, id, in: test.project)
            #expect(other.isApproved)
            try await test.administer([test.put("port", 79, in: "base")], everywhere: false)
            let stale = try await test.platform.changeRequest(ben, id, in: test.project)
            #expect(!stale.isApproved)
            await test.expect(.approvalNeeded) { try await test.apply(id, as: ada) }
            try await test.approve(id, as: ben)
            try await test.apply(id, as: ben)
            #expect(try await test.document("base") == #"{"other":1,"port":81}"#)
        }
    }

    @Test func `an approval of something else than the request comes to is refused`() async throws {
        try await withShop { test, ada, ben in
            let id = try await test.request([test.put("port", 81, in: "base")], as: ada)
            let seen = try #require(
                try await test.platform.changeRequest(ben, id, in: test.project).outlook?.digest)
            try await test.administer([test.put("port", 79, in: "base")], everywhere: false)
            await test.expect(.revisionConflict) {
                _ = try await test.platform.approve(ben, id, in: test.project, impact: seen, comment: nil)
            }
        }
    }

    @Test func `who may only see neither asks, nor approves, nor applies`() async throws {
        try await withShop { test, ada, ben in
            let cleo = try test.person("cleo")
            await test.expect(.forbidden) { try await test.write([test.put("port", 81, in: "base")], as: cleo) }
            let id = try await test.request([test.put("port", 81, in: "base")], as: ada)
            await test.expect(.forbidden) { try await test.approve(id, as: cleo) }
            await test.expect(.forbidden) {
                _ = try await test.platform.close(cleo, id, in: test.project, as: .rejected, comment: nil)
            }
            try await test.approve(id, as: ben)
            await test.expect(.forbidden) { try await test.apply(id, as: cleo) }
            let stranger = try test.person("stranger")
            await test.expect(.notFound) { _ = try await test.platform.changeRequest(stranger, id, in: test.project) }
            await test.expect(.notFound) { try await test.apply(id, as: stranger) }
        }
    }

    @Test func `an approver who lost the right since no longer counts, and neither does one who was disabled`()
        async throws
    {
        try await withShop { test, ada, ben in
            let id = try await test.request([test.put("port", 81, in: "base")], as: ada)
            try await test.approve(id, as: ben)
            let identity = AccessPlace.identity(ben.principal)
            try await test.administer([
                Operation(.putAccess(identity, .identity(try IdentityBody(isDisabled: true))))
            ])
            await test.expect(.approvalNeeded) { try await test.apply(id, as: ada) }
            try await test.administer([Operation(.putAccess(identity, .identity(try IdentityBody())))])
            #expect(try await test.platform.changeRequest(ada, id, in: test.project).isApproved)
            let binding = AccessPlace.binding(try BindingName(parsing: "ben-operator"))
            try await test.administer([Operation(.deleteAccess(binding))], everywhere: false)
            await test.expect(.approvalNeeded) { try await test.apply(id, as: ada) }
        }
    }

    @Test func `a protection names whose approval counts, and how many are needed`() async throws {
        try await withShop(["approvals": 2, "approvers": ["user:ben", "user:dora"]]) { test, ada, ben in
            try await test.bind("dora", .operator)
            try await test.bind("eve", .operator)
            let id = try await test.request([test.put("port", 81, in: "base")], as: ada)
            await test.expect(.forbidden) { try await test.approve(id, as: test.person("eve")) }
            try await test.approve(id, as: ben)
            try await test.approve(id, as: ben)
            await test.expect(.approvalNeeded) { try await test.apply(id, as: ada) }
            try await test.approve(id, as: test.person("dora"))
            try await test.apply(id, as: ada)
        }
    }

    @Test func `a request that is due is applied by the platform, with the rights of who scheduled it`() async throws {
        try await withShop { test, ada, ben in
            let id = try await test.request([test.put("port", 81, in: "base")], as: ada)
            try await test.approve(id, as: ben)
            _ = try await test.platform.schedule(
                ada, id, in: test.project, at: test.clock.now.adding(seconds: 300))
            try await Task.sleep(for: .milliseconds(1_200))
            #expect(try await test.document("base") == #"{"port":80}"#)
            test.clock.advance(seconds: 301)
            try await eventually { try await test.document("base") == #"{"port":81}"# }
            let events = try await test.platform.events(
                test.caller, matching: EventQuery(action: .requestApply), limit: 5)
            #expect(events.map(\.event.actor) == [ada.principal])
        }
    }

    @Test func `what is due and lacks its approvals stays open, says why, and is not tried again`() async throws {
        try await withShop { test, ada, _ in
            let id = try await test.request([test.put("port", 81, in: "base")], as: ada)
            _ = try await test.platform.schedule(ada, id, in: test.project, at: test.clock.now.adding(seconds: 5))
            test.clock.advance(seconds: 6)
            try await eventually {
                let reading = try await test.platform.changeRequest(ada, id, in: test.project)
                return reading.body.schedule == nil && reading.body.comments.count == 1
            }
            #expect(try await test.document("base") == #"{"port":80}"#)
        }
    }

    @Test func `a freeze holds back what is approved, and the glass can be broken`() async throws {
        try await withShop([
            "approvals": 1,
            "freezes": [["from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "reason": "Sale"]],
        ]) { test, ada, ben in
            let id = try await test.request([test.put("port", 81, in: "base")], as: ada)
            try await test.approve(id, as: ben)
            await test.expect(.frozen) { try await test.apply(id, as: ada) }
            await test.expect(.forbidden) {
                _ = try await test.platform.breakGlass(
                    ada, in: test.project, environments: nil, reason: "down", seconds: 600)
            }
            let role = try RoleBody(permissions: [Permission(allowing: [.breakGlass])])
            try await test.administer([
                Operation(.putAccess(.role(try RoleName(parsing: "on-call")), .role(role)))
            ])
            try await test.bind("ada", try RoleName(parsing: "on-call"))
            _ = try await test.platform.breakGlass(
                ada, in: test.project, environments: nil, reason: "down", seconds: 600)
            let outcome = try await test.write([test.put("port", 90, in: "base")], as: ada)
            #expect(outcome.kind == .committed)
            test.clock.advance(seconds: 601)
            _ = try await test.request([test.put("port", 91, in: "base")], as: ada)
            let broken = try await test.platform.events(
                test.caller, matching: EventQuery(action: .breakGlass), limit: 5)
            #expect(broken.map(\.event.outcome) == [.success, .refused])
        }
    }

    @Test func `a rollback in an emergency needs nobody where the protection says so`() async throws {
        try await withShop(["approvals": 1, "emergencyRollback": true]) { test, ada, _ in
            let before = test.revision
            try await test.administer([test.put("port", 666, in: "base")], everywhere: false)
            let proposal = try await test.platform.rollback(
                ada, test.project, to: .revision(try Revision(before)), scope: RollbackScope(), message: nil)
            let outcome = try await test.platform.write(ada, WriteRequest(proposal: proposal, action: .rollback))
            #expect(outcome.kind == .committed)
            #expect(try await test.document("base") == #"{"port":80}"#)
        }
    }

    @Test func `a rollback or a promotion without that becomes a request with what it came to`() async throws {
        try await withShop { test, ada, ben in
            let before = test.revision
            try await test.administer([test.put("port", 666, in: "base")], everywhere: false)
            let proposal = try await test.platform.rollback(
                ada, test.project, to: .revision(try Revision(before)), scope: RollbackScope(), message: nil)
            let outcome = try await test.platform.write(ada, WriteRequest(proposal: proposal, action: .rollback))
            guard case .requested(let id) = outcome.kind else {
                Issue.record("the rollback came to \(outcome.kind)")
                return
            }
            try await test.approve(id, as: ben)
            try await test.apply(id, as: ada)
            #expect(try await test.document("base") == #"{"port":80}"#)
            let applied = try await test.platform.change(ada, at: try Revision(test.revision), of: test.project)
            #expect(applied.change.author == ada.principal)
            #expect(applied.change.source?["request"]?["operation"] == "rollback")
        }
    }

    @Test func `every step of a request is in the audit log`() async throws {
        try await withShop { test, ada, ben in
            let id = try await test.request([test.put("port", 81, in: "base")], as: ada)
            _ = try await test.platform.comment(ben, id, in: test.project, "Why?")
            _ = try await test.platform.close(ben, id, in: test.project, as: .rejected, comment: "No.")
            let target = "\(test.project.rawValue)/\(id.rawValue)"
            let events = try await test.platform.events(
                test.caller, matching: EventQuery(after: 0, target: target), limit: 10)
            #expect(events.map(\.event.action) == [.requestCreate, .requestComment, .requestReject])
            #expect(events.map(\.event.actor) == [ada.principal, ben.principal, ben.principal])
        }
    }

    @Test func `two servers on one database apply a scheduled request once`() async throws {
        try await PlatformUnderTest.runTwo { first, second in
            try await first.makeShop()
            try await first.bind("ada", .operator)
            let ada = try first.person("ada")
            let proposal = Proposal(
                project: first.project, by: Author(ada.subject), message: "test",
                operations: [try first.put("port", 1, in: "base")])
            let outcome = try await first.platform.write(ada, WriteRequest(proposal: proposal, isRequest: true))
            guard case .requested(let id) = outcome.kind else {
                Issue.record("the write came to \(outcome.kind)")
                return
            }
            _ = try await first.platform.schedule(ada, id, in: first.project, at: first.clock.now.adding(seconds: 5))
            first.clock.advance(seconds: 6)
            second.clock.advance(seconds: 6)
            try await eventually { try await first.document("base") == #"{"port":1}"# }
            try await Task.sleep(for: .milliseconds(1_500))
            let events = try await first.platform.events(
                first.caller, matching: EventQuery(action: .requestApply), limit: 5)
            #expect(events.count(where: { $0.event.outcome == .success }) == 1)
        }
    }

    @Test func `a request that is asked for again with its idempotency key is the one there is`() async throws {
        try await withShop { test, ada, _ in
            let proposal = Proposal(
                project: test.project, by: Author(ada.subject), message: "test",
                operations: [try test.put("port", 81, in: "base")])
            let request = WriteRequest(proposal: proposal, idempotencyKey: "once", isRequest: true)
            let first = try await test.platform.write(ada, request)
            let again = try await test.platform.write(ada, request)
            #expect(again.kind == first.kind)
            #expect(try test.platform.changeRequests(ada, in: test.project, state: nil).count == 1)
        }
    }

    @Test func `a request is scheduled past a freeze while that lasts`() async throws {
        try await withShop { test, ada, _ in
            let outcome = try await test.platform.write(
                ada,
                WriteRequest(
                    proposal: Proposal(
                        project: test.project, by: Author(ada.subject), message: "test",
                        operations: [try test.put("port", 81, in: "base")]), isRequest: true))
            guard case .requested(let id) = outcome.kind else {
                Issue.record("the write came to \(outcome.kind)")
                return
            }
            try await test.protect(
                "production",
                ["approvals": 0, "freezes": [["from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"]]])
            let scheduled = try await test.platform.schedule(
                ada, id, in: test.project, at: test.clock.now.adding(seconds: 300))
            #expect(scheduled.body.schedule != nil)
            await test.expect(.frozen) { try await test.apply(id, as: ada) }
        }
    }

    private func eventually(_ isSo: () async throws -> Bool) async throws {
        for _ in 0..<1_200 {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("it did not come about in a minute")
    }
}
