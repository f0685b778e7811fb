/// A file format in which settings come and go.
package enum ConfigFormat: String, CaseIterable, Hashable, Sendable {
    case json, yaml, toml, dotenv, properties

    /// The format that a file's name announces: by its extension, or by a name of the dotenv family (`.env`, `demo.env`,
    /// `.env.production`, `dotenv`). Folders before the name and the case of letters do not matter.
    package init?(fileName: String) {
        let name = fileName.split(separator: "/", omittingEmptySubsequences: false).last.map { $0.lowercased() } ?? ""
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count > 1, let last = parts.last, let format = Self.extensions[String(last)] {
            self = format
        } else if name == "dotenv" || name.hasPrefix(".env.") {
            self = .dotenv
        } else {
            return nil
        }
    }

    /// The format of a media type, whose parameters and case do not matter.
    package init?(mediaType: String) {
        let bare = mediaType.split(separator: ";").first.map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
        guard let bare, let format = Self.allCases.first(where: { $0.mediaTypes.contains(bare) }) else { return nil }
        self = format
    }

    /// What the format is called on the wire; the first is what is sent.
    package var mediaTypes: [String] {
        switch self {
        case .json: ["application/json", "text/json"]
        case .yaml: ["application/yaml", "text/yaml", "application/x-yaml", "text/x-yaml"]  // RFC 9512
        case .toml: ["application/toml", "text/toml", "text/x-toml"]
        case .dotenv: ["text/x-dotenv", "application/x-dotenv"]
        case .properties: ["text/x-java-properties", "text/x-properties"]
        }
    }

    /// As it is called in sentences.
    package var title: String {
        switch self {
        case .json: "JSON"
        case .yaml: "YAML"
        case .toml: "TOML"
        case .dotenv: "dotenv"
        case .properties: "Java properties"
        }
    }

    private static let extensions: [String: ConfigFormat] = [
        "json": .json, "yaml": .yaml, "yml": .yaml, "toml": .toml, "env": .dotenv, "properties": .properties,
    ]
}
