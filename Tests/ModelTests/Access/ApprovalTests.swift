import Testing

@testable import ConfigPlatformModel

/// Change requests: whose approvals count, of what, and until when.
@Suite struct ApprovalTests {
    private static let id = try! ChangeRequestID(parsing: "cr_0123456789abcdef")
    private static let rob = Subject("user:rob")
    private static let now = AccessFixture.now

    /// ``ProtectionPathTests/shop(_:)`` with three more operators.
    private static func shop(_ protection: JSONValue = [:]) throws -> AccessFixture {
        var fixture = try ProtectionPathTests.shop(protection)
        for name in ["ann", "ben", "cid"] {
            try fixture.lay(
                .bind(BindingName(parsing: name), Principal(parsing: "user:" + name), "operator"))
        }
        return fixture
    }

    // MARK: Counting

    @Test func `as many others must approve as the protection says`() throws {
        var fixture = try Self.shop(["approvals": 2])
        try fixture.request(.put("c", "z", in: "production"))
        #expect(fixture.obstacle()?.code == .approvalNeeded)
        try fixture.approve("user:ann")
        #expect(fixture.obstacle()?.detail.contains("needs 1 more of 2 approvals") == true)
        // Once more by the same is not twice.
        try fixture.approve("user:ann")
        #expect(fixture.obstacle()?.code == .approvalNeeded)
        try fixture.approve("user:ben")
        #expect(fixture.obstacle() == nil)
        let decision = try fixture.apply()
        #expect(decision.unapproved.isEmpty && decision.guarded.map(\.environment) == ["production"])
    }

    @Test func `an approval of who wrote it counts only where the protection lets it`() throws {
        var fixture = try Self.shop()
        try fixture.request(.put("c", "z", in: "production"))
        try fixture.approve("user:rob")
        #expect(fixture.obstacle()?.code == .approvalNeeded)
        try fixture.lay(.protect("production", ["selfApproval": true]))
        #expect(fixture.obstacle() == nil)
    }

    @Test func `whoever owns or made the token that wrote it is no second pair of eyes`() throws {
        let grants = [try Grant(role: "operator", project: "shop")]
        for token in [
            Subject(principal: "token:bot", grants: grants, owner: "user:ann"),
            Subject(principal: "token:bot", grants: grants, maker: "user:ann"),
        ] {
            var fixture = try Self.shop()
            try fixture.request(.put("c", "z", in: "production"), by: token)
            try fixture.approve("user:ann")
            #expect(fixture.obstacle()?.code == .approvalNeeded)
            try fixture.approve("user:ben")
            #expect(fixture.obstacle() == nil)
        }
    }

    @Test func `an approval of whoever may not approve there, or may no longer, does not count`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .bind("eve", "user:eve", "viewer"), .bind("dan", "user:dan", "operator", in: ["dev"]),
            .bind("fay", "user:fay", "operator", until: Self.now.adding(seconds: 60)))
        try fixture.request(.put("c", "z", in: "production"))
        for reviewer in ["user:eve", "user:dan", "user:nobody", "token:bot"] as [Principal] {
            try fixture.approve(reviewer)
            #expect(fixture.obstacle()?.code == .approvalNeeded, "\(reviewer)")
        }
        try fixture.approve("user:fay")
        #expect(fixture.obstacle() == nil)
        #expect(fixture.obstacle(at: Self.now.adding(seconds: 59)) == nil)
        #expect(fixture.obstacle(at: Self.now.adding(seconds: 60))?.code == .approvalNeeded)
        try fixture.approve("user:ann")
        #expect(fixture.obstacle(at: Self.now.adding(seconds: 60)) == nil)
        try fixture.lay(.unbind("ann"))
        #expect(fixture.obstacle(at: Self.now.adding(seconds: 60))?.code == .approvalNeeded)
    }

    @Test func `an approval of somebody who has been shut out does not count`() throws {
        var fixture = try Self.shop()
        try fixture.request(.put("c", "z", in: "production"))
        try fixture.approve("user:ann")
        #expect(fixture.obstacle() == nil)
        try fixture.lay(.identity("user:ann", isDisabled: true), in: .platform)
        #expect(fixture.obstacle()?.code == .approvalNeeded)
    }

    @Test func `of approvers that are named only theirs count, if they may approve there`() throws {
        var fixture = try Self.shop(["approvers": ["user:ann", "group:release", "role:lead"]])
        try fixture.lay(
            .group("group:release", "user:ben", "user:eve"), .role("lead", Permission(allowing: [.approve])),
            in: .platform)
        try fixture.request(.put("c", "z", in: "production"))
        // One who may approve and is not named; one who is named and may not.
        for reviewer in ["user:cid", "user:eve"] as [Principal] {
            try fixture.approve(reviewer)
            #expect(fixture.obstacle()?.code == .approvalNeeded, "\(reviewer)")
        }
        for reviewer in ["user:ann", "user:ben"] as [Principal] {
            var fixture = fixture
            try fixture.approve(reviewer)
            #expect(fixture.obstacle() == nil, "\(reviewer)")
        }
        try fixture.lay(.bind("gil", "user:gil", "lead"))
        try fixture.approve("user:gil")
        #expect(fixture.obstacle() == nil)
    }

    @Test func `a role names its holders as approvers where they hold it, and not elsewhere`() throws {
        var fixture = try Self.shop(["approvers": ["role:lead"]])
        try fixture.lay(.role("lead", Permission(allowing: [.approve])), in: .platform)
        try fixture.lay(.bind("ann-lead", "user:ann", "lead", in: ["dev"]))
        try fixture.request(.put("c", "z", in: "production"))
        try fixture.approve("user:ann")
        #expect(fixture.obstacle()?.code == .approvalNeeded)
        try fixture.lay(.bind("ann-lead", "user:ann", "lead", in: ["production"]))
        #expect(fixture.obstacle() == nil)
    }

    @Test func `each environment that is altered needs its own approvals`() throws {
        var fixture = try Self.shop()
        try fixture.lay(.environment("staging", inherits: ["base"]), .protect("staging", ["approvals": 2]))
        try fixture.request(.put("a.b", 9, in: "base"))
        try fixture.approve("user:ann")
        #expect(fixture.obstacle()?.detail.contains("'staging'") == true)
        try fixture.approve("user:ben")
        #expect(fixture.obstacle() == nil)
    }

    @Test func `approvals are for who applies it as much as for who wrote it, and give neither any right`() throws {
        var fixture = try Self.shop()
        try fixture.lay(.bind("eve", "user:eve", "viewer"))
        try fixture.request(.put("c", "z", in: "production"))
        try fixture.approve("user:ann")
        #expect(fixture.obstacle(by: Subject("user:eve"))?.code == .forbidden)
        #expect(fixture.obstacle(by: Subject("user:nobody"))?.code == .notFound)
        #expect(fixture.obstacle(by: Subject("user:ben")) == nil)
    }

    // MARK: Of what

    @Test func `an edit voids the approvals that there were`() throws {
        var fixture = try Self.shop()
        try fixture.request(.put("c", "z", in: "production"))
        try fixture.approve("user:ann")
        #expect(fixture.obstacle() == nil)
        try fixture.edit(.put("c", "zz", in: "production"))
        #expect(fixture.obstacle()?.code == .approvalNeeded)
        // What was approved is approved again where it comes back.
        try fixture.edit(.put("c", "z", in: "production"))
        #expect(fixture.obstacle() == nil)
        try fixture.edit(.put("c", "z", in: "production"), .put("more", 1, in: "dev"))
        #expect(fixture.obstacle()?.code == .approvalNeeded)
    }

    @Test func `a conflicting change since asks for a fresh look, a harmless one does not`() throws {
        var approved = try Self.shop()
        try approved.request(.put("c", "z", in: "production"), .put("a.b", 2, in: "base"))
        try approved.approve("user:ann")
        let harmless: [[Operation]] = [
            [try .put("dev-only", false, in: "dev")], [try .put("d", 1, in: "production")],
            [try .put("c", "other", in: "base"), try .put("c", "x", in: "dev")],
            [try .define("c", description: "The third.")],
            [.environment("production", inherits: ["base"], description: "Live.")],
        ]
        for operations in harmless {
            var fixture = approved
            try fixture.lay(operations)
            #expect(fixture.obstacle() == nil, "\(operations)")
        }
        let conflicting: [[Operation]] = [
            [try .put("c", "w", in: "production")], [try .put("c", "z", in: "production")],
            [.delete("c", in: "production")], [try .put("a.b", 3, in: "base")], [try .put("a.b", 7, in: "production")],
            [try .put("a.b", 7, in: "dev")], [.environment("new", inherits: ["base"])],
        ]
        for operations in conflicting {
            var fixture = approved
            try fixture.lay(operations)
            #expect(fixture.obstacle()?.code == .approvalNeeded, "\(operations)")
        }
    }

    @Test func `a conflicting change of what is no setting asks for a fresh look, too`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .schema("s", ["type": "object"], .document), .validator("v"), .define("c", description: "One."))
        let requests: [(Operation, since: Operation)] = [
            (try .protect("production", ["approvals": 3]), try .protect("production", ["unapprovedKeys": 1])),
            (try .schema("s", true, .document), try .schema("s", ["minProperties": 1], .document)),
            (try .validator("v", timeoutSeconds: 2), try .validator("v", timeoutSeconds: 3)),
            (
                .environment("production", inherits: ["base"], description: "Live."),
                .environment("production", inherits: ["base"], description: "Alive.")
            ),
            (
                try .bind("ben", "user:ben", "administrator"),
                try .bind("ben", "user:ben", "operator", in: ["production"])
            ),
        ]
        for (operation, since) in requests {
            var fixture = fixture
            try fixture.request(operation, by: Subject("user:ada"))
            try fixture.approve("user:ann")
            #expect(fixture.obstacle(by: Subject("user:ada")) == nil, "\(operation)")
            try fixture.lay(since)
            #expect(fixture.obstacle(by: Subject("user:ada"))?.code == .approvalNeeded, "\(operation)")
        }
    }

    @Test func `what a role comes to give asks for a fresh look at who is to have it`() throws {
        var fixture = try Self.shop()
        try fixture.lay(.role("r", Permission(allowing: [.rotate])), in: .platform)
        let ada = Subject("user:ada")
        try fixture.request(.bind("eve", "user:eve", "r"), by: ada)
        try fixture.approve("user:ann")
        #expect(fixture.obstacle(by: ada) == nil)
        var other = fixture
        // Nobody has the role yet, so that to widen it is nobody's to approve.
        try other.write(Subject("user:root"), .role("r", Permission(allowing: [.rotate, .write])), in: .platform)
        #expect(other.obstacle(by: ada)?.code == .approvalNeeded)
        try other.approve("user:ann")
        #expect(other.obstacle(by: ada) == nil)
        try fixture.write(Subject("user:root"), .role("s", Permission(allowing: [.write])), in: .platform)
        #expect(fixture.obstacle(by: ada) == nil, "another role is no conflict")
    }

    @Test func `there is nothing to apply without a request`() throws {
        let fixture = try Self.shop()
        let problem = fixture.refusal(
            Self.rob, try .put("c", "z", in: "production"), as: .apply(Self.id))
        #expect(problem == .noRequest(Self.id))
    }

    // MARK: Emergencies

    @Test func `who has broken the glass needs no approval, there and until it ends`() throws {
        var fixture = try Self.shop(["freezes": [["from": "2026-11-23T00:00:00Z", "to": "2026-11-24T00:00:00Z"]]])
        try fixture.lay(.environment("staging", inherits: ["base"]), .protect("staging"))
        let end = Self.now.adding(seconds: 60)
        let body = try BindingBody(
            subject: "user:rob", role: "operator", environments: ["production"], expiresAt: end,
            description: "Down.", isBreakGlass: true)
        try fixture.lay(Operation(.putAccess(.binding("glass"), .binding(body))))
        func needed(_ subject: Subject, _ operation: Operation, at now: Timestamp = Self.now) throws
            -> [EnvironmentName]
        {
            try fixture.decide(subject, [operation], at: now).unapproved.map(\.environment)
        }
        let write = try Operation.put("c", "z", in: "production")
        #expect(try needed(Self.rob, write) == [])
        #expect(try needed(Self.rob, write, at: end.adding(seconds: -1)) == [])
        #expect(try needed(Self.rob, write, at: end) == ["production"])
        #expect(try needed(Subject("user:ann"), write) == ["production"])
        #expect(try needed(Self.rob, try .put("a.b", 2, in: "base")) == ["staging"])
        // A token of theirs has what they have, if it may write there at all.
        let own = Subject(
            principal: "token:mine", grants: [try Grant(role: "operator", project: "shop")], owner: "user:rob")
        #expect(try needed(own, write) == [])
    }

    @Test func `the glass is broken with a reason and an end, by whoever may, and waits for no approval`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .role("on-call", Permission(allowing: [.read, .breakGlass], on: .only("production"))),
            in: .platform)
        try fixture.lay(.bind("eve", "user:eve", "on-call"))
        #expect(throws: Problem.self) {
            try BindingBody(subject: "user:eve", role: "operator", description: "Down.", isBreakGlass: true)
        }
        #expect(throws: Problem.self) {
            try BindingBody(subject: "user:eve", role: "operator", expiresAt: Self.now, isBreakGlass: true)
        }
        func glass(in environments: [EnvironmentName]?) throws -> Operation {
            let body = try BindingBody(
                subject: "user:eve", role: "operator", environments: environments,
                expiresAt: Self.now.adding(seconds: 60), description: "Down.", isBreakGlass: true)
            return Operation(.putAccess(.binding("glass"), .binding(body)))
        }
        let eve = Subject("user:eve")
        #expect(fixture.refusal(eve, try glass(in: ["production"])) != nil, "not as a plain change")
        #expect(fixture.refusal(eve, try glass(in: ["dev"]), as: .breakGlass) != nil)
        #expect(fixture.refusal(eve, try glass(in: nil), as: .breakGlass) != nil)
        #expect(fixture.refusal(Self.rob, try glass(in: ["production"]), as: .breakGlass)?.code == .forbidden)
        let decision = try fixture.decide(eve, [glass(in: ["production"])], as: .breakGlass)
        #expect(decision.unapproved.isEmpty && decision.change != nil)
        fixture.take(decision)
        #expect(fixture.permits(eve, .write, .setting, in: "production", key: "c"))
        #expect(!fixture.permits(eve, .write, .setting, in: "dev", key: "c"))
        #expect(!fixture.permits(eve, .write, .setting, in: "production", key: "c", at: Self.now.adding(seconds: 60)))
    }

    @Test func `a rollback needs no approval where the protection says so, and only a rollback`() throws {
        for allowed in [true, false] {
            let fixture = try Self.shop(["emergencyRollback": .bool(allowed)])
            func needed(_ source: JSONValue?) throws -> Bool {
                try !fixture.decide(Self.rob, [.put("c", "z", in: "production")], source: source).unapproved.isEmpty
            }
            #expect(try needed(["operation": "rollback"]) != allowed)
            #expect(try needed(["operation": "apply", "request": ["operation": "rollback"]]))
            #expect(try needed(["operation": "promote"]))
            #expect(try needed(nil))
        }
    }
}

extension AccessFixture {
    fileprivate static let id = try! ChangeRequestID(parsing: "cr_0123456789abcdef")

    private var request: ChangeRequestBody {
        get throws { try #require(state.projects["shop"]?.access.request(Self.id)) }
    }

    private mutating func put(_ body: ChangeRequestBody) throws {
        try lay(Operation(.putAccess(.request(Self.id), .request(body))))
    }

    /// Asks for a change by whoever may write it.
    fileprivate mutating func request(_ operations: Operation..., by subject: Subject = Subject("user:rob")) throws {
        let decision = try decide(subject, operations)
        #expect(!decision.unapproved.isEmpty)
        try put(
            ChangeRequestBody(
                author: subject.principal, accountable: subject.accountable, message: "", source: nil,
                effects: try #require(decision.change).effects, createdAt: Self.now))
    }

    fileprivate mutating func edit(_ operations: Operation...) throws {
        var body = try request
        body.effects = try #require(decide(Subject("user:rob"), operations).change).effects
        try put(body)
    }

    /// An approval of what the request comes to now.
    fileprivate mutating func approve(_ reviewer: Principal) throws {
        var body = try request
        let decision = try state.decide(
            Proposal(
                project: "shop", by: .platform(), message: "",
                operations: try body.effects.map(Operation.init(restating:))),
            at: Self.now)
        body.approvals.append(
            ChangeRequestBody.Approval(
                by: reviewer, at: Self.now, impact: decision.impact.digest, revision: state.revision))
        try put(body)
    }

    fileprivate func apply(
        by subject: Subject = Subject("user:rob"), at now: Timestamp = now, offsets: UTCOffsets = .none
    ) throws -> Decision {
        var body = try request
        let operations = try body.effects.map(Operation.init(restating:))
        body.state = .applied
        body.effects = []
        let closing = Operation(.putAccess(.request(Self.id), .request(body)))
        return try decide(subject, operations + [closing], as: .apply(Self.id), at: now, offsets: offsets)
    }

    /// Why the request is not applied; nil where it is.
    fileprivate func obstacle(by subject: Subject = Subject("user:rob"), at now: Timestamp = now) -> Problem? {
        do {
            _ = try apply(by: subject, at: now)
            return nil
        } catch {
            return error as? Problem ?? Problem(.fault, "\(error)")
        }
    }
}

/// Times in which nothing may alter, and what must stand.
@Suite struct FreezeTests {
    private static let rob = Subject("user:rob")

    /// Two hours ahead of UTC, and seven behind.
    private static let offsets = UTCOffsets { zone, _ in
        switch zone {
        case "Test/East": 7_200
        case "Test/West": -25_200
        default: nil
        }
    }

    private static func refusal(_ freeze: JSONValue, at time: String, _ operation: Operation? = nil) throws -> Problem?
    {
        let fixture = try ProtectionPathTests.shop(["approvals": 0, "freezes": [freeze]])
        do throws(Problem) {
            _ = try fixture.decide(
                Self.rob, [operation ?? (try! .put("c", "z", in: "production"))], at: try! Timestamp(parsing: time),
                offsets: offsets)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a freeze holds from its beginning until before its end, for that environment`() throws {
        let freeze: JSONValue = [
            "from": "2026-12-24T00:00:00+01:00", "to": "2026-12-27T00:00:00+01:00", "reason": "Holidays.",
        ]
        #expect(try Self.refusal(freeze, at: "2026-12-23T22:59:59.999999Z") == nil)
        let problem = try #require(try Self.refusal(freeze, at: "2026-12-23T23:00:00Z"))
        #expect(problem.code == .frozen && problem.detail.contains("Holidays."))
        #expect(try Self.refusal(freeze, at: "2026-12-26T22:59:59.999999Z")?.code == .frozen)
        #expect(try Self.refusal(freeze, at: "2026-12-26T23:00:00Z") == nil)
        #expect(try Self.refusal(freeze, at: "2026-12-24T12:00:00Z", .put("c", "z", in: "dev")) == nil)
        #expect(try Self.refusal(freeze, at: "2026-12-24T12:00:00Z", .put("c", "z", in: "base")) == nil)
        #expect(try Self.refusal(freeze, at: "2026-12-24T12:00:00Z", .put("a.b", 2, in: "base"))?.code == .frozen)
    }

    @Test func `a weekly freeze holds by the minutes of its own time zone`() throws {
        // The 23rd is a Monday.
        let east: JSONValue = ["days": ["monday"], "from": "08:00", "to": "09:00", "timeZone": "Test/East"]
        #expect(try Self.refusal(east, at: "2026-11-23T05:59:59.999999Z") == nil)
        #expect(try Self.refusal(east, at: "2026-11-23T06:00:00Z")?.code == .frozen)
        #expect(try Self.refusal(east, at: "2026-11-23T06:59:59.999999Z")?.code == .frozen)
        #expect(try Self.refusal(east, at: "2026-11-23T07:00:00Z") == nil)
        #expect(try Self.refusal(east, at: "2026-11-24T06:30:00Z") == nil)
        #expect(try Self.refusal(east, at: "2026-11-30T06:30:00Z")?.code == .frozen)
        // There it is still Sunday.
        let west: JSONValue = ["days": ["sunday"], "from": "23:00", "to": "24:00", "timeZone": "Test/West"]
        #expect(try Self.refusal(west, at: "2026-11-23T05:59:59.999999Z") == nil)
        #expect(try Self.refusal(west, at: "2026-11-23T06:00:00Z")?.code == .frozen)
        #expect(try Self.refusal(west, at: "2026-11-23T06:59:59.999999Z")?.code == .frozen)
        #expect(try Self.refusal(west, at: "2026-11-23T07:00:00Z") == nil)
        let all: JSONValue = ["days": ["saturday", "sunday"], "from": "00:00", "to": "24:00", "timeZone": "UTC"]
        let fixture = try ProtectionPathTests.shop(["approvals": 0, "freezes": [all]])
        for (day, isFrozen) in [(20, false), (21, true), (22, true), (23, false)] {
            for time in ["00:00:00", "23:59:59"] {
                let now = try Timestamp(parsing: "2026-11-\(day)T\(time)Z")
                let decision = Result { () throws(Problem) in
                    try fixture.decide(Self.rob, [try! .put("c", "z", in: "production")], at: now)
                }
                #expect((try? decision.get()) == nil ? isFrozen : !isFrozen, "\(now)")
            }
        }
    }

    @Test func `a freeze of a time zone that nobody knows holds always`() throws {
        let freeze: JSONValue = ["days": ["monday"], "from": "08:00", "to": "08:01", "timeZone": "Test/Nowhere"]
        for time in ["2026-11-23T06:00:00Z", "2026-11-25T18:00:00Z"] {
            #expect(try Self.refusal(freeze, at: time)?.code == .frozen)
        }
    }

    @Test func `a freeze is not ended by taking the protection away in it`() throws {
        let fixture = try ProtectionPathTests.shop([
            "approvals": 0, "freezes": [["from": "2026-11-23T00:00:00Z", "to": "2026-11-24T00:00:00Z"]],
        ])
        let ada = Subject("user:ada")
        #expect(fixture.refusal(ada, .unprotect("production"))?.code == .frozen)
        #expect(fixture.refusal(ada, try .protect("production", ["approvals": 0]))?.code == .frozen)
        #expect(fixture.refusal(ada, .deleteEnvironment("production"))?.code == .frozen)
        #expect(fixture.refusal(ada, try .bind("eve", "user:eve", "operator"))?.code == .frozen)
        #expect(fixture.refusal(ada, try .bind("eve", "user:eve", "viewer")) == nil)
    }

    @Test func `a change that waits for approval may be asked for in a freeze`() throws {
        let fixture = try ProtectionPathTests.shop([
            "freezes": [["from": "2026-11-23T00:00:00Z", "to": "2026-11-24T00:00:00Z"]]
        ])
        expectNeeded(fixture, Self.rob, try .put("c", "z", in: "production"))
    }

    @Test func `what a protection requires must stand there, refuse, and be left standing`() throws {
        var fixture = try ProtectionPathTests.shop(["approvals": 0])
        let protection = Operation(
            .putAccess(
                .protection(of: "production"),
                .protection(
                    try ProtectionBody(parsing: [
                        "approvals": 0, "requiredSchemas": ["live"], "requiredValidators": ["checks"],
                    ]))))
        let validator = Operation(
            .putValidator(try ValidatorName(parsing: "checks"), try ValidatorBody(url: "https://checks.example/")))
        #expect(throws: Problem.self, "what it asks for is not there") { try fixture.lay(protection) }
        try fixture.lay(validator, .schema("live", true, .document, isReportOnly: true), protection)
        #expect(throws: Problem.self) { try fixture.lay(Operation(.deleteValidator(ValidatorName(parsing: "checks")))) }
        let write = try Operation.put("d", 1, in: "production")
        func isRefused(_ subject: Subject, _ operations: Operation...) -> Bool {
            do throws(Problem) {
                _ = try fixture.decide(subject, operations)
                return false
            } catch {
                return error.code == .invalidChange && error.violations.first?.keyword == "requiredSchemas"
            }
        }
        #expect(isRefused(Self.rob, write))
        #expect(!isRefused(Self.rob, try .put("d", 1, in: "dev")))
        #expect(!isRefused(Self.rob, write, try .schema("live", true, .document)), "it comes with the change")
        try fixture.lay(.schema("live", true, .document, environments: ["dev"]))
        #expect(isRefused(Self.rob, write))
        try fixture.lay(.schema("live", true, .document, environments: ["production"]))
        #expect(!isRefused(Self.rob, write))
        #expect(throws: Problem.self) { try fixture.decide(Self.rob, [Operation(.deleteSchema("live"))]) }
        #expect(isRefused(Self.rob, write, try .schema("live", true, .document, isReportOnly: true)))
        #expect(try fixture.decide(Self.rob, write).requiredValidators.map(\.rawValue) == ["checks"])
        #expect(try fixture.decide(Self.rob, try .put("d", 1, in: "dev")).requiredValidators.isEmpty)
    }
}
