import HummingbirdCore
import Logging
import NIOCore
import Synchronization

/// The connections whose requests are being handled.
///
/// A connection is handled from the moment it is set up. A server that stops drops connections that it has accepted and not yet
/// looked at; nobody would answer their requests, and a channel that is let go without ever having been run is a trap in SwiftNIO.
final class OpenConnections: Sendable {
    private struct Connection {
        let channel: any Channel
        let task: Task<Void, Never>
    }

    private struct State {
        var connections: [ObjectIdentifier: Connection] = [:]
        var isStopping = false
        var isCancelled = false
    }

    private let state = Mutex(State())

    func begin(_ channel: any Channel, _ handle: @escaping @Sendable () async -> Void) {
        let id = ObjectIdentifier(channel)
        let (connection, isStopping, isCancelled) = state.withLock { state in
            let task = Task {
                await handle()
                self.end(id)
            }
            let connection = Connection(channel: channel, task: task)
            state.connections[id] = connection
            return (connection, state.isStopping, state.isCancelled)
        }
        if isCancelled { Self.close(connection) } else if isStopping { Self.quiesce(connection) }
    }

    /// Asks every connection to end with the answer it is at, those too that are set up after this.
    func stop() {
        let connections = state.withLock { state in
            state.isStopping = true
            return Array(state.connections.values)
        }
        connections.forEach(Self.quiesce)
    }

    /// Suspends until no connection is left. Cancellation closes those there are.
    func ended() async {
        await withTaskCancellationHandler {
            while let task = state.withLock({ $0.connections.first?.value.task }) { await task.value }
        } onCancel: {
            let connections = state.withLock { state in
                state.isCancelled = true
                return Array(state.connections.values)
            }
            connections.forEach(Self.close)
        }
    }

    private func end(_ id: ObjectIdentifier) { state.withLock { $0.connections[id] = nil } }

    private static func quiesce(_ connection: Connection) {
        connection.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }

    /// The channel before the task: a cancelled handler closes the input of its channel, which SwiftNIO takes only from one that reads.
    private static func close(_ connection: Connection) {
        connection.channel.closeFuture.whenComplete { _ in connection.task.cancel() }
        connection.channel.close(promise: nil)
    }
}

/// Connections of another kind, handled as part of ``OpenConnections``.
struct HandledAtOnce<Connections: ServerChildChannel>: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let channel: any Channel
    }

    let connections: Connections
    let open: OpenConnections

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        connections.setup(channel: channel, logger: logger).map { value in
            open.begin(channel) { await connections.handle(value: value, logger: logger) }
            return Value(channel: channel)
        }
    }

    func handle(value: Value, logger: Logger) async {}
}
