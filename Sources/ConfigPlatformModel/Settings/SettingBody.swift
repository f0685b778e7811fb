/// The body of a setting as an environment itself has it.
///
/// In canonical JSON one of `{"value":V}`, `{"references":"live","value":V}`, `{"references":"literal","value":V}` and
/// `{"unset":true}`. `references` stands only where the value has a `${` that it could matter for.
package struct SettingBody: Hashable, Sendable {
    package enum Content: UInt8, Sendable {
        /// Masks the key here and below.
        case unset
        /// Holds no `${`.
        case plain
        /// Its `${` stand for references.
        case live
        /// Its `${` stand for themselves.
        case literal
    }

    package let content: Content
    /// The value in canonical JSON; empty where it is unset.
    package let value: [UInt8]

    package static let unset = SettingBody(content: .unset, value: [])

    /// A body of this value. Throws ``Problem/Code/invalidChange`` where the value is larger or deeper than the limits, or where its
    /// references are live and cannot be read.
    package init(_ value: JSONValue, references: References) throws(Problem) {
        let bytes = value.canonicalBytes()
        guard bytes.count <= Limits.valueBytes else {
            throw Problem(
                .invalidChange, "The value has \(bytes.count) bytes; a value has at most \(Limits.valueBytes).")
        }
        guard value.depth <= Limits.valueDepth else {
            throw Problem(.invalidChange, "The value is nested deeper than \(Limits.valueDepth) levels.")
        }
        self.value = bytes
        guard ReferenceText.mayOccur(in: value) else {
            content = .plain
            return
        }
        content = references == .live ? .live : .literal
        guard references == .live else { return }
        do throws(ReferenceText.Malformed) {
            try ReferenceText.check(value)
        } catch {
            throw Problem(.invalidChange, error.message)
        }
    }

    /// Reads a stored body.
    init(stored bytes: [UInt8]) throws {
        if bytes.starts(with: Self.plainPrefix), bytes.last == UInt8(ascii: "}") {
            self.init(content: .plain, value: Array(bytes[Self.plainPrefix.count..<bytes.count - 1]))
            return
        }
        let json = try JSONValue(parsing: bytes, limits: .trusted)
        if json["unset"]?.boolValue == true {
            self = .unset
            return
        }
        guard let value = json["value"] else { throw UnreadableRecord("a setting without a value") }
        switch json["references"]?.stringValue {
        case "live": self.init(content: .live, value: value.canonicalBytes())
        case "literal": self.init(content: .literal, value: value.canonicalBytes())
        default: throw UnreadableRecord("a setting whose references are neither live nor literal")
        }
    }

    package enum References: String, CaseIterable, Sendable {
        case live, literal
    }

    package var references: References { content == .literal ? .literal : .live }

    package var json: JSONValue? { content == .unset ? nil : try? JSONValue(parsing: value, limits: .trusted) }

    /// The body in canonical JSON.
    package var bytes: [UInt8] {
        switch content {
        case .unset: Self.unsetBytes
        case .plain: enclosed(after: Self.plainPrefix)
        case .live: enclosed(after: Self.livePrefix)
        case .literal: enclosed(after: Self.literalPrefix)
        }
    }

    /// How many there are of ``bytes``, without making them.
    var byteCount: Int {
        switch content {
        case .unset: Self.unsetBytes.count
        case .plain: Self.plainPrefix.count + value.count + 1
        case .live: Self.livePrefix.count + value.count + 1
        case .literal: Self.literalPrefix.count + value.count + 1
        }
    }

    private func enclosed(after prefix: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(prefix.count + value.count + 1)
        bytes.append(contentsOf: prefix)
        bytes.append(contentsOf: value)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    init(content: Content, value: [UInt8]) {
        self.content = content
        self.value = value
    }

    private static let unsetBytes = Array("{\"unset\":true}".utf8)
    private static let plainPrefix = Array("{\"value\":".utf8)
    private static let livePrefix = Array("{\"references\":\"live\",\"value\":".utf8)
    private static let literalPrefix = Array("{\"references\":\"literal\",\"value\":".utf8)
}

/// One environment's own setting, with where and when it was written. Immutable, and shared by every document in which it shows.
package final class StoredSetting: Sendable {
    package let key: ConfigKey
    package let environment: EnvironmentName
    /// The revision that last wrote it.
    package let revision: Revision
    package let body: SettingBody

    init(key: ConfigKey, environment: EnvironmentName, revision: Revision, body: SettingBody) {
        self.key = key
        self.environment = environment
        self.revision = revision
        self.body = body
    }
}

extension JSONValue {
    /// Arrays and objects inside one another; 0 for what is neither.
    package var depth: Int {
        switch self {
        case .array(let values): 1 + (values.lazy.map(\.depth).max() ?? 0)
        case .object(let members): 1 + (members.lazy.map(\.value.depth).max() ?? 0)
        default: 0
        }
    }
}
