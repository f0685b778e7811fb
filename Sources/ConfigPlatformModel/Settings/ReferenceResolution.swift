/// What a live value means to the environment that reads it. Each value is worked out once.
///
/// Whether a document is sound never depends on the order in which its values are asked for: every limit is one of a value's own.
struct ReferenceResolution {
    private let settings: SettingIndex
    private var known: [ConfigKey: Result<Resolved, Fault>] = [:]
    private var path: [ConfigKey] = []
    private var documentBytes = 0

    init(_ settings: SettingIndex) {
        self.settings = settings
    }

    /// A value with its references replaced.
    struct Resolved {
        let value: JSONValue
        /// The value in canonical JSON.
        let bytes: [UInt8]
        /// The longest run of references followed from one value to the next; 0 where there is none.
        let depth: Int
    }

    enum Fault: Error, Hashable {
        /// The keys of the cycle, beginning and ending with the same.
        case cycle([ConfigKey])
        case missing(ConfigKey)
        /// An object or a list within a longer text.
        case notText(ConfigKey)
        case tooLarge
        /// Too many references, one after another.
        case tooDeep
        case nestedTooDeep

        /// - Parameter settings: those of the environment, for what stands where a reference leads to nothing.
        func message(for key: ConfigKey, among settings: SettingIndex) -> String {
            switch self {
            case .cycle(let keys):
                "The references of '\(key)' go round in a circle: \(keys.map(\.text).joined(separator: " → "))."
            case .missing(let target):
                "'\(key)' refers to '\(target)', which has no value here\(Self.remedy(for: target, among: settings)), or give a default: "
                    + "${\(target):default}."
            case .notText(let target):
                "'\(key)' puts '\(target)', a list or an object, inside a longer text; refer to it alone."
            case .tooLarge:
                "The value of '\(key)' or of its document is larger than \(Limits.renderedValueBytes) bytes (a value) or "
                    + "\(Limits.renderedDocumentBytes) (a document) once its references are resolved."
            case .tooDeep:
                "The references of '\(key)' follow one another more than \(Limits.referenceDepth) deep."
            case .nestedTooDeep:
                "The value of '\(key)' is nested deeper than \(Limits.valueDepth) levels once its references are resolved."
            }
        }

        /// A key above or below others cannot be set.
        private static func remedy(for target: ConfigKey, among settings: SettingIndex) -> String {
            if let above = target.strictPrefixes.first(where: { settings[$0] != nil }) {
                return ": '\(above)' has one, as a whole. Refer to that, as ${\(above)}"
            }
            if let below = settings.first(notBelow: target), target.isStrictPrefix(of: below.key) {
                return ": settings lie below it, such as '\(below.key)'. Refer to one of them"
            }
            return ". Set it"
        }
    }

    /// The value of a setting, with all references replaced.
    mutating func resolved(_ setting: StoredSetting) throws(Fault) -> Resolved {
        let key = setting.key
        if let result = known[key] { return try result.get() }
        if let start = path.firstIndex(of: key) { throw .cycle(Array(path[start...]) + [key]) }
        guard path.count <= Limits.referenceDepth else { throw .tooDeep }
        guard let raw = setting.body.json else { throw .missing(key) }
        path.append(key)
        let result: Result<Resolved, Fault>
        do throws(Fault) {
            result = .success(
                setting.body.content == .live
                    ? try replaced(in: raw) : Resolved(value: raw, bytes: setting.body.value, depth: 0))
        } catch {
            result = .failure(error)
        }
        path.removeLast()
        known[key] = result
        return try result.get()
    }

    private mutating func replaced(in raw: JSONValue) throws(Fault) -> Resolved {
        var use = Use()
        let value = try rendered(raw, &use)
        guard value.depth <= Limits.valueDepth else { throw .nestedTooDeep }
        let bytes = value.canonicalBytes()
        try charge(bytes.count - use.bytes, to: &use)
        return Resolved(value: value, bytes: bytes, depth: use.depth)
    }

    /// What one value takes.
    private struct Use {
        /// Never more than the canonical bytes of the result: charged as they come, so that a huge one is not built first.
        var bytes = 0
        var depth = 0
    }

    private mutating func charge(_ bytes: Int, to use: inout Use) throws(Fault) {
        use.bytes += bytes
        documentBytes += bytes
        guard use.bytes <= Limits.renderedValueBytes, documentBytes <= Limits.renderedDocumentBytes else {
            throw .tooLarge
        }
    }

    private mutating func rendered(_ value: JSONValue, _ use: inout Use) throws(Fault) -> JSONValue {
        switch value {
        case .string(let text):
            guard ReferenceText.mayOccur(in: text), let parts = try? ReferenceText.parse(text) else {
                try charge(text.utf8.count, to: &use)
                return .string(text)
            }
            return try rendered(parts, &use)
        case .array(let values):
            var result: [JSONValue] = []
            for value in values { result.append(try rendered(value, &use)) }
            return .array(result)
        case .object(let members):
            var result = members
            for member in members { result[member.name] = try rendered(member.value, &use) }
            return .object(result)
        default:
            return value
        }
    }

    /// The one reference that a whole text is, or the one that its whole default is, keeps the type of what it refers to.
    private mutating func rendered(_ parts: [ReferenceText.Part], _ use: inout Use) throws(Fault) -> JSONValue {
        guard parts.count == 1, case .reference(let key, let fallback) = parts[0] else {
            return .string(try joined(parts, &use))
        }
        guard let setting = settings[key] else {
            guard let fallback else { throw .missing(key) }
            return try rendered(fallback, &use)
        }
        let target = try followed(setting, &use)
        try charge(target.bytes.count, to: &use)
        return target.value
    }

    private mutating func joined(_ parts: [ReferenceText.Part], _ use: inout Use) throws(Fault) -> String {
        var result = ""
        for part in parts {
            switch part {
            case .text(let text):
                try charge(text.utf8.count, to: &use)
                result += text
            case .reference(let key, let fallback):
                guard let setting = settings[key] else {
                    guard let fallback else { throw .missing(key) }
                    result += try joined(fallback, &use)
                    continue
                }
                let text: String
                switch try followed(setting, &use).value {
                case .string(let value): text = value
                case .array, .object: throw .notText(key)
                case let value: text = value.canonicalText
                }
                try charge(text.utf8.count, to: &use)
                result += text
            }
        }
        return result
    }

    private mutating func followed(_ setting: StoredSetting, _ use: inout Use) throws(Fault) -> Resolved {
        let target = try resolved(setting)
        use.depth = max(use.depth, target.depth + 1)
        guard use.depth <= Limits.referenceDepth else { throw .tooDeep }
        return target
    }
}
