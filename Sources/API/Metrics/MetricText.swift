/// Spelling of the Prometheus text format 0.0.4.
enum MetricText {
    /// What the metrics of this program are, for `# HELP`.
    private static let help: [String: String] = [
        "cfg_commit_duration_seconds": "Time to commit a group of changes durably.",
        "cfg_commit_group_changes": "Changes committed together in one transaction.",
        "cfg_commits_total": "Jobs the writer has committed: changes, audit events and credentials.",
        "cfg_http_connections": "Open connections.",
        "cfg_http_request_duration_seconds":
            "Time from a request's head to the end of its answer; of a watch, to its first event.",
        "cfg_http_requests_total": "Requests answered, by method, matched route and status.",
        "cfg_revision": "Newest revision this server serves.",
        "cfg_watchers": "Open watches.",
        PrometheusMetrics.droppedName:
            "Series that were not kept, because there are too many or their name has another type.",
        "process_cpu_seconds_total": "Processor time used, in user and system mode.",
        "process_open_fds": "Open file descriptors.",
        "process_resident_memory_bytes": "Resident memory.",
    ]

    static func header(_ name: String, _ type: MetricType, into out: inout [UInt8]) {
        if let text = help[name] {
            append("# HELP \(name) ", into: &out)
            for byte in text.utf8 {
                switch byte {
                case UInt8(ascii: "\\"): append("\\\\", into: &out)
                case UInt8(ascii: "\n"): append("\\n", into: &out)
                default: out.append(byte)
                }
            }
            append("\n", into: &out)
        }
        append("# TYPE \(name) \(type.rawValue)\n", into: &out)
    }

    static func sample(_ name: String, _ labels: String, _ value: Double, into out: inout [UInt8]) {
        append(name, into: &out)
        if !labels.isEmpty { append("{\(labels)}", into: &out) }
        append(" \(number(value))\n", into: &out)
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map(String.init) ?? "\(value)"
    }

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
    static func name(_ text: String) -> String { spelled(text, allowsColon: true) }

    /// `name="value"` joined by commas, in order of names.
    static func labels(_ dimensions: [(String, String)]) -> String {
        dimensions
            .map { (spelled($0.0, allowsColon: false), $0.1) }
            .sorted { $0.0 < $1.0 }
            .map { name, value in
                var escaped = ""
                for scalar in value.unicodeScalars {
                    switch scalar {
                    case "\\": escaped += "\\\\"
                    case "\"": escaped += "\\\""
                    case "\n": escaped += "\\n"
                    default: escaped.unicodeScalars.append(scalar)
                    }
                }
                return "\(name)=\"\(escaped)\""
            }
            .joined(separator: ",")
    }

    private static func spelled(_ text: String, allowsColon: Bool) -> String {
        var bytes = text.utf8.map { byte -> UInt8 in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: byte
            case 0x3A where allowsColon: byte
            default: 0x5F
            }
        }
        if bytes.first.map({ (0x30...0x39).contains($0) }) ?? true { bytes.insert(0x5F, at: 0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func append(_ text: String, into out: inout [UInt8]) { out.append(contentsOf: text.utf8) }
}
