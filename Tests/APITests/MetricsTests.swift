import API
import ConfigPlatformModel
import Foundation
import Metrics
import TestSupport
import Testing

@Suite struct MetricsTests {
    private static func text(_ metrics: PrometheusMetrics) -> [String] {
        String(decoding: metrics.text(), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func `counters, gauges, recorders and timers have their forms`() {
        let metrics = PrometheusMetrics()
        Counter(label: "a_total", dimensions: [("z", "1"), ("b", "x")], factory: metrics).increment(by: 3)
        Counter(label: "a_total", dimensions: [("b", "x"), ("z", "1")], factory: metrics).increment()
        Gauge(label: "b", factory: metrics).record(1.5)
        Meter(label: "m", factory: metrics).increment(by: 2)
        let recorder = Recorder(label: "sizes", aggregate: true, factory: metrics)
        for value in [1, 3, 1_000_000_000] { recorder.record(value) }
        Timer(label: "t_seconds", dimensions: [("route", "/x")], factory: metrics).recordNanoseconds(2_000_000)
        let lines = Self.text(metrics)
        for line in [
            "# TYPE a_total counter", "a_total{b=\"x\",z=\"1\"} 4", "# TYPE b gauge", "b 1.5", "m 2",
            "# TYPE sizes histogram",
            "sizes_bucket{le=\"1\"} 1", "sizes_bucket{le=\"5\"} 2", "sizes_bucket{le=\"+Inf\"} 3", "sizes_count 3",
            "sizes_sum 1000000004",
            "t_seconds_bucket{route=\"/x\",le=\"0.001\"} 0", "t_seconds_bucket{route=\"/x\",le=\"0.0025\"} 1",
            "t_seconds_sum{route=\"/x\"} 0.002", "t_seconds_count{route=\"/x\"} 1",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
    }

    @Test func `names and values are escaped`() {
        let metrics = PrometheusMetrics()
        Counter(label: "1 bad-name", dimensions: [("la bel", "a\\b\"c\nd")], factory: metrics).increment()
        #expect(Self.text(metrics).contains("_1_bad_name{la_bel=\"a\\\\b\\\"c\\nd\"} 1"))
    }

    @Test func `series beyond the limit, or of another type, are counted and not kept`() {
        let metrics = PrometheusMetrics()
        Counter(label: "x", factory: metrics).increment()
        Gauge(label: "x", factory: metrics).record(7)
        for index in 0..<PrometheusMetrics.seriesMax {
            Counter(label: "many", dimensions: [("index", "\(index)")], factory: metrics).increment()
        }
        let lines = Self.text(metrics)
        #expect(lines.contains("x 1"))
        #expect(lines.count { $0.hasPrefix("many{") } == PrometheusMetrics.seriesMax - 1)
        #expect(lines.contains("cfg_metrics_dropped_series_total 2"))
    }

    @Test func `a destroyed metric is told no more`() {
        let metrics = PrometheusMetrics()
        let counter = Counter(label: "gone", factory: metrics)
        counter.destroy()
        #expect(!Self.text(metrics).contains { $0.contains("gone") })
    }

    @Test func `requests are counted by route, never by path`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let path = "\(ServerUnderTest.shop)/environments/production/settings"
            for _ in 1...3 { _ = try await test.get(path) }
            _ = try await test.get("/no/such/path")
            try await test.send("PROPFIND", "/healthz")
            try await test.send("BREW", "/healthz")
            let answer = try await test.get("/metrics")
            #expect(answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
            let pattern = "/api/v1/projects/{project}/environments/{environment}/settings"
            for line in [
                "cfg_http_requests_total{method=\"GET\",route=\"\(pattern)\",status=\"200\"} 3",
                "cfg_http_requests_total{method=\"GET\",route=\"unmatched\",status=\"404\"} 1",
                "cfg_http_requests_total{method=\"other\",route=\"unmatched\",status=\"405\"} 1",
                "cfg_http_requests_total{method=\"other\",route=\"unmatched\",status=\"400\"} 1",
                "cfg_http_request_duration_seconds_count{route=\"\(pattern)\"} 3", "cfg_revision 1",
            ] {
                #expect(answer.text.contains(line + "\n"), "\(line)")
            }
            #expect(!answer.text.contains("/no/such"))
            try Exposition.check(answer.text)
        }
    }

    @Test func `the metrics are public only where that is said`() async throws {
        try await ServerUnderTest.run(
            settings: {
                var settings = try ServerSettings(listen: "127.0.0.1:0")
                settings.isMetricsPublic = true
                return settings
            }
        ) { test in
            let answer = try await test.send("GET", "/metrics", token: .none)
            #expect(answer.status == 200)
        }
    }
}

/// Reads the text format as strictly as it is written.
private enum Exposition {
    static func check(_ text: String) throws {
        let sample =
            /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*")*\})? ([-+]?[0-9.e+-]+|\+Inf|-Inf|NaN)$/
        var types: [String: String] = [:]
        #expect(text.hasSuffix("\n"))
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                let parts = line.split(separator: " ")
                #expect(types[String(parts[2])] == nil, "\(parts[2]) has two types")
                types[String(parts[2])] = String(parts[3])
            } else if !line.hasPrefix("# HELP ") {
                let match = try #require(try sample.wholeMatch(in: line), "\(line)")
                let name = String(match.1)
                let family = types[name] != nil ? name : name.replacing(/_(bucket|sum|count)$/, with: "")
                #expect(types[family] != nil, "\(name) has no type")
            }
        }
    }
}
