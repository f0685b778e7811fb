import Foundation
import Synchronization

/// Ports of the loopback interface, for what has to know its port before it listens, or is to have it again after it has stopped.
///
/// They are lower than those that the kernel hands out: nobody who asks for any port, and no connection, is given one meanwhile.
package enum FreePort {
    private static let ports = 10_000..<32_000
    private static let next = Mutex(Int.random(in: ports))

    /// A port at which nothing listens. It is given once: where nothing is started at it, nothing will ever answer there.
    package static func find() throws -> Int {
        try next.withLock { next -> Int in
            for _ in ports {
                let port = next
                next = port + 1 < ports.upperBound ? port + 1 : ports.lowerBound
                if isFree(port) { return port }
            }
            throw POSIXError(.EADDRINUSE)
        }
    }

    private static func isFree(_ port: Int) -> Bool {
        // A process that begins meanwhile would hold on to the port for a moment.
        ChildProcess.beginning.withLock { _ -> Bool in
            #if os(Linux)
                let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            #else
                let descriptor = socket(AF_INET, SOCK_STREAM, 0)
            #endif
            guard descriptor >= 0 else { return false }
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
        }
    }
}
