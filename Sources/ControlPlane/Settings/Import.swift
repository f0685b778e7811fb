package import ConfigFormats
package import ConfigPlatformFlags
package import ConfigPlatformModel

/// What a file of an import is: settings in one of their formats, or flags in one of theirs.
package enum ImportFormat: Hashable, Sendable {
    case settings(ConfigFormat)
    case flags(FlagFormat)

    /// The format that a file's name announces.
    package init?(fileName: String) {
        if let format = FlagFormat(fileName: fileName) {
            self = .flags(format)
        } else if let format = ConfigFormat(fileName: fileName) {
            self = .settings(format)
        } else {
            return nil
        }
    }
}

extension ImportFormat: CaseIterable, RawRepresentable {
    package static var allCases: [ImportFormat] {
        ConfigFormat.allCases.map { .settings($0) } + FlagFormat.allCases.map { .flags($0) }
    }

    package init?(rawValue: String) {
        if let format = ConfigFormat(rawValue: rawValue) {
            self = .settings(format)
        } else if let format = FlagFormat(rawValue: rawValue) {
            self = .flags(format)
        } else {
            return nil
        }
    }

    package var rawValue: String {
        switch self {
        case .settings(let format): format.rawValue
        case .flags(let format): format.rawValue
        }
    }
}

/// Files to be taken into an environment, together.
package struct ImportRequest: Sendable {
    package let project: ProjectName
    package let environment: EnvironmentName
    /// At least one. Of what two of them say the later counts.
    package let files: [File]
    package let mode: WriteMode
    /// Nil for the format's own rule: live in dotenv, literal elsewhere.
    package let references: SettingBody.References?
    /// Which environment's rules are taken of a file of flags that has several; nil for the one that is called like ours, or the only one.
    package let fileEnvironment: String?
    package let message: String?

    package struct File: Sendable {
        /// What it is called in notices; nil where it is the only one.
        package let name: String?
        package let format: ImportFormat
        package let bytes: [UInt8]

        package init(name: String? = nil, format: ImportFormat, bytes: [UInt8]) {
            self.name = name
            self.format = format
            self.bytes = bytes
        }
    }

    package init(
        project: ProjectName, environment: EnvironmentName, files: [File], mode: WriteMode,
        references: SettingBody.References? = nil, fileEnvironment: String? = nil, message: String?
    ) {
        self.project = project
        self.environment = environment
        self.files = files
        self.mode = mode
        self.references = references
        self.fileEnvironment = fileEnvironment
        self.message = message
    }

    package init(
        project: ProjectName, environment: EnvironmentName, format: ConfigFormat, bytes: [UInt8], mode: WriteMode,
        references: SettingBody.References?, message: String?
    ) {
        self.init(
            project: project, environment: environment, files: [File(format: .settings(format), bytes: bytes)],
            mode: mode, references: references, message: message)
    }

    var holdsSettings: Bool { files.contains { if case .settings = $0.format { true } else { false } } }
}

/// The write that files come to.
package struct ImportPlan: Sendable {
    package let proposal: Proposal
    /// What there is to say about their lines and items.
    package let notices: [ImportNotice]
    /// How many settings they hold; nil where none is of settings.
    package let settings: Int?
    /// How many flags and segments they hold; nil where none is of flags.
    package let flags: (flags: Int, segments: Int)?
    private let places: [ConfigKey: Place]

    /// From 1.
    struct Place: Sendable {
        let line: Int
        let column: Int?
    }

    init(
        proposal: Proposal, notices: [ImportNotice], settings: Int?, flags: (flags: Int, segments: Int)?,
        places: [ConfigKey: Place]
    ) {
        self.proposal = proposal
        self.notices = notices
        self.settings = settings
        self.flags = flags
        self.places = places
    }

    /// The problem with the place in the file of every key that it concerns; of keys above or below one, where the file has only that.
    package func located(_ problem: Problem) -> Problem {
        func isOfSetting(_ violation: Violation) -> Bool {
            violation.line == nil && violation.key != nil && violation.kind?.isOfFlags != true
        }
        guard problem.violations.contains(where: isOfSetting) else { return problem }
        let violations = problem.violations.map { violation in
            guard isOfSetting(violation), let key = violation.key.flatMap({ try? ConfigKey(parsing: $0) }) else {
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
    /// The write that takes files in, settings and flags alike, and what there is to say about them.
    ///
    /// A document that names a profile goes to the environment `NAME@PROFILE`, which is created where it does not exist, inheriting from
    /// `NAME`. Where programs read an object as the value of a setting, what the files say below its key is that value, whole.
    ///
    /// `replace` deletes what an environment that the files have documents for itself has and they lack: settings where a file of settings
    /// is among them, rules of flags where one of flags is. What the environment itself masks stays masked. Where a line of a file of
    /// settings cannot be read it throws ``Problem/Code/unreadableFile``; merging takes the rest, and notices say why.
    package func importing(
        _ caller: Caller, _ request: ImportRequest
    ) throws(Problem) -> ImportPlan {
        let viewpoint = viewpoint(caller, of: request.project)
        try viewpoint.requireProject()
        try viewpoint.requireEnvironment(request.environment)
        var settings = TakenSettings(of: request, viewpoint)
        var flags: TakenFlags?
        var notices: [ImportNotice] = []
        for file in request.files {
            let isOnly = request.files.count == 1
            var said: [ImportNotice]
            do throws(Problem) {
                switch file.format {
                case .settings(let format):
                    said = try settings.take(file.bytes, as: format, named: isOnly ? nil : file.name)
                case .flags(let format):
                    var taken = flags ?? TakenFlags(of: request, beside: state.projects[request.project], viewpoint)
                    said = try taken.take(file.bytes, as: format)
                    flags = taken
                }
            } catch {
                throw isOnly ? error : error.told(of: file.name)
            }
            if !isOnly { for index in said.indices { said[index].file = file.name } }
            notices += said
        }
        try settings.requireWhole()
        notices += settings.noticesOfFurther
        let documents = settings.documents
        let taken = flags
        let mode = request.mode
        let base = request.environment
        let current = state.projects[request.project]
        for name in documents.keys.sorted()
        where name != base && viewpoint.sees(name) && current?.environments[name] == nil {
            notices.append(
                ImportNotice(
                    .information,
                    "The environment '\(name.rawValue)' did not exist; the import creates it, inheriting from '\(base.rawValue)'."
                ))
        }
        if let taken, let current, viewpoint.permits(.read, .flag), viewpoint.permits(.read, .flagRule, in: base) {
            notices += taken.noticesOfStanding(in: current)
        }
        let now = world.now()
        let formats = request.files.map(\.format.rawValue)
        var source: JSONObject = [
            "operation": "import", "environment": .string(base.rawValue), "mode": .string(mode.rawValue),
        ]
        if formats.count == 1 {
            source["format"] = .string(formats[0])
        } else {
            source["formats"] = .array(formats.map { .string($0) })
        }
        let proposal = Proposal(
            project: request.project, by: caller.author,
            message: request.message ?? "Import \(formats.joined(separator: " and ")) into \(base.rawValue)",
            source: .object(source)
        ) { state throws(Problem) in
            let viewpoint = state.viewpoint(caller.subject, of: request.project, at: now)
            for (name, settings) in documents { try viewpoint.requireWriting(settings.keys, in: name) }
            try taken?.requireWriting(viewpoint)
            let project = try state.project(request.project)
            _ = try project.environment(base)
            return try Self.operations(taking: documents, into: base, mode: mode, in: project)
                + (taken?.operations(in: project) ?? [])
        }
        return ImportPlan(
            proposal: proposal, notices: notices,
            settings: request.holdsSettings ? documents.values.reduce(0) { $0 + $1.count } : nil,
            flags: taken.map { ($0.flags.count, $0.segments.count) }, places: settings.places)
    }

    private static func operations(
        taking documents: [EnvironmentName: [ConfigKey: TakenSetting]], into base: EnvironmentName, mode: WriteMode,
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
            for (key, taken) in settings.sorted(by: { $0.key < $1.key }) where standing?.own[key]?.body != taken.body {
                operations.append(Operation(.putSetting(key, name, taken.body)))
            }
            if mode == .replace {
                // What is masked stays so: programs read what the file says, and an export shows no masks.
                for setting in standing?.own ?? SettingIndex()
                where settings[setting.key] == nil && setting.body.content != .unset {
                    operations.append(Operation(.deleteSetting(setting.key, name)))
                }
            }
        }
        return operations
    }
}

extension Problem {
    fileprivate func told(of file: String?) -> Problem {
        guard let file else { return self }
        return Problem(
            code, "'\(InvalidIdentifier.shown(file))': \(detail)", violations: violations, current: current,
            retryAfterSeconds: retryAfterSeconds)
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
