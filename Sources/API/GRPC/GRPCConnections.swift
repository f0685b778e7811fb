import ConfigPlatformModel
import NIOCore
import Synchronization

/// The connections of the gRPC server, by the name by which calls know their peer.
final class GRPCConnections: Sendable {
    private let channels = Mutex<[String: any Channel]>([:])

    /// Keeps a connection until it closes.
    func opened(_ channel: any Channel) {
        guard let name = channel.remoteAddress.map(Self.name) else { return }
        channels.withLock { $0[name] = channel }
        channel.closeFuture.whenComplete { _ in
            self.channels.withLock { channels in if channels[name] === channel { channels[name] = nil } }
        }
    }

    /// Who the certificate of a peer says it is; nil where it has shown none.
    func principal(of peer: String) async -> Principal? {
        guard let channel = channels.withLock({ $0[peer] }) else { return nil }
        return await ClientCertificates.principal(of: channel)
    }

    /// Closes the connection of a peer, and with it everything that is called over it.
    func close(_ peer: String) { channels.withLock { $0[peer] }?.close(promise: nil) }

    func closeAll() {
        for channel in channels.withLock({ Array($0.values) }) { channel.close(promise: nil) }
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
final class AcceptLimit: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never

    private let countMax: Int
    private var count = 0
    private var isHoldingRead = false

    init(countMax: Int) {
        self.countMax = countMax
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        count += 1
        unwrapInboundIn(data).closeFuture.hop(to: context.eventLoop).assumeIsolated().whenComplete { _ in
            self.count -= 1
            guard self.isHoldingRead else { return }
            self.isHoldingRead = false
            context.read()
        }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        if count < countMax { context.read() } else { isHoldingRead = true }
    }
}
