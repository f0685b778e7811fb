import Testing

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel
@testable import cfg

@Suite struct ApprovalTextTests {
    private let shop: ProjectName
    private let changes = ChangeText(differences: DifferenceText(style: .plain, width: nil), now: nil)

    init() throws { shop = try ProjectName(parsing: "shop") }

    private func change(_ text: String) throws -> ChangeView {
        try ChangeView(WireReader(JSONValue(parsing: text)))
    }

    private let operations = #"""
        "operations":[{"op":"put","kind":"setting","environment":"production","key":"a","before":{"value":1},"after":{"value":2}}]
        """#

    @Test func `a change that needs approvals says what was opened and who goes on`() throws {
        let text = changes.summary(
            try change(
                #"""
                {"revision":7,"changed":false,"dryRun":false,"changeRequest":"cr_0123456789abcdef","environments":[],
                 "approvals":[{"environment":"production","keys":1,"project":"shop","required":2},
                              {"environment":"staging","keys":1,"project":"shop","required":0}],\#(operations)}
                """#), project: shop)
        #expect(
            text == """
                production needs 2 approvals: change request cr_0123456789abcdef was opened. Nothing else was written.
                production
                  ~ a  1 → 2
                next: somebody else reviews it with 'cfg request show cr_0123456789abcdef -p shop' and 'cfg request approve cr_0123456789abcdef -p shop'

                """)
    }

    @Test func `a request of the platform names the projects, and one that needs nobody says so`() throws {
        let platform = changes.summary(
            try change(
                #"""
                {"revision":7,"changed":false,"dryRun":false,"changeRequest":"cr_0123456789abcdef",
                 "approvals":[{"environment":"production","keys":0,"project":"shop","required":1}],"operations":[]}
                """#), project: .platform)
        #expect(platform.hasPrefix("shop/production needs 1 approval: change request"))
        #expect(platform.contains("'cfg request approve cr_0123456789abcdef --platform'"))
        let free = changes.summary(
            try change(
                #"{"revision":7,"changed":false,"dryRun":false,"changeRequest":"cr_0123456789abcdef","approvals":[],"operations":[]}"#
            ), project: shop)
        #expect(
            free == """
                Change request cr_0123456789abcdef was opened. Nothing else was written.
                next: it needs no approval: 'cfg request apply cr_0123456789abcdef -p shop' applies it

                """)
    }

    @Test func `a dry run shows what approvals would be needed`() throws {
        let text = changes.summary(
            try change(
                #"""
                {"revision":7,"changed":true,"dryRun":true,"environments":[],
                 "approvals":[{"environment":"production","keys":1,"project":"shop","required":2}],\#(operations)}
                """#), project: shop)
        #expect(
            text.hasSuffix(
                """

                Approvals needed
                  production: 2 approvals; a change request would be opened

                """))
    }

    @Test func `in a change a change request is its state and no more`() throws {
        let text = changes.whole(
            try change(
                #"""
                {"revision":9,"changed":true,"dryRun":false,"operations":[
                 {"op":"put","kind":"change-request","key":"cr_0123456789abcdef",
                  "before":{"value":{"state":"open","approvals":[{}],"comments":[{},{}],"effects":[]}},"after":{"value":{"state":"applied","approvals":[{}]}}},
                 {"op":"put","kind":"group","key":"group:sre","after":{"value":{"members":[]}}},
                 {"op":"put","kind":"protection","environment":"eu","key":"protection","after":{"value":{"approvals":1}}}]}
                """#))
        #expect(
            text.contains(
                #"~ change-request cr_0123456789abcdef  "open, 1 approval, 2 comments" → "applied, 1 approval""#))
        #expect(text.contains("+ group:sre"))
        #expect(text.contains("+ protection of eu"))
    }

    @Test func `approvals that are missing have an exit status of their own`() {
        #expect(ExitStatus(.approvalNeeded) == .approvalNeeded)
        #expect(ExitStatus.approvalNeeded.rawValue == 8)
        #expect(ExitStatus(.frozen) == .failed)
        let error = ConfigPlatformError(.approvalNeeded, "One more.", status: 409)
        #expect(Failure.text(error, .plain).contains("cfg request show"))
        let missing = ConfigPlatformError(
            .notFound, "There is no change request 'cr_0' here.", status: 404,
            missing: ConfigPlatformError.Missing("change-request", "cr_0"))
        #expect(Failure.text(missing, .plain).contains("'cfg request list --state all' shows what there is"))
    }
}

@Suite struct RequestTextTests {
    private let shop: ProjectName
    private let texts = RequestText(
        changes: ChangeText(differences: DifferenceText(style: .plain, width: nil), now: nil))

    init() throws { shop = try ProjectName(parsing: "shop") }

    private func request(given: Int, state: String = "open", more: String = "") throws -> ChangeRequestView {
        try ChangeRequestView(
            WireReader(
                JSONValue(
                    parsing: #"""
                        {"id":"cr_0123456789abcdef","state":"\#(state)","author":"user:ada","message":"slow trains","createdAt":"2026-11-23T06:00:00Z",
                         "revision":7,"impact":"abc","approved":false,\#(more)
                         "approvals":[{"at":"2026-11-23T07:00:00Z","by":"user:grace","revision":6,"void":false},
                                      {"at":"2026-11-23T06:30:00Z","by":"user:hedy","revision":5,"void":true}],
                         "comments":[{"at":"2026-11-23T06:10:00Z","by":"user:grace","text":"why\nso much?"}],
                         "environments":[{"environment":"production","changes":[{"key":"a","before":1,"after":2}]}],
                         "operations":[{"op":"put","kind":"setting","environment":"production","key":"a","before":{"value":1},"after":{"value":2}}],
                         "protections":[{"environment":"production","project":"shop","given":\#(given),"required":2}]}
                        """#)))
    }

    @Test func `a request is shown with what it comes to, what was said, and what is missing`() throws {
        #expect(
            texts.whole(try request(given: 1), in: shop) == """
                Request  cr_0123456789abcdef
                State    open
                Author   user:ada
                Opened   2026-11-23T06:00:00Z
                Impact   abc

                    slow trains

                production
                  ~ a  1 → 2

                Programs would read
                production
                  ~ a  1 → 2

                Approvals
                  user:grace  2026-11-23T07:00:00Z
                  user:hedy  2026-11-23T06:30:00Z  of something else; counts no more

                Comments
                  user:grace  2026-11-23T06:10:00Z
                    why
                    so much?

                production needs 1 more approval.

                """)
    }

    @Test func `what comes next depends on what is missing`() throws {
        #expect(
            texts.outlook(try request(given: 2), in: shop)
                == "Nothing is missing: cfg request apply cr_0123456789abcdef -p shop\n")
        #expect(
            texts.outlook(try request(given: 2, more: #""scheduledFor":"2026-12-01T00:00:00Z","#), in: shop)
                == "It has all its approvals.\n")
        let stuck = try request(given: 2, more: #""obstacle":"Schema says no.","#)
        #expect(texts.outlook(stuck, in: shop).contains("cfg request edit cr_0123456789abcdef -p shop FILE"))
        #expect(texts.difference(stuck) == "It cannot be applied as it is: Schema says no.\n")
    }

    @Test func `a watched request is a line`() throws {
        #expect(
            texts.line(try request(given: 1), in: shop)
                == "cr_0123456789abcdef  open  production 1 of 2 approvals  user:grace: why …\n")
        #expect(
            texts.line(try request(given: 0, state: "rejected", more: #""closedBy":"user:grace","#), in: shop)
                == "cr_0123456789abcdef  rejected  by user:grace\n")
    }

    @Test func `requests are listed`() throws {
        let summary = try ChangeRequestSummary(
            WireReader(
                JSONValue(
                    parsing:
                        #"{"id":"cr_0123456789abcdef","state":"open","author":"user:ada","message":"m","createdAt":"2026-11-23T06:00:00Z","revision":7}"#
                )))
        #expect(
            RequestListCommand.table([summary], now: nil, .plain).text(width: nil, style: .plain) == """
                REQUEST              STATE  OPENED                AUTHOR    DUE  MESSAGE
                cr_0123456789abcdef  open   2026-11-23T06:00:00Z  user:ada       m

                """)
    }
}

@Suite struct AccessRenderingTests {
    private func read<Value: WireReadable>(_ text: String) throws -> Value {
        try Value(WireReader(JSONValue(parsing: text)))
    }

    @Test func `tokens say whose they are, what they may and when they were used`() throws {
        let tokens: [TokenView] = try [
            #"""
            {"id":"t1","name":"bot","grants":[{"role":"operator","project":"shop","environments":["eu","us"]},{"role":"viewer","project":"web"}],
             "lastUsedAt":"2026-01-02T00:00:00Z","createdAt":"2026-01-01T00:00:00Z","createdBy":"user:ada","live":true}
            """#,
            #"{"id":"t2","name":"laptop","owner":"user:ada","grants":[{"role":"viewer"}],"createdAt":"2026-01-01T00:00:00Z","createdBy":"user:ada","live":true}"#,
        ].map { try read($0) }
        #expect(
            TokenListCommand.table(tokens, now: nil, .plain).text(width: nil, style: .plain) == """
                ID  NAME    OWNER     MAY                              STATE  LAST USED             CREATED               BY        ENDS
                t1  bot               operator@shop/eu,us, viewer@web  live   2026-01-02T00:00:00Z  2026-01-01T00:00:00Z  user:ada  never
                t2  laptop  user:ada  viewer                           live                         2026-01-01T00:00:00Z  user:ada  never

                """)
    }

    @Test func `sessions say whose they are`() throws {
        let session: TokenView = try read(
            #"{"id":"ses_1","name":"session","owner":"user:ada","createdAt":"2026-01-01T00:00:00Z","expiresAt":"2026-01-01T08:00:00Z","createdBy":"user:ada","live":true}"#
        )
        #expect(
            SessionListCommand.table([session], now: nil, .plain).text(width: nil, style: .plain) == """
                ID     OF        STATE  SIGNED IN             LAST USED  ENDS
                ses_1  user:ada  live   2026-01-01T00:00:00Z             2026-01-01T08:00:00Z

                """)
    }

    @Test func `who one is comes with groups, owner and end`() throws {
        let caller: CallerView = try read(
            #"""
            {"principal":"token:laptop","owner":"user:ada","groups":["group:sre"],"purpose":"access","credential":"tok_1",
             "expiresAt":"2026-01-01T08:00:00Z"}
            """#)
        #expect(
            WhoAmICommand.text(caller, server: "https://cfg.example.org", now: nil, .plain) == """
                Principal   token:laptop
                Owner       user:ada
                Groups      group:sre
                Purpose     access
                Credential  tok_1
                Ends        2026-01-01T08:00:00Z
                Server      https://cfg.example.org

                """)
    }

    @Test func `a verdict is told with the rules that make it`() throws {
        let verdict: AccessVerdictView = try read(
            #"""
            {"subject":"token:laptop","owner":"user:ada","action":"write","allowed":false,"because":[
             {"actions":["write"],"effect":"deny","role":"careful","binding":"b1","subject":"group:sre","tags":["payment"]},
             {"actions":["read","write"],"effect":"allow","role":"operator","projects":["shop"],"environments":["eu"]},
             {"actions":["write"],"effect":"allow","role":"operator","binding":"g","bindingProject":"shop","subject":"user:ada",
              "breakGlass":true,"expiresAt":"2026-01-01T08:00:00Z"}]}
            """#)
        #expect(
            AccessExplainCommand.text(verdict, "write a in shop/eu", now: nil, .plain) == """
                token:laptop may not write a in shop/eu.
                  it is of user:ada, and may never do more than that
                  denied by role careful, bound to group:sre by b1 of the platform
                    tags payment
                  allowed by role operator, granted when the token was made
                    projects shop; environments eu
                  allowed by role operator, bound to user:ada by g of shop, glass broken, until 2026-01-01T08:00:00Z

                """)
        let stranger: AccessVerdictView = try read(
            #"{"subject":"user:eve","action":"write","allowed":false,"disabled":true,"because":[]}"#)
        #expect(
            AccessExplainCommand.text(stranger, "write a in shop", now: nil, .plain) == """
                user:eve may not write a in shop.
                  disabled: it may do nothing
                  no role that it has allows it

                """)
    }

    @Test func `bindings, roles, identities and rules are tables`() throws {
        let bindings: [BindingView] = try [
            #"{"name":"b1","subject":"group:sre","role":"operator","revision":7,"description":"on call"}"#,
            #"{"name":"g1","subject":"user:ada","role":"operator","environments":["eu"],"breakGlass":true,"expiresAt":"2026-01-01T08:00:00Z","revision":8,"description":"down"}"#,
        ].map { try read($0) }
        #expect(
            BindingListCommand.table(bindings, now: nil, .plain).text(width: nil, style: .plain) == """
                BINDING  SUBJECT    ROLE      ENVIRONMENTS  ENDS                  REV  DESCRIPTION
                b1       group:sre  operator  all           never                   7  on call
                g1       user:ada   operator  eu            2026-01-01T08:00:00Z    8  glass broken: down

                """)
        let roles: [RoleView] = try [
            #"{"name":"viewer","builtIn":true,"permissions":[{"actions":["read"]}],"description":"Sees."}"#,
            #"{"name":"own","revision":4,"permissions":[{"actions":["read","write"]},{"actions":["read","audit"]},{"actions":["reveal"],"effect":"deny"}]}"#,
        ].map { try read($0) }
        #expect(
            RoleListCommand.table(roles, .plain).text(width: nil, style: .plain) == """
                ROLE    MAY                 REV       DESCRIPTION
                viewer  read                built in  Sees.
                own     read, write, audit  4

                """)
        let identity: IdentityView = try read(
            #"{"name":"user:corp/ada","displayName":"Ada","groups":["group:corp/sre"],"disabled":true,"revision":3}"#)
        #expect(
            IdentityListCommand.table([identity], .plain).text(width: nil, style: .plain) == """
                IDENTITY       NAME  STATE     GROUPS OF THE ISSUER  REV
                user:corp/ada  Ada   disabled  group:corp/sre          3

                """)
        let rule: AccessRuleView = try read(
            #"{"actions":["read"],"effect":"allow","role":"viewer","keys":["a","b"],"binding":"x","subject":"user:ada"}"#
        )
        #expect(
            AccessWhatCommand.table([rule], now: nil, .plain).text(width: nil, style: .plain) == """
                EFFECT  ACTIONS  ON         BECAUSE OF
                allow   read     keys a, b  role viewer, bound to user:ada by x of the platform

                """)
    }

    @Test func `a protection is told in words`() throws {
        let protection: ProtectionView = try read(
            #"""
            {"approvals":2,"approvers":["role:operator","group:sre"],"selfApproval":true,"emergencyRollback":true,"unapprovedKeys":3,
             "requiredSchemas":["checkout"],"revision":9,"freezes":[
              {"from":"2026-12-24T00:00:00Z","to":"2026-12-27T00:00:00Z","reason":"holidays"},
              {"days":["friday"],"from":"16:00","to":"24:00","timeZone":"Europe/Berlin"}]}
            """#)
        #expect(
            ProtectCommand.text(protection, of: "shop/production", .plain) == """
                Environment    shop/production
                Approvals      2
                Approvers      role:operator, group:sre
                Own changes    may be approved by who wrote them
                Small changes  of at most 3 values need no approval
                Rollbacks      need no approval, nor the end of a freeze
                Schemas        checkout
                Frozen         2026-12-24T00:00:00Z to 2026-12-27T00:00:00Z: holidays
                Frozen         every friday from 16:00 to 24:00 (Europe/Berlin)
                Revision       9

                """)
    }

    @Test func `an item's body can be written back`() {
        let role: JSONValue = ["name": "own", "revision": 4, "permissions": [["actions": ["read"]]]]
        #expect(
            ItemBody.text(of: role, RoleBody.members) == """
                {
                  "permissions": [
                    {
                      "actions": [
                        "read"
                      ]
                    }
                  ]
                }

                """)
        #expect(ItemBody.written(role) == ["permissions": [["actions": ["read"]]]])
    }

    @Test func `a device shows where to go and what to enter`() throws {
        let device: DeviceSignInView = try read(
            #"""
            {"deviceCode":"d","userCode":"WDJB-MJHT","verificationUri":"https://login.example.com/device","interval":5,"expiresIn":600,
             "verificationUriComplete":"https://login.example.com/device?code=WDJB-MJHT"}
            """#)
        let text = DeviceSignIn.text(device)
        #expect(text.contains("WDJB-MJHT"))
        #expect(text.contains("https://login.example.com/device\n"))
        #expect(!text.contains("deviceCode"))
    }
}
