import Foundation

/// A pipe that makes poll(2) return: readable from `signal` until `drain`.
final class WakePipe: Sendable {
    let readDescriptor: Int32
    private let writeDescriptor: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw PostgreSQLError("no pipe could be opened: \(String(cString: strerror(errno)))")
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        readDescriptor = ends[0]
        writeDescriptor = ends[1]
    }

    deinit {
        close(readDescriptor)
        close(writeDescriptor)
    }

    func signal() {
        var byte: UInt8 = 1
        // A full pipe is readable already.
        _ = write(writeDescriptor, &byte, 1)
    }

    func drain() {
        var bytes: [UInt8] = Array(repeating: 0, count: 64)
        while read(readDescriptor, &bytes, bytes.count) > 0 {}
    }
}

/// What poll(2) reported of a descriptor.
struct Readiness {
    let isReadable: Bool
    let isWritable: Bool

    /// An error or a hang-up counts as both: the next call on the socket tells which it is.
    init(events: Int16) {
        let failed = Int32(events) & (POLLERR | POLLHUP | POLLNVAL) != 0
        isReadable = failed || Int32(events) & POLLIN != 0
        isWritable = failed || Int32(events) & POLLOUT != 0
    }

    /// Waits until one of the descriptors is ready; nil in `timeout` waits for ever. Returns nil when the time is over.
    static func wait(
        _ descriptors: [(descriptor: Int32, isWriting: Bool)], timeout: Duration?
    ) throws -> [Readiness]? {
        var polled = descriptors.map { entry in
            pollfd(fd: entry.descriptor, events: Int16(entry.isWriting ? POLLIN | POLLOUT : POLLIN), revents: 0)
        }
        let deadline = timeout.map { ContinuousClock.now.advanced(by: $0) }
        while true {
            let remaining = deadline.map { ContinuousClock.now.duration(to: $0).milliseconds } ?? -1
            let count = poll(&polled, nfds_t(polled.count), remaining)
            if count > 0 { return polled.map { Readiness(events: $0.revents) } }
            if count == 0 { return nil }
            if errno != EINTR { throw PostgreSQLError("poll failed: \(String(cString: strerror(errno)))") }
        }
    }
}
