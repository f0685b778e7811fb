import ConfigFormats
import ConfigPlatformModel
import Testing

@Suite struct ProfileTests {
    @Test func `documents are divided by the profile they name, which is no setting of theirs`() throws {
        let text = """
            server.port: 0
            ---
            spring:
              config:
                activate:
                  on-profile: docker
            server:
              port: 8080
            ---
            spring.profiles: mysql
            db: x
            """
        let file = try Reading(text, as: .yaml).file
        #expect(file.documents.map(\.profile) == [nil, "docker", "mysql"])
        #expect(file.documents.map { $0.settings.map(\.key.text) } == [["server.port"], ["server.port"], ["db"]])
        #expect(file.notices.map(\.severity) == [.information, .information])
        #expect(file.notices.map(\.line) == [6, 10])
    }

    @Test func `a document for several profiles is one of each`() throws {
        for value in ["a, b", "[a, b]", "[a, 'b, a']"] {
            let file = try Reading("spring.profiles: \(value)\nx: 1\n", as: .yaml).file
            #expect(file.documents.map(\.profile) == ["a", "b"])
            #expect(file.documents.allSatisfy { $0.settings.map(\.key.text) == ["x"] })
        }
    }

    @Test func `the active profiles are a setting like others`() throws {
        #expect(
            try Reading("spring:\n  profiles:\n    active: x\n", as: .yaml).values == ["spring.profiles.active": "x"])
    }

    @Test(arguments: ["'!a'", "a & b", "a | b", "'(a)'", "[[a]]", "''"])
    func `an expression over profiles is refused with its place`(value: String) {
        let problem = #expect(throws: Problem.self) { try Reading("x: 1\n---\nspring.profiles: \(value)\n", as: .yaml) }
        #expect(problem?.violations.first?.line == 3)
    }

    @Test func `both ways of naming a profile at once are refused`() {
        #expect(throws: Problem.self) {
            try Reading("spring.profiles: a\nspring.config.activate.on-profile: b\n", as: .yaml)
        }
    }

    @Test func `a document that names no profile is for all`() throws {
        #expect(
            try Reading("spring.config.activate.on-profile:\nx: 1\n", as: .yaml).file.documents.map(\.profile) == [nil])
    }

    @Test func `properties are divided at their markers where one part names a profile`() throws {
        let text = "a=1\n#---\nspring.config.activate.on-profile=docker\na=2\n!---\na=3\n"
        let file = try Reading(text, as: .properties).file
        #expect(file.documents.map(\.profile) == [nil, "docker", nil])
        #expect(file.documents.map { $0.settings.map(\.value) } == [["1"], ["2"], ["3"]])
        let whole = try Reading("a=1\n#---\nb=2\n", as: .properties).file
        #expect(whole.documents.count == 1)
    }
}
