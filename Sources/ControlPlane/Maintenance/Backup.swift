package import ConfigPlatformModel
import Crypto
import Foundation
package import Store

/// A backup file: all changes, events and credentials of a platform up to one revision, with a checksum over the whole. It fits either
/// engine, and holds no token and no plain secret.
package enum Backup {
    package struct Summary: Sendable {
        package let platformID: String
        package let revision: Revision
        package let records: Int
        package let bytes: Int
    }

    /// Writes a backup while the platform may be serving. The file appears whole or not at all, readable by its owner only.
    package static func write(
        _ store: any Store, to path: String, now: Timestamp, progress: (String) -> Void
    ) async throws -> Summary {
        let reader = try await LedgerReader(store)
        let temporary = path + ".part-\(ProcessInfo.processInfo.processIdentifier)"
        let file = try BackupFile(creating: temporary)
        do {
            try file.append(BackupLine.header(reader.head, createdAt: now))
            var records = 0
            try await reader.forEachPage(now: now) { page in
                for record in page { try file.append(BackupLine.encode(record)) }
                records += page.count
                progress("\(records) records written")
            }
            try file.finish(records: records)
            guard rename(temporary, path) == 0 else { throw BackupFile.failure("rename", path) }
            try BackupFile.synchronizeFolder(of: path)
            return Summary(
                platformID: reader.head.platformID, revision: reader.head.revision, records: records,
                bytes: file.byteCount)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Restores a backup into an empty store. The file is read whole and found sound before anything is written.
    package static func restore(
        from path: String, into store: any Store, progress: (String) -> Void
    ) async throws -> Summary {
        let checked = try BackupFile.check(path)
        progress("\(checked.records) records checked")
        let writer = try await LedgerWriter(store, platformID: checked.platformID)
        var page: [LedgerRecord] = []
        var restored = 0
        var iterator = try BackupFile.Lines(path)
        _ = try iterator.next()
        for _ in 0..<checked.records {
            guard let line = try iterator.next() else { throw UnreadableRecord("a backup that ends early") }
            page.append(try BackupLine.decode(line))
            if page.count == LedgerReader.page {
                try await writer.write(page)
                restored += page.count
                page = []
                progress("\(restored) of \(checked.records) records restored")
            }
        }
        try await writer.write(page)
        let head = try await store.head()
        guard head.revision == checked.revision, head.digest == checked.digest else {
            throw UnreadableRecord("a backup whose changes do not lead to the revision that it names")
        }
        return Summary(
            platformID: checked.platformID, revision: checked.revision, records: checked.records, bytes: checked.bytes)
    }
}

/// Reading and writing the file itself: lines, and a last line with their SHA-256.
private final class BackupFile {
    private let descriptor: Int32
    private let path: String
    private var hash = SHA256()
    private var buffer: [UInt8] = []
    private(set) var byteCount = 0

    private static let bufferBytes = 1 << 20

    init(creating path: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        self.path = path
        guard descriptor >= 0 else { throw Self.failure("create", path) }
    }

    deinit { close(descriptor) }

    func append(_ line: [UInt8]) throws {
        hash.update(data: line)
        hash.update(data: [0x0A])
        try put(line + [0x0A])
    }

    func finish(records: Int) throws {
        let digest = ConfigPlatformModel.Digest.hexadecimal(hash.finalize())
        try put(Array("{\"end\":{\"records\":\(records),\"sha256\":\"\(digest)\"}}\n".utf8))
        try flush()
        guard fsync(descriptor) == 0 else { throw Self.failure("synchronize", path) }
    }

    private func put(_ bytes: [UInt8]) throws {
        buffer += bytes
        byteCount += bytes.count
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    private func flush() throws {
        var written = 0
        while written < buffer.count {
            let count = buffer.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress! + written, $0.count - written)
            }
            guard count > 0 else { throw Self.failure("write", path) }
            written += count
        }
        buffer.removeAll(keepingCapacity: true)
    }

    static func failure(_ what: String, _ path: String) -> StoreError {
        let reason = String(cString: strerror(errno))
        return errno == ENOSPC
            ? .full("cannot \(what) \(path): \(reason)") : .cannotOpen("cannot \(what) \(path): \(reason)")
    }

    static func synchronizeFolder(of path: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("synchronize", folder) }
    }

    struct Checked {
        let platformID: String
        let revision: Revision
        let digest: ConfigPlatformModel.Digest
        let records: Int
        let bytes: Int
    }

    /// Reads the whole file once and compares it with its last line.
    static func check(_ path: String) throws -> Checked {
        var lines = try Lines(path)
        guard let first = try lines.next(), let header = try? JSONValue(parsing: first),
            header["format"]?.stringValue == BackupLine.format
        else { throw UnreadableRecord("a file that is no backup of this program: \(path)") }
        guard header["version"]?.int64Value == BackupLine.version else {
            throw UnreadableRecord("a backup of a version that this program does not know")
        }
        guard let platformID = header["platform"]?.stringValue, let number = header["revision"]?.int64Value,
            let digest = header["digest"]?.stringValue.flatMap(ConfigPlatformModel.Digest.init(hexadecimal:))
        else { throw UnreadableRecord("a backup without a sound first line") }
        var hash = SHA256()
        var previous = first
        var count = 0
        while let line = try lines.next() {
            hash.update(data: previous)
            hash.update(data: [0x0A])
            previous = line
            count += 1
        }
        guard let end = try? JSONValue(parsing: previous)["end"], end["records"]?.int64Value == Int64(count - 1),
            end["sha256"]?.stringValue == ConfigPlatformModel.Digest.hexadecimal(hash.finalize())
        else {
            throw UnreadableRecord(
                "a backup that is damaged or incomplete: its checksum does not match; use another copy")
        }
        return Checked(
            platformID: platformID, revision: try Revision(number), digest: digest, records: count - 1,
            bytes: lines.byteCount)
    }

    /// The lines of a file, without their ends, in bounded memory.
    struct Lines {
        private let handle: FileHandle
        private var buffer: [UInt8] = []
        private var position = 0
        private(set) var byteCount = 0

        init(_ path: String) throws {
            guard let handle = FileHandle(forReadingAtPath: path) else { throw BackupFile.failure("open", path) }
            self.handle = handle
        }

        mutating func next() throws -> [UInt8]? {
            var searched = position
            while true {
                if let end = buffer[searched...].firstIndex(of: 0x0A) {
                    defer { position = end + 1 }
                    return Array(buffer[position..<end])
                }
                searched = buffer.count - position
                buffer.removeFirst(position)
                position = 0
                let more = try handle.read(upToCount: BackupFile.bufferBytes) ?? Data()
                byteCount += more.count
                if more.isEmpty {
                    defer { buffer = [] }
                    return buffer.isEmpty ? nil : buffer
                }
                buffer.append(contentsOf: more)
            }
        }
    }
}
