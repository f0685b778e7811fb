import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// In the shared data.
private let petclinicBundle = "real-input/petclinic-config/petclinic-config.bundle"

/// A real Spring configuration repository, replayed commit by commit: one environment for each file and one for each file and profile.
///
/// Spring's order, the later first, is the file's document for the profile, application's for the profile, the file's own, application's
/// own; it is said by what environments inherit:
///
///     application           from nothing
///     application@PROFILE   from application
///     SERVICE               from application
///     SERVICE@PROFILE       from SERVICE, then application@PROFILE where that exists
///
/// Each altered file is imported with `mode=replace` into the environment of its name. The import itself divides it by profile and makes
/// `NAME@PROFILE`, inheriting from `NAME`, where it does not exist; a change after it makes the other combinations and adds
/// `application@PROFILE` to what a service with a profile inherits. A document for a profile that is no longer in the file is not touched by
/// an import, so that its settings are deleted here; with a file that is gone, its environments are.
///
/// References such as `${spring.application.name}` are Spring's to resolve: YAML is imported literally.
@Suite(
    "The pet clinic's configuration",
    .enabled(
        if: SharedData.path(petclinicBundle) != nil,
        "skipped: there is no file \(petclinicBundle) in the shared data"),
    .enabled(Oracles.absence) { try await Oracles.areInstalled() }, .timeLimit(.minutes(9)))
struct PetclinicTests {
    private let project = ProjectPath("petclinic")

    @Test func `every service and profile reads at every commit what a YAML 1.2 reader makes of the files`()
        async throws
    {
        let history = try await History()
        let server = try await CfgProcess()
        let client = server.client
        try await client.call("PUT", project.root, body: .json([:]), expecting: [201])
        var replay = Replay(client: client, project: project)
        var kept: [(commit: Commit, revision: Int64)] = []
        for commit in history.commits {
            try await replay.advance(to: commit, of: history)
            try await expectDocuments(of: commit, from: client, at: nil)
            kept.append((commit, replay.revision))
        }
        #expect(kept.count == 45)
        #expect(replay.imports >= 41, "there are 41 commits with YAML in them")

        try await server.restart()
        for (commit, revision) in kept where commit.documents.isEmpty == false {
            try await expectDocuments(of: commit, from: server.client, at: revision)
        }
        try await server.stop()
    }

    private func expectDocuments(of commit: Commit, from client: WireClient, at revision: Int64?) async throws {
        let moment = revision.map { [("at", "\($0)")] } ?? []
        let listed = try await client.call("GET", project.root + "/environments", query: moment + [("limit", "1000")])
            .json()
        let names = listed["environments"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? []
        #expect(Set(names).isSuperset(of: commit.documents.keys), "\(commit.hash)")
        // It is made before any file, for the others inherit from it.
        let files = Set(commit.files.keys.map(Commit.name)).union(["application"])
        #expect(Set(names.map { String($0.prefix { $0 != "@" }) }).subtracting(files).isEmpty, "\(commit.hash)")
        for (name, expected) in commit.documents {
            let found = try await client.call("GET", project.settings(name), query: moment)
            #expect(try found.json() == expected, "\(name) at commit \(commit.hash)")
        }
    }
}

/// The repository, and what the independent reader says of it.
private struct History {
    let repository: String
    let commits: [Commit]
    private let folder: TemporaryFolder

    init() async throws {
        folder = try TemporaryFolder()
        repository = folder.path("repository")
        let bundle = try #require(SharedData.path(petclinicBundle))
        // The bundle names no HEAD, so that the branch has to be looked for.
        try await CommandRun.run("git", ["clone", "--quiet", "--bare", bundle, repository]).succeeded()
        let branches = try await CommandRun.run(
            "git", ["-C", repository, "for-each-ref", "--format=%(refname)", "refs/heads"]
        ).succeeded().output.split(separator: "\n")
        let branch = try #require(branches.count == 1 ? branches.first : nil)
        let reading = try await Oracles.python("spring_layers.py", [repository, String(branch)])
        commits = try (reading["commits"]?.arrayValue ?? []).map(Commit.init)
    }

    func file(_ path: String, at commit: Commit) async throws -> [UInt8] {
        try await CommandRun.run("git", ["-C", repository, "show", "\(commit.hash):\(path)"]).succeeded().standardOutput
    }
}

private struct Commit {
    let hash: String
    let files: [String: (profiles: [String], settings: JSONValue?)]
    /// By environment.
    let documents: [String: JSONValue]

    init(_ reading: JSONValue) throws {
        hash = try #require(reading["commit"]?.stringValue)
        files = Dictionary(
            uniqueKeysWithValues: (reading["files"]?.objectValue ?? [:]).map { path, file in
                (path, (file["profiles"]?.arrayValue?.compactMap(\.stringValue) ?? [], file["settings"]))
            })
        documents = Dictionary(
            uniqueKeysWithValues: (reading["documents"]?.objectValue ?? [:]).map { ($0.name, $0.value) })
    }

    static func name(_ path: String) -> String { String(path.prefix { $0 != "." }) }

    var profilesOfApplication: Set<String> {
        Set(files.first { Self.name($0.key) == "application" }?.value.profiles ?? [])
    }
}

/// Brings the platform from one commit to the next.
private struct Replay {
    let client: WireClient
    let project: ProjectPath
    private(set) var revision: Int64 = 0
    private(set) var imports = 0
    private var contents: [String: [UInt8]] = [:]
    private var profiles: [String: [String]] = [:]
    private var inherits: [String: [String]] = [:]

    init(client: WireClient, project: ProjectPath) {
        self.client = client
        self.project = project
    }

    mutating func advance(to commit: Commit, of history: History) async throws {
        try await removeFiles(missingIn: commit)
        try await makeServices(of: commit)
        for (path, file) in commit.files.sorted(by: { $0.key < $1.key }) {
            let bytes = try await history.file(path, at: commit)
            guard contents[path] != bytes else { continue }
            contents[path] = bytes
            try await take(bytes, of: path, file.settings, at: commit)
            try await clear(Set(profiles[path] ?? []).subtracting(file.profiles), of: Commit.name(path))
            profiles[path] = file.profiles
        }
        try await combine(commit)
    }

    /// Ends the environments of files that are gone, those that inherit first.
    private mutating func removeFiles(missingIn commit: Commit) async throws {
        for path in contents.keys.sorted() where commit.files[path] == nil {
            let name = Commit.name(path)
            let environments = inherits.keys.filter { $0 == name || $0.hasPrefix(name + "@") }
            try await change("\(path) is gone", environments.sorted(by: >).map { .deleteEnvironment($0) })
            for environment in environments { inherits[environment] = nil }
            contents[path] = nil
            profiles[path] = nil
        }
    }

    private mutating func makeServices(of commit: Commit) async throws {
        let services = commit.files.keys.map(Commit.name).filter { $0 != "application" }.sorted()
        var operations: [JSONValue] = []
        for name in ["application"] + services where inherits[name] == nil {
            inherits[name] = name == "application" ? [] : ["application"]
            operations.append(.putEnvironment(name, inherits: inherits[name] ?? []))
        }
        try await change("New files", operations)
    }

    private mutating func take(_ bytes: [UInt8], of path: String, _ settings: JSONValue?, at commit: Commit)
        async throws
    {
        let name = Commit.name(path)
        let answer = try await client.importFile(
            bytes, format: "yaml", into: name, of: project, mode: "replace", message: "\(path) at \(commit.hash)")
        let result = try answer.json()
        #expect(result["settings"] == settings, "\(path) at \(commit.hash)")
        let lost = (result["notices"]?.arrayValue ?? []).filter { $0["severity"]?.stringValue == "error" }
        #expect(lost.isEmpty, "\(path) at \(commit.hash)")
        revision = try answer.writtenRevision
        imports += 1
        for profile in commit.files[path]?.profiles ?? [] where inherits["\(name)@\(profile)"] == nil {
            inherits["\(name)@\(profile)"] = [name]
        }
    }

    private mutating func clear(_ gone: Set<String>, of name: String) async throws {
        for environment in gone.map({ "\(name)@\($0)" }).sorted() {
            let listed = try await client.call("GET", project.settings(environment), query: [("origin", "true")]).json()
            let own = (listed["settings"]?.arrayValue ?? []).filter { $0["environment"]?.stringValue == environment }
            try await change(
                "No longer in the file", own.compactMap { $0["key"]?.stringValue }.map { .delete($0, environment) })
        }
    }

    /// Makes the combinations that no file has a document for, and lets application's documents for a profile reach each service.
    private mutating func combine(_ commit: Commit) async throws {
        var operations: [JSONValue] = []
        for path in commit.files.keys.sorted() where Commit.name(path) != "application" {
            let name = Commit.name(path)
            for profile in commit.profilesOfApplication.union(commit.files[path]?.profiles ?? []).sorted() {
                let below = inherits["application@\(profile)"] == nil ? [name] : [name, "application@\(profile)"]
                guard inherits["\(name)@\(profile)"] != below else { continue }
                inherits["\(name)@\(profile)"] = below
                operations.append(.putEnvironment("\(name)@\(profile)", inherits: below))
            }
        }
        try await change("Combinations", operations)
    }

    private mutating func change(_ message: String, _ operations: [JSONValue]) async throws {
        guard !operations.isEmpty else { return }
        revision = try await client.change(project, message, operations).writtenRevision
    }
}
