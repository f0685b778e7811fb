import Dispatch
import Foundation
import Synchronization

/// What a ``LoopbackServer`` was asked.
package struct ReceivedRequest: Sendable {
    package let method: String
    /// With its query.
    package let target: String
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// An HTTP server of the test process itself, at a free port of the loopback interface, in the place of whatever the platform calls: one
/// request a connection, answered with JSON.
package final class LoopbackServer: Sendable {
    package struct Reply: Sendable {
        package let status: Int
        package let body: [UInt8]

        package init(status: Int = 200, body: [UInt8] = []) {
            self.status = status
            self.body = body
        }
    }

    package let port: Int
    private let descriptor: Int32
    private let received: Received

    private final class Received: Sendable {
        let requests = Mutex<[ReceivedRequest]>([])
    }

    package init(_ answer: @escaping @Sendable (ReceivedRequest) -> Reply) throws {
        #if os(Linux)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { throw POSIXError(.EMFILE) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 128) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else {
            close(descriptor)
            throw POSIXError(.EADDRNOTAVAIL)
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        self.descriptor = descriptor
        let received = Received()
        self.received = received
        Thread {
            while case let connection = accept(descriptor, nil, nil), connection >= 0 {
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                DispatchQueue.global().async {
                    defer { close(connection) }
                    guard let request = Self.read(connection) else { return }
                    received.requests.withLock { $0.append(request) }
                    Self.write(answer(request), to: connection)
                }
            }
            close(descriptor)
        }.start()
    }

    /// Wakes the thread, which closes what it listens at.
    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// All there were so far.
    package var requests: [ReceivedRequest] { received.requests.withLock { $0 } }

    private static func read(_ connection: Int32) -> ReceivedRequest? {
        var bytes: [UInt8] = []
        var head: (lines: [String], end: Int)?
        while true {
            if head == nil, let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                head = (
                    String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n"),
                    end.upperBound
                )
            }
            if let head {
                let headers = head.lines.dropFirst().compactMap { line -> (name: String, value: String)? in
                    let parts = line.split(separator: ":", maxSplits: 1)
                    return parts.count == 2
                        ? (String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces)) : nil
                }
                let length = headers.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? 0
                if bytes.count >= head.end + length {
                    let words = head.lines[0].split(separator: " ").map(String.init)
                    guard words.count == 3 else { return nil }
                    return ReceivedRequest(
                        method: words[0], target: words[1], headers: headers,
                        body: Array(bytes[head.end..<head.end + length]))
                }
            }
            var piece = [UInt8](repeating: 0, count: 65_536)
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            bytes += piece[..<count]
        }
    }

    private static func write(_ reply: Reply, to connection: Int32) {
        let head =
            "HTTP/1.1 \(reply.status) -\r\nContent-Type: application/json\r\nContent-Length: \(reply.body.count)\r\n"
            + "Connection: close\r\n\r\n"
        var rest = Array(head.utf8) + reply.body
        while !rest.isEmpty {
            #if os(Linux)
                let count = send(connection, rest, rest.count, Int32(MSG_NOSIGNAL))
            #else
                let count = send(connection, rest, rest.count, 0)
            #endif
            guard count > 0 else { return }
            rest.removeFirst(count)
        }
    }
}
