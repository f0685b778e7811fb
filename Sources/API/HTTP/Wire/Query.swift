import ConfigPlatformModel
import ControlPlane

/// The query of a request: each name once, values decoded.
struct Query: Sendable {
    private let items: [(name: String, value: String)]

    private static let itemsMax = 64

    /// That of a request without one.
    init() { items = [] }

    /// - Parameter text: what stands after `?`.
    init(parsing text: Substring) throws(Problem) {
        var items: [(name: String, value: String)] = []
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try PercentEncoding.decode(parts[0], of: "A name in the query", plusIsSpace: true)
            let value = try PercentEncoding.decode(
                parts.count == 2 ? parts[1] : "", of: "'\(InvalidIdentifier.shown(name))' in the query",
                plusIsSpace: true)
            guard !items.contains(where: { $0.name == name }) else {
                throw Self.problem("'\(InvalidIdentifier.shown(name))' stands in the query twice; give it once.", name)
            }
            guard items.count < Self.itemsMax else {
                throw Problem(.invalidRequest, "The query has more than \(Self.itemsMax) parameters.")
            }
            items.append((name, value))
        }
        self.items = items
    }

    /// Refuses a name that is not among the known ones: it is most likely a misspelt one.
    func check(known: [String]) throws(Problem) {
        for item in items where !known.contains(item.name) {
            let remedy = known.isEmpty ? "there are none here" : "there are: \(known.sorted().joined(separator: ", "))"
            throw Self.problem(
                "'\(InvalidIdentifier.shown(item.name))' is not a query parameter of this address; \(remedy).",
                item.name)
        }
    }

    subscript(name: String) -> String? { items.first { $0.name == name }?.value }

    func required(_ name: String) throws(Problem) -> String {
        guard let value = self[name] else { throw Self.problem("The query parameter '\(name)' is needed.", name) }
        return value
    }

    func flag(_ name: String) throws(Problem) -> Bool {
        switch self[name] {
        case nil, "false": false
        case "true": true
        case let other?:
            throw Self.problem("'\(name)' is 'true' or 'false', not '\(InvalidIdentifier.shown(other))'.", name)
        }
    }

    func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ name: String, of type: Choice.Type
    ) throws(Problem) -> Choice? {
        guard let text = self[name] else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Self.problem("'\(name)' is one of \(choices), not '\(InvalidIdentifier.shown(text))'.", name)
        }
        return choice
    }

    func parsed<Value>(
        _ name: String, _ parse: (String) throws(InvalidIdentifier) -> Value
    ) throws(Problem) -> Value? {
        guard let text = self[name] else { return nil }
        do throws(InvalidIdentifier) {
            return try parse(text)
        } catch {
            throw Self.problem("'\(name)' in the query: \(error.message)", name)
        }
    }

    func revision(_ name: String) throws(Problem) -> Revision? {
        try parsed(name) { text throws(InvalidIdentifier) in try Revision(parsing: text) }
    }

    func time(_ name: String) throws(Problem) -> Timestamp? {
        try parsed(name) { text throws(InvalidIdentifier) in try Timestamp(parsing: Self.mended(text)) }
    }

    /// A revision or a time; now where there is none.
    func moment(_ name: String) throws(Problem) -> Moment {
        guard let text = self[name] else { return .now }
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return .revision(try revision(name) ?? .zero)
        }
        do throws(InvalidIdentifier) {
            return .time(try Timestamp(parsing: Self.mended(text)))
        } catch {
            throw Self.problem(
                "'\(name)' in the query: '\(InvalidIdentifier.shown(text))' is neither a revision, such as 42, nor a time (RFC 3339), such "
                    + "as 2026-11-23T06:00:00Z.", name)
        }
    }

    /// Entries of a page.
    func limit() throws(Problem) -> Int {
        guard let text = self["limit"] else { return Limits.pageSizeDefault }
        guard let limit = Int(text), (1...Limits.pageSize).contains(limit) else {
            throw Self.problem("'limit' is a whole number from 1 to \(Limits.pageSize).", "limit")
        }
        return limit
    }

    /// An offset whose `+` was not escaped arrives as a space.
    private static func mended(_ text: String) -> String {
        String(text.map { $0 == " " ? "+" : $0 })
    }

    static func problem(_ message: String, _ name: String) -> Problem {
        Problem(.invalidRequest, message, violations: [Violation(message, keyword: "query", key: name)])
    }
}
