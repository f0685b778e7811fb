import ArgumentParser
import Foundation
import Testing

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel
@testable import cfg

@Suite struct TokenChoiceTests {
    private func token(_ id: String, _ name: String, isLive: Bool = true) throws -> TokenView {
        try TokenView(WireReader(["id": .string(id), "name": .string(name), "live": .bool(isLive)]))
    }

    @Test func `a token that is to end is named, or told by its id`() throws {
        let tokens = [
            try token("tok_1", "bot"), try token("tok_2", "old", isLive: false), try token("tok_3", "old"),
            try token("tok_4", "tok_3"), try token("tok_5", "gone", isLive: false),
        ]
        #expect(try TokenRevokeCommand.id(of: "bot", among: tokens) == "tok_1")
        #expect(try TokenRevokeCommand.id(of: "old", among: tokens) == "tok_3", "the live one")
        #expect(try TokenRevokeCommand.id(of: "tok_2", among: tokens) == "tok_2")
        #expect(try TokenRevokeCommand.id(of: "gone", among: tokens) == "gone", "the server says that there is none")
        let error = #expect(throws: ConfigPlatformError.self) {
            try TokenRevokeCommand.id(of: "tok_3", among: tokens)
        }
        #expect(error?.code == .invalidUse)
        #expect(error?.detail.contains("tok_3, tok_4") == true)
    }
}

@Suite struct AccessParsingTests {
    private let now = Timestamp(microseconds: 1_800_000_000_000_000)

    @Test func `a command is about a project or, where that is said, about the platform`() throws {
        let variables = ["CFG_PROJECT": "shop"]
        func name(_ line: String, _ variables: [String: String]) throws -> ProjectName {
            try parsed(BindingListCommand.self, line).home.name(variables)
        }
        #expect(try name("binding list -p other", variables).rawValue == "other")
        #expect(try name("binding list", variables).rawValue == "shop")
        #expect(try name("binding list --platform", variables) == .platform)
        let nowhere = #expect(throws: ValidationError.self) { try name("binding list", [:]) }
        #expect(nowhere?.message.contains("--platform") == true)
        #expect(isRefused("binding list -p shop --platform", "not both"))
        #expect(isRefused("log --platform -p shop", "--platform"))
        #expect(isRefused("log --platform --key a", "--platform"))
        #expect(try parsed(LogCommand.self, "log --platform").platform)
        #expect(try parsed(ShowCommand.self, "show 3 --platform").home.name([:]) == .platform)
    }

    @Test func `a name alone is a user, or a group, of the platform's own`() throws {
        #expect(try Principal.identity("ada").rawValue == "user:ada")
        #expect(try Principal.identity("workload:ci/main").rawValue == "workload:ci/main")
        #expect(try Principal.group("sre").rawValue == "group:sre")
        #expect(try Principal.group("group:corp/sre").rawValue == "group:corp/sre")
        let group = try parsed(GroupAddCommand.self, "group add sre ada user:corp/grace@example.com")
        #expect(group.membership.group.rawValue == "group:sre")
        #expect(group.membership.members.map(\.rawValue) == ["user:ada", "user:corp/grace@example.com"])
    }

    @Test func `a binding without a name is called after what it says`() throws {
        func name(_ role: String, _ subject: String, _ environments: String...) throws -> String {
            try BindingAddCommand.name(
                of: RoleName(parsing: role), Principal(parsing: subject),
                environments.map { try EnvironmentName(parsing: $0) }
            ).rawValue
        }
        #expect(try name("operator", "group:corp/sre") == "operator-group-corp-sre")
        #expect(try name("viewer", "user:corp/Ada@Example.com") == "viewer-user-corp-ada@example.com")
        #expect(try name("viewer", "workload:ci/repo:acme/shop:*") == "viewer-workload-ci-repo-acme-shop")
        #expect(try name("viewer", "user:a", "b", "a") == "viewer-user-a-a-b")
        let long = String(repeating: "x", count: 60)
        let (one, other) = (try name("operator", "user:\(long)a"), try name("operator", "user:\(long)b"))
        #expect(one.utf8.count <= 63)
        #expect(one != other)
    }

    @Test func `a binding ends at a time, after a time, or never`() throws {
        func body(_ rest: String) throws -> BindingBody {
            try parsed(BindingAddCommand.self, "binding add --subject user:ada --role operator " + rest).body(now: now)
        }
        #expect(try body("").expiresAt == nil)
        #expect(try body("--for 8h").expiresAt == now.adding(seconds: 28_800))
        #expect(try body("--until 2199-01-01T00:00:00Z").expiresAt?.text == "2199-01-01T00:00:00.000000Z")
        let whole = try body("-p shop -e staging -e production --description why")
        #expect(whole.environments?.map(\.rawValue) == ["production", "staging"])
        #expect(whole.description == "why")
        #expect(
            isRefused("binding add --subject user:a --role viewer --for 1h --until 2199-01-01T00:00:00Z", "not both"))
        #expect(isRefused("binding add --subject user:a --role viewer -e x --platform", "belong to a project"))
        #expect(isRefused("binding add --subject user:a", "--role"))
    }

    @Test func `a time to come is a time or how long from now`() throws {
        #expect(try FutureArgument.argument("2h", now: now).time == now.adding(seconds: 7_200))
        #expect(try FutureArgument.argument("2199-01-01T00:00:00Z", now: now).time.text.hasPrefix("2199-01-01"))
        for wrong in ["", "soon", "42", "2000-01-01T00:00:00Z"] {
            #expect(throws: ValidationError.self, "\(wrong)") { try FutureArgument.argument(wrong, now: now) }
        }
    }

    @Test func `what is given of a protection stands over what is there`() throws {
        let command = try parsed(
            ProtectCommand.self,
            "protect production --approvals 2 --approver role:operator --no-self-approval --emergency-rollback "
                + "--unapproved-keys 3 --require-schema checkout --require-validator limits "
                + #"--freeze {"from":"2026-12-24T00:00:00Z","to":"2026-12-27T00:00:00Z"}"#)
        let given = try command.given()
        let freeze: JSONValue = ["from": "2026-12-24T00:00:00Z", "to": "2026-12-27T00:00:00Z"]
        #expect(
            JSONValue.object(given) == [
                "approvals": 2, "approvers": ["role:operator"], "selfApproval": false, "emergencyRollback": true,
                "unapprovedKeys": 3, "requiredSchemas": ["checkout"], "requiredValidators": ["limits"],
                "freezes": [freeze],
            ])
        let standing: JSONValue = ["approvals": 3, "approvers": ["user:ada"], "revision": 9]
        let nothing = try parsed(ProtectCommand.self, "protect production").given()
        #expect(
            ProtectCommand.merged(nothing, over: standing) == ["approvals": 3, "approvers": ["user:ada"]])
        #expect(ProtectCommand.merged(nothing, over: nil) == ["approvals": 1])
        #expect(ProtectCommand.merged(["approvals": 2], over: standing)["approvers"] == ["user:ada"])
        #expect(throws: ValidationError.self) {
            try parsed(ProtectCommand.self, "protect production --freeze {").given()
        }
    }

    @Test func `a change request is named by its id`() throws {
        let id = "cr_0123456789abcdef"
        #expect(try parsed(RequestShowCommand.self, "request show \(id) -p shop").request.id.rawValue == id)
        #expect(isRefused("request show 17 -p shop", "cr_0123456789abcdef"))
        #expect(isRefused("request approve \(id) --impact abc", "64 hexadecimal digits"))
        #expect(isRefused("request schedule \(id)", "--at TIME or --never"))
        #expect(isRefused("request schedule \(id) --at 1h --never", "--at TIME or --never"))
        #expect(isRefused("request list --state closed", "closed"))
        #expect(try parsed(RequestListCommand.self, "request list").state == .open)
        #expect(RequestListCommand.StateFilter.all.state == nil)
    }

    @Test func `a write may ask for a review that nothing asks for, and not as a dry run`() throws {
        #expect(try parsed(SetCommand.self, "set a 1 --request").write.request)
        #expect(try parsed(GroupDeleteCommand.self, "group delete sre --request -m why").write.message == "why")
        #expect(isRefused("set a 1 --request --dry-run", "not both"))
        #expect(isRefused("promote a b --request", "--request"))
    }

    @Test func `a question names an action and a place`() throws {
        let command = try parsed(
            AccessExplainCommand.self,
            "access explain --subject user:ada --action write -p shop -e eu --key checkout.timeout")
        #expect(command.resource.text == "write checkout.timeout in shop/eu")
        let platform = try parsed(AccessWhoCommand.self, "access who --action administer --kind role")
        #expect(platform.resource.text == "administer items of kind role of the platform")
        #expect(isRefused("access who --action write -e eu", "give -p too"))
        #expect(isRefused("access who --action fly", "fly"))
        #expect(isRefused("access break-glass --for 1h", "--reason"))
    }

    @Test func `a change that a request asks for can be written back`() throws {
        let view = try ChangeRequestView(
            WireReader(
                JSONValue(
                    parsing: #"""
                        {"id":"cr_0123456789abcdef","state":"open","author":"user:ada","message":"why","createdAt":"2026-11-23T06:00:00Z",
                         "revision":7,"operations":[
                          {"op":"put","kind":"setting","environment":"eu","key":"a","after":{"references":"literal","value":"${x}"}},
                          {"op":"unset","kind":"setting","environment":"eu","key":"b","after":{"unset":true}},
                          {"op":"delete","kind":"schema","key":"s","before":{"value":{}}},
                          {"op":"put","kind":"protection","environment":"eu","key":"protection","after":{"value":{"approvals":2}}}]}
                        """#)))
        let change = RequestedChange.json(of: view)
        #expect(
            change == [
                "message": "why",
                "operations": [
                    [
                        "op": "put", "kind": "setting", "environment": "eu", "key": "a", "value": "${x}",
                        "references": "literal",
                    ], ["op": "unset", "kind": "setting", "environment": "eu", "key": "b"],
                    ["op": "delete", "kind": "schema", "key": "s"],
                    ["op": "put", "kind": "protection", "environment": "eu", "value": ["approvals": 2]],
                ],
            ])
        #expect(try RequestedChange.read(change, named: "f").operations.count == 4)
        #expect(try RequestedChange.read([], named: "f").message == nil)
        #expect(throws: ValidationError.self) { try RequestedChange.read(["a": 1], named: "f") }
    }
}

@Suite struct SignInTests {
    @Test func `there is one way in at a time`() {
        #expect(isRefused("login --with-token --user ada", "Give one of"))
        #expect(isRefused("login --user ada --device", "Give one of"))
        #expect(throws: Never.self) {
            try parsed(LoginCommand.self, "login https://cfg.example.org --issuer corp --device")
        }
    }

    @Test func `an issuer is named where there are several, and known where it is named`() throws {
        func ways(_ names: String...) throws -> SignInWaysView {
            try SignInWaysView(WireReader(["issuers": .array(names.map { .string($0) }), "passwords": true]))
        }
        #expect(try LoginCommand.issuer(nil, of: ways("corp"), isNeeded: false) == "corp")
        #expect(try LoginCommand.issuer("b", of: ways("a", "b"), isNeeded: false) == "b")
        #expect(try LoginCommand.issuer(nil, of: ways(), isNeeded: false) == nil)
        for (named, ways, isNeeded) in [
            (nil, try ways("a", "b"), false), ("c", try ways("a"), false), (nil, try ways(), true),
        ] {
            #expect(throws: ValidationError.self) { try LoginCommand.issuer(named, of: ways, isNeeded: isNeeded) }
        }
    }

    @Test func `a browser that comes back is known by the state it brings`() {
        func visit(_ target: String, _ method: String = "GET") -> (LoopbackRedirect.Arrival?, LoopbackRedirect.Page) {
            LoopbackRedirect.visit(method, target, state: "s3cret")
        }
        #expect(visit("/callback?code=a%2Fb&state=s3cret") == (.code("a/b"), .done))
        #expect(
            visit("/callback?state=s3cret&error=access_denied&error_description=no%20way") == (
                .refused("access_denied: no way"), .failed
            ))
        #expect(visit("/callback?state=s3cret") == (.refused("it sent no code"), .failed))
        #expect(visit("/callback?code=a&state=other") == (nil, .stranger))
        #expect(visit("/callback?code=a") == (nil, .stranger))
        #expect(visit("/callback?code=a&state=other&state=s3cret") == (nil, .stranger))
        #expect(visit("/favicon.ico") == (nil, .unknown))
        #expect(visit("/callback?code=a&state=s3cret", "POST") == (nil, .unknown))
    }

    @Test func `a session that is over says so, and a login without an end is good`() throws {
        let now = try Timestamp(parsing: "2026-11-23T08:00:00Z")
        var login = Credentials(
            server: try ServerAddress(parsing: "https://cfg.example.org"), token: "t", certificateAuthorityFile: nil)
        #expect(login.fault(at: now) == nil)
        login.principal = "user:ada"
        login.session = "ses_1"
        login.expiresAt = now.adding(seconds: 60)
        #expect(login.fault(at: now) == nil)
        login.expiresAt = now.adding(seconds: -7_200)
        let fault = try #require(login.fault(at: now))
        #expect(
            Failure.text(fault, .plain) == """
                error: The session of user:ada for https://cfg.example.org ended 2 hours ago.
                next: run 'cfg login', or set CFG_SERVER and CFG_TOKEN

                """)
        #expect(ExitStatus(fault.code) == .denied)
    }

    @Test func `what is kept of a session reads back`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cfg-login-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = Credentials.path(["XDG_CONFIG_HOME": folder.path(percentEncoded: false)])
        let login = Credentials(
            server: try ServerAddress(parsing: "https://cfg.example.org"), token: "t", certificateAuthorityFile: nil,
            principal: "user:ada", session: "ses_1", expiresAt: try Timestamp(parsing: "2026-11-23T08:00:00Z"))
        try login.write(path)
        #expect(try Credentials.read(path) == login)
    }

    @Test func `the expiry of a login is of its own token alone`() throws {
        let login = Credentials(
            server: try ServerAddress(parsing: "https://cfg.example.org"), token: "t", certificateAuthorityFile: nil,
            expiresAt: Timestamp(microseconds: 0))
        #expect(try ServerChoice(server: nil, caFile: nil, variables: [:], login: login).login == login)
        #expect(try ServerChoice(server: nil, caFile: nil, variables: ["CFG_TOKEN": "x"], login: login).login == nil)
        #expect(try ServerChoice(server: "https://other", caFile: nil, variables: [:], login: login).login == nil)
    }
}
