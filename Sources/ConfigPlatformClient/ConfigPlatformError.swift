package import ConfigPlatformModel

/// What went wrong between this program and the platform, or what the platform refused and why.
///
/// Everything the platform refuses arrives as a problem document (RFC 9457), whose parts are here one by one. What
/// fails on the way, before the platform could answer, has one of the codes ``Code/unreachable``, ``Code/timedOut`` or
/// ``Code/invalidResponse`` and no status.
public struct ConfigPlatformError: Error, Hashable, Sendable {
    /// What kind of error it is: the last part of the problem's `type`.
    public let code: Code
    /// One or two sentences: what is wrong, and how to mend it.
    public let detail: String
    /// Everything that is wrong and where, if the platform named more than one thing or a place.
    public let violations: [Violation]
    /// The HTTP status; nil if there was no answer.
    public let status: Int?
    /// The id under which the server's log has the request.
    public let requestID: String?
    /// How long the platform asked to wait before trying again.
    public let retryAfter: Duration?
    /// What there is no such of, if the platform named one thing.
    package let missing: Missing?
    /// The problem document as it came; nil if there was no answer.
    package let document: JSONValue?
    /// Whether the server that answered has lost its database and knows that it may be behind.
    package let isFromStaleServer: Bool

    package init(
        _ code: Code, _ detail: String, violations: [Violation] = [], status: Int? = nil, requestID: String? = nil,
        retryAfter: Duration? = nil, missing: Missing? = nil, document: JSONValue? = nil,
        isFromStaleServer: Bool = false
    ) {
        self.code = code
        self.detail = detail
        self.violations = violations
        self.status = status
        self.requestID = requestID
        self.retryAfter = retryAfter
        self.missing = missing
        self.document = document
        self.isFromStaleServer = isFromStaleServer
    }

    /// A kind of error. The list is open: a newer platform may send codes that have no name here.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// As it stands at the end of a problem's `type`, such as `not-found`.
        public let rawValue: String

        /// Takes any text; see the constants for those that are known.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The request is malformed.
        public static let invalidRequest = Code(.invalidRequest)
        /// A name of a project, environment, key or token breaks its rule.
        public static let invalidName = Code(.invalidName)
        /// A file to import cannot be read; the violations name the lines.
        public static let unreadableFile = Code(.unreadableFile)
        /// There was no token, or it is unknown, expired or revoked.
        public static let unauthenticated = Code(.unauthenticated)
        /// The token does not allow this.
        public static let forbidden = Code(.forbidden)
        /// There is no such project, environment, setting or revision.
        public static let notFound = Code(.notFound)
        /// Somebody else wrote first: the expected revision is no longer the current one.
        public static let revisionConflict = Code(.revisionConflict)
        /// It exists already.
        public static let alreadyExists = Code(.alreadyExists)
        /// Something else depends on it.
        public static let inUse = Code(.inUse)
        /// A protected environment asks for approvals that are still to be had.
        public static let approvalNeeded = Code(.approvalNeeded)
        /// A protected environment may not alter at present.
        public static let frozen = Code(.frozen)
        /// The idempotency key was used for another request.
        public static let idempotencyKeyReused = Code(.idempotencyKeyReused)
        /// The platform's history is no longer the one this program knew: a backup was restored, or a failover lost
        /// data.
        public static let ledgerDiverged = Code(.ledgerDiverged)
        /// An `If-Match` or `If-None-Match` condition does not hold.
        public static let preconditionFailed = Code(.preconditionFailed)
        /// The request is larger than the platform takes.
        public static let tooLarge = Code(.tooLarge)
        /// The change would leave some environment invalid; the violations say which and why.
        public static let invalidChange = Code(.invalidChange)
        /// A limit of the platform would be exceeded.
        public static let limitExceeded = Code(.limitExceeded)
        /// Too many requests or watches at once.
        public static let tooManyRequests = Code(.tooManyRequests)
        /// The server that answered does not have the revision this program has already seen.
        public static let revisionNotReached = Code(.revisionNotReached)
        /// The platform cannot answer at present.
        public static let unavailable = Code(.unavailable)
        /// The platform's disk is full.
        public static let storageFull = Code(.storageFull)
        /// A fault of the platform; its log has the request under ``ConfigPlatformError/requestID``.
        public static let fault = Code(.fault)

        /// No connection could be made, or it broke.
        public static let unreachable = Code(rawValue: "unreachable")
        /// No answer came in time.
        public static let timedOut = Code(rawValue: "timed-out")
        /// What answered is not the platform, or not a version this program understands.
        public static let invalidResponse = Code(rawValue: "invalid-response")
        /// What was asked of this program itself cannot be done: a file that cannot be read, an address that is none.
        public static let invalidUse = Code(rawValue: "invalid-use")

        private init(_ code: Problem.Code) { self.init(rawValue: code.rawValue) }
    }

    /// What there is no such of.
    package struct Missing: Hashable, Sendable {
        /// The kind of an item, or `token`, `session` or `revision`.
        package let kind: String
        package let key: String
        package let environment: String?
        package let project: String?

        package init(_ kind: String, _ key: String, in environment: String? = nil, of project: String? = nil) {
            self.kind = kind
            self.key = key
            self.environment = environment
            self.project = project
        }
    }

    /// One thing that is wrong, and where.
    public struct Violation: Hashable, Sendable {
        /// What is wrong and how to mend it.
        public let message: String
        /// RFC 6901 pointer into the request's body.
        public let pointer: String?
        /// The rule that was broken.
        public let keyword: String?
        /// The environment in which it would show.
        public let environment: String?
        /// The key of the setting.
        public let key: String?
        /// The line of an imported file, from 1.
        public let line: Int?
        /// The column of an imported file, from 1, in Unicode scalars.
        public let column: Int?

        package init(
            _ message: String, pointer: String? = nil, keyword: String? = nil, environment: String? = nil,
            key: String? = nil, line: Int? = nil, column: Int? = nil
        ) {
            self.message = message
            self.pointer = pointer
            self.keyword = keyword
            self.environment = environment
            self.key = key
            self.line = line
            self.column = column
        }
    }
}

extension ConfigPlatformError: CustomStringConvertible {
    /// The detail and every violation, for a log.
    public var description: String {
        var text = "\(code.rawValue): \(detail)"
        for violation in violations { text += "\n  \(violation)" }
        if let requestID { text += " (request \(requestID))" }
        return text
    }
}

extension ConfigPlatformError.Violation: CustomStringConvertible {
    /// Where, and what.
    public var description: String {
        let line = line.map { line in "line \(line)" + (column.map { ":\($0)" } ?? "") }
        let place = [environment, key, line, pointer.flatMap { $0.isEmpty ? nil : $0 }].compactMap { $0 }
        return place.isEmpty ? message : "\(place.joined(separator: " ")): \(message)"
    }
}

extension ConfigPlatformError {
    /// Whether trying the same again, later, may succeed.
    package var isTransient: Bool {
        switch code {
        case .unreachable, .timedOut, .tooManyRequests, .revisionNotReached, .unavailable: true
        default: status == 502 || status == 503 || status == 504
        }
    }

    /// Whether nothing but a change of this program's settings, or of the platform, will help.
    var isDefinite: Bool {
        switch code {
        case .unauthenticated, .forbidden, .notFound, .invalidRequest, .invalidName, .invalidUse: true
        default: false
        }
    }
}
