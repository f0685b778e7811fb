package import ConfigPlatformModel

/// What the platform answered: typed for whoever shows it, and as it came for whoever passes it on.
package struct Answer<Value: Sendable>: Sendable {
    package let value: Value
    package let json: JSONValue
    package let head: ResponseHead
}

/// A part of an answer that can be read from JSON. Members it does not know are left, so that a newer server can be
/// read.
package protocol WireReadable: Sendable {
    init(_ wire: WireReader) throws(ConfigPlatformError)
}

/// Members of an object in an answer, by name; what is missing or of another type is an error that names it.
package struct WireReader {
    package let json: JSONValue

    package init(_ json: JSONValue) { self.json = json }

    package func string(_ name: String) throws(ConfigPlatformError) -> String {
        guard let value = json[name]?.stringValue else { throw missing(name, "a string") }
        return value
    }

    package func optionalString(_ name: String) -> String? { json[name]?.stringValue }

    package func int(_ name: String) throws(ConfigPlatformError) -> Int64 {
        guard let value = json[name]?.int64Value else { throw missing(name, "a whole number") }
        return value
    }

    package func optionalInt(_ name: String) -> Int64? { json[name]?.int64Value }

    package func bool(_ name: String, default fallback: Bool) -> Bool { json[name]?.boolValue ?? fallback }

    /// None where the member is missing.
    package func strings(_ name: String) -> [String] { (json[name]?.arrayValue ?? []).compactMap(\.stringValue) }

    package func one<Value: WireReadable>(_ name: String) throws(ConfigPlatformError) -> Value {
        guard let value = json[name] else { throw missing(name, "an object") }
        return try Value(WireReader(value))
    }

    package func many<Value: WireReadable>(_ name: String) throws(ConfigPlatformError) -> [Value] {
        guard let array = json[name]?.arrayValue else { throw missing(name, "an array") }
        var values: [Value] = []
        for element in array { values.append(try Value(WireReader(element))) }
        return values
    }

    private func missing(_ name: String, _ kind: String) -> ConfigPlatformError {
        ConfigPlatformError(
            .invalidResponse,
            "The server's answer has no '\(name)' that is \(kind). Are the program and the server of versions that fit together?"
        )
    }
}

/// One page of a list.
package struct Page<Item: Sendable>: Sendable {
    package let items: [Item]
    /// What to ask for the next page with; nil for the last.
    package let next: String?
}

extension Page where Item: WireReadable {
    init(_ wire: WireReader, _ name: String) throws(ConfigPlatformError) {
        items = try wire.many(name)
        let next = wire.json["next"]
        self.next = next?.stringValue ?? next?.int64Value.map { String($0) }
    }
}
