import ConfigPlatformFlags
import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// Which units experiments gave which variants, and whether that is what was asked for.
enum ExperimentRoutes {
    private static let environment = "\(RouteTable.base)/projects/{project}/environments/{environment}"
    private static let item = "\(environment)/flags/{flag}/experiments/{experiment}"

    static let all: [Route] = [
        .get(item, query: ["at"], show),
        Route(
            method: .get, pattern: "\(item)/assignments", access: .read, query: ["after", "at", "format", "limit"],
            body: .none, handler: .administration(.experimentExport, export)),
        Route(
            method: .post, pattern: "\(environment)/flag-assignments", access: .read, query: [], body: .json,
            handler: .operation(take), leavesSomething: true),
    ]

    // MARK: Telling

    /// `{"client": text, "assignments": [{"flag", "experiment", "version", "unit", "variant", "exposures", "firstAt", "lastAt",
    /// "attributes"?}]}`.
    private static func take(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let body = try BodyReader(parsing: request.body)
        let members = try body.members(["assignments", "client"], of: "A report of assignments")
        let client = try members.required("client").name("A client's", max: Limits.flagUsageClientBytes)
        var assignments: [AssignmentReport.Told] = []
        for reader in try members.required("assignments").elements(
            max: Limits.assignmentsPerReport, of: "'assignments'")
        {
            assignments.append(try told(reader))
        }
        try platform.take(
            AssignmentReport(client: client, assignments: assignments), caller, request.environment(),
            of: request.project())
        return Answer(status: .noContent)
    }

    private static let members = [
        "attributes", "experiment", "exposures", "firstAt", "flag", "lastAt", "unit", "variant", "version",
    ]

    private static func told(_ reader: BodyReader) throws(Problem) -> AssignmentReport.Told {
        let members = try reader.members(Self.members, of: "An assignment")
        let exposures = try members.required("exposures")
        let count = try exposures.int64()
        guard (1...Limits.flagUsageCount).contains(count) else {
            throw exposures.problem(
                "Exposures are a whole number from 1 to \(Limits.flagUsageCount).", keyword: "minimum")
        }
        let unitReader = try members.required("unit")
        let unit = try unitReader.string()
        guard Assignment.isUnit(unit) else {
            throw unitReader.problem(
                "A unit has 1 to \(Limits.assignmentUnitBytes) bytes without NUL; leave out those that have not.",
                keyword: "unit")
        }
        return AssignmentReport.Told(
            Assignment.Key(
                flag: try members.required("flag").string(), experiment: try members.required("experiment").string(),
                version: try members.required("version").string(), unit: unit,
                variant: try members.required("variant").string()),
            firstAt: try members.required("firstAt").time(), lastAt: try members.required("lastAt").time(),
            exposures: count, attributes: try members["attributes"].map(attributes) ?? JSONObject())
    }

    private static func attributes(_ reader: BodyReader) throws(Problem) -> JSONObject {
        guard case .object(let object) = reader.value, object.count <= Limits.experimentAttributes else {
            throw reader.problem(
                "Attributes are an object of at most \(Limits.experimentAttributes) members.", keyword: "type")
        }
        for member in object.members where !Assignment.isAttribute(member.value) {
            throw BodyReader(member.value, at: reader.pointer.appending(member.name)).problem(
                "An attribute is a text of at most \(Limits.assignmentAttributeBytes) bytes, a number, or true or false; leave others out.",
                keyword: "type")
        }
        return object
    }

    // MARK: Reading

    private static func show(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let reading = try await platform.experiment(
            caller, request.experimentKey(), of: request.flagKey(), in: request.environment(), of: request.project(),
            at: request.query.moment("at"))
        let check = reading.check
        let total = check.rows.reduce(0) { $0 + $1.units }
        return .json { json in
            json.array("attributes", of: reading.plan.attributes.map(\.rawValue))
            json.member("by", reading.split.by.rawValue)
            json.object("chiSquare") { json in
                json.member("degreesOfFreedom", check.degreesOfFreedom)
                json.member("pValue", number(check.probability))
                json.member("statistic", check.statistic.map(number))
                json.member("threshold", number(SplitCheck.threshold))
            }
            json.member("environment", reading.environment.rawValue)
            json.member("experiment", reading.plan.key.rawValue)
            json.member("exposures", reading.present?.exposures ?? 0)
            json.member("firstAt", reading.present?.firstAt.text)
            json.member("flag", reading.flag.rawValue)
            json.member("isFull", reading.isFull)
            json.member("lastAt", reading.present?.lastAt.text)
            json.member("logPercent", number(Double(reading.plan.share) / 1000))
            json.array("otherVersions", of: reading.others) { json, version in
                json.object { json in
                    json.member("exposures", version.exposures)
                    json.member("firstAt", version.firstAt.text)
                    json.member("lastAt", version.lastAt.text)
                    json.member("units", version.units)
                    json.member("version", version.version)
                }
            }
            json.member("units", reading.present?.units ?? 0)
            json.member("unitsOfSeveralVariants", reading.unitsOfSeveralVariants)
            json.array("variants", of: check.rows) { json, row in
                json.object { json in
                    json.member("expected", number(row.expected))
                    json.member("exposures", row.exposures)
                    json.member("share", total > 0 ? number(Double(row.units) / Double(total)) : nil)
                    json.member("units", row.units)
                    json.member("variant", row.variant)
                    json.member("weight", row.weight)
                }
            }
            json.member("verdict", check.verdict.rawValue)
            json.member("version", reading.version)
        }
    }

    private static func number(_ value: Double) -> JSONValue { JSONNumber(value).map { .number($0) } ?? .null }

    // MARK: Exporting

    private enum Format: String, CaseIterable { case jsonl, csv }

    /// A page, with the next one's address in `Link`.
    private static func export(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let query = request.query
        let format = try query.choice("format", of: Format.self) ?? .jsonl
        let limit = try query.assignmentLimit()
        let page = try await platform.exportAssignments(
            caller, request.experimentKey(), of: request.flagKey(), in: request.environment(), of: request.project(),
            at: query.moment("at"), after: query.assignmentMark(), limit: limit)
        var answer =
            switch format {
            case .jsonl: Answer(bytes: lines(page), contentType: .jsonLines)
            case .csv: Answer(bytes: table(page), contentType: .csv)
            }
        answer.fields[.contentDisposition] =
            "attachment; filename=\"\(page.plan.key.rawValue)-\(page.version).\(format.rawValue)\""
        if let next = page.next {
            let mark: JSONValue = [.string(next.unit), .string(next.variant)]
            var target = "\(request.path)?format=\(format.rawValue)&limit=\(limit)"
            if let at = query["at"] { target += "&at=\(PercentEncoding.encode(at))" }
            target += "&after=\(PercentEncoding.encode(mark.canonicalText))"
            answer.fields[.link] = "<\(target)>; rel=\"next\""
        }
        return answer
    }

    private static func lines(_ page: AssignmentPage) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in page.entries {
            var json = JSONBytes()
            json.object { json in
                json.member("attributes", .object(entry.attributes))
                json.member("client", entry.client)
                json.member("experiment", page.plan.key.rawValue)
                json.member("exposures", entry.exposures)
                json.member("firstAt", entry.firstAt.text)
                json.member("flag", page.flag.rawValue)
                json.member("lastAt", entry.lastAt.text)
                json.member("unit", entry.unit)
                json.member("variant", entry.variant)
                json.member("version", page.version)
            }
            bytes += json.bytes
            bytes.append(0x0A)
        }
        return bytes
    }

    private static func table(_ page: AssignmentPage) -> [UInt8] {
        var csv = CSVText()
        let names = page.plan.attributes.map(\.rawValue)
        for title in [
            "flag", "experiment", "version", "unit", "variant", "first_at", "last_at", "exposures", "client",
        ] { csv.field(plain: title) }
        for name in names { csv.field(text: name) }
        csv.endLine()
        for entry in page.entries {
            csv.field(text: page.flag.rawValue)
            csv.field(plain: page.plan.key.rawValue)
            csv.field(plain: page.version)
            csv.field(text: entry.unit)
            csv.field(text: entry.variant)
            csv.field(plain: entry.firstAt.text)
            csv.field(plain: entry.lastAt.text)
            csv.field(plain: String(entry.exposures))
            csv.field(text: entry.client)
            for name in names {
                switch entry.attributes[name] {
                case nil: csv.field(plain: "")
                case .string(let text)?: csv.field(text: text)
                case let other?: csv.field(plain: other.canonicalText)
                }
            }
            csv.endLine()
        }
        return csv.bytes
    }
}

extension IncomingRequest {
    fileprivate func experimentKey() throws(Problem) -> ExperimentKey {
        let text = try parameter("experiment")
        return try ItemText.parsed { () throws(InvalidIdentifier) in try ExperimentKey(named: text) }
    }
}

extension Query {
    fileprivate func assignmentLimit() throws(Problem) -> Int {
        guard let text = self["limit"] else { return 1_000 }
        guard let limit = Int(text), (1...Limits.assignmentPage).contains(limit) else {
            throw Self.problem("'limit' is a whole number from 1 to \(Limits.assignmentPage).", "limit")
        }
        return limit
    }

    /// `["unit","variant"]`, where the page before ended.
    fileprivate func assignmentMark() throws(Problem) -> AssignmentPage.Mark? {
        guard let text = self["after"] else { return nil }
        guard let parts = (try? JSONValue(parsing: Array(text.utf8)))?.arrayValue, parts.count == 2,
            let unit = parts[0].stringValue, let variant = parts[1].stringValue, !(unit + variant).utf8.contains(0)
        else {
            throw Self.problem(
                "'after' is where the page before ended, as its Link header has it: [\"unit\",\"variant\"].", "after")
        }
        return AssignmentPage.Mark(unit: unit, variant: variant)
    }
}
