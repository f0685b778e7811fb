import ArgumentParser
import ConfigPlatformModel
import Foundation
import Testing

@testable import ConfigPlatformClient
@testable import cfg

@Suite struct FlagParsingTests {
    @Test func `the commands of usage and of hooks take --output json`() throws {
        for line in [
            "flag usage f", "flag stale", "flag simulate f --serve on", "flag archive f", "flag hook create h --flag f",
            "flag hook list", "flag hook set h --disable", "flag hook rotate h", "flag hook delete h",
            "flag hook test h",
        ] {
            let command = try Cfg.parseAsRoot((line + " --output json").split(separator: " ").map(String.init))
            #expect((command as? any PlatformCommand)?.connection.output == .json, "\(line)")
        }
    }

    @Test func `what cannot be meant is refused before anything is sent`() {
        #expect(isRefused("flag simulate f", "--serve VARIANT or --file FILE"))
        #expect(isRefused("flag simulate f --serve on --file r.json", "--serve VARIANT or --file FILE"))
        #expect(isRefused("flag simulate f --serve on --contexts c --generate 5", "not both"))
        #expect(isRefused("flag simulate f --file - --contexts -", "not both"))
        #expect(isRefused("flag simulate f --serve on --generate 100001", "100000"))
        #expect(isRefused("flag simulate f --serve on --fail-above 101", "0 to 100"))
        #expect(isRefused("flag usage f --since 91d", "90 days"))
        #expect(isRefused("flag usage f --since soon", "30d"))
        #expect(isRefused("flag stale --days 0", "1 to 90"))
        #expect(isRefused("flag hook create h", "--flag KEY or --tag TAG"))
        #expect(isRefused("flag hook create H --flag f", "name for a kill hook"))
        #expect(isRefused("flag hook rotate h --grace 8d", "0s to 7d"))
        #expect(isRefused("flag hook set h --enable --disable", "not both"))
    }

    @Test func `contexts are one JSON object a line, and what is none is named by its line`() throws {
        let lines = "{\"targetingKey\":\"a\"}\r\n\n  \n{\"targetingKey\":\"b\"}"
        #expect(
            try FlagSimulateCommand.contexts(in: Array(lines.utf8), named: "f")
                == [["targetingKey": "a"], ["targetingKey": "b"]])
        for (text, message) in [("{}\n{", "f, line 2"), ("{}\n\n[]", "f, line 3"), ("\n", "0 contexts")] {
            let error = #expect(throws: ValidationError.self) {
                try FlagSimulateCommand.contexts(in: Array(text.utf8), named: "f")
            }
            #expect(error?.message.contains(message) == true, "\(text): \(error?.message ?? "")")
        }
    }

    @Test func `a simulation fails above the share that was given, and not at it`() throws {
        func simulation(_ moved: Int64) throws -> SimulationView {
            try SimulationView(
                WireReader(["contexts": 200, "moved": .int(moved), "before": [], "after": [], "moves": []]))
        }
        #expect(!FlagSimulateCommand.isAbove(5, try simulation(10)))
        #expect(FlagSimulateCommand.isAbove(5, try simulation(11)))
        #expect(!FlagSimulateCommand.isAbove(0, try simulation(0)))
    }

    @Test func `shares are told in percent, to one place where there is one`() {
        let told = [0, 0.125, 0.5, 1, 1.0 / 3].map { FlagUsageText.percent($0) }
        #expect(told == ["0%", "12.5%", "50%", "100%", "33.3%"])
    }

    @Test func `each reason of a stale flag has its words and the next step`() throws {
        let wire: JSONValue = [
            "key": "new-checkout", "owner": "payments",
            "reasons": [
                ["reason": "beyond-lifetime", "expectedLifetimeDays": 60],
                ["reason": "one-variant", "variant": "on", "environment": "production", "count": 12],
                ["reason": "never-evaluated"],
            ],
        ]
        let flag = try StaleFlagsView.Flag(WireReader(wire))
        let project = try ProjectName(parsing: "shop")
        let why = flag.reasons.map { FlagStaleCommand.why($0, 30) }
        #expect(why[0] == "older than the 60 days it was said to live")
        #expect(why[1] == "on alone in production for 30 days (12 evaluations)")
        #expect(why[2] == "never evaluated, as far as is known")
        let next = flag.reasons.map { FlagStaleCommand.next($0, flag, project) }
        #expect(next.allSatisfy { $0.contains("cfg flag archive new-checkout -p shop") })
        #expect(next[0].contains("payments should know") && next[1].contains("'on'"))
    }

    @Test func `what was evaluated lately is told before it is archived`() throws {
        let now = try Timestamp(parsing: "2026-11-26T08:00:00Z")
        func use(_ hours: JSONValue) throws -> FlagUsageView {
            try FlagUsageView(
                WireReader([
                    "from": "2026-11-19T08:00:00Z", "hours": hours, "lastClient": "web",
                    "lastEvaluatedAt": "2026-11-26T07:00:00Z",
                ]))
        }
        #expect(FlagArchiveCommand.warning(of: try use([]), now: now) == nil)
        let hour: JSONValue = [
            "hour": "2026-11-26T07:00:00Z", "environment": "production", "client": "web", "reason": "STATIC",
            "count": 7,
            "lastAt": "2026-11-26T07:00:00Z",
        ]
        #expect(
            FlagArchiveCommand.warning(of: try use([hour]), now: now)
                == "evaluated 7 times within a week in production, last 1 hour ago by web")
    }
}
