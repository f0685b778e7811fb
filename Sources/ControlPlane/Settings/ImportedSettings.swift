import ConfigFormats
import ConfigPlatformModel

/// The settings of an import, by the environment that they go to.
struct TakenSettings {
    private(set) var documents: [EnvironmentName: [ConfigKey: SettingBody]] = [:]
    private(set) var places: [ConfigKey: ImportPlan.Place] = [:]
    private let base: EnvironmentName
    private let references: SettingBody.References?
    private let viewpoint: Viewpoint
    /// By environment the keys at which its programs read objects.
    private var knownObjects: [EnvironmentName: Set<ConfigKey>] = [:]

    init(of request: ImportRequest, _ viewpoint: Viewpoint) {
        base = request.environment
        references = request.references
        self.viewpoint = viewpoint
        if request.mode == .replace, request.holdsSettings { documents[base] = [:] }
    }

    /// Throws ``Problem/Code/unreadableFile`` where the file as a whole cannot be taken.
    mutating func take(_ bytes: [UInt8], as format: ConfigFormat) throws(Problem) -> [ImportNotice] {
        let file = try format.read(
            bytes, options: ImportOptions(references: references.map { $0 == .live ? .live : .literal }))
        for document in file.documents {
            let environment = try environment(of: document)
            if documents[environment] == nil { documents[environment] = [:] }
            let gathered = document.gathering(objects(in: environment), isOfTexts: !format.hasTypes)
            for setting in gathered.settings {
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
        return file.notices
    }

    private func environment(of document: ImportedDocument) throws(Problem) -> EnvironmentName {
        guard let profile = document.profile else { return base }
        let text = "\(base.rawValue)@\(profile)"
        return try ItemText.parsed { () throws(InvalidIdentifier) in try EnvironmentName(parsing: text) }
    }

    /// The keys at which programs of the environment read an object as one value, as far as the caller may know; of an environment that is
    /// to be made, those of the one that it is to inherit from. Should they be others when the change is decided, and the settings of the
    /// file not fit them, it is refused then.
    private mutating func objects(in environment: EnvironmentName) -> Set<ConfigKey> {
        if let known = knownObjects[environment] { return known }
        let resolved = viewpoint.project?.resolved
        var found: Set<ConfigKey> = []
        if let reading = resolved?[environment] ?? resolved?[base] {
            let contents = reading.contents
            let scope = viewpoint.keys(.read, in: reading.name)
            for setting in contents.settings
            where contents.value(of: setting).first == UInt8(ascii: "{")
                && scope.permits(setting.key, in: viewpoint.project)
            {
                found.insert(setting.key)
            }
        }
        knownObjects[environment] = found
        return found
    }
}
