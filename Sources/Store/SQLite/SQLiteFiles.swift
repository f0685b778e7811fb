import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The files of an embedded database: `cfg.sqlite` (with SQLite's own `-wal` and `-shm` beside it) and `cfg.lock` in one directory.
struct SQLiteFiles: Sendable {
    let directory: String

    var database: String { directory + "/cfg.sqlite" }
    var lock: String { directory + "/cfg.lock" }
    /// A database that is being made.
    var draft: String { database + ".new" }

    init(directory: String) {
        var directory = directory
        while directory.utf8.count > 1, directory.utf8.last == UInt8(ascii: "/") { directory.removeLast() }
        self.directory = directory
    }

    /// Makes the directory and those above it that are missing, mode 0700, each durable in its parent.
    func makeDirectory() throws {
        var missing: [String] = []
        var path = directory
        var status = stat()
        while stat(path, &status) != 0 {
            guard errno == ENOENT else { throw Self.failure("The directory \(path) cannot be looked at") }
            missing.append(path)
            path = Self.parent(of: path)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw StoreError.cannotOpen("\(path) is not a directory: name one that cfg may keep its data in.")
        }
        for path in missing.reversed() {
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
                throw Self.failure("The directory \(path) cannot be made")
            }
            try Self.synchronize(directory: Self.parent(of: path))
        }
    }

    var hasDatabase: Bool { access(database, F_OK) == 0 }

    /// Makes an empty file for a new database, mode 0600: SQLite gives its other files the mode of the first.
    func makeDraft() throws {
        for leftover in [draft, draft + "-journal"] where unlink(leftover) != 0 && errno != ENOENT {
            throw Self.failure("The file \(leftover) cannot be removed")
        }
        let descriptor = open(draft, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("The file \(draft) cannot be made") }
        close(descriptor)
    }

    /// Gives a new database its name, durably.
    func placeDraft() throws {
        guard rename(draft, database) == 0 else { throw Self.failure("The file \(draft) cannot be renamed") }
        try Self.synchronize(directory: directory)
    }

    private static func synchronize(directory: String) throws {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("The directory \(directory) cannot be opened") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("The directory \(directory) cannot be synchronised to disk") }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    fileprivate static func failure(_ what: String) -> StoreError {
        let code = errno
        if code == ENOSPC || code == EDQUOT { return .full("\(what): there is no space left.") }
        return .cannotOpen("\(what): \(String(cString: strerror(code))).")
    }
}

/// The right to be the only process that writes a database: a lock on `cfg.lock`, which the system takes back when the process ends,
/// however it ends. The file holds the process id of the holder and is never removed.
final class DirectoryLock: Sendable {
    private let descriptor: Mutex<Int32?>

    init(_ files: SQLiteFiles) throws {
        let descriptor = open(files.lock, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SQLiteFiles.failure("The lock \(files.lock) cannot be opened") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let holder = Self.holder(descriptor)
            close(descriptor)
            guard code == EWOULDBLOCK else {
                errno = code
                throw SQLiteFiles.failure("The lock \(files.lock) cannot be taken")
            }
            throw StoreError.cannotOpen(
                "The database in \(files.directory) is in use by another cfg\(holder.map { " (process \($0))" } ?? ""). Stop that one first, "
                    + "or give this one another directory.")
        }
        // For the message above only: on a full disk the number is missing, and the lock holds all the same.
        let text = Array("\(getpid())\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
        self.descriptor = Mutex(descriptor)
    }

    deinit { release() }

    func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
    }

    private static func holder(_ descriptor: Int32) -> Int32? {
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: buffer[..<count], as: UTF8.self).prefix { $0.isASCII && $0.isNumber })
    }
}
