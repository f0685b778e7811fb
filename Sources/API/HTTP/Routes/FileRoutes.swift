import ConfigFormats
import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// Settings in and out as files.
enum FileRoutes {
    private static let project = "\(RouteTable.base)/projects/{project}"

    static let all: [Route] = [
        .write(
            .post, "\(project)/import", query: ["format", "environment", "mode", "message", "references"], body: .file,
            action: .import, take),
        .get("\(project)/export", query: ["environment", "format", "at"], give),
    ]

    private static func take(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        try request.refuseEntityTags()
        let query = request.query
        _ = try query.required("environment")
        guard let environment = try request.queriedEnvironment() else {
            throw Query.problem("The query parameter 'environment' is needed.", "environment")
        }
        guard
            let format = try query.choice("format", of: ConfigFormat.self)
                ?? request.fields[.contentType].flatMap(ConfigFormat.init(mediaType:))
        else {
            throw Query.problem(
                "Say what the file is: 'format' is one of \(ConfigFormat.allCases.map(\.rawValue).joined(separator: ", ")).",
                "format")
        }
        let plan = try platform.importing(
            caller,
            ImportRequest(
                project: request.project(), environment: environment, format: format, bytes: request.body,
                mode: query.choice("mode", of: WriteMode.self) ?? .merge,
                references: query.choice("references", of: SettingBody.References.self), message: request.message()))
        return PlannedWrite(proposal: plan.proposal, imported: plan)
    }

    private static func give(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        _ = try request.query.required("environment")
        guard let environment = try request.queriedEnvironment() else {
            throw Query.problem("The query parameter 'environment' is needed.", "environment")
        }
        let format = try request.format()
        let project = try request.project()
        let (bytes, reading) = try await platform.export(
            caller, environment, of: project, as: format, at: request.query.moment("at"))
        var answer = Answer(bytes: bytes, contentType: .json)
        answer.fields[.contentType] = format.mediaTypes[0]
        answer.fields[.contentDisposition] =
            "attachment; filename=\"\(project.rawValue)-\(environment.rawValue)-r\(reading.token.revision).\(format.fileExtension)\""
        answer.fields[.vary] = "Accept"
        return answer
    }
}

extension ConfigFormat {
    fileprivate var fileExtension: String { self == .dotenv ? "env" : rawValue }
}
