import ConfigPlatformModel

/// Dotenv files as settings: each name is a key as it is written, dots in it dividing segments, each value a string.
enum DotenvReader {
    static func read(_ source: SourceText, references: ImportOptions.References) -> ImportedFile {
        let isLive = references == .live
        var scanner = DotenvScanner(source, expands: isLive)
        scanner.scan()
        var translation = DotenvTranslation(source, scanner.entries)
        let settings = translation.settings()
        var notices = scanner.notices
        notices.append(translation.notices)
        return ImportedFile(documents: [ImportedDocument(settings: settings)], notices: notices.sorted())
    }
}

/// Turns the references of a dotenv file, which its readers resolve from top to bottom, into references of the platform, which are
/// resolved when they are read, and says where the two differ.
private struct DotenvTranslation {
    private let source: SourceText
    private let entries: [DotenvEntry]
    /// Indexes of the entries of a name, in order.
    private let indexes: [String: [Int]]
    private var keys: SettingCollector
    /// Each may double a value.
    private static let selfReferencesMax = 8
    private(set) var notices = Notices()

    init(_ source: SourceText, _ entries: [DotenvEntry]) {
        self.source = source
        self.entries = entries
        // Names are ASCII, so that equal strings have equal bytes.
        indexes = Dictionary(grouping: entries.indices) { entries[$0].name }
        keys = SettingCollector(source, .lastCounts)
    }

    mutating func settings() -> [ImportedSetting] {
        for name in indexes.keys { keys.add(DottedName.segments(of: name), .null, at: 0) }
        var collector = SettingCollector(source, .lastCounts)
        for (index, entry) in entries.enumerated() {
            let occurrences = indexes[entry.name] ?? []
            if index != occurrences.last { continue }
            if occurrences.count > 1 {
                let line = line(of: entries[occurrences[occurrences.count - 2]])
                note(.warning, entry, "'\(entry.name)' stands on line \(line) already; this last value counts.")
            }
            guard let parts = withoutSelf(entry.value, of: index) else { continue }
            remarkOnOrder(parts, of: index)
            if let (text, isLive) = text(of: parts, entry) {
                collector.add(
                    DottedName.segments(of: entry.name), .string(text), hasLiveReferences: isLive, at: entry.nameOffset)
            }
        }
        let settings = collector.finish()
        notices.append(collector.notices)
        return settings
    }

    /// The value as the platform stores it; nil, with a notice, where it cannot be said there.
    private mutating func text(of parts: [DotenvPart], _ entry: DotenvEntry) -> (String, isLive: Bool)? {
        if let text = DotenvPart.plainText(parts) { return (text, false) }
        guard let text = liveText(parts), (try? ReferenceText.parse(text)) != nil else {
            note(
                .error, entry,
                "The references of '\(entry.name)' cannot be written here: a literal '$' stands directly before one, a name is no key, or "
                    + "they are nested too deeply. It was not imported.")
            return nil
        }
        return (text, true)
    }

    private func liveText(_ parts: [DotenvPart]) -> String? {
        var result = ""
        for part in parts {
            switch part {
            case .text(let text):
                result += ReferenceText.escaped(text)
            case .reference(let name, let fallback, _, _):
                let segments = DottedName.segments(of: name)
                guard result.utf8.last != UInt8(ascii: "$"),
                    let key = keys.finishedKey(of: segments) ?? (try? ConfigKey(segments: segments))
                else { return nil }
                result += "${" + key.text
                if let fallback {
                    guard let text = liveText(fallback) else { return nil }
                    result += ":" + text
                }
                result += "}"
            }
        }
        return result
    }

    /// The parts in which a name no longer refers to itself: an earlier value of the same name takes the place, or the default.
    private mutating func withoutSelf(_ parts: [DotenvPart], of index: Int, depth: Int = 0) -> [DotenvPart]? {
        let entry = entries[index]
        guard DotenvPart.names(in: parts).contains(entry.name) else { return parts }
        var result: [DotenvPart] = []
        for part in parts {
            guard case .reference(let name, let fallback, let isForEmptyToo, let written) = part else {
                result.append(part)
                continue
            }
            if name != entry.name {
                var inner = fallback
                if let fallback {
                    guard let parts = withoutSelf(fallback, of: index, depth: depth) else { return nil }
                    inner = parts
                }
                result.append(.reference(name: name, default: inner, isForEmptyToo: isForEmptyToo, written: written))
            } else if let earlier = indexes[name]?.last(where: { $0 < index }) {
                guard depth < Self.selfReferencesMax else {
                    note(
                        .error, entry,
                        "'\(name)' refers to its earlier values more than \(Self.selfReferencesMax) times over. It was not imported."
                    )
                    return nil
                }
                guard let parts = withoutSelf(entries[earlier].value, of: earlier, depth: depth + 1) else { return nil }
                result += parts
            } else if let fallback {
                note(
                    .warning, entry,
                    "'\(name)' refers to itself: its default was taken, for there is no value from outside here.")
                guard let parts = withoutSelf(fallback, of: index, depth: depth) else { return nil }
                result += parts
            } else {
                note(
                    .error, entry,
                    "'\(name)' refers to itself, for a value from outside that there is none of here; give it a default. It was not "
                        + "imported.")
                return nil
            }
        }
        return result
    }

    private mutating func remarkOnOrder(_ parts: [DotenvPart], of index: Int) {
        for case .reference(let name, let fallback, let isForEmptyToo, _) in parts {
            if let occurrences = indexes[name], let last = occurrences.last, let first = occurrences.first {
                let target = entries[last]
                if first > index {
                    note(
                        .warning, entries[index],
                        "'\(entries[index].name)' refers to '\(name)', which stands below on line \(line(of: target)): its value is taken; "
                            + "readers that go from top to bottom see none.")
                } else if last > index {
                    note(
                        .warning, entries[index],
                        "'\(entries[index].name)' refers to '\(name)', whose last value, that of line \(line(of: target)), is taken; readers "
                            + "that go from top to bottom see an earlier one.")
                } else if isForEmptyToo, target.value.isEmpty {
                    note(
                        .warning, entries[index],
                        "The default of '\(name)' is taken where '\(name)' is missing, not, as some readers do, where it is empty as it "
                            + "is on line \(line(of: target)).")
                }
            }
            remarkOnOrder(fallback ?? [], of: index)
        }
    }

    private func line(of entry: DotenvEntry) -> Int { source.position(entry.nameOffset).line }

    private mutating func note(_ severity: ImportNotice.Severity, _ entry: DotenvEntry, _ message: String) {
        notices.append(severity, source.notice(severity, at: entry.nameOffset, message))
    }
}
