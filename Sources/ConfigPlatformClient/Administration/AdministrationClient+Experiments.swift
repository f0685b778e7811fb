package import ConfigPlatformModel
import Foundation

extension AdministrationClient {
    /// How many units an experiment gave each variant, and whether that is what was asked for.
    package func experiment(
        _ experiment: String, of flag: String, in environment: EnvironmentName, of project: ProjectName,
        at moment: PastMoment?
    ) async throws -> Answer<ExperimentView> {
        var request = Self.request(experiment, flag, environment, project)
        request.ask("at", moment)
        return try await read(request)
    }

    /// A page of an experiment's units.
    ///
    /// - Parameters:
    ///   - format: `jsonl` or `csv`, of which each page has a heading.
    ///   - mark: where the page before ended.
    package func assignments(
        of experiment: String, of flag: String, in environment: EnvironmentName, of project: ProjectName,
        as format: String, at moment: PastMoment?, after mark: String?, limit: Int
    ) async throws -> (bytes: [UInt8], next: String?) {
        var request = Self.request(experiment, flag, environment, project)
        request.path.append("assignments")
        request.ask("format", format)
        request.ask("limit", String(limit))
        request.ask("at", moment)
        request.ask("after", mark)
        let response = try await call(request)
        return (response.body, response.head["Link"].flatMap(Self.mark))
    }

    private static func request(
        _ experiment: String, _ flag: String, _ environment: EnvironmentName, _ project: ProjectName
    ) -> ServerRequest {
        ServerRequest(
            .get, "projects", project.rawValue, "environments", environment.rawValue, "flags", flag, "experiments",
            experiment)
    }

    /// What `after` is in `<…?…&after=…>; rel="next"`.
    private static func mark(of link: String) -> String? {
        guard link.hasSuffix("rel=\"next\""), let target = link.split(separator: ">").first,
            let query = target.split(separator: "?", maxSplits: 1).last,
            let after = query.split(separator: "&").first(where: { $0.hasPrefix("after=") })
        else { return nil }
        return String(after.dropFirst("after=".count)).removingPercentEncoding
    }
}

/// How an experiment stands.
package struct ExperimentView: WireReadable {
    package let experiment: String
    package let version: String
    package let by: String
    package let logPercent: Double
    package let units: Int64
    package let exposures: Int64
    package let unitsOfSeveralVariants: Int64
    package let isFull: Bool
    package let firstAt: String?
    package let lastAt: String?
    package let variants: [Variant]
    package let verdict: String
    /// Nil where a variant was given that is to be given to nobody.
    package let statistic: Double?
    package let degreesOfFreedom: Int64
    package let probability: Double
    package let otherVersions: Int

    package struct Variant: WireReadable {
        package let name: String
        package let weight: Int64
        package let units: Int64
        package let exposures: Int64
        package let expected: Double
        package let share: Double?

        package init(_ wire: WireReader) throws(ConfigPlatformError) {
            name = try wire.string("variant")
            weight = try wire.int("weight")
            units = try wire.int("units")
            exposures = try wire.int("exposures")
            expected = wire.json["expected"]?.numberValue?.double ?? 0
            share = wire.json["share"]?.numberValue?.double
        }
    }

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        experiment = try wire.string("experiment")
        version = try wire.string("version")
        by = try wire.string("by")
        logPercent = wire.json["logPercent"]?.numberValue?.double ?? 100
        units = try wire.int("units")
        exposures = try wire.int("exposures")
        unitsOfSeveralVariants = wire.optionalInt("unitsOfSeveralVariants") ?? 0
        isFull = wire.bool("isFull", default: false)
        firstAt = wire.optionalString("firstAt")
        lastAt = wire.optionalString("lastAt")
        variants = try wire.many("variants")
        verdict = try wire.string("verdict")
        let test = wire.json["chiSquare"]
        statistic = test?["statistic"]?.numberValue?.double
        degreesOfFreedom = test?["degreesOfFreedom"]?.int64Value ?? 0
        probability = test?["pValue"]?.numberValue?.double ?? 1
        otherVersions = wire.json["otherVersions"]?.arrayValue?.count ?? 0
    }
}
