import ConfigPlatformModel

/// One document of an environment that a client follows, and how it alters: the settings are one, the flags are another. Immutable.
protocol FollowedContent: Sendable {
    /// What it is called in messages, such as `settings`.
    static var noun: String { get }
    /// The first word of files that keep it.
    static var fileTitle: String { get }
    /// What there is before anything is known.
    static var empty: Self { get }
    /// The member of a `snapshot` event that is the document.
    static var snapshotMember: String { get }

    /// Asks for the document.
    static func reading(_ place: FollowedPlace) -> ServerRequest
    /// Asks to be told of what becomes of it.
    static func watching(_ place: FollowedPlace) -> ServerRequest

    /// Reads a document; nil where the JSON is none.
    ///
    /// - Parameter known: what there was before, of which parts may be kept that are the same.
    static func read(_ json: JSONValue, after known: Self) -> Self?

    /// What a `change` event makes of it.
    func altered(by change: JSONValue) throws(MalformedChange) -> AlteredContent<Self>

    /// The document as canonical JSON (RFC 8785).
    var bytes: [UInt8] { get }
    /// The strong entity tag that the platform gives it.
    var entityTag: String { get }
}

extension FollowedContent {
    /// The strong entity tag that the platform gives a document of these bytes.
    static func entityTag(of bytes: [UInt8]) -> String { "\"\(Digest.of(bytes).hexadecimal.prefix(32))\"" }

    var entityTag: String { Self.entityTag(of: bytes) }
}

/// A change that does not have the form it should.
struct MalformedChange: Error {}

enum AlteredContent<Content: FollowedContent> {
    /// - Parameter entityTag: where the change came with one, and it fits.
    case content(Content, entityTag: String?)
    /// The document must be read whole. The text says why.
    case reload(String)
}

/// Whose content it is.
struct FollowedPlace: Sendable, Hashable {
    let server: ServerAddress
    let project: ProjectName
    let environment: EnvironmentName

    init(server: ServerAddress, project: ProjectName, environment: EnvironmentName) {
        self.server = server
        self.project = project
        self.environment = environment
    }

    /// From what a program gives; throws ``ConfigPlatformError`` with `invalid-use` or `invalid-name`.
    init(server: String, project: String, environment: String) throws(ConfigPlatformError) {
        do {
            self.init(
                server: try ServerAddress(parsing: server), project: try ProjectName(parsing: project),
                environment: try EnvironmentName(parsing: environment))
        } catch let error as ConfigPlatformError {
            throw error
        } catch {
            throw ConfigPlatformError(.invalidName, (error as? InvalidIdentifier)?.message ?? "\(error)")
        }
    }

    func isNamed(in json: JSONValue) -> Bool {
        json["environment"]?.stringValue == environment.rawValue && json["project"]?.stringValue == project.rawValue
    }
}

/// Content as it is known at one moment: which, whose, and as of when.
struct Followed<Content: FollowedContent>: Sendable {
    let place: FollowedPlace
    var source: SnapshotSource
    var token: RevisionToken?
    let content: Content
    private let knownTag: String?

    /// - Parameter entityTag: nil to have it worked out from the content when it is asked for.
    init(
        _ content: Content, of place: FollowedPlace, source: SnapshotSource, token: RevisionToken?, entityTag: String?
    ) {
        self.place = place
        self.source = source
        self.token = token
        self.content = content
        knownTag = entityTag
    }

    var isLoaded: Bool { source != .none }
    var entityTag: String { knownTag ?? content.entityTag }
}
