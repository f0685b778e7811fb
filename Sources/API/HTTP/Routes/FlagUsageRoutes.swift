import ConfigPlatformFlags
import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// How often flags came to what.
enum FlagUsageRoutes {
    private static let project = "\(RouteTable.base)/projects/{project}"

    static let all: [Route] = [
        Route(
            method: .post, pattern: "\(project)/environments/{environment}/flag-usage", access: .read, query: [],
            body: .json, handler: .operation(take), leavesSomething: true),
        .get("\(project)/stale-flags", query: ["days"], stale),
        .get("\(project)/flags/{flag}/usage", query: ["environment", "from", "until"], use),
    ]

    /// `{"client": text, "report"?: text, "from": time, "until": time, "counts": [{"flag", "variant": text | null, "reason", "count"}]}`.
    private static func take(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let body = try BodyReader(parsing: request.body)
        let members = try body.members(["client", "counts", "from", "report", "until"], of: "A report of usage")
        let client = try members.required("client").name("A client's", max: Limits.flagUsageClientBytes)
        let report = try members["report"].map { reader throws(Problem) in
            try reader.name("A report's", max: Limits.flagUsageReportBytes)
        }
        let counts = try members.required("counts").elements(max: Limits.flagUsageCounts, of: "'counts'").map {
            reader throws(Problem) in try count(reader)
        }
        let told = FlagUsageReport(
            client: client, name: report, from: try members.required("from").time(),
            until: try members.required("until").time(),
            counts: counts)
        try platform.take(told, caller, request.environment(), of: request.project())
        return Answer(status: .noContent)
    }

    private static func count(_ reader: BodyReader) throws(Problem) -> FlagUsageReport.Count {
        let members = try reader.members(["count", "flag", "reason", "variant"], of: "A count")
        let count = try members.required("count")
        let number = try count.int64()
        guard (1...Limits.flagUsageCount).contains(number) else {
            throw count.problem("A count is a whole number from 1 to \(Limits.flagUsageCount).", keyword: "minimum")
        }
        let variant = try members["variant"].flatMap { reader throws(Problem) -> String? in
            reader.value.isNull ? nil : try reader.string()
        }
        return FlagUsageReport.Count(
            flag: try members.required("flag").string(), variant: variant,
            reason: try members.required("reason").choice(of: Resolution.Reason.self), count: number)
    }

    private static func use(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let flag = try request.flagKey()
        let environment = try request.query.parsed("environment") { text throws(InvalidIdentifier) in
            try EnvironmentName(parsing: text)
        }
        let use = try await platform.use(
            caller, of: flag, in: environment, of: request.project(), from: request.query.time("from"),
            until: request.query.time("until"))
        return .json { json in
            json.member("flag", flag.rawValue)
            json.member("from", use.from.text)
            json.array("hours", of: use.hours) { json, hour in
                json.object { json in
                    json.member("client", hour.client)
                    json.member("count", hour.count)
                    json.member("environment", hour.environment.rawValue)
                    json.member("hour", hour.startsAt.text)
                    json.member("lastAt", hour.lastAt.text)
                    json.member("reason", hour.reason)
                    json.member("variant", hour.variant)
                }
            }
            json.member("isCut", use.isCut)
            json.member("lastClient", use.last?.client)
            json.member("lastEvaluatedAt", use.last?.lastAt.text)
            json.member("until", use.until.text)
        }
    }

    private static func stale(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        var days: Int64 = 30
        if let text = request.query["days"] {
            guard let given = Int64(text), (1...Limits.flagUsageDays).contains(given) else {
                throw Query.problem("'days' is a whole number from 1 to \(Limits.flagUsageDays).", "days")
            }
            days = given
        }
        let flags = try await platform.staleFlags(caller, of: request.project(), days: days)
        return .json { json in
            json.member("days", days)
            json.array("flags", of: flags) { json, stale in
                json.object { json in
                    json.member("createdAt", stale.createdAt?.text)
                    json.member("key", stale.flag.order)
                    json.member("lastEvaluatedAt", stale.lastEvaluatedAt?.text)
                    json.member("owner", stale.flag.body.owner)
                    json.array("reasons", of: stale.reasons) { json, reason in json.object { write(reason, into: &$0) }
                    }
                }
            }
        }
    }

    private static func write(_ reason: StaleFlag.Reason, into json: inout JSONBytes) {
        switch reason {
        case .beyondLifetime(let days):
            json.member("expectedLifetimeDays", days)
            json.member("reason", "beyond-lifetime")
        case .oneVariant(let variant, let environment, let count):
            json.member("count", count)
            json.member("environment", environment.rawValue)
            json.member("reason", "one-variant")
            json.member("variant", variant)
        case .neverEvaluated:
            json.member("reason", "never-evaluated")
        }
    }
}

extension BodyReader {
    /// The name that a program gives to itself or to what it tells.
    ///
    /// - Parameters:
    ///   - whose: As its refusal begins: "A client's".
    ///   - max: In bytes.
    func name(_ whose: String, max: Int) throws(Problem) -> String {
        let name = try string()
        guard (1...max).contains(name.utf8.count),
            !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            throw problem("\(whose) name has 1 to \(max) bytes and no control characters.", keyword: "maxLength")
        }
        return name
    }
}
