import ConfigPlatformModel
import JSONSchema
import TestSupport
import Testing

/// The quick verdict and the one with explanations are found in two ways; here they are compared.
@Suite struct AgreementTests {
    @Test(arguments: SuiteTests.folders.filter { SuiteFolder.exists($0.folder) })
    func `an invalid value has a violation, a valid one an output without errors`(
        folder: (folder: String, dialect: String, assertsFormats: Bool)
    ) throws {
        let registry = try SuiteFolder.remotes()
        for group in try SuiteFolder.groups(folder.folder) {
            let options = SchemaOptions(assertsFormats: folder.assertsFormats)
            guard let schema = try? Schema(compiling: group.schema, registry: registry, options: options) else {
                continue
            }
            for test in group.cases {
                expectAgreement(schema, test.data, "\(group.file): \(group.description): \(test.description)")
            }
        }
    }

    @Test func `random schemas and values never stop the program`() throws {
        var compiled = 0
        try SeededGenerator.runs(600) { random in
            let text = RandomSchema.schema(&random, depth: 4)
            guard let schema = try? Schema(compiling: text) else { return }
            compiled += 1
            for _ in 0..<8 {
                let value = RandomSchema.value(&random, depth: 3)
                expectAgreement(schema, value, "\(random): \(text) with \(value)")
            }
        }
        #expect(compiled > 100)
    }

    private func expectAgreement(_ schema: Schema, _ value: JSONValue, _ name: String) {
        let isValid = schema.isValid(value)
        let result = schema.validate(value)
        #expect(result.isValid == isValid, "\(name)")
        #expect(result.violations.isEmpty == isValid, "\(name): \(result.violations)")
        let basic = schema.output(value, format: .basic)
        #expect(basic["valid"] == .bool(isValid), "\(name)")
        #expect((basic["errors"] == nil) == isValid, "\(name)")
        #expect(schema.output(value, format: .detailed)["valid"] == .bool(isValid), "\(name)")
        for violation in result.violations {
            #expect(value[violation.instanceLocation] != nil, "\(name): \(violation)")
        }
    }
}
