package import ConfigPlatformModel

extension AdministrationClient {
    private func request(
        _ method: ServerRequest.Method, _ project: ProjectName, _ environment: EnvironmentName, _ rest: String...
    ) -> ServerRequest {
        var request = ServerRequest(method, "projects", project.rawValue, "environments", environment.rawValue)
        request.path += rest
        return request
    }

    /// The resolved document in a file format, byte for byte as the platform writes it.
    package func document(
        of environment: EnvironmentName, in project: ProjectName, format: String, at moment: PastMoment?
    ) async throws -> ServerResponse {
        var request = request(.get, project, environment, "settings")
        request.ask("format", format)
        request.ask("at", moment)
        return try await call(request)
    }

    package func settings(
        of environment: EnvironmentName, in project: ProjectName, at moment: PastMoment?
    ) async throws -> Answer<SettingsListing> {
        var request = request(.get, project, environment, "settings")
        request.ask("origin", "true")
        request.ask("at", moment)
        return try await read(request)
    }

    package func setting(
        _ key: ConfigKey, of environment: EnvironmentName, in project: ProjectName, at moment: PastMoment?
    ) async throws -> Answer<SettingView> {
        // An encoded slash is refused in paths, so such a key is picked out of the list.
        guard !key.path.utf8.contains(UInt8(ascii: "/")) else {
            return try await settingInList(key, of: environment, in: project, at: moment)
        }
        var request = request(.get, project, environment, "settings", key.text)
        request.ask("at", moment)
        return try await read(request)
    }

    private func settingInList(
        _ key: ConfigKey, of environment: EnvironmentName, in project: ProjectName, at moment: PastMoment?
    ) async throws -> Answer<SettingView> {
        let listing = try await settings(of: environment, in: project, at: moment)
        let found = listing.json["settings"]?.arrayValue?.first { json in
            json["key"]?.stringValue.flatMap { try? ConfigKey(parsing: $0) } == key
        }
        guard let found else {
            throw ConfigPlatformError(
                .notFound, "There is no setting '\(key)' in environment '\(environment.rawValue)'.", status: 404,
                requestID: listing.head.requestID,
                missing: ConfigPlatformError.Missing(
                    "setting", key.text, in: environment.rawValue, of: project.rawValue))
        }
        return Answer(value: try SettingView(WireReader(found)), json: found, head: listing.head)
    }

    package func history(
        of key: ConfigKey, in environment: EnvironmentName, of project: ProjectName, before: String?, limit: Int?
    ) async throws -> Answer<Page<HistoryEntry>> {
        var request = request(.get, project, environment, "settings", key.text, "history")
        request.ask("before", before)
        request.ask("limit", limit.map { String($0) })
        return try await page(request, of: "history")
    }

    package func search(
        _ text: String, in environment: EnvironmentName?, of project: ProjectName, after: String?, limit: Int?
    ) async throws -> Answer<Page<SearchHitView>> {
        var request = ServerRequest(.get, "projects", project.rawValue, "search")
        request.ask("q", text)
        request.ask("environment", environment?.rawValue)
        request.ask("after", after)
        request.ask("limit", limit.map { String($0) })
        return try await page(request, of: "hits")
    }

    package struct ImportOrder: Sendable {
        package var environment: EnvironmentName
        /// Of a single file; several say by their names what they are.
        package var format: String?
        package var replaces: Bool
        package var references: String?
        /// Which environment's rules are taken of a file of flags that has several.
        package var fileEnvironment: String?
        package var message: String?

        package init(
            environment: EnvironmentName, format: String? = nil, replaces: Bool, references: String? = nil,
            fileEnvironment: String? = nil, message: String? = nil
        ) {
            self.environment = environment
            self.format = format
            self.replaces = replaces
            self.references = references
            self.fileEnvironment = fileEnvironment
            self.message = message
        }
    }

    /// A file to be imported together with others.
    package struct ImportFile: Sendable {
        package let name: String
        package let format: String
        package let bytes: [UInt8]

        package init(name: String, format: String, bytes: [UInt8]) {
            self.name = name
            self.format = format
            self.bytes = bytes
        }
    }

    package func importFile(
        _ bytes: [UInt8], into project: ProjectName, _ order: ImportOrder, isDryRun: Bool
    ) async throws -> Answer<ChangeView> {
        var request = request(importing: order, into: project)
        request.ask("format", order.format)
        request.headers.append(("Content-Type", "application/octet-stream"))
        request.body = bytes
        return try await write(request, isDryRun: isDryRun)
    }

    /// Imports files as one change.
    package func importFiles(
        _ files: [ImportFile], into project: ProjectName, _ order: ImportOrder, isDryRun: Bool
    ) async throws -> Answer<ChangeView> {
        var request = request(importing: order, into: project)
        let (body, mediaType) = Self.form(of: files)
        request.headers.append(("Content-Type", mediaType))
        request.body = body
        return try await write(request, isDryRun: isDryRun)
    }

    private func request(importing order: ImportOrder, into project: ProjectName) -> ServerRequest {
        var request = ServerRequest(.post, "projects", project.rawValue, "import")
        request.ask("environment", order.environment.rawValue)
        request.ask("mode", order.replaces ? "replace" : "merge")
        request.ask("references", order.references)
        request.ask("fileEnvironment", order.fileEnvironment)
        request.ask("message", order.message)
        return request
    }

    /// `multipart/form-data` with each file under the name of its format.
    private static func form(of files: [ImportFile]) -> (body: [UInt8], mediaType: String) {
        var generator = SystemRandomNumberGenerator()
        // 128 bits at random stand in no file.
        let boundary = Digest.hexadecimal((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        var body: [UInt8] = []
        for file in files {
            let name = String(
                String.UnicodeScalarView(
                    file.name.unicodeScalars.filter { $0.value >= 0x20 && $0 != "\"" && $0 != "\\" }))
            body += Array(
                "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(file.format)\"; filename=\"\(name)\"\r\n\r\n"
                    .utf8)
            body += file.bytes
            body += Array("\r\n".utf8)
        }
        body += Array("--\(boundary)--\r\n".utf8)
        return (body, "multipart/form-data; boundary=\(boundary)")
    }

    package func exportFile(
        of environment: EnvironmentName, in project: ProjectName, format: String, at moment: PastMoment?
    ) async throws -> ServerResponse {
        var request = ServerRequest(.get, "projects", project.rawValue, "export")
        request.ask("environment", environment.rawValue)
        request.ask("format", format)
        request.ask("at", moment)
        return try await call(request)
    }

    package func definitions(
        of project: ProjectName, after: String?, limit: Int?
    ) async throws -> Answer<Page<DefinitionView>> {
        var request = ServerRequest(.get, "projects", project.rawValue, "keys")
        request.ask("after", after)
        request.ask("limit", limit.map { String($0) })
        return try await page(request, of: "keys")
    }
}
