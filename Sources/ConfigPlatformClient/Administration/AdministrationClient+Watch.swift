package import ConfigPlatformModel

/// An event of a watch as it came.
package struct WatchedEvent: Sendable {
    package let kind: String
    package let token: RevisionToken?
    package let data: JSONValue

    package init(kind: String, token: RevisionToken?, data: JSONValue) {
        self.kind = kind
        self.token = token
        self.data = data
    }
}

extension AdministrationClient {
    /// Follows an environment, or all of a project, until the task is cancelled, the handler throws, or the platform
    /// refuses for good. A connection that breaks is made again and goes on after the last event. The transport's read
    /// timeout is what makes a silent connection a broken one.
    ///
    /// - Parameters:
    ///   - after: the token to go on from; nil to begin with the whole documents.
    ///   - onInterruption: told why a connection broke and how long is waited before the next.
    package func watch(
        _ project: ProjectName, environment: EnvironmentName?, after token: RevisionToken?,
        onEvent: (WatchedEvent) async throws -> Void, onInterruption: (ConfigPlatformError, Duration) async -> Void
    ) async throws {
        var last = token
        var backoff = Backoff(base: .milliseconds(500), cap: .seconds(30))
        while true {
            try Task.checkCancellation()
            var request = ServerRequest(.get, "projects", project.rawValue, "watch")
            request.ask("environment", environment?.rawValue)
            request.ask("after", last?.text)
            request.headers.append(("Accept", "text/event-stream"))
            var parser = ServerSentEventParser(eventBytesMax: 1 << 30)
            var failure = ConfigPlatformError(.unreachable, "The server ended the watch.")
            do {
                try await transport.stream(request) { _ in
                } onBytes: { bytes in
                    for event in try bytes.withUnsafeBufferPointer({ try parser.read($0) }) {
                        let watched = WatchedEvent(
                            kind: event.type, token: event.id.flatMap { try? RevisionToken(parsing: $0) },
                            data: try JSONValue(parsing: event.data, limits: ServerResponse.jsonLimits))
                        last = watched.token ?? last
                        backoff.reset()
                        try await onEvent(watched)
                    }
                }
            } catch let error as ConfigPlatformError where error.isTransient {
                failure = error
            }
            let delay = backoff.next(retryAfter: failure.retryAfter, fraction: surroundings.fraction())
            await onInterruption(failure, delay)
            try await surroundings.sleep(delay)
        }
    }
}
