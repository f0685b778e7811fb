import ConfigFormats
import ConfigPlatformModel
import HTTPTypes

/// Which of several media types an `Accept` header prefers (RFC 9110, 12.5.1).
struct AcceptList: Sendable {
    private let ranges: [(type: String, subtype: String, quality: Double)]

    private static let rangesMax = 64

    /// What cannot be read accepts nothing.
    init(parsing text: String) {
        ranges = text.split(separator: ",").prefix(Self.rangesMax).compactMap { item in
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            let name = (parts.first ?? "").split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard name.count == 2 else { return nil }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            return (name[0], name[1], quality)
        }
    }

    /// 0 where it is not accepted; the most specific range decides.
    func quality(of mediaType: String) -> Double {
        let name = mediaType.prefix { $0 != ";" }.split(separator: "/").map(String.init)
        guard name.count == 2 else { return 0 }
        let exact = ranges.first { $0.type == name[0] && $0.subtype == name[1] }
        let family = ranges.first { $0.type == name[0] && $0.subtype == "*" }
        let any = ranges.first { $0.type == "*" && $0.subtype == "*" }
        return (exact ?? family ?? any)?.quality ?? 0
    }
}

extension IncomingRequest {
    /// The file format that `?format=` or `Accept` asks for: JSON where neither says anything.
    func format() throws(Problem) -> ConfigFormat {
        if let format = try query.choice("format", of: ConfigFormat.self) { return format }
        guard let accept = fields[.accept] else { return .json }
        let list = AcceptList(parsing: accept)
        var best: (format: ConfigFormat, quality: Double)?
        for format in ConfigFormat.allCases {
            let quality = format.mediaTypes.map(list.quality).max() ?? 0
            if quality > best?.quality ?? 0 { best = (format, quality) }
        }
        guard let best else {
            throw Problem(
                .notAcceptable,
                "None of the media types in Accept can be had. There are: "
                    + ConfigFormat.allCases.map { $0.mediaTypes[0] }.joined(separator: ", ")
                    + "; or name one with ?format=.")
        }
        return best.format
    }
}
