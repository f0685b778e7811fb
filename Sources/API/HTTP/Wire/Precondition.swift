import ConfigPlatformModel
import HTTPTypes

/// The entity tags of an `If-Match` or `If-None-Match` header (RFC 9110, 13.1).
struct EntityTagList: Sendable {
    private enum Form {
        case any
        case tags([(isWeak: Bool, opaque: Substring)])
    }

    private let form: Form

    init(parsing text: String, of header: String) throws(Problem) {
        var rest = text[...]
        func trim() { rest = rest.drop { $0 == " " || $0 == "\t" } }
        trim()
        if rest.first == "*", rest.dropFirst().allSatisfy({ $0 == " " || $0 == "\t" }) {
            form = .any
            return
        }
        var tags: [(isWeak: Bool, opaque: Substring)] = []
        while !rest.isEmpty {
            let isWeak = rest.hasPrefix("W/")
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") else {
                throw Problem(
                    .invalidRequest,
                    "\(header) is '*' or a list of entity tags in double quotes, as an ETag header carried them.",
                    violations: [Violation("Not an entity tag.", keyword: header)])
            }
            tags.append((isWeak, rest[...end]))
            rest = rest[rest.index(after: end)...]
            trim()
            if rest.first == "," { rest = rest.dropFirst() }
            trim()
        }
        form = .tags(tags)
    }

    var isAny: Bool {
        if case .any = form { true } else { false }
    }

    /// Weak comparison, as `If-None-Match` asks for: `W/` is overlooked.
    func weaklyMatches(_ entityTag: String?) -> Bool { matches(entityTag) { _ in true } }

    /// Strong comparison, as `If-Match` asks for.
    func stronglyMatches(_ entityTag: String?) -> Bool { matches(entityTag) { !$0 } }

    private func matches(_ entityTag: String?, _ counts: (_ isWeak: Bool) -> Bool) -> Bool {
        guard let entityTag else { return false }
        return switch form {
        case .any: true
        case .tags(let tags): tags.contains { counts($0.isWeak) && $0.opaque.utf8.elementsEqual(entityTag.utf8) }
        }
    }
}

/// What `If-Match` and `If-None-Match` ask of an item before it is written. Checked under the writer's lock.
struct Precondition: Sendable {
    private let match: EntityTagList?
    private let noneMatch: EntityTagList?

    init(_ fields: HTTPFields) throws(Problem) {
        match = try fields[.ifMatch].map { text throws(Problem) in try EntityTagList(parsing: text, of: "If-Match") }
        noneMatch = try fields[.ifNoneMatch].map { text throws(Problem) in
            try EntityTagList(parsing: text, of: "If-None-Match")
        }
    }

    /// The ETag of an item that was last written at this revision.
    static func entityTag(_ revision: Revision) -> String { "\"r\(revision.number)\"" }

    /// - Parameters:
    ///   - own: the revision of the item itself; nil where there is none. It is what `*` is about, for a write makes an item of its own: to
    ///   `If-Match` there must be one, to `If-None-Match` none.
    ///   - shown: the revision whose tag a GET of the address carries: of the item, or of the inherited one that shows
    ///   instead.
    func check(own: Revision?, shown: Revision?, _ address: ItemAddress) throws(Problem) {
        let tag = shown.map(Self.entityTag)
        if let match, match.isAny ? own == nil : !match.stronglyMatches(tag) {
            throw failed("If-Match", own: own, shown: shown, address)
        }
        guard let noneMatch else { return }
        if noneMatch.isAny ? own != nil : noneMatch.weaklyMatches(tag) {
            throw failed("If-None-Match", own: own, shown: shown, address)
        }
    }

    func check(_ revision: Revision?, _ address: ItemAddress) throws(Problem) {
        try check(own: revision, shown: revision, address)
    }

    private func failed(_ header: String, own: Revision?, shown: Revision?, _ address: ItemAddress) -> Problem {
        let found =
            switch (own, shown) {
            case (let own?, _): "was last written at revision \(own)"
            case (nil, let shown?): "is inherited, from revision \(shown)"
            case (nil, nil): "does not exist"
            }
        return Problem(
            .preconditionFailed,
            "\(header) is not met: \(address.shown) \(found). Read what is there now, decide again, and send its ETag.",
            violations: [
                Violation(
                    "\(address.shown) \(found).", keyword: header, environment: address.environment,
                    key: address.key)
            ],
            current: ["revision": (own ?? shown).map { .int($0.number) } ?? .null])
    }
}
