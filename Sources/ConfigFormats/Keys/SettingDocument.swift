import ConfigPlatformModel

/// Settings on their way into a file: in the order of their keys, each key once, none a strict prefix of another.
struct SettingDocument {
    private(set) var settings: [(key: ConfigKey, value: JSONValue)]

    init(_ settings: some Sequence<(key: ConfigKey, value: JSONValue)>) throws(Problem) {
        self.settings = settings.sorted { $0.key < $1.key }
        for (left, right) in zip(self.settings, self.settings.dropFirst()) {
            if left.key == right.key {
                throw Self.unwritable([Violation("'\(left.key)' is given twice.", key: left.key.text)], nil)
            }
            if left.key.isStrictPrefix(of: right.key) {
                throw Self.unwritable(
                    [
                        Violation(
                            "'\(left.key)' has a value and so cannot hold '\(right.key)' too.", key: right.key.text)
                    ], nil)
            }
        }
    }

    /// For the formats that write references as they are stored: values without live ones have every `${` written so that it is none.
    func escapingLiterals(_ references: ExportOptions.References) -> SettingDocument {
        guard case .kept(let live) = references else { return self }
        var result = self
        for index in settings.indices where !live.contains(settings[index].key) {
            result.settings[index].value = LiveText.escaped(settings[index].value)
        }
        return result
    }

    /// One object, nested by segments.
    func nested() -> JSONObject {
        let paths = settings.map { (segments: $0.key.segments, value: $0.value) }
        return Self.nested(paths[...], depth: 0)
    }

    /// Values nested by what their paths have from `depth` on, which is at least one segment. The paths are in the order of keys, and none
    /// begins another.
    static func nested(_ paths: ArraySlice<(segments: [String], value: JSONValue)>, depth: Int) -> JSONObject {
        var members: [(String, JSONValue)] = []
        var start = paths.startIndex
        while start < paths.endIndex {
            let name = paths[start].segments[depth]
            if paths[start].segments.count == depth + 1 {
                members.append((name, paths[start].value))
                start += 1
                continue
            }
            // Keys that share a segment stand together.
            let end = paths[start...].firstIndex { !$0.segments[depth].hasSameBytes(as: name) } ?? paths.endIndex
            members.append((name, .object(nested(paths[start..<end], depth: depth + 1))))
            start = end
        }
        return JSONObject(uniqueMembers: members)
    }

    /// Refuses two keys that become one name in the format.
    func requireDistinct(_ names: [String], _ format: ConfigFormat) throws(Problem) {
        var indexes: [JSONValue: Int] = [:]
        var violations: [Violation] = []
        for (index, name) in names.enumerated() {
            if let earlier = indexes.updateValue(index, forKey: .string(name)) {
                violations.append(
                    Violation(
                        "'\(settings[earlier].key)' and '\(settings[index].key)' would both be written '\(InvalidIdentifier.shown(name))'.",
                        key: settings[index].key.text))
            }
        }
        guard violations.isEmpty else { throw Self.unwritable(violations, format) }
    }

    /// The names of the keys, in order, for readers that divide names at their dots. A segment that such a reader made of the rest of a longer
    /// name is written as it was; any other with dots stands in quotes.
    func dottedNames() -> [String] {
        let keys = Set(settings.map(\.key))
        return settings.map { setting in
            let segments = setting.key.segments
            let above = Array(segments.dropLast())
            let parts = DottedName.parts(of: segments[above.count], below: above) { first in
                (try? ConfigKey(segments: above + [first])).map { keys.contains($0) } ?? false
            }
            return DottedName.name(of: parts.map { above + $0 } ?? segments)
        }
    }

    /// Refuses settings by which a reader would divide the file.
    ///
    /// - Parameter divides: whether a setting, as the format has it, says which profile its document is for.
    func requireNoProfile(_ format: ConfigFormat, _ divides: (ConfigKey, JSONValue) -> Bool) throws(Problem) {
        let violations = settings.filter { divides($0.key, $0.value) }.map { setting in
            Violation("'\(setting.key)' would be read as the profile that the document is for.", key: setting.key.text)
        }
        guard violations.isEmpty else { throw Self.unwritable(violations, format) }
    }

    static func unwritable(_ violations: [Violation], _ format: ConfigFormat?) -> Problem {
        let target = format.map { " as \($0.title)" } ?? ""
        let remedy = format == .json || format == nil ? "" : " Choose another format, such as JSON, or leave it out."
        return Problem(
            .notAcceptable, "The settings cannot be written\(target): \(violations.first?.message ?? "")\(remedy)",
            violations: Array(violations.prefix(FormatLimits.violations)))
    }
}

extension JSONNumber {
    /// The number as people write it: integers of up to 40 digits without an exponent, all else as in canonical JSON.
    var plainText: String {
        let text = canonicalText
        guard isInteger, let mark = text.firstIndex(of: "e"),
            let exponent = Int(text[text.index(after: mark)...].drop { $0 == "+" }),
            exponent < 40
        else { return text }
        let mantissa = text[..<mark].split(separator: ".")
        let fraction = mantissa.count > 1 ? String(mantissa[1]) : ""
        return mantissa[0] + fraction + String(repeating: "0", count: exponent - fraction.count)
    }
}

extension JSONValue {
    /// What a format of mere strings shows: strings as they are, numbers plain, all else in canonical JSON.
    var flatText: String {
        switch self {
        case .string(let text): text
        case .number(let number): number.plainText
        default: canonicalText
        }
    }
}
