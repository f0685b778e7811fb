package import Foundation
import Synchronization

/// A process of this machine that is given three files and nothing else of this one's.
///
/// Foundation's `Process` learns of an end by a socket that processes which are started at the same moment inherit; it then learns of the end
/// only when those have ended too, which may be never.
package struct ChildProcess: Sendable {
    package let pid: pid_t

    /// Held while a process begins: until it is another program it has whatever this one has open.
    static let beginning = Mutex(())

    /// `posix_spawn_file_actions_addclosefrom_np` of the C library (glibc 2.34), which the Swift overlay does not show.
    private static let closeFrom = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map {
        unsafeBitCast(
            $0, to: (@convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32).self)
    }

    /// - Parameters:
    ///   - executable: its path, or a name that is found on `PATH`.
    ///   - environment: all of it.
    ///   - input: a descriptor for its standard input, and so on. They remain open here.
    package init(
        _ executable: String, _ arguments: [String], environment: [String: String], directory: String, input: Int32,
        output: Int32, errors: Int32
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (descriptor, target) in [(input, Int32(0)), (output, 1), (errors, 2)] {
            posix_spawn_file_actions_adddup2(&actions, descriptor, target)
        }
        // Sockets that this process listens at would else live on in the child, which answers nobody.
        guard let closeFrom = Self.closeFrom, closeFrom(&actions, 3) == 0 else { throw POSIXError(.ENOSYS) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Threads of a pool have most signals blocked, and a child inherits that: it would neither notice SIGTERM nor the end of its own
        // children.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        let command = ["/usr/bin/env", "-C", directory, executable] + arguments
        let words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        let variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var pid = pid_t()
        let failure = Self.beginning.withLock { _ in
            posix_spawn(&pid, command[0], &actions, &attributes, words, variables)
        }
        guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .EIO) }
        self.pid = pid
    }

    /// Waits on this thread for the end, once: the exit status, or 128 and the number of the signal that ended it.
    package func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1 {
            guard errno == EINTR else { return -1 }
        }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    /// Waits for the end on a thread of its own.
    package func wait(_ body: @escaping @Sendable (_ status: Int32) -> Void) {
        Thread { body(wait()) }.start()
    }
}

/// An open file of this process; closed with its last owner.
package final class Descriptor: Sendable {
    private let number: Mutex<Int32>

    package init(_ number: Int32) { self.number = Mutex(number) }

    /// Opens a file as `open(2)` does.
    package convenience init(_ path: String, _ flags: Int32) throws {
        let number = open(path, flags, 0o600)
        guard number >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        self.init(number)
    }

    deinit { close() }

    /// -1 once it is closed.
    package var value: Int32 { number.withLock { $0 } }

    package func close() {
        number.withLock { number in
            if number >= 0 { _ = Foundation.close(number) }
            number = -1
        }
    }

    package static func pipe() throws -> (reading: Descriptor, writing: Descriptor) {
        var ends: [Int32] = [0, 0]
        guard Foundation.pipe(&ends) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return (Descriptor(ends[0]), Descriptor(ends[1]))
    }

    /// The next bytes, at most 8 KiB, as soon as there are any; empty at the end.
    package func read() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 8_192) { buffer, count in
            while true {
                let found = Foundation.read(value, buffer.baseAddress, buffer.count)
                if found < 0, errno == EINTR { continue }
                count = max(0, found)
                return
            }
        }
    }

    package func readToEnd() -> [UInt8] {
        var all: [UInt8] = []
        while case let bytes = read(), !bytes.isEmpty { all += bytes }
        return all
    }

    package func write(_ text: String) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Foundation.write(value, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            sent += count
        }
    }
}
