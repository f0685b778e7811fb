import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import Testing

@testable import API

@Suite struct CallGateTests {
    private static let patience = TimeAmount.seconds(30)

    private static func channel(messageBytesMax: Int = 100) throws -> EmbeddedChannel {
        let gate = CallGate(patience: patience, messageBytesMax: messageBytesMax)
        let channel = EmbeddedChannel(handler: gate)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private static func head(ends: Bool = false) -> HTTP2Frame.FramePayload {
        .headers(.init(headers: [":method": "POST", ":path": "/a/B"], endStream: ends))
    }

    /// Bytes of a message of that length: its head, and as much of it as is wanted.
    private static func data(length: UInt32, bytes: Int, ends: Bool = false) -> HTTP2Frame.FramePayload {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt8(0))
        buffer.writeInteger(length)
        buffer.writeRepeatingByte(0, count: bytes)
        return .data(.init(data: .byteBuffer(buffer), endStream: ends))
    }

    /// The status with which the gate has answered; nil where it has not.
    private static func status(_ channel: EmbeddedChannel) throws -> String? {
        guard case .headers(let headers)? = try channel.readOutbound(as: HTTP2Frame.FramePayload.self) else {
            return nil
        }
        #expect(headers.endStream && headers.headers.first(name: ":status") == "200")
        return headers.headers.first(name: "grpc-status")
    }

    @Test func `a call whose message does not arrive in time is refused, and its stream ends`() throws {
        for begun in [[], [Self.head()], [Self.head(), Self.data(length: 50, bytes: 49)]] {
            let channel = try Self.channel()
            for frame in begun { try channel.writeInbound(frame) }
            channel.embeddedEventLoop.advanceTime(by: Self.patience - .nanoseconds(1))
            #expect(try Self.status(channel) == nil && channel.isActive)
            channel.embeddedEventLoop.advanceTime(by: .nanoseconds(1))
            #expect(try Self.status(channel) == "4" && !channel.isActive)
        }
    }

    @Test func `a call whose message has arrived has all the time there is`() throws {
        for end in [Self.data(length: 50, bytes: 50, ends: true), Self.head(ends: true)] {
            let channel = try Self.channel()
            try channel.writeInbound(Self.head())
            try channel.writeInbound(end)
            channel.embeddedEventLoop.advanceTime(by: .hours(1))
            #expect(try Self.status(channel) == nil && channel.isActive)
        }
    }

    @Test func `a message is refused by its head, however that is cut into frames`() throws {
        for (length, status) in [(100, nil), (101, "8"), (UInt32.max, "8")] as [(UInt32, String?)] {
            guard case .data(let data) = Self.data(length: length, bytes: 3), case .byteBuffer(let bytes) = data.data
            else { return }
            for cut in 0...bytes.readableBytes {
                let channel = try Self.channel()
                try channel.writeInbound(Self.head())
                var rest = bytes
                let first = rest.readSlice(length: cut) ?? ByteBuffer()
                for part in [first, rest] {
                    try channel.writeInbound(HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(part))))
                }
                #expect(try Self.status(channel) == status, "\(length) cut at \(cut)")
                #expect(channel.isActive == (status == nil))
            }
        }
    }

    @Test func `nothing of a call that was refused reaches its handlers, and nothing of them the client`() throws {
        let channel = try Self.channel()
        try channel.writeInbound(Self.data(length: 101, bytes: 1))
        #expect(try Self.status(channel) == "8")
        #expect(try channel.readInbound(as: HTTP2Frame.FramePayload.self) == nil)
        #expect(throws: (any Error).self) { try channel.writeOutbound(Self.head()) }
        #expect(try channel.readOutbound(as: HTTP2Frame.FramePayload.self) == nil)
    }
}
