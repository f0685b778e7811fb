import Testing

@testable import ConfigPlatformModel

/// Whether an operation is its author's to ask for, and what a refusal tells.
@Suite struct AuthorizationTests {
    private static let now = AccessFixture.now
    private static let root = Subject("user:root")

    /// `shop` with an administrator of the platform, and `user:eve` bound to a role of these permissions, in the project unless said.
    private static func shop(
        _ permissions: Permission..., in environments: [EnvironmentName]? = nil, of project: ProjectName = "shop"
    ) throws -> AccessFixture {
        var fixture = try AccessFixture.shop()
        try fixture.lay(.bind("root", "user:root", "administrator"), in: .platform)
        guard !permissions.isEmpty else { return fixture }
        try fixture.lay(
            Operation(.putAccess(.role("eves"), .role(try RoleBody(permissions: permissions)))), in: .platform)
        try fixture.lay(.bind("eve", "user:eve", "eves", in: environments), in: project)
        return fixture
    }

    private static let eve = Subject("user:eve")

    // MARK: Kinds and roles

    private static func operations() throws -> [Kind: Operation] {
        [
            .project: Operation(.putProject(try ProjectBody(description: "Sells."))),
            .environment: .environment("dev", description: "Not live."),
            .setting: try .put("c", "z", in: "dev"), .settingDefinition: try .define("c", description: "The third."),
            .schema: try .schema("s", true, .document), .validator: try .validator("v"),
            .binding: try .bind("new", "user:new", "viewer"), .protection: try .protect("dev"),
            .role: try .role("new", Permission(allowing: [.read])), .group: try .group("group:new", "user:new"),
            .identity: try .identity("user:new"), .issuer: try .issuer("new", url: "https://new.example.com"),
            .flag: .flag("new"), .segment: .segment("new"), .flagRule: .rule("known", in: "dev"),
            .flagRollout: .rollout("known", in: "dev"), .flagKill: .kill("known", in: "dev"),
            .killHook: try .killHook("new", in: "dev", ["flags": ["known"]]),
        ]
    }

    @Test func `each kind is written by the built-in roles that are for it, and by no others`() throws {
        let written: [RoleName: Set<Kind>] = [
            .administrator: Set(Kind.allCases),
            .operator: Set(Kind.allCases.filter { !$0.isAccess }).subtracting([.project, .validator]),
            .viewer: [], .auditor: [], .evaluator: [],
        ]
        for (role, kinds) in written {
            var fixture = try Self.shop()
            try fixture.lay(.bind("there", "user:there", role))
            try fixture.lay(.bind("everywhere", "user:everywhere", role), in: .platform)
            for (kind, operation) in try Self.operations() {
                let place: ProjectName = kind.isOfPlatform ? .platform : "shop"
                let expected: Problem.Code? = kinds.contains(kind) ? nil : .forbidden
                #expect(
                    fixture.refusal(Subject("user:everywhere"), operation, in: place)?.code == expected,
                    "\(role) \(kind)")
                if place != .platform {
                    #expect(fixture.refusal(Subject("user:there"), operation)?.code == expected, "\(role) \(kind)")
                } else {
                    #expect(
                        fixture.refusal(Subject("user:there"), operation, in: place)?.code == .forbidden,
                        "\(role) \(kind)")
                }
            }
        }
    }

    @Test func `nothing is allowed by default`() throws {
        let fixture = try Self.shop()
        for (kind, operation) in try Self.operations() {
            let place: ProjectName = kind.isOfPlatform ? .platform : "shop"
            let problem = fixture.refusal(Subject("user:nobody"), operation, in: place)
            #expect(
                problem?.code == (kind.isOfPlatform || kind == .project ? .forbidden : .notFound)
                    || problem?.code == .notFound, "\(kind)")
        }
        for action in Action.allCases {
            for kind in Kind.allCases {
                #expect(!fixture.permits(Subject("user:nobody"), action, kind, in: "dev", key: "c"))
            }
        }
    }

    @Test func `what may be deleted is what may be written`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .schema("s", true, .document), .validator("v"), .bind("op", "user:op", "operator"),
            .define("c", description: "x"))
        let op = Subject("user:op")
        for operation in [
            Operation(.deleteSchema("s")), .delete("c", in: "dev"), Operation(.deleteDefinition("c")),
            .deleteEnvironment("production"),
        ] {
            #expect(fixture.refusal(op, operation) == nil, "\(operation)")
        }
        for operation in [
            Operation(.deleteProject), Operation(.deleteValidator(try ValidatorName(parsing: "v"))), .unbind("op"),
        ] {
            #expect(fixture.refusal(op, operation)?.code == .forbidden, "\(operation)")
        }
    }

    // MARK: What is not there

    @Test func `what somebody has nothing to do with is refused in the words of what never was`() throws {
        let fixture = try Self.shop(Permission(allowing: [.read, .write]), in: ["dev"])
        func told(_ operation: Operation, _ name: String, in project: ProjectName = "shop") -> String? {
            fixture.refusal(Self.eve, operation, in: project).map {
                "\($0)".replacing(name, with: "NAME")
            }
        }
        #expect(
            told(try .put("c", 1, in: "production"), "production") == told(try .put("c", 1, in: "nowhere"), "nowhere"))
        #expect(told(.environment("production"), "production") == told(.environment("nowhere"), "nowhere"))
        #expect(told(.deleteEnvironment("base"), "base") == told(.deleteEnvironment("nowhere"), "nowhere"))
        let stranger = Subject("user:stranger")
        let known = fixture.refusal(stranger, try .put("c", 1, in: "dev"))
        let unknown = fixture.refusal(stranger, try .put("c", 1, in: "dev"), in: "nowhere")
        #expect(known?.code == .notFound)
        #expect("\(known as Any)".replacing("shop", with: "nowhere") == "\(unknown as Any)")
        // What is seen and may not be done is said to be so.
        #expect(fixture.refusal(Self.eve, try .schema("s", true, .document))?.code == .forbidden)
    }

    @Test func `an environment that may not be seen is inherited from in the words of what never was`() throws {
        var fixture = try Self.shop(Permission(allowing: [.read, .write]), in: ["dev", "new"])
        try fixture.lay(.environment("dev"), .environment("hidden", inherits: ["dev"]))
        func told(_ name: EnvironmentName, by child: EnvironmentName) -> String? {
            fixture.refusal(Self.eve, .environment(child, inherits: [name])).map {
                "\($0)".replacing(name.rawValue, with: "NAME")
            }
        }
        #expect(told("base", by: "new") != nil)
        #expect(told("base", by: "new") == told("nowhere", by: "new"))
        // Nor does a circle tell that there is something to go round.
        #expect(told("hidden", by: "dev") == told("nowhere", by: "dev"))
    }

    @Test func `the item that a proposal is about is refused before what it comes to is looked at`() throws {
        let fixture = try Self.shop(Permission(allowing: [.read]))
        let problem = fixture.refusal(
            Self.eve, try .put("c", 1, in: "nowhere"),
            about: .setting("c", in: "dev", of: "shop"))
        #expect(problem?.code == .forbidden)
        let strange = fixture.refusal(
            Subject("user:stranger"), .unset("c", in: "dev"), about: .schema("s", in: "shop"))
        #expect(strange == .noProject("shop"))
    }

    // MARK: Reading by way of others

    @Test func `nobody refers to a key that they may not read where they would read it`() throws {
        var fixture = try Self.shop(
            Permission(allowing: [.write, .read], on: ResourcePattern(keys: ["open"])))
        try fixture.lay(.put("secret.x", "s3", in: "base"))
        let reference = try Operation.put("open.a", "see ${secret.x}", in: "dev")
        #expect(fixture.refusal(Self.eve, reference)?.code == .forbidden)
        #expect(
            fixture.refusal(Self.eve, try .put("open.a", ["deep": ["${secret.x}"]], in: "base"))?.code == .forbidden)
        #expect(
            fixture.refusal(Self.eve, try .put("open.a", "see ${secret.x}", in: "dev", references: .literal)) == nil)
        #expect(fixture.refusal(Self.eve, try .put("open.a", "plain", in: "dev")) == nil)
        try fixture.lay(.put("open.b", "b", in: "base"))
        #expect(fixture.refusal(Self.eve, try .put("open.a", "see ${open.b}", in: "dev")) == nil)
        #expect(fixture.refusal(Self.root, reference) == nil)
    }

    @Test func `nobody refers in a base to what they may not read in what inherits from it`() throws {
        var fixture = try Self.shop(Permission(allowing: [.write, .read], on: .only("base")))
        try fixture.lay(
            .role("some", Permission(allowing: [.read], on: ResourcePattern(keys: ["open"]))), in: .platform)
        try fixture.lay(.bind("eve-dev", "user:eve", "some", in: ["dev"]), .put("secret.x", "s3", in: "base"))
        // All of base may be read, and of dev what is open.
        #expect(fixture.refusal(Self.eve, try .put("open.a", "${secret.x}", in: "base"))?.code == .forbidden)
        #expect(fixture.refusal(Self.eve, try .put("other", "${secret.x}", in: "base")) == nil)
    }

    @Test func `nobody inherits from what they may not read all of`() throws {
        var fixture = try Self.shop(
            Permission(allowing: [.read, .write], on: .only("dev", "new")))
        try fixture.lay(
            .role("part", Permission(allowing: [.read], on: ResourcePattern(keys: ["c"]))), in: .platform)
        try fixture.lay(.environment("open"), .bind("eve-open", "user:eve", "viewer", in: ["open"]))
        #expect(fixture.refusal(Self.eve, .environment("new", inherits: ["open"])) == nil)
        // What dev itself inherits from is not to be read.
        #expect(fixture.refusal(Self.eve, .environment("new", inherits: ["dev"])) != nil)
        #expect(fixture.refusal(Self.eve, .environment("new", inherits: ["production"])) != nil)
        try fixture.lay(.bind("eve-part", "user:eve", "part", in: ["production", "base"]))
        #expect(fixture.refusal(Self.eve, .environment("new", inherits: ["production"]))?.code == .forbidden)
        // What it inherits from already is no news.
        #expect(fixture.refusal(Self.eve, .environment("dev", inherits: ["base"], description: "Not live.")) == nil)
    }

    @Test func `nobody asks by a schema about values that they may not read`() throws {
        var fixture = try Self.shop(
            Permission(allowing: [.read], on: .only("dev")),
            Permission(allowing: [.write], on: ResourcePattern(kinds: [.schema])))
        #expect(fixture.refusal(Self.eve, try .schema("s", true, .document))?.code == .forbidden)
        #expect(
            fixture.refusal(Self.eve, try .schema("s", true, .document, environments: ["base"]))?.code == .forbidden)
        #expect(fixture.refusal(Self.eve, try .schema("s", true, .document, isReportOnly: true))?.code == .forbidden)
        #expect(fixture.refusal(Self.eve, try .schema("s", true, .document, environments: ["dev"])) == nil)
        #expect(fixture.refusal(Self.eve, try .schema("parts", true, .shared)) == nil)
        try fixture.lay(
            .schema("parts", true, .shared), .schema("own", true, .shared),
            .schema("live", ["$ref": "parts"], .key("c"), environments: ["production"]),
            .schema("dev", ["$ref": "own"], .key("c"), environments: ["dev"]))
        #expect(fixture.refusal(Self.eve, try .schema("parts", ["const": "y"], .shared))?.code == .forbidden)
        #expect(fixture.refusal(Self.eve, try .schema("own", ["type": "string"], .shared)) == nil)
    }

    // MARK: Tags

    @Test func `where a role divides keys by a tag only who holds what it gives alters the tag`() throws {
        var fixture = try Self.shop(
            Permission(allowing: [.read, .write]),
            Permission(allowing: [.administer], on: ResourcePattern(kinds: [.role])))
        try fixture.lay(.bind("op", "user:op", "operator"), .bind("ada", "user:ada", "administrator"))
        let tag = try Operation.define("c", tags: ["pii"])
        for subject in ["user:op", "user:eve"] as [Principal] {
            #expect(fixture.refusal(Subject(subject), tag) == nil, "no role says anything of tags")
        }
        try fixture.lay(
            .role("secrets", Permission(allowing: [.reveal], on: ResourcePattern(tags: ["pii"]))), in: .platform)
        // Who may administer roles, and may not reveal, does not give a key to those who may.
        for subject in ["user:op", "user:eve"] as [Principal] {
            #expect(fixture.refusal(Subject(subject), tag)?.code == .forbidden, "\(subject)")
            #expect(fixture.refusal(Subject(subject), try .define("c", description: "The third.")) == nil, "\(subject)")
        }
        #expect(fixture.refusal(Subject("user:ada"), tag) == nil)
    }

    @Test func `a tag in another normalisation is another tag`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .role("not", Permission(denying: [.write], on: ResourcePattern(kinds: [.setting], tags: ["caf\u{E9}"]))),
            in: .platform)
        try fixture.lay(
            .bind("op", "user:op", "operator"), .bind("not", "user:op", "not"), .define("c", tags: ["caf\u{E9}"]))
        let op = Subject("user:op")
        #expect(!fixture.permits(op, .write, .setting, in: "dev", key: "c"))
        #expect(fixture.refusal(op, try .define("c", tags: ["cafe\u{301}"]))?.code == .forbidden)
    }

    // MARK: Keys and names

    @Test func `a key stands for itself and all below it, and for nothing that only looks so`() throws {
        let fixture = try Self.shop(
            Permission(allowing: [.write], on: ResourcePattern(keys: ["a.b"])),
            Permission(denying: [.write], on: ResourcePattern(keys: ["a.b.secret"])))
        func may(_ key: ConfigKey) -> Bool { fixture.permits(Self.eve, .write, .setting, in: "dev", key: key) }
        #expect(may("a.b") && may("a.b.c") && may("\"a\".b") && may("a.b.\"c d\""))
        #expect(!may("a") && !may("a.bc") && !may("\"a.b\"") && !may("A.b") && !may("a.B") && !may("b"))
        #expect(!may("a.b.secret") && !may("a.b.secret.x") && !may("a.b.\"secret\"") && may("a.b.secrets"))
        #expect(fixture.refusal(Self.eve, .unset("a", in: "dev")) != nil)
    }

    @Test func `a pattern of projects is never for the platform itself`() throws {
        for text in ["*", "_platform", "_*"] {
            var fixture = try Self.shop(
                Permission(allowing: Action.allCases, on: ResourcePattern(projects: [try NamePattern(parsing: text)])),
                of: .platform)
            #expect(fixture.refusal(Self.eve, try .identity("user:new"), in: .platform)?.code == .forbidden, "\(text)")
            #expect(fixture.refusal(Self.eve, try .bind("x", "user:x", "viewer"), in: .platform)?.code == .forbidden)
            let own = Operation(.putProject(try ProjectBody()))
            #expect((fixture.refusal(Self.eve, own, in: "new") == nil) == (text == "*"))
            // And a project's administrator is none of the platform.
            try fixture.lay(.bind("ada", "user:ada", "administrator"))
            #expect(
                fixture.refusal(Subject("user:ada"), try .role("r", Permission(allowing: [.read])), in: .platform)
                    != nil)
            #expect(fixture.refusal(Subject("user:ada"), own, in: "new") != nil)
        }
    }

    @Test func `rights end when they say, to the microsecond`() throws {
        var fixture = try Self.shop()
        try fixture.lay(.bind("op", "user:op", "operator", until: Self.now))
        let op = Subject("user:op")
        let last = Timestamp(microseconds: Self.now.microseconds - 1)
        #expect(fixture.refusal(op, try .put("c", 1, in: "dev"), at: last) == nil)
        #expect(fixture.refusal(op, try .put("c", 1, in: "dev"), at: Self.now)?.code == .notFound)
    }

    @Test func `a token may do what it is granted, and a personal one no more than its owner`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .bind("op", "user:op", "operator"), .bind("look", "user:look", "viewer"),
            .bind("token", "user:bot", "operator"))
        let grants = [try Grant(role: "operator", project: "shop", environments: ["dev"])]
        let write = try Operation.put("c", 1, in: "dev")
        func token(_ owner: Principal?) -> Subject { Subject(principal: "token:bot", grants: grants, owner: owner) }
        for owner in [nil, "user:op"] as [Principal?] {
            #expect(fixture.refusal(token(owner), write) == nil)
            #expect(fixture.refusal(token(owner), try .put("c", 1, in: "production"))?.code == .notFound)
        }
        #expect(fixture.refusal(token("user:look"), write)?.code == .forbidden)
        #expect(fixture.refusal(token("user:nobody"), write)?.code == .notFound)
        try fixture.lay(.identity("user:op", isDisabled: true), in: .platform)
        #expect(fixture.refusal(token("user:op"), write)?.code == .notFound)
        #expect(fixture.refusal(Subject("user:op"), write)?.code == .notFound)
        #expect(fixture.refusal(token(nil), write) == nil)
    }

    // MARK: Giving

    @Test func `nobody gives what they do not hold`() throws {
        var fixture = try Self.shop(
            Permission(allowing: [.administer]),
            Permission(allowing: [.read, .write], on: ResourcePattern(keys: ["a"])))
        try fixture.lay(
            .role("a-all", Permission(allowing: [.read, .write], on: ResourcePattern(keys: ["a"]))),
            .role("a-part", Permission(allowing: [.write], on: ResourcePattern(keys: ["a.b"]))),
            .role("b", Permission(allowing: [.write], on: ResourcePattern(keys: ["b"]))),
            .role("not-b", Permission(denying: [.write], on: ResourcePattern(keys: ["b"]))), in: .platform)
        for (role, isGiven) in [
            ("a-all", true), ("a-part", true), ("not-b", true), ("b", false), ("viewer", false), ("operator", false),
            ("administrator", false), ("evaluator", false),
        ] as [(RoleName, Bool)] {
            let problem = fixture.refusal(Self.eve, try .bind("new", "user:new", role))
            #expect(problem?.code == (isGiven ? nil : .forbidden), "\(role)")
        }
        // Nor for longer than they have it.
        try fixture.lay(.bind("eve", "user:eve", "eves", until: Self.now.adding(seconds: 60)))
        #expect(fixture.refusal(Self.eve, try .bind("new", "user:new", "a-all"))?.code == .forbidden)
        #expect(
            fixture.refusal(Self.eve, try .bind("new", "user:new", "a-all", until: Self.now.adding(seconds: 61))) != nil
        )
        #expect(
            fixture.refusal(Self.eve, try .bind("new", "user:new", "a-all", until: Self.now.adding(seconds: 60))) == nil
        )
        // Nor lifts a denial of what they do not hold.
        try fixture.lay(.bind("not", "user:new", "not-b"))
        #expect(fixture.refusal(Self.eve, .unbind("not"))?.code == .forbidden)
        #expect(fixture.refusal(Self.eve, try .bind("not", "user:other", "not-b"))?.code == .forbidden)
    }

    @Test func `an administrator of an environment binds there and nowhere else`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .bind("dev", "user:dev", "administrator", in: ["dev"]), .bind("all", "user:x", "viewer"),
            .bind("both", "user:x", "viewer", in: ["dev", "production"]), .bind("one", "user:x", "viewer", in: ["dev"]))
        let dev = Subject("user:dev")
        #expect(fixture.refusal(dev, try .bind("new", "user:y", "administrator", in: ["dev"])) == nil)
        #expect(fixture.refusal(dev, .unbind("one")) == nil)
        #expect(fixture.refusal(dev, try .protect("dev")) == nil)
        for operation in [
            try .bind("new", "user:y", "viewer"), try .bind("new", "user:y", "viewer", in: ["production"]),
            try .bind("new", "user:y", "viewer", in: ["dev", "production"]),
            try .bind("all", "user:y", "viewer", in: ["dev"]),
            try .bind("both", "user:y", "viewer", in: ["dev"]), try .bind("one", "user:y", "viewer"), .unbind("all"),
            .unbind("both"), try .protect("production"), try .validator("v", environments: ["dev"]),
            Operation(.putProject(try ProjectBody(description: "Mine."))), Operation(.deleteProject),
        ] {
            let code = fixture.refusal(dev, operation)?.code
            #expect(code == .forbidden || code == .notFound, "\(operation)")
        }
        #expect(fixture.refusal(dev, try .bind("new", "user:y", "viewer", in: ["dev"]), in: .platform) != nil)
    }

    @Test func `a role is altered only by who holds all that it would allow and all that it no longer denies`() throws {
        var fixture = try Self.shop(
            Permission(allowing: [.administer, .read]), Permission(denying: [.write]), of: .platform)
        try fixture.lay(
            .role("r", Permission(allowing: [.read]), Permission(denying: [.write]), Permission(denying: [.read])),
            in: .platform)
        let deny = Permission(denying: [.write])
        let read = Permission(allowing: [.read])
        #expect(fixture.refusal(Self.eve, try .role("new", read, deny), in: .platform) == nil)
        #expect(
            fixture.refusal(Self.eve, try .role("new", Permission(allowing: [.write])), in: .platform)?.code
                == .forbidden)
        #expect(fixture.refusal(Self.eve, try .role("r", read, deny), in: .platform)?.code == .forbidden)
        #expect(fixture.refusal(Self.eve, Operation(.deleteAccess(.role("r"))), in: .platform)?.code == .forbidden)
        #expect(fixture.refusal(Self.root, try .role("r", read, deny), in: .platform) == nil)
    }

    @Test func `who joins or leaves a group is for who holds all that the group is given and denied`() throws {
        var fixture = try Self.shop(
            Permission(allowing: [.administer], on: ResourcePattern(kinds: [.group])), of: .platform)
        try fixture.lay(
            .role("not", Permission(denying: [.write])), .group("group:ops", "user:x"), .group("group:not", "user:x"),
            .group("group:idle", "user:x"), in: .platform)
        try fixture.lay(.bind("ops", "group:ops", "operator"), .bind("not", "group:not", "not"))
        for group in ["group:ops", "group:not"] as [Principal] {
            #expect(fixture.refusal(Self.eve, try .group(group, "user:eve"), in: .platform)?.code == .forbidden)
            #expect(fixture.refusal(Self.eve, try .group(group), in: .platform)?.code == .forbidden)
            #expect(
                fixture.refusal(Self.eve, Operation(.deleteAccess(.group(group))), in: .platform)?.code == .forbidden)
        }
        #expect(fixture.refusal(Self.eve, try .group("group:idle", "user:eve"), in: .platform) == nil)
        #expect(throws: Problem.self) { try GroupBody(members: ["group:ops"]) }
        #expect(throws: Problem.self) { try GroupBody(members: ["workload:ci/*"]) }
    }

    @Test func `whose word is taken for members of a group is for who holds what the group is given`() throws {
        var fixture = try Self.shop(
            Permission(allowing: [.administer], on: ResourcePattern(kinds: [.issuer])), of: .platform)
        try fixture.lay(
            .issuer("corp", url: "https://corp.example.com"), .issuer("idle", url: "https://idle.example.com"),
            .group("group:ops", "user:corp/ann"), in: .platform)
        try fixture.lay(.bind("ops", "group:ops", "operator"))
        let moved = try Operation.issuer("corp", url: "https://eve.example.com")
        #expect(fixture.refusal(Self.eve, moved, in: .platform)?.code == .forbidden)
        #expect(fixture.refusal(Self.eve, try .issuer("idle", url: "https://eve.example.com"), in: .platform) == nil)
        #expect(fixture.refusal(Self.root, moved, in: .platform) == nil)
    }

    @Test func `who may administer identities alone lets nobody in again, and makes nobody's groups forgotten`() throws
    {
        var fixture = try Self.shop(
            Permission(allowing: [.administer], on: ResourcePattern(kinds: [.identity])), of: .platform)
        try fixture.lay(
            .role("not", Permission(denying: [.write])), .identity("user:corp/out", isDisabled: true),
            .identity("user:corp/guest", groups: ["group:corp/guests"]), .identity("user:corp/idle", isDisabled: true),
            in: .platform)
        try fixture.lay(.bind("out", "user:corp/out", "operator"), .bind("guests", "group:corp/guests", "not"))
        #expect(fixture.refusal(Self.eve, try .identity("user:corp/out"), in: .platform)?.code == .forbidden)
        for name in ["user:corp/out", "user:corp/guest"] as [Principal] {
            #expect(
                fixture.refusal(Self.eve, Operation(.deleteAccess(.identity(name))), in: .platform)?.code == .forbidden)
        }
        #expect(fixture.refusal(Self.eve, try .identity("user:corp/idle"), in: .platform) == nil)
        #expect(fixture.refusal(Self.eve, try .identity("user:corp/new", isDisabled: true), in: .platform) == nil)
    }

    @Test func `the end of a project lifts no denial that its author is under`() throws {
        var fixture = try Self.shop(Permission(allowing: Action.allCases), of: .platform)
        #expect(fixture.refusal(Self.eve, Operation(.deleteProject)) == nil)
        try fixture.lay(.role("not", Permission(denying: [.write])), in: .platform)
        try fixture.lay(.bind("not", "user:eve", "not"))
        #expect(fixture.refusal(Self.eve, Operation(.deleteProject))?.code == .forbidden)
        #expect(fixture.refusal(Self.root, Operation(.deleteProject)) == nil)
    }

    // MARK: What is nobody's to write

    @Test func `the groups of an identity are its issuer's to say`() throws {
        var fixture = try Self.shop()
        try fixture.lay(.identity("user:corp/ann", groups: ["group:corp/all"]), in: .platform)
        let ann: Principal = "user:corp/ann"
        func code(_ operation: Operation) -> Problem.Code? {
            fixture.refusal(Self.root, operation, in: .platform)?.code
        }
        #expect(code(try .identity(ann, groups: ["group:corp/all", "group:corp/sre"])) == .invalidRequest)
        #expect(code(try .identity(ann)) == .invalidRequest)
        #expect(code(try .identity("user:corp/new", groups: ["group:corp/sre"])) == .invalidRequest)
        #expect(code(try .identity(ann, groups: ["group:corp/all"], isDisabled: true)) == nil)
    }

    @Test func `change requests are not written as items`() throws {
        let fixture = try Self.shop()
        let id = try ChangeRequestID(parsing: "cr_0123456789abcdef")
        let body = ChangeRequestBody(
            author: "user:root", accountable: [], message: "", source: nil, effects: [], createdAt: Self.now)
        for operation in [
            Operation(.putAccess(.request(id), .request(body))), Operation(.deleteAccess(.request(id))),
        ] {
            #expect(fixture.refusal(Self.root, operation)?.code == .invalidRequest)
            #expect(fixture.refusal(Self.root, operation, in: .platform)?.code == .invalidRequest)
            #expect(fixture.refusal(Self.root, operation, as: .breakGlass)?.code == .invalidRequest)
        }
        #expect(throws: Problem.self) { try AccessBody(.changeRequest, parsing: body.json) }
    }

    @Test func `the glass is not broken by a binding that is written`() throws {
        let fixture = try Self.shop()
        let body = try BindingBody(
            subject: "user:root", role: "operator", expiresAt: Self.now.adding(seconds: 60), description: "Down.",
            isBreakGlass: true)
        let operation = Operation(.putAccess(.binding("glass"), .binding(body)))
        #expect(fixture.refusal(Self.root, operation)?.code == .invalidRequest)
        #expect(fixture.refusal(Self.root, operation, as: .breakGlass) == nil)
    }

    @Test func `a broken glass does not take the place of a binding`() throws {
        var fixture = try Self.shop(Permission(allowing: [.breakGlass, .read, .write]))
        try fixture.lay(.role("not", Permission(denying: [.write])), in: .platform)
        try fixture.lay(.bind("not", "user:eve", "not"))
        let body = try BindingBody(
            subject: "user:eve", role: "operator", expiresAt: Self.now.adding(seconds: 60), description: "Down.",
            isBreakGlass: true)
        #expect(
            fixture.refusal(Self.eve, Operation(.putAccess(.binding("not"), .binding(body))), as: .breakGlass) != nil)
        #expect(
            fixture.refusal(Self.eve, Operation(.putAccess(.binding("glass"), .binding(body))), as: .breakGlass) == nil)
    }

    @Test func `who breaks the glass does nothing else in the same breath`() throws {
        var fixture = try Self.shop(Permission(allowing: Action.allCases))
        try fixture.lay(.protect("production"))
        let administrator = try BindingBody(
            subject: "user:eve", role: "administrator", expiresAt: Self.now.adding(seconds: 60), description: "Down.",
            isBreakGlass: true)
        for operation in [
            try .put("c", "z", in: "production"), .unprotect("production"), try .bind("new", "user:new", "operator"),
            Operation(.putAccess(.binding("glass"), .binding(administrator))),
        ] {
            #expect(fixture.refusal(Self.eve, operation, as: .breakGlass)?.code == .invalidRequest, "\(operation)")
        }
    }

    @Test func `a step of a change request is nothing else, and the one that is applied closes itself alone`() throws {
        let fixture = try Self.shop()
        let id = try ChangeRequestID(parsing: "cr_0123456789abcdef")
        let other = try ChangeRequestID(parsing: "cr_fedcba9876543210")
        let body = ChangeRequestBody(
            author: "user:root", accountable: [], message: "", source: nil, effects: [], createdAt: Self.now)
        let step = Operation(.putAccess(.request(id), .request(body)))
        let write = try Operation.put("c", "z", in: "dev")
        #expect(fixture.refusal(Self.root, step, as: .requestStep) == nil)
        #expect(fixture.refusal(Self.root, write, as: .requestStep)?.code == .invalidRequest)
        #expect(fixture.refusal(Self.root, step, write, as: .requestStep)?.code == .invalidRequest)
        #expect(fixture.refusal(Self.root, step, write, as: .apply(id)) == nil)
        #expect(fixture.refusal(Self.root, step, write, as: .apply(other))?.code == .invalidRequest)
    }

    @Test func `the last administrator of the platform stays`() throws {
        var fixture = try Self.shop()
        try fixture.lay(.role("not", Permission(denying: [.administer])), in: .platform)
        let later = Self.now.adding(seconds: 3_600)
        let ends: [Operation] = [
            .unbind("root"), try .bind("root", "user:root", "operator"),
            try .bind("root", "user:root", "administrator", until: later),
            try .bind("not", "user:root", "not"), try .identity("user:root", isDisabled: true),
        ]
        for operation in ends {
            #expect(fixture.refusal(Self.root, operation, in: .platform)?.code == .inUse, "\(operation)")
        }
        // One for a while is no other.
        try fixture.lay(.bind("ann", "user:ann", "administrator", until: later), in: .platform)
        for operation in ends {
            #expect(fixture.refusal(Self.root, operation, in: .platform)?.code == .inUse, "\(operation)")
        }
        try fixture.lay(.bind("ann", "user:ann", "administrator"), in: .platform)
        for operation in ends { #expect(fixture.refusal(Self.root, operation, in: .platform) == nil, "\(operation)") }
    }

    @Test func `a group of nobody administers nothing`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .group("group:admins", "user:ann", "user:ben"), .bind("admins", "group:admins", "administrator"),
            in: .platform)
        #expect(fixture.refusal(Self.root, .unbind("root"), in: .platform) == nil)
        try fixture.lay(.unbind("root"), in: .platform)
        let ann = Subject("user:ann")
        #expect(fixture.refusal(ann, try .group("group:admins", "user:ann"), in: .platform) == nil)
        #expect(fixture.refusal(ann, try .group("group:admins"), in: .platform)?.code == .inUse)
        #expect(fixture.refusal(ann, Operation(.deleteAccess(.group("group:admins"))), in: .platform)?.code == .inUse)
        try fixture.lay(.identity("user:ben", isDisabled: true), in: .platform)
        #expect(fixture.refusal(ann, try .group("group:admins", "user:ben"), in: .platform)?.code == .inUse)
        #expect(fixture.refusal(ann, try .identity("user:ann", isDisabled: true), in: .platform)?.code == .inUse)
    }

    @Test func `a role in use stays, and the built-in ones are not to be had`() throws {
        var fixture = try Self.shop()
        try fixture.lay(.role("r", Permission(allowing: [.read])), in: .platform)
        try fixture.lay(.bind("x", "user:x", "r"))
        let end = Operation(.deleteAccess(.role("r")))
        #expect(fixture.refusal(Self.root, end, in: .platform)?.code == .inUse)
        try fixture.lay(.unbind("x"))
        #expect(fixture.refusal(Self.root, end, in: .platform) == nil)
        for name in [RoleName.administrator, .operator, .viewer, .auditor, .evaluator] {
            let own = try Operation.role(name, Permission(allowing: Action.allCases))
            #expect(fixture.refusal(Self.root, own, in: .platform)?.code == .alreadyExists, "\(name)")
        }
        #expect(fixture.refusal(Self.root, try .bind("x", "user:x", "nowhere"))?.code == .notFound)
    }

    @Test func `what is the platform's is not written in a project, nor the other way`() throws {
        let fixture = try Self.shop()
        for (kind, operation) in try Self.operations() where kind != .binding {
            let other: ProjectName = kind.isOfPlatform ? "shop" : .platform
            #expect(fixture.refusal(Self.root, operation, in: other) != nil, "\(kind)")
        }
    }

    // MARK: What a refusal tells

    /// That a problem says nothing of these.
    private func expectSilent(
        _ problem: Problem?, of words: String..., at location: SourceLocation = #_sourceLocation
    ) {
        guard let problem else {
            Issue.record("not refused", sourceLocation: location)
            return
        }
        for word in words { #expect(!"\(problem)".contains(word), "\(problem)", sourceLocation: location) }
    }

    @Test func `what does not fit an environment that may not be seen is refused without a word of it`() throws {
        var fixture = try Self.shop(Permission(allowing: [.read, .write]), in: ["base", "dev"])
        try fixture.lay(
            .put("till.name", "open", in: "production"),
            .schema(
                "limit", ["properties": ["a": ["properties": ["b": ["maximum": 10]]]]], .document,
                environments: ["production"]))
        let tooMuch = try Operation.put("a.b", 11, in: "base")
        expectSilent(fixture.refusal(Self.eve, tooMuch), of: "production", "limit", "maximum\"")
        #expect(fixture.refusal(Self.root, tooMuch)?.violations.first?.environment == "production")
        // A key above one that it has, a reference that it cannot resolve, an environment that inherits.
        expectSilent(fixture.refusal(Self.eve, try .put("till", 1, in: "base")), of: "production", "till.name")
        try fixture.lay(.put("host", "h", in: "base"), .put("url", "${host}", in: "production"))
        expectSilent(fixture.refusal(Self.eve, .delete("host", in: "base")), of: "production", "url")
        try fixture.lay(.environment("dev"))
        expectSilent(fixture.refusal(Self.eve, .deleteEnvironment("base")), of: "production")
    }

    @Test func `a freeze of an environment that may not be seen is told without a word of it`() throws {
        var fixture = try Self.shop(Permission(allowing: [.read, .write]), in: ["base", "dev"])
        try fixture.lay(
            .protect(
                "production",
                [
                    "approvals": 0,
                    "freezes": [["from": "2026-11-23T00:00:00Z", "to": "2026-11-24T00:00:00Z", "reason": "Audit."]],
                ]))
        let problem = fixture.refusal(Self.eve, try .put("a.b", 2, in: "base"))
        #expect(problem?.code == .frozen)
        expectSilent(problem, of: "production", "Audit")
        #expect(fixture.refusal(Self.root, try .put("a.b", 2, in: "base"))?.detail.contains("Audit.") == true)
    }

    @Test func `what is there instead is shown only to who may read it`() throws {
        var fixture = try Self.shop(
            Permission(allowing: [.write]), Permission(allowing: [.read], on: ResourcePattern(keys: ["open"])))
        try fixture.lay(
            .put("secret.x", "s3cr3t", in: "dev"), .put("open.a", "fine", in: "dev"),
            .define("secret.x", description: "For the s3cr3t."), .define("open.a", description: "For all."),
            .schema("s", ["const": "s3cr3t"], .key("secret.x"), environments: ["dev"]))
        func refusal(_ target: Operation.Target) -> Problem? {
            fixture.refusal(Self.eve, Operation(target, expecting: .absent))
        }
        expectSilent(refusal(.putSetting("secret.x", "dev", .unset)), of: "s3cr3t")
        expectSilent(refusal(.putDefinition("secret.x", try SettingDefinitionBody())), of: "s3cr3t")
        expectSilent(refusal(.putSchema("s", try SchemaBody(schema: true, environments: ["dev"]))), of: "s3cr3t")
        #expect("\(refusal(.putSetting("open.a", "dev", .unset)) as Any)".contains("fine"))
        #expect("\(refusal(.putDefinition("open.a", try SettingDefinitionBody())) as Any)".contains("For all."))
        for target in [
            Operation.Target.putSetting("secret.x", "dev", .unset),
            .putDefinition("secret.x", try SettingDefinitionBody()),
        ] {
            #expect(refusal(target)?.code == .revisionConflict)
        }
    }

    @Test func `a key that may not be read is not named where another does not fit it`() throws {
        var fixture = try Self.shop(
            Permission(allowing: [.read, .write], on: ResourcePattern(keys: ["open"])),
            Permission(denying: [.read], on: ResourcePattern(keys: ["open.hidden"])))
        try fixture.lay(.put("open.hidden.deep", 1, in: "dev"), .put("open.shown", 1, in: "dev"))
        let problem = fixture.refusal(Self.eve, try .put("open", 1, in: "dev"))
        #expect(problem?.code == .invalidChange)
        expectSilent(problem, of: "hidden", "deep")
        // A fault of what may be read is still told where everything may be.
        #expect("\(fixture.refusal(Self.root, try .put("open", 1, in: "dev")) as Any)".contains("open.hidden.deep"))
    }
}
