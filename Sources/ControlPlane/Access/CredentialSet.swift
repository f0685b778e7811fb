import ConfigPlatformModel
import Store
import Synchronization

/// The credentials of the platform, by hash.
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
        let byHash = Dictionary(credentials.map { ($0.hash, $0) }, uniquingKeysWith: { first, _ in first })
        state = Mutex(State(byHash: byHash, version: version))
    }

    var all: [Credential] { state.withLock { Array($0.byHash.values) } }

    func credential(hash: Digest) -> Credential? { state.withLock { $0.byHash[hash] } }

    /// Looked for one by one: asked by people, of their own tokens.
    func credential(id: String) -> Credential? { state.withLock { $0.byHash.values.first { $0.id == id } } }

    /// Takes in what was written since the version that is known.
    func catchUp(with store: any Store, to head: Head) async throws {
        let known = state.withLock { $0.version }
        guard known != head.credentialsVersion else { return }
        let altered = try await store.credentials(after: known)
        state.withLock { state in
            for credential in altered { state.byHash[credential.hash] = credential }
            state.version = max(state.version, head.credentialsVersion)
        }
    }

    func forget(_ ids: [String]) {
        let ids = Set(ids)
        state.withLock { state in state.byHash = state.byHash.filter { !ids.contains($0.value.id) } }
    }
}

/// When credentials were used last: noted in memory, and written now and then.
final class CredentialUses: Sendable {
    private struct State {
        var known: [String: Timestamp]
        var unwritten: [String: Timestamp] = [:]
    }

    private let state: Mutex<State>
    /// Uses that lie closer together are one.
    private static let grainMicroseconds: Int64 = 1_000_000

    init(_ known: [String: Timestamp]) { state = Mutex(State(known: known)) }

    func note(_ id: String, at now: Timestamp) {
        state.withLock { state in
            if let last = state.known[id], now.microseconds - last.microseconds < Self.grainMicroseconds { return }
            state.known[id] = now
            state.unwritten[id] = now
        }
    }

    func last(of id: String) -> Timestamp? { state.withLock { $0.known[id] } }

    func drain() -> [String: Timestamp] {
        state.withLock { state in
            defer { state.unwritten = [:] }
            return state.unwritten
        }
    }
}
