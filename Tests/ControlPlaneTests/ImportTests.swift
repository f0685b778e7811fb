import ConfigFormats
import ConfigPlatformModel
import ControlPlane
import TestSupport
import Testing

/// What files of settings come to beside what stands.
@Suite struct ImportTests {
    @Test(arguments: [ConfigFormat.json, .yaml, .toml, .properties], [WriteMode.merge, .replace])
    func `an object that was exported comes back as the value that it was`(
        format: ConfigFormat, mode: WriteMode
    ) async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([
                test.put("o", ["x": 1, "a.b": ["c": true], "": [:], "l": [["d.e": 2]]], in: "base"),
                test.put("p.q", ["r": ["s": "t"]], in: "base"), test.put("n", "text", in: "base"),
            ])
            for environment in ["base", "production"] {
                let before = try await test.document(environment)
                let file = try await test.exported(environment, as: format)
                let outcome = try await test.take(file, as: format, into: environment, mode)
                #expect((outcome.change == nil) == (environment == "base"), "production has what it inherited")
                #expect(try await test.document(environment) == before)
            }
        }
    }

    @Test func `references in an object come back resolved, or stay live where the import says so`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([
                test.put("host", "h", in: "base"), test.put("o", ["u": "http://${host}", "v": "$${x}"], in: "base"),
            ])
            let file = try await test.exported("base", as: .yaml)
            try await test.take(file, as: .yaml, into: "base")
            #expect(try await test.document("base") == #"{"host":"h","o":{"u":"http://h","v":"${x}"}}"#)
            try await test.take(
                Array("o:\n  u: http://${host}/\n  v: $${x}\n".utf8), as: .yaml, into: "base", references: .live)
            try await test.write([test.put("host", "i", in: "base")])
            #expect(try await test.document("base") == #"{"host":"i","o":{"u":"http://i/","v":"${x}"}}"#)
        }
    }

    @Test func `a document for a profile overrides an object whole, as any value`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([test.put("o", ["x": 1], in: "base")])
            let text = "o:\n  x: 5\n---\nspring.config.activate.on-profile: docker\no:\n  y: 6\n"
            try await test.take(Array(text.utf8), as: .yaml, into: "base")
            #expect(try await test.document("base") == #"{"o":{"x":5}}"#)
            #expect(try await test.document("base@docker") == #"{"o":{"y":6}}"#)
        }
    }
}

extension PlatformUnderTest {
    fileprivate func exported(_ environment: String, as format: ConfigFormat) async throws -> [UInt8] {
        try await platform.export(caller, try name(environment), of: project, as: format, at: .now).bytes
    }

    @discardableResult
    fileprivate func take(
        _ bytes: [UInt8], as format: ConfigFormat, into environment: String, _ mode: WriteMode = .merge,
        references: SettingBody.References? = nil
    ) async throws -> WriteOutcome {
        let plan = try platform.importing(
            caller,
            ImportRequest(
                project: project, environment: try name(environment), format: format, bytes: bytes, mode: mode,
                references: references, message: nil))
        return try await platform.write(caller, WriteRequest(proposal: plan.proposal, action: .import))
    }
}
