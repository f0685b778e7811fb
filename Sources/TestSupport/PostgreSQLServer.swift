import Foundation
import Synchronization

/// A throw-away PostgreSQL server on a free loopback port, with `fsync` on, for tests that need the real thing.
///
/// It runs under a shell that waits for the end of a pipe this process holds: however the process ends, the server and its
/// directory go with it. Tests that stop, kill or pause a server make one of their own; the others use ``shared``.
package final class PostgreSQLServer: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Whether this machine has a server to start.
    package static var isAvailable: Bool { installation != nil }

    /// What a skipped test says.
    package static let absence =
        "PostgreSQL is not installed: no /usr/lib/postgresql/*/bin/initdb, or no user postgres to run it as"

    /// The server that tests of this process share, started when first asked for and removed when the process ends.
    package static var shared: PostgreSQLServer {
        get throws { try sharedServer.get() }
    }

    private static let sharedServer = Result {
        let server = try PostgreSQLServer()
        atexit { try? PostgreSQLServer.shared.remove() }
        return server
    }

    private struct State {
        var watchdog: Descriptor?
        var databases = 0
    }

    package let port: Int
    private let directory: String
    private let installation: Installation
    private let settings: [String: String]
    private let state = Mutex(State())

    /// Makes and starts a server; `settings` are those of postgresql.conf.
    package init(settings: [String: String] = [:]) throws {
        guard let installation = Self.installation else { throw Failure(description: Self.absence) }
        self.installation = installation
        self.settings = settings
        port = try FreePort.find()
        var template = Array("/tmp/cfg-postgresql-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(description: "no directory could be made in /tmp") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        do {
            if let owner = installation.owner { chown(directory, owner.user, owner.group) }
            try startWatchdog()
            try Self.run(
                installation.asOwner + [
                    "\(installation.binaries)/initdb", "-D", "\(directory)/data", "-A", "trust", "-U", "postgres",
                    "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
                ])
            let access = """
                host all +with_password all scram-sha-256
                local all all trust
                host all all 127.0.0.1/32 trust
                """
            try Data(access.utf8).write(to: URL(fileURLWithPath: "\(directory)/data/pg_hba.conf"))
            try start()
            // Members of this role have to give a password.
            try execute("CREATE ROLE with_password NOLOGIN")
        } catch {
            try? FileManager.default.removeItem(atPath: directory)
            throw error
        }
    }

    deinit { dismissWatchdog() }

    /// A URL of the superuser `postgres`; it stays valid over a restart.
    package func url(database: String = "postgres") -> String { "postgres://postgres@127.0.0.1:\(port)/\(database)" }

    /// Makes an empty database with a name of its own and returns its URL.
    package func createDatabase() throws -> String {
        let number = state.withLock { state in
            state.databases += 1
            return state.databases
        }
        try execute("CREATE DATABASE test_\(number) TEMPLATE template0")
        return url(database: "test_\(number)")
    }

    /// Executes SQL through psql as superuser; returns what it prints, unaligned and without headings.
    @discardableResult
    package func execute(_ sql: String, database: String = "postgres") throws -> String {
        let psql = ["\(installation.binaries)/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        return try Self.run(psql + ["-c", sql, url(database: database)])
    }

    /// Starts the server on the data it has and returns when it takes connections.
    package func start() throws {
        try tellWatchdog("start")
        try wait("to start") {
            if let pid = serverPID, Self.isDead(pid) { throw Failure(description: "PostgreSQL did not start:\n\(log)") }
            return readyPID != nil && readyPID == serverPID
        }
    }

    /// Ends the server in order ("fast" shutdown) and keeps its data.
    package func stop() throws {
        guard let pid = serverPID else { return }
        kill(pid, SIGINT)
        try wait("to stop") { Self.isDead(pid) }
        try end(pid)
    }

    /// Kills every process of the server at once, as a crash of the machine's power would but for what the kernel still writes.
    package func kill9() throws {
        guard let pid = serverPID else { return }
        let processes = stopped(pid)
        for process in processes { kill(process, SIGKILL) }
        try wait("to die") { processes.allSatisfy(Self.isDead) }
        try end(pid)
    }

    /// Stops every process of the server where it stands: connections stay open and nothing is answered.
    package func pause() {
        if let pid = serverPID { _ = stopped(pid) }
    }

    package func resume() {
        guard let pid = serverPID else { return }
        for process in Self.children(pid) + [pid] { kill(process, SIGCONT) }
    }

    /// The end of the server's log.
    package var log: String {
        let text = (try? String(contentsOfFile: "\(directory)/log", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(20).joined(separator: "\n")
    }

    private func remove() {
        dismissWatchdog()
        try? wait("to be removed") { !FileManager.default.fileExists(atPath: directory) }
    }

    private func end(_ pid: pid_t) throws {
        try tellWatchdog("end")
        // Until its parent has taken note a dead server looks alive to the next.
        try wait("to be gone") { serverPID == nil && kill(pid, 0) != 0 }
    }

    private func tellWatchdog(_ word: String) throws {
        state.withLock { $0.watchdog?.write("\(word)\n") }
    }

    private func dismissWatchdog() {
        state.withLock { exchange(&$0.watchdog, with: nil) }?.close()
    }

    private func startWatchdog() throws {
        let (reading, writing) = try Descriptor.pipe()
        var command = ["/bin/sh", "-c", Self.watchdog, "postgresql", directory] + installation.asOwner
        command += [
            "\(installation.binaries)/postgres", "-D", "\(directory)/data", "-p", String(port), "-k", directory,
        ]
        let common = ["listen_addresses": "127.0.0.1", "max_connections": "500", "shared_buffers": "64MB"]
        for (name, value) in common.merging(settings, uniquingKeysWith: { $1 }) {
            command += ["-c", "\(name)=\(value)"]
        }
        // Out of the reach of what ends the tests: a terminal's interrupt, or a signal to their process group.
        if FileManager.default.isExecutableFile(atPath: "/usr/bin/setsid") { command.insert("/usr/bin/setsid", at: 0) }
        let nothing = try Descriptor("/dev/null", O_RDWR)
        let process = try ChildProcess(
            command[0], Array(command.dropFirst()), environment: ProcessInfo.processInfo.environment, directory: "/",
            input: reading.value, output: nothing.value, errors: nothing.value)
        process.wait { _ in }
        state.withLock { $0.watchdog = writing }
    }

    /// Stops the server's processes, the parent first so that no new ones appear, and returns them.
    private func stopped(_ pid: pid_t) -> [pid_t] {
        kill(pid, SIGSTOP)
        let children = Self.children(pid)
        for child in children { kill(child, SIGSTOP) }
        return [pid] + children
    }

    private var serverPID: pid_t? {
        (try? String(contentsOfFile: "\(directory)/server.pid", encoding: .utf8))
            .flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    /// The process that wrote postmaster.pid, once its eighth line says that connections are taken.
    private var readyPID: pid_t? {
        let path = "\(directory)/data/postmaster.pid"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 8, lines[7].hasPrefix("ready") || lines[7].hasPrefix("standby") else { return nil }
        return pid_t(lines[0])
    }

    private func wait(_ purpose: String, until isDone: () throws -> Bool) throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(60))
        while try !isDone() {
            guard ContinuousClock.now < deadline else {
                throw Failure(description: "PostgreSQL took more than a minute \(purpose):\n\(log)")
            }
            usleep(5_000)
        }
    }

    /// Starts and ends the server as standard input says. When that is at its end the test process is gone, or has no more use for the
    /// server: then everything is removed.
    private static let watchdog = """
        trap '' HUP INT TERM
        directory=$1
        shift
        server=
        end() {
            [ -n "$server" ] || return
            kill -STOP $server
            for process in $server $(cat /proc/$server/task/$server/children); do kill -KILL $process; done
            wait
            server=
            rm -f "$directory/server.pid"
        }
        while read -r word; do
            case $word in
            start)
                "$@" </dev/null >>"$directory/log" 2>&1 &
                server=$!
                echo $server >"$directory/server.pid.new"
                mv "$directory/server.pid.new" "$directory/server.pid"
                ;;
            end) end ;;
            esac
        done
        end
        # A killed process may still be writing for a moment.
        for attempt in 1 2 3 4 5; do rm -rf "$directory" && break; sleep 1; done
        """

    private static func children(_ pid: pid_t) -> [pid_t] {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { pid_t($0) }
    }

    /// Gone, or waiting only for its parent to take note.
    private static func isDead(_ pid: pid_t) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return true }
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        return fields.count > 1 && (fields[1] == "Z" || fields[1] == "X")
    }

    @discardableResult
    private static func run(_ command: [String]) throws -> String {
        let nothing = try Descriptor("/dev/null", O_RDONLY)
        let (output, writing) = try Descriptor.pipe()
        let process = try ChildProcess(
            command[0], Array(command.dropFirst()), environment: ProcessInfo.processInfo.environment, directory: "/",
            input: nothing.value, output: writing.value, errors: writing.value)
        writing.close()
        let text = String(decoding: output.readToEnd(), as: UTF8.self)
        let status = process.wait()
        guard status == 0 else { throw Failure(description: "\(command[0]) failed with \(status): \(text)") }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The newest installed server, and as whom it is started: PostgreSQL refuses to run as root.
    private struct Installation: Sendable {
        let binaries: String
        let owner: (user: uid_t, group: gid_t)?
        let asOwner: [String]
    }

    private static let installation: Installation? = {
        let root = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).compactMap { Int($0) }
        let usable = versions.sorted(by: >).map { "\(root)/\($0)/bin" }.first { binaries in
            let programs = ["initdb", "postgres", "psql"].map { "\(binaries)/\($0)" }
            return programs.allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
        }
        guard let binaries = usable else { return nil }
        guard geteuid() == 0 else { return Installation(binaries: binaries, owner: nil, asOwner: []) }
        guard let user = getpwnam("postgres") else { return nil }
        let asOwner = ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"]
        guard FileManager.default.isExecutableFile(atPath: asOwner[0]) else { return nil }
        return Installation(
            binaries: binaries, owner: (user.pointee.pw_uid, user.pointee.pw_gid), asOwner: asOwner)
    }()
}
