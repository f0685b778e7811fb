import Foundation
import Synchronization

/// What a command did that ran to its end.
package struct CommandResult: Sendable, CustomStringConvertible {
    package let command: String
    /// Exit status; 128 and the number of the signal where one ended it.
    package let status: Int32
    package let standardOutput: [UInt8]
    package let standardError: [UInt8]

    package var output: String { String(decoding: standardOutput, as: UTF8.self) }
    package var errors: String { String(decoding: standardError, as: UTF8.self) }

    package var description: String { "`\(command)` ended with \(status)\nstdout: \(output)\nstderr: \(errors)" }

    /// This result, where the command succeeded.
    @discardableResult
    package func succeeded() throws -> CommandResult {
        guard status == 0 else { throw CommandFailure(result: self) }
        return self
    }
}

package struct CommandFailure: Error, CustomStringConvertible {
    package let result: CommandResult

    package init(result: CommandResult) { self.result = result }

    package var description: String { result.description }
}

/// Runs commands of this machine.
package enum CommandRun {
    /// Longest run of a command; the installation of Python packages is the slowest.
    private static let patience = Duration.seconds(540)

    /// Runs an executable, named by its path or found on `PATH`, and waits for its end. One that takes more than nine minutes is killed.
    ///
    /// - Parameters:
    ///   - environment: all of it; nil for the environment of this process.
    ///   - input: what standard input holds.
    package static func run(
        _ executable: String, _ arguments: [String], environment: [String: String]? = nil, directory: String? = nil,
        input: [UInt8] = []
    ) async throws -> CommandResult {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try Data(input).write(to: URL(filePath: folder.path("input")))
        let files = try [
            Descriptor(folder.path("input"), O_RDONLY), Descriptor(folder.path("output"), O_WRONLY | O_CREAT),
            Descriptor(folder.path("errors"), O_WRONLY | O_CREAT),
        ]
        let process = try ChildProcess(
            executable, arguments, environment: environment ?? ProcessInfo.processInfo.environment,
            directory: directory ?? folder.root,
            input: files[0].value, output: files[1].value, errors: files[2].value)
        let running = RunningProcess(process.pid)
        let deadline = Task {
            try await Task.sleep(for: patience)
            running.kill()
        }
        defer { deadline.cancel() }
        let status = await withCheckedContinuation { continuation in
            process.wait { status in
                running.ended()
                continuation.resume(returning: status)
            }
        }
        return CommandResult(
            command: ([executable] + arguments).joined(separator: " "), status: status,
            standardOutput: try folder.bytes("output"), standardError: try folder.bytes("errors"))
    }
}

/// The number of a process while it runs.
private final class RunningProcess: Sendable {
    private let pid: Mutex<Int32?>

    init(_ pid: Int32) { self.pid = Mutex(pid) }

    func ended() { pid.withLock { $0 = nil } }

    func kill() {
        pid.withLock { if let pid = $0 { _ = Foundation.kill(pid, SIGKILL) } }
    }
}

/// A folder of its own in the system's temporary one; removed with its last owner.
package final class TemporaryFolder: Sendable {
    package let root: String

    package init() throws {
        let parent = FileManager.default.temporaryDirectory
        var template = Array(parent.appending(path: "cfg-test-XXXXXX").path(percentEncoded: false).utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
        root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { remove() }

    package func path(_ name: String) -> String { root + "/" + name }

    package func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path(name))))
    }

    @discardableResult
    package func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: path(name)))
        return path(name)
    }

    package func remove() {
        try? FileManager.default.removeItem(atPath: root)
    }
}
