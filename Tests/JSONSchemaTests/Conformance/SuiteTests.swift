import ConfigPlatformModel
import JSONSchema
import TestSupport
import Testing

/// The official test suite, every case: https://github.com/json-schema-org/JSON-Schema-Test-Suite.
///
/// A folder is tested where the shared data holds it, under `conformance/json-schema-test-suite/tests`; where the
/// test is skipped, that folder is absent.
@Suite struct SuiteTests {
    static let folders: [(folder: String, dialect: String, assertsFormats: Bool)] = [
        ("draft2020-12", "https://json-schema.org/draft/2020-12/schema", false),
        ("draft2020-12/optional", "https://json-schema.org/draft/2020-12/schema", false),
        ("draft2020-12/optional/format", "https://json-schema.org/draft/2020-12/schema", true),
        ("draft2019-09", "https://json-schema.org/draft/2019-09/schema", false),
        ("draft2019-09/optional", "https://json-schema.org/draft/2019-09/schema", false),
        ("draft2019-09/optional/format", "https://json-schema.org/draft/2019-09/schema", true),
        ("draft7", "http://json-schema.org/draft-07/schema#", false),
        ("draft7/optional", "http://json-schema.org/draft-07/schema#", false),
        ("draft7/optional/format", "http://json-schema.org/draft-07/schema#", true),
        ("draft6", "http://json-schema.org/draft-06/schema#", false),
        ("draft6/optional", "http://json-schema.org/draft-06/schema#", false),
        ("draft6/optional/format", "http://json-schema.org/draft-06/schema#", true),
        ("draft4", "http://json-schema.org/draft-04/schema#", false),
        ("draft4/optional", "http://json-schema.org/draft-04/schema#", false),
        ("draft4/optional/format", "http://json-schema.org/draft-04/schema#", true),
    ]

    /// Cases that are decided otherwise, by folder, file and description, with the reason.
    static let deviations: [String: String] = {
        let content = "content keywords are annotations in every draft, as 2019-09 made them"
        let float = "1.0 is the integer 1 in every draft, as draft-06 made it"
        return [
            "draft7/optional/content.json: validation of string-encoded content based on media type: "
                + "an invalid JSON document": content,
            "draft7/optional/content.json: validation of binary string-encoding: "
                + "an invalid base64 string (% is not a valid character)": content,
            "draft7/optional/content.json: validation of binary-encoded media type documents: "
                + "a validly-encoded invalid JSON document": content,
            "draft7/optional/content.json: validation of binary-encoded media type documents: "
                + "an invalid base64 string that is valid JSON": content,
            "draft4/optional/zeroTerminatedFloats.json: some languages do not distinguish between different types of "
                + "numeric value: a float is not an integer even without fractional part": float,
        ]
    }()

    @Test(
        .enabled(
            if: folders.contains { SuiteFolder.exists($0.folder) },
            "skipped: there is no folder \(SuiteFolder.root) in the shared data"),
        arguments: folders.filter { SuiteFolder.exists($0.folder) })
    func `every case is decided as the suite says`(
        folder: (folder: String, dialect: String, assertsFormats: Bool)
    ) throws {
        let registry = try SuiteFolder.remotes()
        var passed = 0
        var deviating = 0
        for group in try SuiteFolder.groups(folder.folder) {
            var schema = group.schema
            if case .object(var object) = schema, object["$schema"] == nil {
                object["$schema"] = .string(folder.dialect)
                schema = .object(object)
            }
            let compiled: Schema
            do {
                compiled = try Schema(
                    compiling: schema, registry: registry,
                    options: SchemaOptions(assertsFormats: folder.assertsFormats))
            } catch {
                Issue.record("\(folder.folder)/\(group.file): \(group.description): \(error)")
                continue
            }
            for test in group.cases {
                let name = "\(folder.folder)/\(group.file): \(group.description): \(test.description)"
                if Self.deviations[name] != nil {
                    deviating += 1
                    continue
                }
                let isValid = compiled.isValid(test.data)
                #expect(isValid == test.isValid, "\(name)")
                if isValid == test.isValid { passed += 1 }
            }
        }
        print("\(folder.folder): \(passed) cases passed, \(deviating) deviate")
    }
}
