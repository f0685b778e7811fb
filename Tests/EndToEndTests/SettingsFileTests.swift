import ConfigPlatformModel
import TestSupport
import Testing

@Suite("files of settings from the command line", .timeLimit(.minutes(5)))
struct SettingsFileTests {
    private let project = ProjectPath("demo")

    @Test func `a file that is to replace everything and has a line that cannot be read is refused`() async throws {
        let folder = try TemporaryFolder()
        let server = try await CfgProcess()
        try await server.client.makeProject(project, environments: [("base", [])])
        let full = try folder.write("full.env", "A=1\nB=2\nC=3\n")
        try await server.cli("import", full, "-p", "demo", "-e", "base", "--mode", "replace").succeeded()
        let part = try folder.write("part.env", "A=\"unclosed\nB=4\n")
        let refused = try await server.cli("import", part, "-p", "demo", "-e", "base", "--mode", "replace")
        #expect(refused.status == 1 && refused.errors.contains("line 1:3: "), "\(refused)")
        let tried = try await server.cli(
            "import", part, "-p", "demo", "-e", "base", "--mode", "replace", "--dry-run")
        #expect(tried.status == 1 && tried.errors.contains("'merge'"), "\(tried)")
        #expect(
            try await server.client.document("base", of: project).json() == ["A": "1", "B": "2", "C": "3"])
        let merged = try await server.cli("import", part, "-p", "demo", "-e", "base").succeeded()
        #expect(merged.errors.contains("part.env:1:3: error: "), "\(merged)")
        #expect(
            try await server.client.document("base", of: project).json() == ["A": "1", "B": "4", "C": "3"])
        try await server.stop()
    }

    @Test func `an export that is imported again alters nothing, whatever the keys and in objects too`() async throws {
        let folder = try TemporaryFolder()
        let server = try await CfgProcess()
        try await server.client.makeProject(project, environments: [("base", [])])
        try await server.client.change(
            project, "Settings that are trouble",
            [
                .put("\"x.y\"", "base", "1"), .put("a.\"b.c\".d", "base", "2"), .put("a.b.c.d", "base", "3"),
                .put("level.org", "base", "INFO"), .put("level.\"org.hibernate\"", "base", "DEBUG"),
                .put("o", "base", ["x": 1, "a.b": ["c": [["d.e": .null]]], "": [:]]),
                .put("back", "base", "C:\\dir\\"),
            ])
        let document = try await server.client.document("base", of: project).body
        let changes = try await server.client.call("GET", project.root + "/changes").json()
        for name in ["all.json", "all.yaml", "all.properties"] {
            let file = folder.path(name)
            try await server.cli("export", "-p", "demo", "-e", "base", "--file", file).succeeded()
            for mode in ["merge", "replace"] {
                let again = try await server.cli("import", file, "-p", "demo", "-e", "base", "--mode", mode)
                    .succeeded()
                #expect(!again.errors.contains("warning") && !again.errors.contains("error"), "\(name): \(again)")
                let read = try await server.client.document("base", of: project)
                #expect(read.body == document, "\(name), \(mode): \(read)")
            }
        }
        #expect(try await server.client.call("GET", project.root + "/changes").json() == changes)
        try await server.stop()
    }
}
