/// The one error a caller of the platform meets: what is wrong, where, and how to mend it. Knows nothing of HTTP; the API's table
/// gives each code its status and title.
package struct Problem: Error, Hashable, Sendable {
    package let code: Code
    /// One or two sentences a person understands; the remedy comes last.
    package let detail: String
    /// Everything that is wrong, where more than one thing can be; at most ``violationsMax``.
    package let violations: [Violation]
    /// What is there now, for lost races.
    package let current: JSONValue?
    /// Seconds after which trying again may help.
    package let retryAfterSeconds: Int?
    /// What there is no such of, where it is `not-found` and about one thing.
    package var missing: Missing?
    /// Whether the refusal is an event of the audit log already.
    package var isRecorded = false

    package static let violationsMax = 1_000

    package init(
        _ code: Code, _ detail: String, violations: [Violation] = [], current: JSONValue? = nil,
        retryAfterSeconds: Int? = nil
    ) {
        self.code = code
        self.detail = detail
        self.violations = Array(violations.prefix(Self.violationsMax))
        self.current = current
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// A problem with a place in the body of an item, which its violation points at.
    ///
    /// - Parameter place: names of members, and indices, from the body down; empty for the body itself.
    package init(_ code: Code, _ detail: String, at place: [String], keyword: String? = nil) {
        self.init(
            code, detail, violations: [Violation(detail, pointer: JSONPointer(tokens: place).text, keyword: keyword)])
    }

    /// The same problem of a value that stands there in something larger: its violations point below that place, those that pointed
    /// nowhere at it.
    package func located(at place: JSONPointer) -> Problem {
        var violations = violations.isEmpty ? [Violation(detail)] : violations
        for index in violations.indices {
            violations[index].pointer = place.text + (violations[index].pointer ?? "")
        }
        return Problem(code, detail, violations: violations, current: current, retryAfterSeconds: retryAfterSeconds)
            .lacking(missing)
    }

    /// The same problem, which says for programs too what there is no such of.
    package func lacking(_ missing: Missing?) -> Problem {
        var problem = self
        problem.missing = missing
        return problem
    }

    /// Each is a stable part of the contract: `type` on the wire ends in the raw value.
    package enum Code: String, CaseIterable, Sendable {
        case invalidRequest = "invalid-request"
        case invalidName = "invalid-name"
        case unreadableFile = "unreadable-file"
        case unauthenticated = "unauthenticated"
        case forbidden = "forbidden"
        case notFound = "not-found"
        case methodNotAllowed = "method-not-allowed"
        case notAcceptable = "not-acceptable"
        case requestTimeout = "request-timeout"
        case revisionConflict = "revision-conflict"
        case alreadyExists = "already-exists"
        case inUse = "in-use"
        case approvalNeeded = "approval-needed"
        case frozen = "frozen"
        case idempotencyKeyReused = "idempotency-key-reused"
        case ledgerDiverged = "ledger-diverged"
        case preconditionFailed = "precondition-failed"
        case tooLarge = "too-large"
        case unsupportedMediaType = "unsupported-media-type"
        case invalidChange = "invalid-change"
        case limitExceeded = "limit-exceeded"
        case tooManyRequests = "too-many-requests"
        case revisionNotReached = "revision-not-reached"
        case unavailable = "unavailable"
        case storageFull = "storage-full"
        case fault = "fault"
    }
}

/// What there is no such of, for programs that need not read the words: of what kind, under which name, and where it was looked for.
package struct Missing: Hashable, Sendable {
    /// The kind of an item, or `token`, `session` or `revision`.
    package let kind: String
    package let key: String
    package let environment: EnvironmentName?
    package let project: ProjectName?

    package init(
        _ kind: Kind, _ key: String, in environment: EnvironmentName? = nil, of project: ProjectName? = nil
    ) {
        self.kind = kind.rawValue
        self.key = key
        self.environment = environment
        self.project = project
    }

    private init(other kind: String, _ key: String) {
        self.kind = kind
        self.key = key
        environment = nil
        project = nil
    }

    package static func token(_ name: String) -> Missing { Missing(other: "token", name) }
    package static func session(_ id: String) -> Missing { Missing(other: "session", id) }
    package static func revision(_ revision: Revision) -> Missing { Missing(other: "revision", revision.description) }
}

/// One thing that is wrong, and where: in the request (`pointer`), in a file (`line`, `column`), or in what programs would read
/// (`environment`, `key`).
package struct Violation: Hashable, Sendable {
    package var message: String
    /// RFC 6901 pointer into the request's body.
    package var pointer: String?
    /// The rule that was broken, such as `reference`, `prefix` or a JSON Schema keyword.
    package var keyword: String?
    package var environment: EnvironmentName?
    package var key: String?
    /// The kind of the item that has the key, where it is one of flags; ``pointer`` is then into that item's body.
    package var kind: Kind?
    /// The schema's name, `#` and the pointer to the keyword in it.
    package var schema: String?
    /// 1-based.
    package var line: Int?
    /// 1-based, in Unicode scalars.
    package var column: Int?

    package init(
        _ message: String, pointer: String? = nil, keyword: String? = nil, environment: EnvironmentName? = nil,
        key: String? = nil, kind: Kind? = nil, schema: String? = nil, line: Int? = nil, column: Int? = nil
    ) {
        self.message = message
        self.pointer = pointer
        self.keyword = keyword
        self.environment = environment
        self.key = key
        self.kind = kind
        self.schema = schema
        self.line = line
        self.column = column
    }
}
