package import ConfigPlatformModel
import Synchronization

/// Every route of the platform's API, for the command line and for tests.
///
/// Reads carry the newest revision that a response of this client has named, so that whatever was written through it is
/// read back, whichever server answers. Writes carry an idempotency key and are repeated under it where their outcome
/// is unknown.
package final class AdministrationClient: Sendable {
    let transport: Transport
    let surroundings: Surroundings
    private let policy: RetryPolicy
    private struct State {
        var newest: RevisionToken?
        var staleSince: Timestamp?
    }
    private let state: Mutex<State>

    /// - Parameter minimumRevision: what reads must have seen, besides what this client has.
    package init(_ transport: Transport, policy: RetryPolicy = RetryPolicy(), minimumRevision: RevisionToken? = nil) {
        self.transport = transport
        self.policy = policy
        surroundings = .real
        state = Mutex(State(newest: minimumRevision))
    }

    package var server: ServerAddress { transport.server }

    /// Since when the server that answered last has had no contact with its database.
    package var staleSince: Timestamp? { state.withLock { $0.staleSince } }

    /// Sends a request, again where that may help, and remembers how new the answer is.
    package func call(_ request: ServerRequest, accepting accepted: Set<Int> = []) async throws -> ServerResponse {
        try await policy.run(isRepeatable: request.isRepeatable, surroundings) {
            var request = request
            if request.method == .get, let newest = state.withLock({ $0.newest }) {
                request.headers.append(("X-Minimum-Revision", newest.text))
            }
            let response = try await transport.send(request, accepting: accepted)
            state.withLock { state in
                state.staleSince = response.head.staleSince
                if let token = response.head.revisionToken, token.revision >= state.newest?.revision ?? .zero {
                    state.newest = token
                }
            }
            return response
        }
    }

    func read<Value: WireReadable>(_ request: ServerRequest) async throws -> Answer<Value> {
        let response = try await call(request)
        let json = try response.json()
        return Answer(value: try Value(WireReader(json)), json: json, head: response.head)
    }

    func page<Item: WireReadable>(_ request: ServerRequest, of name: String) async throws -> Answer<Page<Item>> {
        let response = try await call(request)
        let json = try response.json()
        return Answer(value: try Page(WireReader(json), name), json: json, head: response.head)
    }

    /// A write, which is decided and not carried out where `isDryRun`.
    func write(_ request: ServerRequest, isDryRun: Bool) async throws -> Answer<ChangeView> {
        var request = request
        if isDryRun { request.ask("dryRun", "true") }
        request.headers.append(("Idempotency-Key", Self.idempotencyKey()))
        request.isRepeatable = true
        return try await read(request)
    }

    private static func idempotencyKey() -> String {
        var generator = SystemRandomNumberGenerator()
        return Digest.hexadecimal((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }
}

/// When a read is about: a revision, or a time in RFC 3339. Nil is now.
package typealias PastMoment = String
