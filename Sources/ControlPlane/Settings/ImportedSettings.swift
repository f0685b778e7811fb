import ConfigFormats
import ConfigPlatformModel

/// A setting of an import, and where it stands.
struct TakenSetting: Sendable {
    let body: SettingBody
    /// Which of the files; from 0.
    let file: Int
    /// From 1.
    let line: Int?
}

/// The settings of an import, by the environment that they go to.
struct TakenSettings {
    private(set) var documents: [EnvironmentName: [ConfigKey: TakenSetting]] = [:]
    private(set) var places: [ConfigKey: ImportPlan.Place] = [:]
    /// What the files taken are called.
    private var files: [String?] = []
    /// Settings that took the place of an earlier one.
    private var repeated = 0
    /// What could not be read of files that are to replace what is there.
    private var unread: [Violation] = []
    private let mode: WriteMode
    private let base: EnvironmentName
    private let references: SettingBody.References?
    private let viewpoint: Viewpoint
    /// By environment the keys at which its programs read objects.
    private var knownObjects: [EnvironmentName: Set<ConfigKey>] = [:]

    /// Notices of settings that stand in several places; further ones are counted.
    private static let repetitionsTold = 1_000

    init(of request: ImportRequest, _ viewpoint: Viewpoint) {
        mode = request.mode
        base = request.environment
        references = request.references
        self.viewpoint = viewpoint
        if request.mode == .replace, request.holdsSettings { documents[base] = [:] }
    }

    /// Throws ``Problem/Code/unreadableFile`` where the file as a whole cannot be taken.
    ///
    /// - Parameter name: what the file is called; nil where it is the only one.
    mutating func take(
        _ bytes: [UInt8], as format: ConfigFormat, named name: String?
    ) throws(Problem) -> [ImportNotice] {
        let file = try format.read(
            bytes, options: ImportOptions(references: references.map { $0 == .live ? .live : .literal }))
        if mode == .replace {
            let place = name.map { "'\(InvalidIdentifier.shown($0))': " } ?? ""
            unread += file.notices.filter { $0.severity == .error }.map { notice in
                Violation(place + notice.message, line: notice.line, column: notice.column)
            }
        }
        files.append(name)
        var notices = file.notices
        for document in file.documents {
            let environment = try environment(of: document)
            if documents[environment] == nil { documents[environment] = [:] }
            let gathered = document.gathering(objects(in: environment), isOfTexts: !format.hasTypes)
            for setting in gathered.settings {
                let taken = TakenSetting(
                    body: try Self.body(of: setting), file: files.count - 1, line: setting.line)
                if let earlier = documents[environment]?[setting.key] {
                    tell(of: setting, after: earlier, in: &notices)
                }
                documents[environment, default: [:]][setting.key] = taken
                if let line = setting.line {
                    places[setting.key] = ImportPlan.Place(line: line, column: setting.column)
                }
            }
        }
        return notices
    }

    private static func body(of setting: ImportedSetting) throws(Problem) -> SettingBody {
        do throws(Problem) {
            return try SettingBody(setting.value, references: setting.hasLiveReferences ? .live : .literal)
        } catch {
            throw Problem(
                .unreadableFile,
                "'\(setting.key)'\(setting.line.map { " on line \($0)" } ?? ""): \(error.detail)",
                violations: [
                    Violation(error.detail, key: setting.key.text, line: setting.line, column: setting.column)
                ])
        }
    }

    private mutating func tell(
        of setting: ImportedSetting, after earlier: TakenSetting, in notices: inout [ImportNotice]
    ) {
        repeated += 1
        guard repeated <= Self.repetitionsTold else { return }
        let line = earlier.line.map { " on line \($0)" } ?? ""
        let isHere = earlier.file == files.count - 1
        let file =
            isHere
            ? nil : files[earlier.file].map { (line.isEmpty ? " in '" : " of '") + InvalidIdentifier.shown($0) + "'" }
        notices.append(
            ImportNotice(
                .warning, "'\(setting.key)' stands\(line)\(file ?? "") already; this later value counts.",
                line: setting.line, column: setting.column))
    }

    /// How many settings stand in several places beyond those that a notice was given of.
    var noticesOfFurther: [ImportNotice] {
        let further = repeated - Self.repetitionsTold
        guard further > 0 else { return [] }
        return [
            ImportNotice(
                .warning, "\(further) further settings stand in several places; of each the last value counts.")
        ]
    }

    /// Throws ``Problem/Code/unreadableFile`` where a replacing import could not read a line: nobody knows which setting that stands for, and
    /// it would be deleted.
    func requireWhole() throws(Problem) {
        guard let first = unread.first else { return }
        let place = first.line.map { "line \($0)" + (first.column.map { ", column \($0)" } ?? "") + ": " } ?? ""
        let count = unread.count == 1 ? "" : " (the first of \(unread.count) places)"
        throw Problem(
            .unreadableFile,
            "An import that replaces deletes what the files lack, and they could not be read whole\(count): \(place)\(first.message) "
                + "Nothing was imported. Mend it, or import with the mode 'merge', which takes the rest.",
            violations: unread)
    }

    /// Throws ``Problem/Code/unreadableFile``, with the place in the file, where the document's profile makes no name of an environment.
    private func environment(of document: ImportedDocument) throws(Problem) -> EnvironmentName {
        guard let profile = document.profile else { return base }
        do throws(InvalidIdentifier) {
            return try EnvironmentName(parsing: "\(base.rawValue)@\(profile)")
        } catch {
            let line = document.profileLine.map { " on line \($0)" } ?? ""
            throw Problem(
                .unreadableFile,
                "The profile '\(InvalidIdentifier.shown(profile))'\(line) has no environment to go to: \(error.message) Nothing was imported.",
                violations: [
                    Violation(error.message, line: document.profileLine, column: document.profileColumn)
                ])
        }
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
