import Dispatch
import Foundation
import Synchronization

/// One HTTP/1.1 connection to a loopback address over a plain socket, so that what is tested is the wire and not a client's idea of it.
///
/// Calls wait on a queue of the connection's own, one after the other.
package final class HTTPConnection: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private struct State {
        var unread: [UInt8] = []
        var chunkedBody = false
    }

    private let descriptor: Int32
    private let queue = DispatchQueue(label: "http-connection")
    private let state = Mutex(State())
    package let localPort: Int

    /// - Parameter receiveBytes: the kernel's buffer for what has arrived; nil for the system's choice.
    package init(port: Int, receiveBytes: Int32? = nil) throws {
        #if os(Linux)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { throw Self.failure("socket") }
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        if var receiveBytes {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBytes, socklen_t(MemoryLayout<Int32>.size))
        }
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let bound = Self.withAddress(&address) {
            connect(descriptor, $0, $1.pointee) == 0 && getsockname(descriptor, $0, $1) == 0
        }
        let failure = bound ? nil : Self.failure("connect to port \(port)")
        localPort = Int(UInt16(bigEndian: address.sin_port))
        if let failure { throw failure }
    }

    private static func withAddress<Result>(
        _ address: inout sockaddr_in,
        _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result
    ) -> Result {
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
        }
    }

    deinit { close(descriptor) }

    /// Whether the other side has closed it, or sent what nobody asked for.
    package var isStale: Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)
    }

    package func send(_ bytes: [UInt8]) async throws {
        try await onQueue { _ in try self.write(bytes) }
    }

    /// The next answer, whole.
    package func answer(toHead isHead: Bool = false) async throws -> HTTPAnswer {
        try await onQueue { state in
            var answer = try self.readHead(&state)
            while answer.status == 100 { answer = try self.readHead(&state) }
            guard !isHead, answer.status != 204, answer.status != 304 else { return answer }
            if state.chunkedBody {
                while let chunk = try self.readChunk(&state) { answer.body += chunk }
            } else if let length = answer.header("Content-Length").flatMap({ Int($0) }) {
                answer.body = try self.read(length, &state)
            } else {
                while true {
                    answer.body += state.unread
                    state.unread = []
                    guard try self.receive(&state) else { break }
                }
            }
            return answer
        }
    }

    /// The head of the next answer; its body is read with `chunk()`.
    package func head() async throws -> HTTPAnswer {
        try await onQueue { try self.readHead(&$0) }
    }

    /// The next piece of a chunked body; nil at its end, which the sender must have marked.
    package func chunk() async throws -> [UInt8]? {
        try await onQueue { try self.readChunk(&$0) }
    }

    /// The next bytes of a body, after its head.
    package func bytes(_ count: Int) async throws -> [UInt8] {
        try await onQueue { try self.read(count, &$0) }
    }

    /// Ends the connection for both sides; reads that wait fail.
    package func shutDown() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private func onQueue<Result: Sendable>(_ body: @escaping @Sendable (inout State) throws -> Result) async throws
        -> Result
    {
        try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(with: Swift.Result { try self.state.withLock { try body(&$0) } })
            }
        }
    }

    private func readHead(_ state: inout State) throws -> HTTPAnswer {
        let end: Int
        var searched = 0
        while true {
            if let found = Self.endOfHead(state.unread, from: max(0, searched - 3)) {
                end = found
                break
            }
            searched = state.unread.count
            guard try receive(&state) else {
                throw Failure(
                    description: "the connection ended before an answer, after \(state.unread.count) bytes of it")
            }
        }
        let lines = String(decoding: state.unread[..<end], as: UTF8.self).components(separatedBy: "\r\n")
        state.unread.removeFirst(end + 4)
        let statusLine = lines[0].split(separator: " ", maxSplits: 2)
        guard statusLine.count >= 2, statusLine[0] == "HTTP/1.1", let status = Int(statusLine[1]) else {
            throw Failure(description: "'\(lines[0])' is no status line")
        }
        let headers = try lines.dropFirst().map { line in
            guard let colon = line.firstIndex(of: ":") else { throw Failure(description: "'\(line)' is no header") }
            return (
                name: String(line[..<colon]),
                value: line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            )
        }
        let answer = HTTPAnswer(status: status, headers: headers, body: [])
        state.chunkedBody = answer.header("Transfer-Encoding")?.lowercased() == "chunked"
        return answer
    }

    private func readChunk(_ state: inout State) throws -> [UInt8]? {
        let line = try readLine(&state)
        guard let length = Int(line.prefix { $0 != ";" }, radix: 16) else {
            throw Failure(description: "'\(line)' is no length of a chunk")
        }
        let chunk = try read(length, &state)
        let end = try readLine(&state)
        guard end.isEmpty else { throw Failure(description: "after a chunk comes '\(end)'") }
        return length == 0 ? nil : chunk
    }

    private func readLine(_ state: inout State) throws -> String {
        while true {
            if let end = state.unread.firstIndex(of: 0x0A) {
                let line = String(decoding: state.unread[..<end], as: UTF8.self)
                state.unread.removeFirst(end + 1)
                return line.trimmingCharacters(in: .newlines)
            }
            guard try receive(&state) else { throw Failure(description: "the connection ended inside a chunked body") }
        }
    }

    private func read(_ count: Int, _ state: inout State) throws -> [UInt8] {
        while state.unread.count < count {
            guard try receive(&state) else {
                throw Failure(description: "the connection ended after \(state.unread.count) of \(count) bytes")
            }
        }
        let bytes = Array(state.unread.prefix(count))
        state.unread.removeFirst(count)
        return bytes
    }

    /// false where the other side has ended the connection.
    private func receive(_ state: inout State) throws -> Bool {
        let bytes = try [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            let received = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            guard received >= 0 else { throw Self.failure("receive") }
            count = received
        }
        state.unread += bytes
        return !bytes.isEmpty
    }

    private func write(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { buffer in
                #if os(Linux)
                    Foundation.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
                #else
                    Foundation.send(descriptor, buffer.baseAddress, buffer.count, 0)
                #endif
            }
            guard count > 0 else { throw Self.failure("send") }
            sent += count
        }
    }

    private static func endOfHead(_ bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in start...(bytes.count - 4)
        where bytes[index] == 0x0D && bytes[index + 1] == 0x0A && bytes[index + 2] == 0x0D && bytes[index + 3] == 0x0A {
            return index
        }
        return nil
    }

    private static func failure(_ what: String) -> Failure {
        Failure(description: "\(what): \(String(cString: strerror(errno)))")
    }
}
