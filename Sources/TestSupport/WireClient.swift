package import ConfigPlatformModel
import Foundation
import Synchronization

/// An answer of a server.
package struct HTTPAnswer: Sendable, CustomStringConvertible {
    package let status: Int
    package let headers: [(name: String, value: String)]
    package var body: [UInt8]

    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    package var text: String { String(decoding: body, as: UTF8.self) }

    package func json() throws -> JSONValue { try JSONValue(parsing: body) }

    /// `X-Revision`.
    package var revision: Int64? { header("X-Revision").flatMap { Int64($0) } }
    /// `X-Revision-Token`.
    package var revisionToken: String? { header("X-Revision-Token") }

    package var description: String {
        let head = headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
        return "\(status)\n\(head)\n\n\(text.prefix(4_000))"
    }
}

/// Sends requests to a server at a loopback port, over connections that it keeps.
package final class WireClient: Sendable {
    package enum Body: Sendable {
        case json(JSONValue)
        case bytes([UInt8], type: String)
    }

    package let port: Int
    private let token: String?
    private let idle = Mutex<[HTTPConnection]>([])

    package init(port: Int, token: String?) {
        self.port = port
        self.token = token
    }

    package func with(token: String?) -> WireClient { WireClient(port: port, token: token) }

    /// Sends one request and returns its whole answer.
    ///
    /// - Parameters:
    ///   - path: from `/` on, without a query; encoded here, so that `@` and the like may be written as they are.
    ///   - query: encoded here.
    package func send(
        _ method: String, _ path: String, query: [(String, String)] = [], headers: [(String, String)] = [],
        body: Body? = nil
    ) async throws -> HTTPAnswer {
        let connection = try idleConnection() ?? HTTPConnection(port: port)
        try await connection.send(request(method, path, query: query, headers: headers, body: body))
        let answer = try await connection.answer(toHead: method == "HEAD")
        if answer.header("Connection")?.lowercased() != "close" { idle.withLock { $0.append(connection) } }
        return answer
    }

    package func get(_ path: String, query: [(String, String)] = [], headers: [(String, String)] = []) async throws
        -> HTTPAnswer
    {
        try await send("GET", path, query: query, headers: headers)
    }

    /// Begins a stream of server-sent events; the answer has only its head.
    package func events(
        _ path: String, query: [(String, String)] = [], headers: [(String, String)] = []
    ) async throws -> (answer: HTTPAnswer, events: EventStream) {
        let connection = try HTTPConnection(port: port)
        let headers = headers + [("Accept", "text/event-stream")]
        try await connection.send(request("GET", path, query: query, headers: headers, body: nil))
        let head = try await connection.head()
        return (head, EventStream(connection))
    }

    /// The bytes of a request.
    package func request(
        _ method: String, _ path: String, query: [(String, String)] = [], headers: [(String, String)] = [],
        body: Body? = nil
    ) -> [UInt8] {
        var target = Self.encoded(path, keeping: "/@:!$&'()*+,;=")
        if !query.isEmpty {
            target +=
                "?"
                + query.map { Self.encoded($0, keeping: "") + "=" + Self.encoded($1, keeping: "") }.joined(
                    separator: "&")
        }
        var head = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
        if let token { head += "Authorization: Bearer \(token)\r\n" }
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        var content: [UInt8] = []
        switch body {
        case .json(let value):
            content = value.canonicalBytes()
            head += "Content-Type: application/json\r\n"
        case .bytes(let bytes, let type):
            content = bytes
            head += "Content-Type: \(type)\r\n"
        case nil: break
        }
        if body != nil { head += "Content-Length: \(content.count)\r\n" }
        return Array((head + "\r\n").utf8) + content
    }

    private func idleConnection() -> HTTPConnection? {
        idle.withLock { connections in
            while let connection = connections.popLast() {
                if !connection.isStale { return connection }
            }
            return nil
        }
    }

    private static func encoded(_ text: String, keeping kept: String) -> String {
        let unreserved = Set(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8 + Array(kept.utf8))
        return text.utf8.map { byte in
            unreserved.contains(byte)
                ? String(UnicodeScalar(byte))
                : "%" + String(byte >> 4, radix: 16, uppercase: true) + String(byte & 15, radix: 16, uppercase: true)
        }.joined()
    }
}

/// One event of a stream (WHATWG HTML, 9.2).
package struct StreamedEvent: Sendable {
    /// The last id that the stream has named.
    package let id: String?
    package let event: String
    package let data: JSONValue
}

/// Server-sent events as they arrive, for one reader.
package final class EventStream: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var id: String?
    }

    private let connection: HTTPConnection
    private let state = Mutex(State())

    fileprivate init(_ connection: HTTPConnection) {
        self.connection = connection
    }

    /// The next event; nil when the server has ended the stream in order. An end in the middle of things is thrown.
    package func next() async throws -> StreamedEvent? {
        while true {
            let block = state.withLock { state in
                let end = state.bytes.indices.dropLast().first {
                    state.bytes[$0] == 0x0A && state.bytes[$0 + 1] == 0x0A
                }
                guard let end else { return nil as String? }
                let block = String(decoding: state.bytes[..<end], as: UTF8.self)
                state.bytes.removeFirst(end + 2)
                return block
            }
            if let block {
                if let event = try event(of: block) { return event }
                continue
            }
            guard let chunk = try await connection.chunk() else { return nil }
            state.withLock { $0.bytes += chunk }
        }
    }

    /// The next event that is no heartbeat. Throws where there is none for a minute, for heartbeats would go on without end.
    package func nextChange() async throws -> StreamedEvent? {
        let deadline = ContinuousClock.now + .seconds(60)
        while let event = try await next() {
            if event.event != "heartbeat" { return event }
            guard ContinuousClock.now < deadline else {
                throw HTTPConnection.Failure(description: "nothing but heartbeats came for a minute")
            }
        }
        return nil
    }

    package func close() { connection.shutDown() }

    /// nil for a block of comments or of a `retry` alone.
    private func event(of block: String) throws -> StreamedEvent? {
        var type = "message"
        var data: [Substring] = []
        for line in block.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? (parts[1].first == " " ? parts[1].dropFirst() : parts[1]) : ""
            switch parts[0] {
            case "id": state.withLock { $0.id = String(value) }
            case "event": type = String(value)
            case "data": data.append(value)
            default: break
            }
        }
        guard !data.isEmpty else { return nil }
        return StreamedEvent(
            id: state.withLock { $0.id }, event: type,
            data: try JSONValue(parsing: Array(data.joined(separator: "\n").utf8)))
    }
}
