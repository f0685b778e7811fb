package import ConfigFormats
package import ConfigPlatformModel

/// A file to be taken into an environment.
package struct ImportRequest: Sendable {
    package let project: ProjectName
    package let environment: EnvironmentName
    package let format: ConfigFormat
    package let bytes: [UInt8]
    package let mode: WriteMode
    /// Nil for the format's own rule: live in dotenv, literal elsewhere.
    package let references: SettingBody.References?
    package let message: String?

    package init(
        project: ProjectName, environment: EnvironmentName, format: ConfigFormat, bytes: [UInt8], mode: WriteMode,
        references: SettingBody.References?, message: String?
    ) {
        self.project = project
        self.environment = environment
        self.format = format
        self.bytes = bytes
        self.mode = mode
        self.references = references
        self.message = message
    }
}

/// The write that a file comes to.
package struct ImportPlan: Sendable {
    package let proposal: Proposal
    /// What there is to say about the file's lines.
    package let notices: [ImportNotice]
    /// How many settings the file holds.
    package let settings: Int
    private let places: [ConfigKey: Place]

    /// From 1.
    struct Place: Sendable {
        let line: Int
        let column: Int?
    }

    init(proposal: Proposal, notices: [ImportNotice], settings: Int, places: [ConfigKey: Place]) {
        self.proposal = proposal
        self.notices = notices
        self.settings = settings
        self.places = places
    }

    /// The problem with the place in the file of every key that it concerns; of keys above or below one, where the file has only that.
    package func located(_ problem: Problem) -> Problem {
        guard problem.violations.contains(where: { $0.line == nil && $0.key != nil }) else { return problem }
        let violations = problem.violations.map { violation in
            guard violation.line == nil, let key = violation.key.flatMap({ try? ConfigKey(parsing: $0) }) else {
                return violation
            }
            let above = { key.strictPrefixes.reversed().lazy.compactMap { places[$0] }.first }
            guard let place = places[key] ?? above() else { return violation }
            var violation = violation
            violation.line = place.line
            violation.column = place.column
            return violation
        }
        return Problem(
            problem.code, problem.detail, violations: violations, current: problem.current,
            retryAfterSeconds: problem.retryAfterSeconds)
    }
}

extension Platform {
    /// The write that takes a file in, and what there is to say about its lines.
    ///
    /// A document that names a profile goes to the environment `NAME@PROFILE`, which is created where it does not exist, inheriting from
    /// `NAME`. `replace` deletes what an environment that the file has documents for itself has and the file lacks.
    package func importing(
        _ caller: Caller, _ request: ImportRequest
    ) throws(Problem) -> ImportPlan {
        let viewpoint = viewpoint(caller, of: request.project)
        try viewpoint.requireProject()
        try viewpoint.requireEnvironment(request.environment)
        let file = try request.format.read(
            request.bytes, options: ImportOptions(references: request.references.map { $0 == .live ? .live : .literal })
        )
        var notices = file.notices
        var documents: [EnvironmentName: [ConfigKey: SettingBody]] = [:]
        var places: [ConfigKey: ImportPlan.Place] = [:]
        if request.mode == .replace { documents[request.environment] = [:] }
        for document in file.documents {
            let environment = try Self.environment(of: document, in: request.environment)
            documents[environment, default: [:]].merge([:]) { old, _ in old }
            for setting in document.settings {
                do throws(Problem) {
                    let body = try SettingBody(
                        setting.value, references: setting.hasLiveReferences ? .live : .literal)
                    documents[environment, default: [:]][setting.key] = body
                    if let line = setting.line {
                        places[setting.key] = ImportPlan.Place(line: line, column: setting.column)
                    }
                } catch {
                    throw Problem(
                        .unreadableFile,
                        "'\(setting.key)'\(setting.line.map { " on line \($0)" } ?? ""): \(error.detail)",
                        violations: [Violation(error.detail, key: setting.key.text, line: setting.line)])
                }
            }
        }
        let taken = documents
        let mode = request.mode
        let base = request.environment
        let current = state.projects[request.project]
        for name in taken.keys.sorted()
        where name != base && viewpoint.sees(name) && current?.environments[name] == nil {
            notices.append(
                ImportNotice(
                    .information,
                    "The environment '\(name.rawValue)' did not exist; the import creates it, inheriting from '\(base.rawValue)'."
                ))
        }
        let now = world.now()
        let proposal = Proposal(
            project: request.project, by: caller.author,
            message: request.message ?? "Import \(request.format.rawValue) into \(base.rawValue)",
            source: [
                "operation": "import", "format": .string(request.format.rawValue),
                "environment": .string(base.rawValue),
                "mode": .string(mode.rawValue),
            ]
        ) { state throws(Problem) in
            let viewpoint = state.viewpoint(caller.subject, of: request.project, at: now)
            for (name, settings) in taken { try viewpoint.requireWriting(settings.keys, in: name) }
            return try Self.operations(taking: taken, into: base, mode: mode, in: try state.project(request.project))
        }
        return ImportPlan(
            proposal: proposal, notices: notices, settings: taken.values.reduce(0) { $0 + $1.count }, places: places)
    }

    private static func environment(
        of document: ImportedDocument, in environment: EnvironmentName
    ) throws(Problem) -> EnvironmentName {
        guard let profile = document.profile else { return environment }
        return try ItemText.parsed { () throws(InvalidIdentifier) in
            try EnvironmentName(parsing: "\(environment.rawValue)@\(profile)")
        }
    }

    private static func operations(
        taking documents: [EnvironmentName: [ConfigKey: SettingBody]], into base: EnvironmentName, mode: WriteMode,
        in project: ProjectState
    ) throws(Problem) -> [Operation] {
        var operations: [Operation] = []
        for (name, settings) in documents.sorted(by: { $0.key < $1.key }) {
            let standing = project.environments[name]
            if standing == nil {
                guard name != base else {
                    _ = try project.environment(name)
                    continue
                }
                operations.append(Operation(.putEnvironment(name, try EnvironmentBody(inherits: [base]))))
            }
            for (key, body) in settings.sorted(by: { $0.key < $1.key }) where standing?.own[key]?.body != body {
                operations.append(Operation(.putSetting(key, name, body)))
            }
            if mode == .replace {
                for setting in standing?.own ?? SettingIndex() where settings[setting.key] == nil {
                    operations.append(Operation(.deleteSetting(setting.key, name)))
                }
            }
        }
        return operations
    }

    /// The resolved document of an environment in a file format.
    package func export(
        _ caller: Caller, _ environment: EnvironmentName, of project: ProjectName, as format: ConfigFormat,
        at moment: Moment
    ) async throws(Problem) -> (bytes: [UInt8], reading: EnvironmentReading) {
        let reading = try await read(caller, environment, of: project, at: moment)
        let contents = reading.environment.contents
        let values = contents.settings.map { setting in
            (key: setting.key, value: (try? JSONValue(parsing: contents.value(of: setting))) ?? .null)
        }
        return (try format.write(values), reading)
    }
}

extension Viewpoint {
    /// Whether the subject may write each of the keys, those too that already are what they are to be: who may not must not learn that
    /// they are.
    func requireWriting(_ keys: some Sequence<ConfigKey>, in environment: EnvironmentName) throws(Problem) {
        let scope = self.keys(.write, in: environment)
        guard !scope.isAll else { return }
        for key in keys where !scope.permits(key, in: project) {
            try requireEnvironment(environment)
            throw forbidden(.write, .setting, in: environment, key: key)
        }
    }
}
