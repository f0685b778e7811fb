import Foundation

/// A file that is always whole: replaced, never altered, and on disk before the replacement is reported.
package enum DurableFile {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
        /// `errno` where the operating system refused.
        package let code: Int32

        init(_ action: String, _ path: String, code: Int32 = errno) {
            description = "'\(path)' cannot be \(action): \(String(cString: strerror(code)).lowercased())"
            self.code = code
        }

        init(refusing path: String, because reason: String) {
            description = "'\(path)' is refused: \(reason)"
            code = 0
        }
    }

    /// Writes the bytes beside the file, readable and writable by the owner alone, syncs them, renames them over the
    /// file and syncs the folder. After a failure the file is what it was.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(Failure) {
        let url = URL(filePath: path)
        let folder = url.deletingLastPathComponent().path(percentEncoded: false)
        let suffix = String(UInt64.random(in: .min ... .max), radix: 36)
        let temporary = folder + (folder.hasSuffix("/") ? "" : "/") + ".\(url.lastPathComponent).\(suffix)"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure("written", path) }
        do throws(Failure) {
            do throws(Failure) {
                try write(bytes, to: descriptor, path)
                guard fsync(descriptor) == 0 else { throw Failure("written", path) }
            } catch {
                close(descriptor)
                throw error
            }
            guard close(descriptor) == 0 else { throw Failure("written", path) }
            guard rename(temporary, path) == 0 else { throw Failure("replaced", path) }
        } catch {
            unlink(temporary)
            throw error
        }
        let folderDescriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folderDescriptor >= 0 else { throw Failure("synced", folder) }
        defer { close(folderDescriptor) }
        guard fsync(folderDescriptor) == 0 else { throw Failure("synced", folder) }
    }

    /// The bytes of a file; nil where there is none. Refuses what others than the owner may write, and what is larger
    /// than allowed.
    package static func read(_ path: String, bytesMax: Int) throws(Failure) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Failure("read", path)
        }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw Failure("read", path) }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw Failure(refusing: path, because: "it is no plain file") }
        guard facts.st_mode & 0o022 == 0 else {
            throw Failure(refusing: path, because: "others than its owner may write it; make it mode 0600")
        }
        guard facts.st_size <= bytesMax else {
            throw Failure(refusing: path, because: "it has \(facts.st_size) bytes, more than \(bytesMax)")
        }
        var bytes = [UInt8](repeating: 0, count: Int(facts.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                Foundation.read(descriptor, $0.baseAddress! + filled, $0.count - filled)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure("read", path) }
            guard count > 0 else { break }
            filled += count
        }
        return Array(bytes[..<filled])
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(Failure) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress! + written, $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure("written", path) }
            written += count
        }
    }
}
