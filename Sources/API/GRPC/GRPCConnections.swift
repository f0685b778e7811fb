import ConfigPlatformModel
import NIOCore
import Synchronization

/// The connections of the gRPC server, by the name by which calls know their peer.
final class GRPCConnections: Sendable {
    private struct State {
        var channels: [String: any Channel] = [:]
        var isFull = false
        /// Called once when there is room again.
        var onRoom: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let countMax: Int

    init(countMax: Int) {
        self.countMax = countMax
    }

    /// Keeps a connection until it closes.
    func opened(_ channel: any Channel) {
        guard let name = channel.remoteAddress.map(Self.name) else { return }
        state.withLock { state in
            state.channels[name] = channel
            state.isFull = state.channels.count >= countMax
        }
        channel.closeFuture.whenComplete { _ in self.closed(name, channel) }
    }

    private func closed(_ name: String, _ channel: any Channel) {
        let onRoom = state.withLock { state -> (@Sendable () -> Void)? in
            if state.channels[name] === channel { state.channels[name] = nil }
            state.isFull = state.channels.count >= countMax
            guard !state.isFull else { return nil }
            defer { state.onRoom = nil }
            return state.onRoom
        }
        onRoom?()
    }

    /// Whether there is room for another. Where there is not, the closure is called when there is.
    func hasRoom(otherwise onRoom: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            if state.isFull { state.onRoom = onRoom }
            return !state.isFull
        }
    }

    /// Who the certificate of a peer says it is; nil where it has shown none.
    func principal(of peer: String) async -> Principal? {
        guard let channel = state.withLock({ $0.channels[peer] }) else { return nil }
        return await ClientCertificates.principal(of: channel)
    }

    /// Closes the connection of a peer, and with it everything that is called over it.
    func close(_ peer: String) { state.withLock { $0.channels[peer] }?.close(promise: nil) }

    func closeAll() {
        for channel in state.withLock({ Array($0.channels.values) }) { channel.close(promise: nil) }
    }

    /// As in `ServerContext.remotePeer`.
    private static func name(_ address: SocketAddress) -> String {
        let (host, port) = (address.ipAddress ?? "", address.port ?? 0)
        if case .v6 = address { return "ipv6:[\(host)]:\(port)" }
        return "ipv4:\(host):\(port)"
    }

    /// The address in the name of a peer, without port.
    static func address(of peer: String) -> String? {
        guard let start = peer.firstIndex(of: ":"), let end = peer.lastIndex(of: ":"), start < end else { return nil }
        let host = peer[peer.index(after: start)..<end]
        return host.first == "[" ? String(host.dropFirst().dropLast()) : String(host)
    }
}

/// Leaves further connections in the kernel's backlog while there are as many as there may be.
final class AcceptLimit: ChannelOutboundHandler {
    typealias OutboundIn = Never

    private let connections: GRPCConnections

    init(_ connections: GRPCConnections) {
        self.connections = connections
    }

    func read(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        if connections.hasRoom(otherwise: { eventLoop.execute { bound.value.read() } }) { context.read() }
    }
}
