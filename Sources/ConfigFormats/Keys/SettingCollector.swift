import ConfigPlatformModel

/// Gathers the settings of one document, in the order of the file, and makes their keys fit one another.
struct SettingCollector {
    enum Repetition {
        /// The last of several values counts, with a warning, as readers of formats of independent lines have it.
        case lastCounts
        /// A key may be spelled in several ways, but then has one value.
        case mustAgree
    }

    let source: SourceText
    private let repetition: Repetition
    private let references: ImportOptions.References
    /// What keeps the file from being taken whole; in formats of independent lines such things are notices instead.
    private(set) var faults: [FormatFault] = []
    private(set) var notices = Notices()
    private var entries: [Entry?] = []
    private var indexes: [ConfigKey: Int] = [:]
    private var count = 0

    private struct Entry {
        var key: ConfigKey
        var value: JSONValue
        var hasLiveReferences: Bool
        var offset: Int
    }

    init(_ source: SourceText, _ repetition: Repetition, references: ImportOptions.References = .literal) {
        self.source = source
        self.repetition = repetition
        self.references = references
    }

    mutating func note(_ severity: ImportNotice.Severity, at offset: Int, _ message: @autoclosure () -> String) {
        notices.append(severity, source.notice(severity, at: offset, message()))
    }

    mutating func refuse(at offset: Int, _ message: String) {
        if repetition == .lastCounts {
            note(.error, at: offset, message + " It was not imported.")
        } else if faults.count < FormatLimits.noticesMax {
            faults.append(FormatFault(at: offset, message))
        }
    }

    /// A setting whose name begins at `offset`. Strings that hold references are read as the options say.
    mutating func add(_ segments: [String], _ value: JSONValue, at offset: Int) {
        guard references == .live, ReferenceText.mayOccur(in: value) else {
            add(segments, value, hasLiveReferences: false, at: offset)
            return
        }
        do throws(ReferenceText.Malformed) {
            let (text, isLive) = try LiveText.read(value)
            add(segments, text, hasLiveReferences: isLive, at: offset)
        } catch {
            refuse(at: offset, error.message)
        }
    }

    mutating func add(_ segments: [String], _ value: JSONValue, hasLiveReferences: Bool, at offset: Int) {
        let key: ConfigKey
        do throws(InvalidIdentifier) {
            key = try ConfigKey(segments: segments)
        } catch {
            refuse(at: offset, error.message)
            return
        }
        if let excess = Self.excess(of: value) {
            refuse(at: offset, "The value of '\(key)' \(excess).")
            return
        }
        let entry = Entry(key: key, value: value, hasLiveReferences: hasLiveReferences, offset: offset)
        guard let index = indexes[key], let earlier = entries[index] else {
            append(entry)
            return
        }
        let line = source.position(earlier.offset).line
        switch repetition {
        case .lastCounts:
            note(.warning, at: offset, "'\(key)' stands on line \(line) already; this later value counts.")
            entries[index] = nil
            count -= 1
            append(entry)
        case .mustAgree where earlier.value == value:
            note(
                .information, at: offset,
                "'\(key)' stands on line \(line) already, spelled otherwise, with the same value.")
        case .mustAgree:
            refuse(
                at: offset,
                "'\(key)' stands on line \(line) already, with another value; a key spelled with dots and one spelled by nesting "
                    + "are the same. Keep one of the two.")
        }
    }

    private mutating func append(_ entry: Entry) {
        count += 1
        guard count <= Limits.settingsPerEnvironment else {
            if count == Limits.settingsPerEnvironment + 1 {
                refuse(
                    at: entry.offset,
                    "The file has more than \(Limits.settingsPerEnvironment) settings, the most of an environment; divide it."
                )
            }
            return
        }
        indexes[entry.key] = entries.count
        entries.append(entry)
    }

    private static func excess(of value: JSONValue) -> String? {
        switch value {
        case .null, .bool, .number:
            return nil
        case .string(let text) where text.utf8.count < Limits.valueBytes / 6 - 2:
            return nil
        default:
            guard value.depth <= Limits.valueDepth else { return "is nested deeper than \(Limits.valueDepth) levels" }
            let bytes = value.canonicalBytes().count
            guard bytes > Limits.valueBytes else { return nil }
            return "has \(bytes) bytes; a value has at most \(Limits.valueBytes)"
        }
    }

    /// The settings, once all are in. Where a key is a strict prefix of a longer one, the rest of the longer one, from the segment
    /// on that the shorter one ends with, becomes one segment with dots: beside `level.org`, `level.org.hibernate` becomes
    /// `level."org.hibernate"`.
    mutating func finish() -> [ImportedSetting] {
        dropContainersThatAreFilled()
        var settings: [ImportedSetting] = []
        settings.reserveCapacity(count)
        for entry in entries {
            guard let entry, let key = unclashing(entry.key, at: entry.offset) else { continue }
            let position = source.position(entry.offset)
            settings.append(
                ImportedSetting(
                    key: key, value: entry.value, hasLiveReferences: entry.hasLiveReferences, line: position.line,
                    column: position.column))
        }
        return settings
    }

    /// The key under which `finish` returns a setting added with these segments; nil where there is none.
    func finishedKey(of segments: [String]) -> ConfigKey? {
        guard let key = try? ConfigKey(segments: segments), indexes[key] != nil else { return nil }
        return try? Self.unclashing(key, { indexes[$0] != nil })
    }

    /// An empty object says that a key holds settings; where it does there is no more to say.
    private mutating func dropContainersThatAreFilled() {
        let empty = entries.contains { $0?.value.objectValue?.isEmpty == true }
        guard empty else { return }
        for case let entry? in entries {
            for prefix in entry.key.strictPrefixes {
                if let index = indexes[prefix], entries[index]?.value.objectValue?.isEmpty == true {
                    entries[index] = nil
                    indexes[prefix] = nil
                }
            }
        }
    }

    private mutating func unclashing(_ key: ConfigKey, at offset: Int) -> ConfigKey? {
        do throws(InvalidIdentifier) {
            let result = try Self.unclashing(key, { indexes[$0] != nil })
            guard result != key, let index = indexes[result], let other = entries[index] else { return result }
            let line = source.position(other.offset).line
            refuse(at: offset, "'\(result)' is spelled otherwise on line \(line) too; keep one of the two.")
            return nil
        } catch {
            refuse(at: offset, error.message)
            return nil
        }
    }

    private static func unclashing(_ key: ConfigKey, _ isSetting: (ConfigKey) -> Bool) throws(InvalidIdentifier)
        -> ConfigKey
    {
        guard let shorter = key.strictPrefixes.first(where: isSetting) else { return key }
        let segments = key.segments
        let shared = shorter.segments.count - 1
        return try ConfigKey(segments: segments[..<shared] + [DottedName.name(of: segments[shared...])])
    }
}
