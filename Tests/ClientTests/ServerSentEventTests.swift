import TestSupport
import Testing

@testable import ConfigPlatformClient

@Suite struct ServerSentEventTests {
    private func events(_ pieces: [[UInt8]], bytesMax: Int = 1 << 20) throws -> [ServerSentEvent] {
        var parser = ServerSentEventParser(eventBytesMax: bytesMax)
        return try pieces.flatMap { piece in try piece.withUnsafeBufferPointer { try parser.read($0) } }
    }

    private func events(_ text: String) throws -> [ServerSentEvent] { try events([Array(text.utf8)]) }

    @Test func `an event has its id, type and data`() throws {
        #expect(
            try events("id: 42-aa\nevent: change\ndata: {\"a\":1}\n\n")
                == [ServerSentEvent(id: "42-aa", type: "change", data: Array("{\"a\":1}".utf8))])
    }

    @Test func `an event without a type is a message and several data lines are joined`() throws {
        #expect(
            try events("data:a\ndata: b\ndata\n\n") == [
                ServerSentEvent(id: nil, type: "message", data: Array("a\nb\n".utf8))
            ])
    }

    @Test func `the id stays until another comes and one with a zero byte is ignored`() throws {
        let all = try events("id: 1\ndata: a\n\ndata: b\n\nid: x\0\ndata: c\n\nid\ndata: d\n\n")
        #expect(all.map(\.id) == ["1", "1", "1", ""])
    }

    @Test func `comments, unknown fields and events without data give nothing`() throws {
        #expect(try events(": hello\n\nfoo: bar\nevent: x\n\n") == [])
    }

    @Test func `what is not ended by an empty line is not an event yet`() throws {
        #expect(try events("data: a\n") == [])
    }

    @Test func `a byte order mark before the first line is left out`() throws {
        #expect(try events([[0xEF, 0xBB, 0xBF] + Array("data: a\n\n".utf8)]).map(\.data) == [Array("a".utf8)])
    }

    @Test func `a retry time is taken if it is digits`() throws {
        var parser = ServerSentEventParser(eventBytesMax: 100)
        for line in ["retry: 1500\n", "retry: soon\n", "retry: -1\n"] {
            _ = try Array(line.utf8).withUnsafeBufferPointer { try parser.read($0) }
        }
        #expect(parser.retry == .milliseconds(1500))
    }

    @Test func `an event larger than allowed is refused, one as large is not`() throws {
        #expect(try events([Array("data:123456789\n\n".utf8)], bytesMax: 14).count == 1)
        #expect(throws: ServerSentEventParser.TooLarge.self) {
            try events([Array("data:1234567890\n\n".utf8)], bytesMax: 14)
        }
    }

    @Test func `wherever the bytes are divided and however lines end, the events are the same`() throws {
        try SeededGenerator.runs(500) { random in
            var text: [UInt8] = []
            var expected: [ServerSentEvent] = []
            // One kind for a stream: a CR and an LF after it would be one end of line.
            let end = random.element(of: [[0x0A], [0x0D], [0x0D, 0x0A]] as [[UInt8]])
            for number in 0..<random.int(in: 1...5) {
                func line(_ line: String) { text += Array(line.utf8) + end }
                line("id: \(number)")
                line("event: kind\(number)")
                line("data: dä\(number)")
                line("")
                expected.append(
                    ServerSentEvent(id: "\(number)", type: "kind\(number)", data: Array("dä\(number)".utf8)))
            }
            var pieces: [[UInt8]] = []
            var rest = text[...]
            while !rest.isEmpty {
                let count = random.int(in: 1...min(7, rest.count))
                pieces.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            let received = try events(pieces)
            #expect(received == expected, "\(random)")
        }
    }
}
