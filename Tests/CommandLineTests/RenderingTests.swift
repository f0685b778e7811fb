import Testing

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel
@testable import cfg

@Suite struct TableTests {
    private func table() -> Table {
        Table([
            .init(title: "KEY"), .init(title: "VALUE", isFlexible: true), .init(title: "REV", isNumber: true),
            .init(title: "NOTE"),
        ])
    }

    @Test func `columns are as wide as their widest cell and numbers stand on the right`() {
        var table = table()
        table.add("checkout.timeout", "2500", "7", "")
        table.add("name", "\"shop\"", "123", "x")
        #expect(
            table.text(width: nil, style: .plain) == """
                KEY               VALUE   REV  NOTE
                checkout.timeout  2500      7
                name              "shop"  123  x

                """)
    }

    @Test func `wide characters take two cells and marks none`() {
        var table = table()
        table.add("日本", "e\u{301}", "1", "a")
        table.add("ab", "👩‍👩‍👧", "2", "b")
        #expect(
            table.text(width: nil, style: .plain) == """
                KEY   VALUE  REV  NOTE
                日本  e\u{301}        1  a
                ab    👩‍👩‍👧       2  b

                """)
    }

    @Test func `on a terminal the flexible column is cut, elsewhere nothing is`() {
        var table = table()
        table.add("key", String(repeating: "v", count: 100), "1", "n")
        let cut = table.text(width: 40, style: .plain).split(separator: "\n")
        #expect(cut.allSatisfy { Columns.width(of: String($0)) <= 40 })
        #expect(cut[1].contains("…"))
        #expect(!table.text(width: nil, style: .plain).contains("…"))
    }

    @Test func `what a cell holds cannot move the cursor or make a further row`() {
        var table = table()
        table.add("a\nb", "\u{1B}[31mred", "\u{9B}1", "\u{202E}x")
        let text = table.text(width: nil, style: .plain)
        #expect(text.split(separator: "\n").count == 2)
        #expect(text.contains(#"a\u{A}b"#))
        #expect(text.contains(#"\u{1B}[31mred"#))
        #expect(!text.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{9B}" || $0 == "\u{202E}" })
    }

    @Test func `colours do not count as width`() {
        var colored = Table([.init(title: "A", style: Style(isColored: true).red), .init(title: "B")])
        colored.add("x", "y")
        colored.add("long", "y")
        let lines = colored.text(width: nil, style: .plain).split(separator: "\n")
        #expect(lines[1] == "\u{1B}[31mx\u{1B}[0m     y")
        #expect(lines[2] == "\u{1B}[31mlong\u{1B}[0m  y")
    }
}

@Suite struct ColumnsTests {
    @Test(arguments: [
        ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本語", 6), ("ｆｕｌｌ", 8), ("👍", 2), ("👍🏽", 2), ("🇩🇪", 2), ("❤️", 2),
        ("→", 1), ("a\u{200B}b", 2),
    ])
    func `text has its width in cells`(text: String, width: Int) {
        #expect(Columns.width(of: text) == width)
    }

    @Test func `cut text fits and says that it was cut`() {
        #expect(Columns.cut("abcdef", to: 6) == "abcdef")
        #expect(Columns.cut("abcdef", to: 4) == "abc…")
        #expect(Columns.cut("日本語", to: 4) == "日…")
        #expect(Columns.cut("日本語", to: 1) == "…")
    }
}

@Suite struct ValueTextTests {
    @Test func `a string by itself is its text and anything else is JSON`() {
        #expect(ValueText.bare("two words", isTerminal: false) == "two words")
        #expect(ValueText.bare(2500, isTerminal: false) == "2500")
        #expect(ValueText.bare(.null, isTerminal: false) == "null")
        #expect(ValueText.bare(["a", 1], isTerminal: false) == #"["a",1]"#)
        #expect(ValueText.bare(["a", 1], isTerminal: true) == "[\n  \"a\",\n  1\n]")
    }

    @Test func `a program gets the exact bytes of a string and a terminal no controls`() {
        #expect(ValueText.bare("a\u{1B}[2Jb\nc\td", isTerminal: false) == "a\u{1B}[2Jb\nc\td")
        #expect(ValueText.bare("a\u{1B}[2Jb\nc\td", isTerminal: true) == "a\\u{1B}[2Jb\nc\td")
    }

    @Test func `in a line a number and its text are told apart`() {
        #expect(ValueText.inline(.value(5)) == "5")
        #expect(ValueText.inline(.value("5")) == "\"5\"")
        #expect(ValueText.inline(.value("a\u{7F}\u{9B}")) == #""a\u{7F}\u{9B}""#)
        #expect(ValueText.inline(.unset) == "unset")
    }
}

@Suite struct TimeTextTests {
    private let now = Timestamp(microseconds: 1_800_000_000_000_000)

    @Test(arguments: [
        (0, "just now"), (4, "just now"), (-4, "just now"), (5, "5 seconds ago"), (59, "59 seconds ago"),
        (60, "1 minute ago"),
        (3_599, "59 minutes ago"), (3_600, "1 hour ago"), (86_399, "23 hours ago"), (86_400, "1 day ago"),
        (59 * 86_400, "59 days ago"), (60 * 86_400, "2026-11-16"), (-3_600, "in 1 hour"), (-7_776_000, "2027-04-15"),
    ])
    func `a time is told relative to now, and as a date if it is far`(secondsAgo: Int64, text: String) {
        #expect(TimeText.relative(now.adding(seconds: -secondsAgo), to: now) == text)
    }

    @Test func `a program gets RFC 3339, and what is no time stays as it is`() {
        #expect(TimeText.shown("2026-11-23T06:00:00.000000Z", now: nil) == "2026-11-23T06:00:00.000000Z")
        #expect(TimeText.shown("whenever", now: now) == "whenever")
    }
}

@Suite struct DifferenceTextTests {
    private func line(_ label: String, _ before: OwnValue, _ after: OwnValue) -> DifferenceText.Line {
        DifferenceText.Line(label: label, before: before, after: after)
    }

    @Test func `what is changed, new and gone has its sign, and values stand under each other`() {
        let text = DifferenceText(style: .plain, width: nil).text(
            [
                line("checkout.timeout", .value(2000), .value(2500)), line("b", .absent, .value("x")),
                line("c", .value(true), .absent), line("d", .value(1), .unset), line("e", .absent, .unset),
            ], indent: 2)
        #expect(
            text == """
                  ~ checkout.timeout  2000 → 2500
                  + b                 "x"
                  - c                 true
                  ~ d                 1 → unset
                  + e                 unset

                """)
    }

    @Test func `on a terminal a change too long for a line takes three, and nothing is cut`() {
        let long = String(repeating: "x", count: 60)
        let differences = DifferenceText(style: .plain, width: 80)
        let text = differences.text([line("key", .value(.string(long)), .value(.string(long + "y")))])
        #expect(text == "~ key\n    - \"\(long)\"\n    + \"\(long)y\"\n")
        #expect(differences.text([line("key", .value(1), .value(2))]) == "~ key  1 → 2\n")
    }

    @Test func `colours follow the sign`() {
        let text = DifferenceText(style: Style(isColored: true), width: nil).text([
            line("a", .value(1), .value(2)), line("b", .absent, .value(1)), line("c", .value(1), .absent),
        ])
        #expect(text == "\u{1B}[33m~ a  1 → 2\u{1B}[0m\n\u{1B}[32m+ b  1\u{1B}[0m\n\u{1B}[31m- c  1\u{1B}[0m\n")
    }
}

@Suite struct ChangeTextTests {
    private func change(_ text: String) throws -> ChangeView {
        try ChangeView(WireReader(JSONValue(parsing: text)))
    }

    private func shown(now: Timestamp? = nil) -> ChangeText {
        ChangeText(differences: DifferenceText(style: .plain, width: nil), now: now)
    }

    private let committed = #"""
        {"revision":42,"token":"42-0f1e2d3c4b5a6978","committedAt":"2026-11-23T06:00:00.000000Z","digest":"abc",
         "project":"shop","author":"token:deploy-bot","message":"raise\ntimeouts","changed":true,"dryRun":false,
         "source":{"operation":"promote","from":"staging","to":"production"},
         "operations":[
          {"op":"put","kind":"setting","environment":"production","key":"checkout.timeout","before":{"value":2000},"after":{"value":2500}},
          {"op":"unset","kind":"setting","environment":"staging","key":"a","before":{"value":null},"after":{"unset":true}},
          {"op":"delete","kind":"setting","environment":"production","key":"b","before":{"value":"x"}},
          {"op":"put","kind":"environment","environment":"eu","key":"eu","after":{"value":{"inherits":["base"]}}},
          {"op":"put","kind":"setting-definition","key":"a.b","after":{"value":{"description":"d"}}}]}
        """#

    @Test func `a change is shown with who, when, why and what, by environment`() throws {
        #expect(
            shown().whole(try change(committed)) == """
                Revision 42  42-0f1e2d3c4b5a6978
                Author  token:deploy-bot
                Date    2026-11-23T06:00:00.000000Z
                Source  promote (from staging, to production)
                Digest  abc

                    raise
                    timeouts

                production
                  ~ checkout.timeout  2000 → 2500
                  - b                 "x"
                staging
                  ~ a  null → unset
                + environment eu  {"inherits":["base"]}
                + key a.b         {"description":"d"}

                """)
    }

    @Test func `a person is also told how long ago it was`() throws {
        let now = try Timestamp(parsing: "2026-11-23T08:00:00Z")
        #expect(
            shown(now: now).whole(try change(committed)).contains("Date    2026-11-23T06:00:00.000000Z (2 hours ago)\n")
        )
    }

    @Test func `after a write the revision and its lines are shown`() throws {
        let project = try ProjectName(parsing: "shop")
        let text = shown().summary(try change(committed), project: project)
        #expect(text.hasPrefix("Revision 42\nproduction\n  ~ checkout.timeout  2000 → 2500\n"))
    }

    @Test func `nothing changed and nothing written are told`() throws {
        let project = try ProjectName(parsing: "shop")
        let unchanged = #"{"revision":41,"token":"41-0f1e2d3c4b5a6978","changed":false,"dryRun":false,"operations":[]}"#
        #expect(
            shown().summary(try change(unchanged), project: project)
                == "Nothing to change; the newest revision is 41.\n")
        let dryRun = #"""
            {"revision":41,"token":"41-0f1e2d3c4b5a6978","changed":true,"dryRun":true,
             "operations":[{"op":"put","kind":"setting","environment":"base","key":"a","after":{"value":1}}],
             "environments":[{"environment":"base","changes":[{"key":"a","after":1}]},
                             {"environment":"production","changes":[{"key":"a","after":1}]}]}
            """#
        #expect(
            shown().summary(try change(dryRun), project: project) == """
                Dry run against revision 41; nothing was written.
                base
                  + a  1

                Programs would read
                base
                  + a  1
                production
                  + a  1

                """)
    }

    @Test func `after a large write the rest is counted and where to see it is said`() throws {
        let operations = (1...100).map {
            #"{"op":"put","kind":"setting","environment":"base","key":"k\#($0)","after":{"value":1}}"#
        }
        let text = shown().summary(
            try change(
                #"{"revision":7,"token":"7-0f1e2d3c4b5a6978","changed":true,"dryRun":false,"operations":[\#(operations.joined(separator: ","))]}"#
            ), project: try ProjectName(parsing: "shop"))
        #expect(text.hasSuffix("… and 60 more: cfg show 7 -p shop\n"))
        #expect(text.split(separator: "\n").count == 1 + 1 + ChangeText.linesMax + 1)
    }
}

@Suite struct ListRenderingTests {
    private func read<Value: WireReadable>(_ text: String) throws -> Value {
        try Value(WireReader(JSONValue(parsing: text)))
    }

    @Test func `settings are listed with their origins`() throws {
        let listing: SettingsListing = try read(
            #"""
            {"environment":"production","revision":9,"settings":[
              {"key":"checkout.timeout","value":2500,"environment":"production","revision":7},
              {"key":"name","value":"shop","environment":"base","revision":2,"tags":["x"]}]}
            """#)
        #expect(
            ListCommand.table(listing.settings, .plain).text(width: nil, style: .plain) == """
                KEY               VALUE   ORIGIN      REV
                checkout.timeout  2500    production    7
                name              "shop"  base          2

                """)
    }

    @Test func `the log has revision, time, author and the first line of the message`() throws {
        let change: ChangeSummary = try read(
            #"{"revision":42,"token":"42-a","committedAt":"2026-11-23T06:00:00.000000Z","author":"token:bot","message":"one\ntwo","digest":"d","previousDigest":"p","operations":3,"environments":["a"]}"#
        )
        #expect(
            LogCommand.table([change], now: nil, .plain).text(width: nil, style: .plain) == """
                REVISION  WHEN                         AUTHOR     MESSAGE
                      42  2026-11-23T06:00:00.000000Z  token:bot  one …

                """)
        let now = try Timestamp(parsing: "2026-11-23T06:05:00Z")
        #expect(LogCommand.table([change], now: now, .plain).text(width: nil, style: .plain).contains("5 minutes ago"))
    }

    @Test func `one setting is described with its history`() throws {
        let setting: SettingView = try read(
            #"""
            {"key":"url","value":"http://h","origin":{"environment":"base","revision":3},"revision":3,"references":"live",
             "raw":"http://${host}","description":"Where it is.","tags":["net","public"]}
            """#)
        let history: [HistoryEntry] = try [
            #"{"revision":9,"deleted":true,"author":"token:a","committedAt":"2026-11-23T06:00:00.000000Z","message":"gone"}"#,
            #"{"revision":8,"unset":true,"author":"token:a","committedAt":"2026-11-23T06:00:00.000000Z","message":"m"}"#,
            #"{"revision":7,"value":5,"author":"token:a","committedAt":"2026-11-23T06:00:00.000000Z","message":""}"#,
        ].map { try read($0) }
        #expect(
            DescribeCommand.text(
                try ConfigKey(parsing: "url"), setting, nil, history, environment: "production", now: nil, nil, .plain)
                    == """
                    Key          url
                    Value        "http://h"
                    Written as   "http://${host}"
                    References   live
                    Origin       base, revision 3
                    Description  Where it is.
                    Tags         net, public

                    REV  WHEN                         AUTHOR   VALUE    MESSAGE
                      9  2026-11-23T06:00:00.000000Z  token:a  deleted  gone
                      8  2026-11-23T06:00:00.000000Z  token:a  unset    m
                      7  2026-11-23T06:00:00.000000Z  token:a  5

                    """)
    }

    @Test func `what a schema says of a key is shown, without a value too`() throws {
        let said: SchemaDescriptionView = try read(
            #"""
            {"key":"port","schemas":["net"],"default":8080,"deprecated":true,"examples":[80,443],"description":"Where it listens.",
             "rules":{"maximum":65535,"type":"integer"}}
            """#)
        #expect(
            DescribeCommand.text(
                try ConfigKey(parsing: "port"), nil, said, [], environment: "production", now: nil, nil, .plain)
                    == """
                    Key          port
                    Value        none
                    Default      8080 (of the schema; not stored)
                    Deprecated   yes
                    Description  Where it listens.
                    maximum      65535
                    type         "integer"
                    Examples     80, 443
                    Schema       net

                    The environment production itself never had a value for it.

                    """)
    }

    @Test func `the notices of an import name file, line and column`() throws {
        let notices: [NoticeView] = try [
            #"{"severity":"error","line":12,"column":3,"message":"cannot be read"}"#,
            #"{"severity":"warning","line":14,"message":"repeated"}"#,
            #"{"severity":"information","message":"all well"}"#,
            #"{"severity":"error","file":"x.flagd.json","key":"banner","pointer":"/flags/banner","message":"It has no variants."}"#,
        ].map { try read($0) }
        #expect(
            ImportCommand.noticeText(notices, file: "demo.env", .plain) == """
                demo.env:12:3: error: cannot be read
                demo.env:14: warning: repeated
                demo.env: note: all well
                x.flagd.json: error: 'banner': It has no variants. (/flags/banner)

                """)
    }

    @Test func `watched events are lines`() throws {
        let differences = DifferenceText(style: .plain, width: nil)
        func event(_ kind: String, _ data: String) throws -> WatchedEvent {
            WatchedEvent(
                kind: kind, token: try RevisionToken(parsing: "43-0f1e2d3c4b5a6978"), data: try JSONValue(parsing: data)
            )
        }
        let change = try event(
            "change",
            #"{"author":"token:a","changes":[{"key":"k","before":1,"after":2}],"committedAt":"2026-11-23T06:00:00Z","entityTag":"t","environment":"production","message":"why\nelse","project":"shop","revision":43}"#
        )
        #expect(
            WatchCommand.text(change, differences)
                == "production  revision 43  2026-11-23T06:00:00Z  token:a  why …\n  ~ k  1 → 2\n")
        #expect(
            WatchCommand.text(try event("deleted", #"{"environment":"production"}"#), differences)
                == "production  revision 43  the environment was deleted\n")
        #expect(
            WatchCommand.line(try event("heartbeat", #"{"revision":43}"#)).canonicalText
                == #"{"data":{"revision":43},"event":"heartbeat","token":"43-0f1e2d3c4b5a6978"}"#)
    }

    @Test func `tokens are live, expired or revoked`() throws {
        let tokens: [TokenView] = try [
            #"{"id":"t1","name":"a","purpose":"p","createdAt":"2026-01-01T00:00:00Z","createdBy":"system","live":true}"#,
            #"{"id":"t2","name":"b","createdAt":"2026-01-01T00:00:00Z","createdBy":"system","expiresAt":"2026-02-01T00:00:00Z","live":false}"#,
            #"{"id":"t3","name":"c","createdAt":"2026-01-01T00:00:00Z","createdBy":"system","revokedAt":"2026-03-01T00:00:00Z","live":false}"#,
        ].map { try read($0) }
        let lines = TokenListCommand.table(tokens, now: nil, .plain).text(width: nil, style: .plain).split(
            separator: "\n")
        #expect(lines[1].contains(" live "))
        #expect(lines[1].hasSuffix("never"))
        #expect(lines[2].contains(" expired "))
        #expect(lines[3].contains(" revoked "))
    }
}

@Suite struct PagesTests {
    /// A list of `count` items, served in pages of at most `pageSize`; what was asked for is noted.
    private func read(
        count: Int, pageSize: Int, limit: Int?
    ) async throws -> (names: [String], json: JSONValue, asked: [String]) {
        var asked: [String] = []
        let found: (items: [SearchHitView], json: JSONValue) = try await Pages.read("hits", limit: limit) {
            next, wanted in
            asked.append("\(next ?? "-") \(wanted)")
            let start = next.flatMap { Int($0) } ?? 0
            let end = min(count, start + min(pageSize, wanted))
            var json: JSONObject = [
                "hits": .array(
                    (start..<end).map { ["environment": "e", "key": .string("k\($0)"), "value": 1, "revision": 1] })
            ]
            if end < count { json["next"] = .string(String(end)) }
            return Answer(
                value: try Page(WireReader(.object(json)), "hits"), json: .object(json),
                head: ResponseHead(status: 200, fields: []))
        }
        return (found.items.map(\.key), found.json, asked)
    }

    @Test func `pages are read until there are no more, and their JSON is one list`() async throws {
        let found = try await read(count: 5, pageSize: 2, limit: nil)
        #expect(found.names == ["k0", "k1", "k2", "k3", "k4"])
        #expect(found.asked == ["- 1000", "2 1000", "4 1000"])
        #expect(found.json["hits"]?.arrayValue?.count == 5)
        #expect(found.json["next"] == nil)
    }

    @Test func `no more is read than is wanted, and where it goes on is told`() async throws {
        let found = try await read(count: 5, pageSize: 2, limit: 3)
        #expect(found.names == ["k0", "k1", "k2"])
        #expect(found.asked == ["- 3", "2 1"])
        #expect(found.json["next"] == "3")
    }

    @Test func `an empty list is one page`() async throws {
        #expect(try await read(count: 0, pageSize: 2, limit: 3).asked == ["- 3"])
    }
}

@Suite struct FailureTextTests {
    @Test func `an error is told with everything that is wrong and what to do next`() {
        let error = ConfigPlatformError(
            .revisionConflict, "Expected revision 41, found 43.",
            violations: [.init("was written at 43", pointer: "/operations/0", environment: "production", key: "a.b")],
            status: 409)
        #expect(
            Failure.text(error, .plain) == """
                error: Expected revision 41, found 43.
                  - production a.b: was written at 43
                next: read what is there now ('cfg describe KEY'), and try again with --expect REVISION

                """)
    }

    @Test func `a single violation that only repeats the error is left out, one of several is not`() {
        let one = ConfigPlatformError(.invalidRequest, "Bad key.", violations: [.init("Bad key.", pointer: "/a")])
        #expect(Failure.text(one, .plain) == "error: Bad key.\n")
        let two = ConfigPlatformError(
            .unreadableFile, "Bad.", violations: [.init("Bad.", line: 3, column: 4), .init("Worse.", pointer: "/a")])
        #expect(Failure.text(two, .plain) == "error: Bad.\n  - line 3:4: Bad.\n  - /a: Worse.\n")
    }

    @Test func `what there is no such of is told with the commands that list and make it, not with calls`() {
        let environment = ConfigPlatformError(
            .notFound,
            "There is no environment 'eu' in project 'shop'. Create it with PUT /api/v1/projects/shop/environments/eu.",
            status: 404, missing: ConfigPlatformError.Missing("environment", "eu", of: "shop"))
        #expect(
            Failure.text(environment, .plain) == """
                error: There is no environment 'eu' in project 'shop'.
                next: 'cfg env list -p shop' shows what there is, 'cfg env create eu -p shop' makes it

                """)
        let hook = ConfigPlatformError(
            .notFound, "There is no kill hook 'h' in 'eu'; list what there is with GET …/kill-hooks.",
            missing: ConfigPlatformError.Missing("kill-hook", "h", in: "eu"))
        #expect(
            Failure.text(hook, .plain) == """
                error: There is no kill hook 'h' in 'eu'.
                next: 'cfg flag hook list -e eu' shows what there is

                """)
        let revision = ConfigPlatformError(
            .notFound, "Revision 9 does not exist yet; the newest is 3.",
            missing: ConfigPlatformError.Missing("revision", "9"))
        #expect(
            Failure.text(revision, .plain)
                == "error: Revision 9 does not exist yet; the newest is 3.\nnext: 'cfg log' shows what there is\n")
        let token = ConfigPlatformError(
            .notFound, "There is no token or session with the id 'bot'.",
            missing: ConfigPlatformError.Missing("token", "bot"))
        #expect(Failure.text(token, .plain).hasSuffix("next: 'cfg token list' shows what there is\n"))
        let then = "There was no project 'shop' at revision 0, and there is none now."
        #expect(Failure.text(ConfigPlatformError(.notFound, then), .plain) == "error: \(then)\n")
    }

    @Test func `a precondition that does not hold is told without its header`() {
        let error = ConfigPlatformError(
            .preconditionFailed, "If-Match is not met: role/r was last written at revision 3. Send its ETag.",
            violations: [.init("role/r was last written at revision 3.", keyword: "If-Match")], status: 412)
        #expect(
            Failure.text(error, .plain)
                == "error: role/r was last written at revision 3.\nnext: read what is there now, and try again\n")
    }

    @Test func `a word has its article`() {
        #expect(["project", "environment", "identity"].map(Creation.article) == ["a", "an", "an"])
    }

    @Test func `a fault names the request in the server's log`() {
        let error = ConfigPlatformError(.fault, "It broke.", status: 500, requestID: "req-7")
        #expect(Failure.text(error, .plain).contains("req-7"))
    }

    @Test func `as JSON an error is the problem document, or one of its form`() throws {
        let document: JSONValue = [
            "type": "https://configplatform.dev/problems/not-found", "detail": "d", "instance": "i",
        ]
        #expect(Failure.json(ConfigPlatformError(.notFound, "d", status: 404, document: document)) == document)
        let made = Failure.json(ConfigPlatformError(.unreachable, "No connection."))
        #expect(made["type"] == "https://configplatform.dev/problems/unreachable")
        #expect(made["detail"] == "No connection.")
    }

    @Test(
        arguments: [
            (ConfigPlatformError.Code.notFound, 3), (.revisionConflict, 4), (.preconditionFailed, 4),
            (.alreadyExists, 4),
            (.inUse, 4), (.unauthenticated, 5), (.forbidden, 5), (.unreachable, 6), (.timedOut, 6), (.unavailable, 6),
            (.storageFull, 6), (.invalidChange, 1), (.fault, 1), (.invalidUse, 2),
        ] as [(ConfigPlatformError.Code, Int32)])
    func `scripts can tell errors apart by the exit status`(code: ConfigPlatformError.Code, status: Int32) {
        #expect(ExitStatus(code).rawValue == status)
    }
}
