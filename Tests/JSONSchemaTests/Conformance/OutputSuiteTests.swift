import ConfigPlatformModel
import JSONSchema
import TestSupport
import Testing

/// The output suite of https://github.com/json-schema-org/JSON-Schema-Test-Suite: each output is validated by the
/// schema the suite gives for it.
@Suite struct OutputSuiteTests {
    static let folder = "\(SuiteFolder.root)/output-tests"

    /// Skipped where the shared data lacks `conformance/json-schema-test-suite/output-tests`.
    @Test(
        .enabled(if: SharedData.path(folder) != nil, "skipped: there is no folder \(folder) in the shared data"),
        arguments: ["draft2020-12", "draft2019-09"])
    func `outputs are what the suite wants`(draft: String) throws {
        var registry = SchemaRegistry()
        let outputSchema = try JSONValue(parsing: try SharedData.bytes("\(Self.folder)/\(draft)/output-schema.json"))
        registry.register(outputSchema, at: outputSchema["$id"]?.stringValue ?? "")
        for file in SharedData.fileNames(in: "\(Self.folder)/\(draft)/content") {
            let groups = try JSONValue(parsing: try SharedData.bytes("\(Self.folder)/\(draft)/content/\(file)"))
            for group in groups.arrayValue ?? [] {
                let schema = try Schema(compiling: group["schema"] ?? true)
                for test in group["tests"]?.arrayValue ?? [] {
                    for (format, expected) in test["output"]?.objectValue ?? [:] {
                        guard let format = OutputFormat(rawValue: format) else { continue }
                        let output = schema.output(test["data"] ?? .null, format: format)
                        let verdict = try Schema(compiling: expected, registry: registry).validate(output)
                        #expect(verdict.isValid, "\(file): \(test["description"] ?? ""): \(verdict.violations)")
                    }
                }
            }
        }
    }
}
