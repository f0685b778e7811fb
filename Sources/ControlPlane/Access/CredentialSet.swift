import ConfigPlatformModel
import Synchronization

/// The credentials of the platform, by hash. Replaced whole when any of them changes.
///
/// A token is looked up by its SHA-256: what the time of a look-up could tell is the beginning of the hash of a guess, which tells nothing
/// about any token.
final class CredentialSet: Sendable {
    private struct State {
        var byHash: [Digest: Credential] = [:]
        var version: Int64
    }

    private let state: Mutex<State>

    init(_ credentials: [Credential], version: Int64) {
        state = Mutex(State(byHash: Self.index(credentials), version: version))
    }

    var version: Int64 { state.withLock { $0.version } }

    var all: [Credential] { state.withLock { Array($0.byHash.values) } }

    func replace(with credentials: [Credential], version: Int64) {
        state.withLock { state in
            guard version > state.version else { return }
            state = State(byHash: Self.index(credentials), version: version)
        }
    }

    func credential(hash: Digest) -> Credential? { state.withLock { $0.byHash[hash] } }

    private static func index(_ credentials: [Credential]) -> [Digest: Credential] {
        Dictionary(credentials.map { ($0.hash, $0) }, uniquingKeysWith: { first, _ in first })
    }
}
