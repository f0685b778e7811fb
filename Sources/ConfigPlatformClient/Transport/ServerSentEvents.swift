/// One event of a `text/event-stream` (WHATWG HTML, 9.2).
struct ServerSentEvent: Hashable, Sendable {
    var id: String?
    /// The event's type; `message` where the stream named none.
    var type: String
    var data: [UInt8]
}

/// Cuts a `text/event-stream` into events as its bytes arrive, wherever they are divided.
struct ServerSentEventParser {
    /// An event, or the line it is read from, is larger than allowed.
    struct TooLarge: Error {
        let bytesMax: Int
    }

    private let eventBytesMax: Int
    private var line: [UInt8] = []
    private var endsWithCarriageReturn = false
    private var isFirstLine = true
    private var id: String?
    private var type = ""
    private var data: [UInt8] = []
    private var hasData = false
    /// What the stream last asked for as time before a new connection.
    private(set) var retry: Duration?

    init(eventBytesMax: Int) {
        self.eventBytesMax = eventBytesMax
    }

    /// The events that are complete with these bytes.
    mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(TooLarge) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        var start = 0
        // CR LF is one end of line, also where the two arrive apart.
        if endsWithCarriageReturn, let first = bytes.first {
            endsWithCarriageReturn = false
            if first == 0x0A { start = 1 }
        }
        while start < bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != 0x0A, bytes[end] != 0x0D { end += 1 }
            guard line.count + data.count + (end - start) <= eventBytesMax else {
                throw TooLarge(bytesMax: eventBytesMax)
            }
            line.append(contentsOf: bytes[start..<end])
            guard end < bytes.count else { break }
            if let event = endLine() { events.append(event) }
            start = end + 1
            guard bytes[end] == 0x0D else { continue }
            if start == bytes.count {
                endsWithCarriageReturn = true
            } else if bytes[start] == 0x0A {
                start += 1
            }
        }
        return events
    }

    private mutating func endLine() -> ServerSentEvent? {
        defer { line.removeAll(keepingCapacity: line.count < 1 << 16) }
        if isFirstLine {
            isFirstLine = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        }
        guard !line.isEmpty else { return dispatch() }
        guard line[0] != UInt8(ascii: ":") else { return nil }
        let colon = line.firstIndex(of: UInt8(ascii: ":"))
        let name = String(decoding: line[..<(colon ?? line.endIndex)], as: UTF8.self)
        var value = colon.map { line[($0 + 1)...] } ?? []
        if value.first == 0x20 { value = value.dropFirst() }
        switch name {
        case "data":
            if hasData { data.append(0x0A) }
            data.append(contentsOf: value)
            hasData = true
        case "event": type = String(decoding: value, as: UTF8.self)
        case "id" where !value.contains(0): id = String(decoding: value, as: UTF8.self)
        case "retry":
            let digits = String(decoding: value, as: UTF8.self)
            if digits.utf8.count <= 9, let milliseconds = Int(digits), milliseconds >= 0 {
                retry = .milliseconds(milliseconds)
            }
        default: break
        }
        return nil
    }

    private mutating func dispatch() -> ServerSentEvent? {
        defer {
            type = ""
            data = []
            hasData = false
        }
        return hasData ? ServerSentEvent(id: id, type: type.isEmpty ? "message" : type, data: data) : nil
    }
}
