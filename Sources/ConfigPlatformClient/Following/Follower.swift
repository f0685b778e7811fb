import ConfigPlatformModel
import Foundation
import Logging
import NIOPosix

/// Keeps one document of an environment up to date for as long as it runs: by the watch, resumed where it broke off,
/// and by reading the document whole where that is not possible.
final class Follower<Content: FollowedContent>: Sendable {
    let place: FollowedPlace
    let state: Broadcast<ClientState<Content>>
    let options: ConfigPlatformClient.Options
    let surroundings: Surroundings
    private let watching: Transport
    private let reading: Transport

    /// An event can hold a whole document.
    private static var eventBytesMax: Int { 1 << 30 }
    /// A connection that lasted so long does not count as a failed attempt.
    private static var healthyConnection: Duration { .seconds(5) }
    private static var confirmationSeconds: TimeInterval { 600 }

    /// - Parameter observer: is told of each state from the first on, before anybody else is; must not call back.
    init(
        place: FollowedPlace, token: AccessToken, options: ConfigPlatformClient.Options, surroundings: Surroundings,
        observer: (@Sendable (ClientState<Content>) -> Void)? = nil
    ) throws(ConfigPlatformError) {
        self.place = place
        self.options = options
        self.surroundings = surroundings
        watching = try Transport(
            server: place.server, token: token, certificateAuthorityFile: options.certificateAuthorityFile,
            connectTimeout: options.connectTimeout, readTimeout: options.heartbeatInterval * 3)
        reading = try Transport(
            server: place.server, token: token, certificateAuthorityFile: options.certificateAuthorityFile,
            connectTimeout: options.connectTimeout, readTimeout: options.requestTimeout)
        let state = ClientState(place, from: Self.lastKnownGood(of: place, options))
        observer?(state)
        self.state = Broadcast(state, observer: observer)
    }

    /// Follows until the task is cancelled.
    func run() async {
        await withTaskGroup { group in
            if let file = options.lastKnownGoodFile {
                group.addTask { await self.keep(in: file) }
            }
            await follow()
            group.cancelAll()
        }
        // In a task of its own, for this one has been cancelled.
        if let file = options.lastKnownGoodFile { _ = await Task { await save(state.value, in: file) }.value }
        state.update { $0.status = .ended }
        state.finish()
    }

    // MARK: The watch

    private enum Beginning {
        case after(RevisionToken)
        case anew
    }

    private func follow() async {
        var backoff = Backoff(base: options.retryBase, cap: options.retryCap)
        var beginning: Beginning = state.value.followed.token.map { .after($0) } ?? .anew
        var unreached = 0
        while !Task.isCancelled {
            let began = ContinuousClock.now
            var failure: ConfigPlatformError?
            var isEstablished = false
            do {
                let outcome = try await watch(from: beginning, backoff: &backoff) { isEstablished = true }
                beginning = resumption()
                if case .reload(let reason) = outcome {
                    options.logger.info("reading the \(Content.noun) whole", metadata: ["reason": "\(reason)"])
                    beginning = .anew
                }
            } catch let error as ConfigPlatformError {
                failure = error
                beginning = resumption()
                switch error.code {
                case .ledgerDiverged:
                    forgetHistory(error.detail)
                    beginning = .anew
                case .notFound:
                    // The revision is too far back, or the environment is gone: what is there then has another history.
                    beginning = .anew
                case .revisionNotReached where !error.isFromStaleServer:
                    // A server that has its database and yet not this revision is behind for a moment, or has gone
                    // back.
                    unreached += 1
                    if unreached > Self.unreachedAttempts {
                        forgetHistory(error.detail)
                        beginning = .anew
                    }
                default: break
                }
            } catch {
                if Task.isCancelled { return }
                failure = ConfigPlatformError(.unreachable, "\(error)")
            }
            if isEstablished { unreached = 0 }
            if let failure, !isEstablished { report(failure) }
            if began.duration(to: .now) >= Self.healthyConnection { backoff.reset() }
            let delay = backoff.next(retryAfter: failure?.retryAfter, fraction: surroundings.fraction())
            do { try await surroundings.sleep(delay) } catch { return }
        }
    }

    /// The platform waits several seconds itself before it says that it does not have a revision.
    private static var unreachedAttempts: Int { 2 }

    private func resumption() -> Beginning {
        let state = self.state.value
        guard state.minimum != nil, let token = state.followed.token else { return .anew }
        return .after(token)
    }

    private struct Interrupted: Error { let outcome: ClientState<Content>.Outcome }

    private func watch(
        from beginning: Beginning, backoff: inout Backoff, onEstablished: () -> Void
    ) async throws -> ClientState<Content>.Outcome {
        var request = Content.watching(place)
        request.headers.append(("Accept", "text/event-stream"))
        var isResuming = false
        switch beginning {
        case .after(let token):
            request.ask("after", token.text)
            isResuming = true
        case .anew:
            if let minimum = state.value.minimum { request.headers.append(("X-Minimum-Revision", minimum.text)) }
        }
        var parser = ServerSentEventParser(eventBytesMax: Self.eventBytesMax)
        do {
            try await watching.stream(request) { head in
                onEstablished()
                let status = state.update { state in
                    state.take(head, resuming: isResuming, at: surroundings.now())
                    return state.status
                }
                options.logger.info("following", metadata: ["place": "\(description)", "status": "\(status)"])
            } onBytes: { bytes in
                for event in try bytes.withUnsafeBufferPointer({ try parser.read($0) }) {
                    let outcome = try state.update { state in
                        Result { () throws(ConfigPlatformError) in try state.take(event, at: surroundings.now()) }
                    }.get()
                    guard outcome == .goOn else { throw Interrupted(outcome: outcome) }
                }
                if let retry = parser.retry { backoff.base = min(max(retry, .milliseconds(1)), options.retryCap) }
            }
        } catch let interrupted as Interrupted {
            return interrupted.outcome
        }
        return .goOn
    }

    private func forgetHistory(_ reason: String) {
        options.logger.warning(
            "the platform's history is another one than this program knew; reading everything anew",
            metadata: ["place": "\(description)", "reason": "\(reason)"])
        state.update { $0.forgetHistory() }
    }

    private func report(_ failure: ConfigPlatformError) {
        let (wasStale, status) = state.update { state in
            let wasStale = if case .stale = state.status { true } else { false }
            state.fail(failure, at: surroundings.now())
            return (wasStale, state.status)
        }
        guard !wasStale, case .stale(let since, _) = status else { return }
        options.logger.warning(
            "the platform cannot be followed",
            metadata: ["place": "\(description)", "since": "\(since)", "reason": "\(failure)"])
    }

    private var description: String { "\(place.project.rawValue)/\(place.environment.rawValue)" }

    // MARK: Reading at once

    /// Reads the document from the platform, unless it is still the one that is known, and takes it in.
    func refresh() async throws -> Followed<Content> {
        let policy = RetryPolicy(attempts: 3, base: options.retryBase, cap: options.retryCap)
        return try await policy.run(isRepeatable: true, surroundings) {
            do {
                return try await self.readWhole()
            } catch let error as ConfigPlatformError where error.code == .ledgerDiverged {
                self.forgetHistory(error.detail)
                return try await self.readWhole()
            }
        }
    }

    private func readWhole() async throws -> Followed<Content> {
        let known = state.value
        var request = Content.reading(place)
        request.headers.append(("Accept", "application/json"))
        let knownTag = known.followed.isLoaded && known.minimum != nil ? known.followed.entityTag : nil
        if let knownTag { request.headers.append(("If-None-Match", knownTag)) }
        if let minimum = known.minimum { request.headers.append(("X-Minimum-Revision", minimum.text)) }
        let response = try await reading.send(request, accepting: [304])
        guard let token = response.head.revisionToken else {
            throw ConfigPlatformError(
                .invalidResponse, "The server's answer carries no revision; is it a ConfigPlatform server?")
        }
        if response.head.status == 304 {
            return state.update { state in
                // What has come meanwhile need not be what the server compared.
                if state.followed.token == known.followed.token || state.followed.entityTag == knownTag {
                    state.confirm(token, at: surroundings.now())
                }
                return state.followed
            }
        }
        let json = try response.json()
        guard let content = Content.read(json, after: known.followed.content) else {
            throw ConfigPlatformError(.invalidResponse, "The server's answer is no document of \(Content.noun).")
        }
        let entityTag = Content.entityTag(of: json.canonicalBytes())
        return state.update { state in
            state.take(content, entityTag: entityTag, token: token, at: surroundings.now())
            return state.followed
        }
    }

    // MARK: What was last known to be good

    private static func lastKnownGood(
        of place: FollowedPlace, _ options: ConfigPlatformClient.Options
    ) -> LastKnownGood<Content>? {
        guard let file = options.lastKnownGoodFile else { return nil }
        do {
            guard let bytes = try DurableFile.read(file, bytesMax: LastKnownGood<Content>.bytesMax) else { return nil }
            return try LastKnownGood(bytes, for: place)
        } catch {
            options.logger.warning(
                "the file of last known good \(Content.noun) is not used",
                metadata: ["file": "\(file)", "reason": "\(error)"])
            return nil
        }
    }

    private func keep(in file: String) async {
        var saved: (entityTag: String, confirmedAt: Date)?
        for await state in self.state.values() {
            guard !Task.isCancelled else { return }
            guard state.followed.source == .platform, let confirmedAt = state.confirmedAt else { continue }
            let entityTag = state.followed.entityTag
            if let saved, saved.entityTag == entityTag,
                confirmedAt.timeIntervalSince(saved.confirmedAt) < Self.confirmationSeconds
            {
                continue
            }
            if await save(state, in: file) {
                saved = (entityTag, confirmedAt)
            }
        }
    }

    @discardableResult
    private func save(_ state: ClientState<Content>, in file: String) async -> Bool {
        guard state.followed.source == .platform, let token = state.followed.token,
            let confirmedAt = state.confirmedAt
        else { return false }
        let content = LastKnownGood(
            place: place, token: token, entityTag: state.followed.entityTag, confirmedAt: Timestamp(confirmedAt),
            content: state.followed.content)
        do {
            // Syncing a file blocks; the threads that run tasks are few.
            try await NIOThreadPool.singleton.runIfActive { try DurableFile.replace(file, with: content.encoded()) }
            return true
        } catch {
            options.logger.warning(
                "the last known good \(Content.noun) could not be kept",
                metadata: ["file": "\(file)", "reason": "\(error)"])
            return false
        }
    }
}
