import ConfigFormats
import ConfigPlatformModel

/// A settings file as the nested documents that programs read, with the places of its settings.
struct ValidatedFile {
    struct Document {
        let value: JSONValue
        private let places: [(path: [String], line: Int, column: Int?)]

        fileprivate init(_ settings: [ImportedSetting]) {
            var value = JSONValue.object([:])
            for setting in settings { value.put(setting.value, at: setting.key.segments[...]) }
            self.value = value
            places = settings.compactMap { setting in
                setting.line.map { (setting.key.segments, $0, setting.column) }
            }
        }

        /// Where the setting stands that the pointer leads to or into; for what lies above settings, where the first of them does.
        func place(of pointer: JSONPointer) -> (line: Int, column: Int?)? {
            let tokens = pointer.tokens
            let own = places.first { tokens.starts(with: $0.path) }
            let below = places.first { $0.path.starts(with: tokens) }
            return (own ?? below).map { ($0.line, $0.column) }
        }
    }

    let documents: [Document]

    /// Throws ``Problem`` with the places of what cannot be read.
    init(reading bytes: [UInt8], as format: ConfigFormat) throws(Problem) {
        documents = try format.read(bytes).documents.map { Document($0.settings) }
    }
}

extension JSONValue {
    /// Puts a value at a path of member names; keys of a document are no strict prefixes of one another.
    fileprivate mutating func put(_ value: JSONValue, at path: ArraySlice<String>) {
        guard let name = path.first else {
            self = value
            return
        }
        guard case .object(var members) = self else { return }
        var member = members[name] ?? .object([:])
        member.put(value, at: path.dropFirst())
        members[name] = member
        self = .object(members)
    }
}
