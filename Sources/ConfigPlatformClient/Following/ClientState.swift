import ConfigPlatformModel
import Foundation

/// How far a client is: what it serves, and what it knows about that. A value; ``take(_:at:)`` and its siblings are all
/// that ever alters it.
struct ClientState<Content: FollowedContent>: Sendable {
    var followed: Followed<Content>
    var status: ClientStatus = .starting
    /// Nothing older is taken. Nil after the platform's history turned out to be another one.
    var minimum: RevisionToken?
    /// Whether what is served is at least what the platform had when it was asked last.
    var isCaughtUp = false
    /// When the platform last confirmed it, in this run or before.
    var confirmedAt: Date?
    /// Why no connection has been made since the last one, or since the start.
    var lastFailure: ConfigPlatformError?
    /// What the platform had when the present connection was made.
    private var headRevision: Revision = .zero
    /// Whether the server of the present connection has lost its database.
    private(set) var isServerStale = false

    init(_ place: FollowedPlace, from file: LastKnownGood<Content>? = nil) {
        followed = Followed(
            file?.content ?? .empty, of: place, source: file == nil ? .none : .lastKnownGood, token: file?.token,
            entityTag: file?.entityTag ?? "")
        minimum = file?.token
        confirmedAt = file?.confirmedAt.date
    }

    /// What an event asks of whoever follows.
    enum Outcome: Equatable {
        case goOn
        /// The document must be read whole. The text says why.
        case reload(String)
        /// Another server may know more.
        case reconnect
    }

    /// Takes in the head of a watch that was granted.
    mutating func take(_ head: ResponseHead, resuming: Bool, at now: Date) {
        lastFailure = nil
        headRevision = head.revisionToken?.revision ?? .zero
        if let stale = head.staleSince {
            isServerStale = true
            status = .stale(
                since: stale.date,
                reason: ConfigPlatformError(
                    .unavailable, "The server that answers has had no contact with its database since \(stale)."))
        } else {
            isServerStale = false
            status = .following
        }
        guard resuming, let token = followed.token else { return }
        confirm(token, at: now)
    }

    /// Takes in an event. Throws what makes it unusable.
    mutating func take(_ event: ServerSentEvent, at now: Date) throws(ConfigPlatformError) -> Outcome {
        switch event.type {
        case "snapshot": return try takeSnapshot(event, at: now)
        case "change": return try takeChange(event, at: now)
        case "heartbeat":
            let token = try Self.token(of: event)
            if token.revision >= followed.token?.revision ?? .zero, followed.isLoaded { confirm(token, at: now) }
            return isServerStale ? .reconnect : .goOn
        case "deleted": return .reload("the environment was deleted")
        case "behind": return .reload("this program was too slow to follow")
        default: return .goOn
        }
    }

    /// Takes in content. What is older than was seen already is left.
    ///
    /// - Returns: Whether it was taken.
    @discardableResult
    mutating func take(_ content: Content, entityTag: String?, token: RevisionToken, at now: Date) -> Bool {
        if let minimum, token.revision < minimum.revision { return false }
        followed = Followed(content, of: followed.place, source: .platform, token: token, entityTag: entityTag)
        confirm(token, at: now)
        return true
    }

    /// What is served is the platform's up to this revision.
    mutating func confirm(_ token: RevisionToken, at now: Date) {
        guard token.revision >= followed.token?.revision ?? .zero || minimum == nil else { return }
        followed.token = token
        minimum = token
        confirmedAt = now
        isCaughtUp = token.revision >= headRevision
        if isCaughtUp { followed.source = .platform }
    }

    /// An attempt to follow failed.
    mutating func fail(_ error: ConfigPlatformError, at now: Date) {
        lastFailure = error
        isCaughtUp = false
        var since = confirmedAt ?? now
        if confirmedAt == nil, case .stale(let first, _) = status { since = first }
        status = .stale(since: since, reason: error)
    }

    /// The platform's history is another one than this program knew: whatever it says now is taken.
    mutating func forgetHistory() {
        minimum = nil
        isCaughtUp = false
    }

    private mutating func takeSnapshot(_ event: ServerSentEvent, at now: Date) throws(ConfigPlatformError) -> Outcome {
        let token = try Self.token(of: event)
        let json = try Self.json(of: event)
        guard let document = json[Content.snapshotMember],
            let content = Content.read(document, after: followed.content), followed.place.isNamed(in: json)
        else { throw Self.unusable(event) }
        let entityTag = Content.entityTag(of: document.canonicalBytes())
        guard entityTag == json["entityTag"]?.stringValue else {
            throw ConfigPlatformError(.invalidResponse, "A document arrived that does not have the tag it came with.")
        }
        guard take(content, entityTag: entityTag, token: token, at: now) else {
            throw ConfigPlatformError(
                .revisionNotReached,
                "The server has revision \(token.revision), older than \(minimum?.revision ?? .zero), which this program has seen."
            )
        }
        return .goOn
    }

    private mutating func takeChange(_ event: ServerSentEvent, at now: Date) throws(ConfigPlatformError) -> Outcome {
        let token = try Self.token(of: event)
        guard followed.isLoaded else { return .reload("a change arrived before any document") }
        guard token.revision > followed.token?.revision ?? .zero else { return .goOn }
        let json = try Self.json(of: event)
        guard followed.place.isNamed(in: json) else { throw Self.unusable(event) }
        do {
            switch try followed.content.altered(by: json) {
            case .reload(let reason): return .reload(reason)
            case .content(let content, let entityTag):
                take(content, entityTag: entityTag, token: token, at: now)
                return .goOn
            }
        } catch {
            throw Self.unusable(event)
        }
    }

    private static func token(of event: ServerSentEvent) throws(ConfigPlatformError) -> RevisionToken {
        guard let token = event.id.flatMap({ try? RevisionToken(parsing: $0) }) else { throw unusable(event) }
        return token
    }

    private static func json(of event: ServerSentEvent) throws(ConfigPlatformError) -> JSONValue {
        guard let json = try? JSONValue(parsing: event.data, limits: ServerResponse.jsonLimits) else {
            throw unusable(event)
        }
        return json
    }

    private static func unusable(_ event: ServerSentEvent) -> ConfigPlatformError {
        ConfigPlatformError(
            .invalidResponse,
            "An event '\(event.type)' arrived that does not have the form it should; is the server a newer one?")
    }
}
