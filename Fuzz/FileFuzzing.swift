import ConfigFormats
import ConfigPlatformModel

/// A reader, and every writer with what it has read.
func fuzzFile(_ bytes: [UInt8], _ format: ConfigFormat) {
    for references in [ImportOptions.References.literal, .live] {
        guard let file = read(bytes, format, references) else { continue }
        for document in file.documents {
            for setting in document.settings {
                require((setting.line ?? 0) >= 1 && (setting.column ?? 0) >= 1, "place of \(setting)")
            }
            // In files of documents for profiles these say which, and are no settings.
            let settings = document.settings.filter { $0.key.segments.first != "spring" }
            for other in ConfigFormat.allCases { rewrite(settings, as: other, references) }
        }
    }
}

private func read(
    _ bytes: [UInt8], _ format: ConfigFormat, _ references: ImportOptions.References
) -> ImportedFile? {
    do throws(Problem) {
        return try format.read(bytes, options: ImportOptions(references: references))
    } catch {
        require(!error.violations.isEmpty && error.violations.count <= 100, "no place: \(error)")
        // CR, LF, CR LF, and what Unicode and YAML have besides.
        let lines =
            1
            + String(decoding: bytes, as: UTF8.self).unicodeScalars.count {
                ["\r", "\n", "\u{85}", "\u{2028}", "\u{2029}", "\u{B}", "\u{C}"].contains($0)
            }
        for violation in error.violations {
            require((1...lines).contains(violation.line ?? 0) && (violation.column ?? 0) >= 1, "place: \(error)")
        }
        return nil
    }
}

/// What is written reads back to the same values, in the formats without types as the same texts; and is then written in
/// the same way.
private func rewrite(
    _ settings: [ImportedSetting], as format: ConfigFormat, _ references: ImportOptions.References
) {
    let isLive = references == .live
    let live = Set(settings.filter(\.hasLiveReferences).map(\.key))
    let options = ExportOptions(references: isLive ? .kept(live: live) : .resolved, dotenvNames: .asWritten)
    let sorted = settings.sorted { $0.key < $1.key }
    guard let written = try? format.write(sorted.map { ($0.key, $0.value) }, options: options) else { return }
    let text = String(decoding: written, as: UTF8.self)
    guard let file = read(written, format, references), file.documents.count == 1 else {
        fatalError("\(format) cannot read what was written:\n\(text)")
    }
    // There a reference is spelled anew, and one to the setting itself is none.
    if isLive, format == .dotenv { return }
    let again = file.documents[0].settings.sorted { $0.key < $1.key }
    let isTyped = format != .dotenv && format != .properties
    // In some formats a segment with a dot in it, or an index, is spelled as several are.
    let areNamesPlain = sorted.allSatisfy {
        $0.key.segments.allSatisfy { !$0.utf8.contains { ".[]".utf8.contains($0) } }
    }
    if format == .json || areNamesPlain {
        require(again.map(\.key) == sorted.map(\.key), "\(format), names: \(sorted) became \(again) by way of\n\(text)")
        for (old, new) in zip(sorted, again) {
            let isSame =
                isTyped ? new.value == old.value : isLive && old.value.stringValue == nil || shows(new.value, old.value)
            require(isSame, "\(format), value: \(old) became \(new) by way of\n\(text)")
            if isTyped {
                require(new.hasLiveReferences == old.hasLiveReferences || !isLive, "\(format), live: \(old), \(new)")
            }
        }
    }
    require(again.count == sorted.count, "\(format), number: \(sorted) became \(again) by way of\n\(text)")
    if isTyped, areNamesPlain {
        let twice = try? format.write(again.map { ($0.key, $0.value) }, options: options)
        require(twice == written, "\(format), written again: \(text)")
    }
}

/// Whether a format without types shows the value so: numbers plain, all else but texts as JSON.
private func shows(_ text: JSONValue, _ value: JSONValue) -> Bool {
    guard let shown = text.stringValue else { return false }
    return switch value {
    case .string: text == value
    case .number(let number): (try? JSONNumber(parsing: shown)) == number
    default: shown.hasSameBytes(as: value.canonicalText)
    }
}
