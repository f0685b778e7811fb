import CLibPQ

/// A connection URL that libpq understands: `postgres://user:password@host:5432,host2/database?target_session_attrs=read-write`.
///
/// It holds the password, so nothing prints it: its description is ``label``.
struct PostgreSQLURL: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    static let bytesMax = 4096
    private static let schemes = ["postgres://", "postgresql://"]

    /// Why a text is no usable URL, in words that repeat nothing of it that could be secret.
    struct Invalid: Error, Equatable, CustomStringConvertible {
        let reason: String
        var description: String { reason }
    }

    /// The servers and the database, as `db1:5432,db2:5432/cfg`; without user, password or parameters.
    let label: String
    /// How many hosts a connection attempt may have to try.
    let hostCount: Int
    /// `connect_timeout` when the URL gives a positive one.
    let connectTimeoutSeconds: Int?
    private let text: String
    private let secrets: [String]

    init(parsing text: String) throws(Invalid) {
        guard Self.schemes.contains(where: { text.hasPrefix($0) }) else {
            throw Invalid(reason: "the database URL must begin with postgres:// or postgresql://")
        }
        guard text.utf8.count <= Self.bytesMax, !text.utf8.contains(0) else {
            throw Invalid(reason: "the database URL is longer than \(Self.bytesMax) bytes or contains a zero byte")
        }
        var complaint: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(text, &complaint) else {
            let words = complaint.map { String(cString: $0) } ?? "out of memory"
            PQfreemem(complaint)
            throw Invalid(reason: Self.reason(for: words, in: text))
        }
        defer { PQconninfoFree(options) }
        let values = Self.values(of: options)

        self.text = text
        secrets = ["password", "sslpassword"].compactMap { values[$0] }.filter { !$0.isEmpty }
        connectTimeoutSeconds = values["connect_timeout"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        let hosts = (values["host"] ?? values["hostaddr"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
        let ports = (values["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
        hostCount = hosts.count
        let servers = hosts.enumerated().map { index, host in
            let port = ports.count == 1 ? ports[0] : (index < ports.count ? ports[index] : "")
            let name = host.contains(":") ? "[\(host)]" : String(host)
            return port.isEmpty ? name : "\(name):\(port)"
        }
        label = servers.joined(separator: ",") + "/" + (values["dbname"] ?? "")
    }

    var description: String { label }
    var debugDescription: String { label }
    var customMirror: Mirror { Mirror(self, children: ["label": label]) }

    /// The text itself, password included, for libpq alone.
    func withSecretText<R>(_ body: (String) -> R) -> R { body(text) }

    /// `message` without the passwords of this URL. libpq does not quote them; this holds it to that.
    func redacting(_ message: String) -> String {
        secrets.reduce(message) { text, secret in Self.replacing(secret, in: text) }
    }

    private static func values(of options: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return values
    }

    /// libpq quotes the part of the URL it stumbled over, which may be the password; only the words around the quotation are kept.
    private static func reason(for complaint: String, in text: String) -> String {
        if let name = unknownParameter(in: text) {
            return "the database URL has an unknown parameter \"\(name)\""
        }
        var words = complaint
        if let first = words.firstIndex(of: "\""), let last = words.lastIndex(of: "\"") {
            words.replaceSubrange(first...last, with: "…")
        }
        words = words.split(whereSeparator: \.isNewline).joined(separator: " ")
        return "the database URL is malformed: \(words) (a password's special characters are written as %XX)"
    }

    /// The first parameter name libpq does not know, provided it stands where no password can.
    private static func unknownParameter(in text: String) -> String? {
        var rest = text[text.firstRange(of: "://")!.upperBound...]
        if let end = rest.firstIndex(where: { $0 == "@" || $0 == "/" }), rest[end] == "@" {
            rest = rest[rest.index(after: end)...]
        }
        guard !rest.contains("@"), let query = rest.firstIndex(of: "?") else { return nil }
        guard let defaults = PQconndefaults() else { return nil }
        defer { PQconninfoFree(defaults) }
        var known: Set<String> = ["ssl"]
        var option = defaults
        while let keyword = option.pointee.keyword {
            known.insert(String(cString: keyword))
            option += 1
        }
        for parameter in rest[rest.index(after: query)...].split(separator: "&") {
            let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !known.contains(String(parts[0])) else { continue }
            let isPlain = parts[0].utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            }
            return isPlain && !parts[0].isEmpty ? String(parts[0]) : nil
        }
        return nil
    }

    private static func replacing(_ secret: String, in text: String) -> String {
        let needle = Array(secret.utf8)
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index...].starts(with: needle) {
                output.append(contentsOf: "[redacted]".utf8)
                index += needle.count
            } else {
                output.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
