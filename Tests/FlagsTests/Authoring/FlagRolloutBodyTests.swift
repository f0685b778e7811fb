import ExactJSON
import Testing

@testable import ConfigPlatformFlags

@Suite struct FlagRolloutBodyTests {
    private static let whole: JSONValue = [
        "variant": "on", "by": "user.id", "seed": "s",
        "steps": [
            [
                "percent": 0.001, "at": "2026-01-01T00:00:00Z", "segments": ["staff"],
                "when": [["attribute": "host", "operator": "equals", "values": ["c1"]]],
            ],
            ["percent": 12.5, "afterSeconds": 3600], ["percent": 100],
        ],
        "guard": [
            "prometheus": ["url": "https://prometheus.example/api", "query": "sum(rate(errors[5m]))"], "above": 0.5,
            "intervalSeconds": 5,
            "bakeSeconds": 600, "failures": 3,
        ],
        "window": ["from": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"], "state": "paused", "step": 1,
        "stepBegan": "2026-01-01T01:00:00Z", "note": "n",
    ]

    @Test func `a rollout reads back as it was written`() throws {
        let body = try FlagRolloutBody(parsing: Self.whole)
        #expect(body.json == Self.whole)
        #expect(body.steps.map(\.share) == [1, 12_500, 100_000])
        #expect(body.namedSegments.map(\.rawValue) == ["staff"])
        let webhook: JSONValue = [
            "variant": "on", "steps": [["percent": 5]],
            "guard": [
                "webhook": ["url": "http://w/x"], "below": 1, "intervalSeconds": 60, "bakeSeconds": 0, "failures": 1,
            ],
            "state": "running", "step": 0,
        ]
        #expect(
            try FlagRolloutBody(parsing: webhook).json == [
                "variant": "on", "steps": [["percent": 5]], "guard": ["webhook": ["url": "http://w/x"], "below": 1],
            ])
    }

    @Test func `every share of a thousandth of a percent is read exactly and written as it was`() throws {
        for share in 0...100_000 {
            let text = "\(share / 1000).\(String(share % 1000 + 1000).dropFirst())"
            let json: JSONValue = ["variant": "on", "steps": [["percent": try JSONValue(parsing: text)]]]
            let body = try FlagRolloutBody(parsing: json)
            guard body.steps[0].share == share, body.json == json else {
                Issue.record("\(text) came to \(body.steps[0].share) and \(body.json)")
                return
            }
        }
    }

    @Test func `a plan is moved and stays the same plan`() throws {
        let body = try FlagRolloutBody(parsing: Self.whole)
        let time = try FlagTime(parsing: "2026-01-03T00:00:00Z")
        let moved = body.moved(to: .running, step: 2, began: time, note: nil)
        #expect(moved.state == .running && moved.step == 2 && moved.stepBegan == time && moved.note == nil)
        #expect(moved.moved(to: body.state, step: body.step, began: body.stepBegan, note: body.note) == body)
    }

    @Test(
        arguments: [
            (#"{"steps": [{"percent": 5}]}"#, ""), (#"{"variant": "on"}"#, ""),
            (#"{"variant": "on", "steps": []}"#, ""),
            (#"{"variant": "on", "steps": [{}]}"#, "/steps/0"),
            (#"{"variant": "on", "steps": [{"percent": 100.001}]}"#, "/steps/0/percent"),
            (#"{"variant": "on", "steps": [{"percent": -0.001}]}"#, "/steps/0/percent"),
            (#"{"variant": "on", "steps": [{"percent": 0.0001}]}"#, "/steps/0/percent"),
            (#"{"variant": "on", "steps": [{"percent": "5"}]}"#, "/steps/0/percent"),
            (#"{"variant": "on", "steps": [{"percent": 5, "afterSeconds": 5}]}"#, "/steps/0/afterSeconds"),
            (
                #"{"variant": "on", "steps": [{"percent": 5}, {"percent": 5, "afterSeconds": 5, "at": "2026-01-01T00:00:00Z"}]}"#,
                "/steps/1"
            ),
            (#"{"variant": "on", "steps": [{"percent": 5}], "step": 1}"#, "/step"),
            (#"{"variant": "on", "steps": [{"percent": 5}], "window": {}}"#, "/window"),
            (
                #"{"variant": "on", "steps": [{"percent": 5}], "window": {"from": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}}"#,
                "/window/until"
            ),
            (#"{"variant": "on", "steps": [{"percent": 5}], "guard": {"webhook": {"url": "http://a"}}}"#, "/guard"),
            (
                #"{"variant": "on", "steps": [{"percent": 5}], "guard": {"webhook": {"url": "http://a"}, "above": 1, "below": 2}}"#,
                "/guard"
            ),
            (#"{"variant": "on", "steps": [{"percent": 5}], "guard": {"above": 1}}"#, "/guard"),
            (
                #"{"variant": "on", "steps": [{"percent": 5}], "guard": {"webhook": {"url": "ftp://a"}, "above": 1}}"#,
                "/guard/webhook/url"
            ),
            (
                #"{"variant": "on", "steps": [{"percent": 5}], "guard": {"prometheus": {"url": "http://a"}, "above": 1}}"#,
                "/guard/prometheus"
            ),
            (
                #"{"variant": "on", "steps": [{"percent": 5}], "guard": {"webhook": {"url": "http://a"}, "above": "1"}}"#,
                "/guard/above"
            ),
            (
                #"{"variant": "on", "steps": [{"percent": 5}], "guard": {"webhook": {"url": "http://a"}, "above": 1, "intervalSeconds": 4}}"#,
                "/guard/intervalSeconds"
            ),
            (#"{"variant": "on", "steps": [{"percent": 5}], "state": "done"}"#, "/state"),
        ] as [(String, String)])
    func `a rollout that is none is refused at its place`(_ text: String, _ pointer: String) throws {
        let refusal = #expect(throws: InvalidFlagItem.self) {
            try FlagRolloutBody(parsing: try JSONValue(parsing: text))
        }
        #expect(try #require(refusal).faults.map(\.pointer.text) == [pointer], "\(refusal!.message)")
    }
}
