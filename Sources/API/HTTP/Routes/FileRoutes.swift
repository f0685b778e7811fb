import ConfigFormats
import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// Settings and flags in and out as files.
enum FileRoutes {
    private static let project = "\(RouteTable.base)/projects/{project}"

    static let all: [Route] = [
        .write(
            .post, "\(project)/import",
            query: ["format", "environment", "mode", "message", "references", "fileEnvironment"],
            body: .file,
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
        let plan = try platform.importing(
            caller,
            ImportRequest(
                project: request.project(), environment: environment, files: files(of: request),
                mode: query.choice("mode", of: WriteMode.self) ?? .merge,
                references: query.choice("references", of: SettingBody.References.self),
                fileEnvironment: query["fileEnvironment"], message: request.message()))
        return PlannedWrite(proposal: plan.proposal, imported: plan)
    }

    /// The body as it is, or, where it is `multipart/form-data`, each of its parts: a part says what it is by its own name, or by that of
    /// its file.
    private static func files(of request: IncomingRequest) throws(Problem) -> [ImportRequest.File] {
        let format = try request.query.choice("format", of: ImportFormat.self)
        let mediaType = request.fields[.contentType] ?? ""
        guard let form = try MultipartForm(request.body, contentType: mediaType) else {
            guard let format = format ?? ConfigFormat(mediaType: mediaType).map({ .settings($0) }) else {
                throw unknownFormat()
            }
            return [ImportRequest.File(format: format, bytes: request.body)]
        }
        guard format == nil else {
            throw Query.problem(
                "Each part of the form says what it is by its own name; leave 'format' out of the query.", "format")
        }
        var files: [ImportRequest.File] = []
        for part in form.parts {
            guard
                let format = ImportFormat(rawValue: part.name) ?? part.fileName.flatMap({ ImportFormat(fileName: $0) })
            else { throw unknownFormat(of: part.fileName ?? part.name) }
            files.append(ImportRequest.File(name: part.fileName ?? part.name, format: format, bytes: part.bytes))
        }
        return files
    }

    private static func unknownFormat(of part: String? = nil) -> Problem {
        let formats = ImportFormat.allCases.map(\.rawValue).joined(separator: ", ")
        return Query.problem(
            part.map {
                "What '\(InvalidIdentifier.shown($0))' is does not show in its name; name the part after its format: \(formats)."
            } ?? "Say what the file is: 'format' is one of \(formats).", "format")
    }

    private static func give(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        _ = try request.query.required("environment")
        guard let environment = try request.queriedEnvironment() else {
            throw Query.problem("The query parameter 'environment' is needed.", "environment")
        }
        let project = try request.project()
        if case .flagd? = try request.query.choice("format", of: ExportFormat.self) {
            let (bytes, token) = try await platform.exportFlags(
                caller, environment, of: project, at: request.query.moment("at"))
            return file(
                bytes, of: "application/json",
                named: "\(project.rawValue)-\(environment.rawValue)-r\(token.revision).flagd.json")
        }
        let format = try request.format()
        let (bytes, reading) = try await platform.export(
            caller, environment, of: project, as: format, at: request.query.moment("at"))
        return file(
            bytes, of: format.mediaTypes[0],
            named: "\(project.rawValue)-\(environment.rawValue)-r\(reading.token.revision).\(format.fileExtension)")
    }

    private static func file(_ bytes: [UInt8], of mediaType: String, named name: String) -> Answer {
        var answer = Answer(bytes: bytes, contentType: .json)
        answer.fields[.contentType] = mediaType
        answer.fields[.contentDisposition] = "attachment; filename=\"\(name)\""
        answer.fields[.vary] = "Accept"
        return answer
    }
}

extension ConfigFormat {
    fileprivate var fileExtension: String { self == .dotenv ? "env" : rawValue }
}
