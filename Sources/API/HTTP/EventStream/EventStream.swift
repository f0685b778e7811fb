import ConfigPlatformModel
import ControlPlane
import HTTPTypes
import HummingbirdCore
import NIOCore
import Synchronization

/// A watch as server-sent events (WHATWG HTML, 9.2). The id of an event is the token to come back with; one that does not complete its
/// revision has none, so that who comes back then is told of all of it again.
struct EventStream: Sendable {
    let subscription: WatchSubscription
    let caller: Caller
    let format: Format

    enum Format: Sendable {
        /// What happened, whole.
        case platform
        /// That there is something new, as OpenFeature's clients are told: they ask again.
        case openFeature
    }

    /// Milliseconds after which a client whose stream ended should come back.
    private static let opening = ByteBuffer(string: "retry: 1000\n\n")

    /// Sends events until the watch ends, the client leaves or its token ends. The first bytes go at once, so that a
    /// client knows that it is heard.
    @concurrent func send(
        _ head: HTTPResponse, to writer: consuming ResponseWriter, over channel: any Channel, tokenHash: Digest?,
        _ core: ServerCore
    ) async throws {
        let subscription = subscription
        // The gate closes the connection of a client that has left.
        channel.closeFuture.whenComplete { _ in subscription.end() }
        defer { subscription.end() }
        var body = try await writer.writeHead(head)
        try await body.write(Self.opening)
        watching: while let event = await subscription.next() {
            switch core.platform.sight(of: event, by: caller, tokenHash: tokenHash) {
            case .whole: try await body.write(core.frames.frame(of: event, format))
            case .part(let part): try await body.write(EventFrames.layOut(part, format))
            case .nothing: continue
            case .ended: break watching
            }
        }
        try await body.finish(nil)
    }
}

/// The bytes of events as they travel, laid out once for all who receive them.
final class EventFrames: Sendable {
    private struct Entry {
        let event: WatchEvent
        let format: EventStream.Format
        let frame: ByteBuffer
    }

    /// The newest few. Receivers take the same event at about the same time.
    private let recent = Mutex<[Entry]>([])
    private static let recentMax = 16

    func frame(of event: WatchEvent, _ format: EventStream.Format) -> ByteBuffer {
        // A snapshot belongs to one receiver.
        guard event.kind != .snapshot else { return Self.layOut(event, format) }
        return recent.withLock { recent in
            if let known = recent.last(where: { $0.event === event && $0.format == format }) { return known.frame }
            let frame = Self.layOut(event, format)
            if recent.count == Self.recentMax { recent.removeFirst() }
            recent.append(Entry(event: event, format: format, frame: frame))
            return frame
        }
    }

    static func layOut(_ event: WatchEvent, _ format: EventStream.Format) -> ByteBuffer {
        var buffer = ByteBuffer()
        switch format {
        case .platform:
            buffer.reserveCapacity(event.data.count + 96)
            if event.isComplete { buffer.writeString("id: \(event.token.text)\n") }
            buffer.writeString("event: \(event.kind.rawValue)\ndata: ")
            buffer.writeBytes(event.data)
        case .openFeature:
            let id = event.token.text
            switch event.kind {
            case .heartbeat:
                buffer.writeString("id: \(id)\n:")
            case .snapshot, .change, .deleted, .behind:
                buffer.writeString(
                    "id: \(id)\nevent: message\ndata: {\"type\":\"refetchEvaluation\",\"etag\":\"\(id)\"}")
            }
        }
        buffer.writeString("\n\n")
        return buffer
    }
}
