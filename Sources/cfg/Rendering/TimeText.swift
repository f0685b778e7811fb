import ConfigPlatformModel

/// Times as people read them.
enum TimeText {
    /// "3 hours ago" to a person, RFC 3339 to a program.
    static func shown(_ rfc3339: String, now: Timestamp?) -> String {
        guard let now, let time = try? Timestamp(parsing: rfc3339) else { return rfc3339 }
        return relative(time, to: now)
    }

    static func relative(_ time: Timestamp, to now: Timestamp) -> String {
        let seconds = (now.microseconds - time.microseconds) / 1_000_000
        // Clocks differ a little.
        if seconds.magnitude < 5 { return "just now" }
        let amount = seconds.magnitude
        let text =
            switch amount {
            case ..<60: counted(amount, "second")
            case ..<3_600: counted(amount / 60, "minute")
            case ..<86_400: counted(amount / 3_600, "hour")
            case ..<(60 * 86_400): counted(amount / 86_400, "day")
            default: String(time.text.prefix(10))
            }
        guard amount < 60 * 86_400 else { return text }
        return seconds > 0 ? "\(text) ago" : "in \(text)"
    }

    private static func counted(_ count: UInt64, _ unit: String) -> String {
        "\(count) \(unit)\(count == 1 ? "" : "s")"
    }
}
