/// The body of an environment's protection: what a change needs that alters what the environment's programs read.
///
/// `{"approvals": 2, "approvers": ["role:operator", "group:corp/sre"], "emergencyRollback": true, "freezes": […], "requiredSchemas": […],
/// "requiredValidators": […], "selfApproval": true, "unapprovedKeys": 3}`, all optional.
package struct ProtectionBody: Hashable, Sendable {
    /// How many must approve, 0 to 10.
    package let approvals: Int64
    /// Whose approval counts, of those who may approve there; empty for all of them.
    package let approvers: [Approver]
    /// Whether who wrote a change may approve it.
    package let allowsSelfApproval: Bool
    /// When nothing may alter.
    package let freezes: [Freeze]
    /// Schemas that must stand, and refuse rather than report.
    package let requiredSchemas: [SchemaName]
    /// Validators that must stand, and have allowed the change.
    package let requiredValidators: [ValidatorName]
    /// A change needs no approval that alters the values of at most so many keys there, and nothing else.
    package let unapprovedKeys: Int64
    /// Whether a rollback needs no approval, and no end of a freeze.
    package let allowsEmergencyRollback: Bool

    package enum Approver: Hashable, Sendable {
        case role(RoleName)
        case principal(Principal)

        init(parsing text: String) throws(InvalidIdentifier) {
            if text.hasPrefix("role:") {
                self = .role(try RoleName(parsing: text.dropFirst(5)))
                return
            }
            let principal = try Principal(parsing: text)
            guard principal.canBeBound, !principal.isPattern else {
                throw InvalidIdentifier(
                    "'\(InvalidIdentifier.shown(text))' is no approver: write role:NAME, group:NAME or user:NAME.")
            }
            self = .principal(principal)
        }

        package var text: String {
            switch self {
            case .role(let name): "role:" + name.rawValue
            case .principal(let principal): principal.rawValue
            }
        }
    }

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: Self.members, what: "a protection")
        approvals = try ItemText.number(members["approvals"], named: "approvals") ?? 1
        guard (0...10).contains(approvals) else {
            throw Problem(.invalidRequest, "'approvals' is 0 to 10.", at: ["approvals"])
        }
        approvers =
            try ItemText.identifiers(members["approvers"], named: "approvers") { text throws(InvalidIdentifier) in
                try Approver(parsing: text)
            } ?? []
        allowsSelfApproval = try ItemText.flag(members["selfApproval"], named: "selfApproval")
        allowsEmergencyRollback = try ItemText.flag(members["emergencyRollback"], named: "emergencyRollback")
        unapprovedKeys = try ItemText.number(members["unapprovedKeys"], named: "unapprovedKeys") ?? 0
        guard (0...100_000).contains(unapprovedKeys) else {
            throw Problem(.invalidRequest, "'unapprovedKeys' is 0 to 100000.", at: ["unapprovedKeys"])
        }
        requiredSchemas =
            try ItemText.identifiers(members["requiredSchemas"], named: "requiredSchemas") {
                text throws(InvalidIdentifier) in try SchemaName(parsing: text)
            } ?? []
        requiredValidators =
            try ItemText.identifiers(members["requiredValidators"], named: "requiredValidators") {
                text throws(InvalidIdentifier) in try ValidatorName(parsing: text)
            } ?? []
        var freezes: [Freeze] = []
        if let list = members["freezes"] {
            guard let values = list.arrayValue, values.count <= Limits.freezesPerEnvironment else {
                throw Problem(
                    .invalidRequest, "'freezes' is a list of at most \(Limits.freezesPerEnvironment) freezes.",
                    at: ["freezes"])
            }
            freezes = try ItemText.elements(values, named: "freezes") { value throws(Problem) in
                try Freeze(parsing: value)
            }
        }
        self.freezes = freezes
        for (name, count) in [
            ("approvers", approvers.count), ("requiredSchemas", requiredSchemas.count),
            ("requiredValidators", requiredValidators.count),
        ] where count > 64 {
            throw Problem(.invalidRequest, "'\(name)' lists at most 64.", at: [name], keyword: "maxItems")
        }
    }

    package static let members: Set<String> = [
        "approvals", "approvers", "emergencyRollback", "freezes", "requiredSchemas", "requiredValidators",
        "selfApproval",
        "unapprovedKeys",
    ]

    package var json: JSONValue {
        var json: JSONObject = ["approvals": .int(approvals)]
        if !approvers.isEmpty { json["approvers"] = .array(approvers.map { .string($0.text) }) }
        if allowsEmergencyRollback { json["emergencyRollback"] = true }
        if !freezes.isEmpty { json["freezes"] = .array(freezes.map(\.json)) }
        if !requiredSchemas.isEmpty { json["requiredSchemas"] = .array(requiredSchemas.map { .string($0.rawValue) }) }
        if !requiredValidators.isEmpty {
            json["requiredValidators"] = .array(requiredValidators.map { .string($0.rawValue) })
        }
        if allowsSelfApproval { json["selfApproval"] = true }
        if unapprovedKeys > 0 { json["unapprovedKeys"] = .int(unapprovedKeys) }
        return .object(json)
    }
}

/// A time in which an environment may not alter: once, `{"from": "2026-12-24T00:00:00+01:00", "reason": …, "to": …}`, or each week,
/// `{"days": ["friday"], "from": "16:00", "reason": …, "timeZone": "Europe/Berlin", "to": "24:00"}`.
package enum Freeze: Hashable, Sendable {
    case once(from: Timestamp, to: Timestamp, reason: String)
    /// Minutes of the day in the time zone, the end not included.
    case weekly(days: Set<Weekday>, fromMinute: Int64, toMinute: Int64, timeZone: String, reason: String)

    package enum Weekday: String, CaseIterable, Sendable {
        case monday, tuesday, wednesday, thursday, friday, saturday, sunday
    }

    package var reason: String {
        switch self {
        case .once(_, _, let reason), .weekly(_, _, _, _, let reason): reason
        }
    }

    init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(
            of: json, allowed: ["days", "from", "reason", "timeZone", "to"], what: "a freeze")
        let reason = try ItemText.text(members["reason"], named: "reason")
        try ItemText.checkLength(reason, named: "reason")
        guard let days = try ItemText.choices(members["days"], named: "days", of: Weekday.self) else {
            guard members["timeZone"] == nil, let from = try ItemText.time(members["from"], named: "from"),
                let to = try ItemText.time(members["to"], named: "to"), from < to
            else {
                throw Problem(
                    .invalidRequest,
                    "A freeze is from one time to a later one, such as \"2026-12-24T00:00:00+01:00\"; or weekly, with 'days' and 'timeZone'."
                )
            }
            self = .once(from: from, to: to, reason: reason)
            return
        }
        guard !days.isEmpty, let from = Self.minute(members["from"]), let to = Self.minute(members["to"]), from < to
        else {
            throw Problem(
                .invalidRequest,
                "A weekly freeze is from one time of the day to a later one, such as \"16:00\" to \"24:00\".")
        }
        let zone = try ItemText.text(members["timeZone"], named: "timeZone")
        guard (1...64).contains(zone.utf8.count) else {
            throw Problem(
                .invalidRequest, "'timeZone' is missing: where those times are meant, such as \"Europe/Berlin\".",
                at: members["timeZone"] == nil ? [] : ["timeZone"])
        }
        self = .weekly(days: Set(days), fromMinute: from, toMinute: to, timeZone: zone, reason: reason)
    }

    private static func minute(_ value: JSONValue?) -> Int64? {
        guard let text = value?.stringValue, text.utf8.count == 5 else { return nil }
        let parts = text.split(separator: ":").map { part in
            part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int64(part) : nil
        }
        guard parts.count == 2, let hour = parts[0], let minute = parts[1], minute < 60, hour * 60 + minute <= 1_440
        else { return nil }
        return hour * 60 + minute
    }

    var json: JSONValue {
        var json: JSONObject = [:]
        switch self {
        case .once(let from, let to, _):
            json["from"] = .string(from.text)
            json["to"] = .string(to.text)
        case .weekly(let days, let from, let to, let zone, _):
            json["days"] = .array(Weekday.allCases.filter(days.contains).map { .string($0.rawValue) })
            json["from"] = .string(Self.text(from))
            json["timeZone"] = .string(zone)
            json["to"] = .string(Self.text(to))
        }
        if !reason.isEmpty { json["reason"] = .string(reason) }
        return .object(json)
    }

    private static func text(_ minute: Int64) -> String {
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return two(minute / 60) + ":" + two(minute % 60)
    }

    /// Whether the time lies in it. Where the time zone is not known, every time does: a change may wait, a freeze may not.
    package func holds(at now: Timestamp, _ offsets: UTCOffsets) -> Bool {
        switch self {
        case .once(let from, let to, _): return from <= now && now < to
        case .weekly(let days, let from, let to, let zone, _):
            guard let offset = offsets.seconds(zone, now) else { return true }
            let local = now.microseconds / 1_000_000 + offset
            let day = Int((local / 86_400 + 3) % 7)
            let minute = local % 86_400 / 60
            return days.contains(Weekday.allCases[day]) && from <= minute && minute < to
        }
    }
}

/// How far time zones are ahead of UTC: the model knows no time zones of its own.
package struct UTCOffsets: Sendable {
    /// Seconds ahead of UTC at that time; nil where there is no such time zone.
    package let seconds: @Sendable (String, Timestamp) -> Int64?

    package init(_ seconds: @escaping @Sendable (String, Timestamp) -> Int64?) { self.seconds = seconds }

    /// UTC alone.
    package static let none = UTCOffsets { zone, _ in zone == "UTC" ? 0 : nil }
}
