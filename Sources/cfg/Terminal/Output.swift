import Foundation

/// Standard output and standard error, written at once and without a buffer in between: what was printed is there, also
/// when the program is stopped or its output is a pipe.
enum Output {
    /// Exit status of a program that wrote to a pipe nobody reads any more: 128 and SIGPIPE, as shells report it.
    static let closedPipe: Int32 = 141

    static func write(_ text: String) { write(Array(text.utf8), to: STDOUT_FILENO) }
    static func write(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }
    static func writeError(_ text: String) { write(Array(text.utf8), to: STDERR_FILENO) }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress! + written, $0.count - written)
            }
            if count >= 0 {
                written += count
            } else if errno == EAGAIN {
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = Foundation.poll(&poll, 1, -1)
            } else if errno == EPIPE {
                // The network library ignores SIGPIPE for the whole process, so it is done here what the signal would
                // do.
                _exit(closedPipe)
            } else if errno != EINTR {
                // A full disk, say. What is lost must not pass for success.
                if descriptor == STDOUT_FILENO {
                    writeError("cfg: the output cannot be written: \(String(cString: strerror(errno)).lowercased())\n")
                }
                _exit(ExitStatus.failed.rawValue)
            }
        }
    }
}
