import ConfigPlatformFlags
import ConfigPlatformModel
import ControlPlane

extension HookAlert {
    /// What a call of a kill hook says: `{"flags"?: [KEY, …], "reason"?: text}`, or what Prometheus Alertmanager sends (version 4; Grafana's is
    /// the same, version 1), of which all members are taken and few are looked at.
    init(parsing bytes: [UInt8]) throws(Problem) {
        let body = try BodyReader(parsing: bytes)
        if body.value["alerts"] != nil {
            try self.init(notification: body)
        } else {
            try self.init(plain: body)
        }
    }

    private init(plain body: BodyReader) throws(Problem) {
        let members = try body.members(["flags", "reason"], of: "A call of a kill hook")
        let flags = try members.list("flags", max: Limits.killHookFlags) { reader throws(Problem) in
            try reader.flagKey()
        }
        if let flags, flags.isEmpty {
            throw try members.required("flags").problem(
                "Name at least one flag; leave 'flags' out for all of the hook's.", keyword: "minItems")
        }
        let reason = members["reason"]
        let text = try reason?.string() ?? ""
        if let reason, text.utf8.count > Limits.killHookReasonBytes {
            throw reason.problem("A reason has at most \(Limits.killHookReasonBytes) bytes.", keyword: "maxLength")
        }
        self.init(flags: flags, reason: Self.bounded(text), episode: nil, isResolved: false)
    }

    private enum Status: String, CaseIterable { case firing, resolved }

    private init(notification body: BodyReader) throws(Problem) {
        let version = body.value["version"]?.stringValue
        guard version == "4" || version == "1" else {
            throw BodyReader(.null, at: body.pointer.appending("version")).problem(
                "A notification of Alertmanager has \"version\": \"4\".", keyword: "version")
        }
        let status = try body.member("status").choice(of: Status.self)
        var firing: [BodyReader] = []
        for alert in try body.member("alerts").elements(max: Self.alertsMax, of: "'alerts'")
        where try alert.member("status").choice(of: Status.self) == .firing {
            firing.append(alert)
        }
        guard status == .firing, !firing.isEmpty else {
            self.init(flags: nil, reason: "", episode: nil, isResolved: true)
            return
        }
        let name = firing.lazy.compactMap { $0.value["labels"]?["alertname"]?.stringValue }.first ?? "an alert"
        var parts = [body.value["groupKey"]?.stringValue ?? ""]
        parts += firing.map { alert in
            let labels = alert.value["labels"]?.canonicalText ?? ""
            return [alert.value["fingerprint"]?.stringValue ?? labels, alert.value["startsAt"]?.stringValue ?? ""]
                .joined(separator: "\u{1}")
        }.sorted()
        self.init(
            flags: nil, reason: Self.bounded(firing.count > 1 ? "\(name) (\(firing.count) alerts)" : name),
            episode: "alerts:" + Digest.of(Array(parts.joined(separator: "\0").utf8)).hexadecimal, isResolved: false)
    }

    private static let alertsMax = 10_000

    /// In one line, and no longer than a reason may be.
    private static func bounded(_ text: String) -> String {
        var bounded = String(
            text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) })
        while bounded.utf8.count > Limits.killHookReasonBytes { bounded.removeLast() }
        return bounded
    }
}

extension BodyReader {
    /// A member of an object that may have others.
    fileprivate func member(_ name: String) throws(Problem) -> BodyReader {
        guard case .object(let object) = value else { throw problem("A JSON object is needed here.", keyword: "type") }
        let place = pointer.appending(name)
        guard let member = object[name] else {
            throw BodyReader(.null, at: place).problem("'\(name)' is missing.", keyword: "required")
        }
        return BodyReader(member, at: place)
    }
}
