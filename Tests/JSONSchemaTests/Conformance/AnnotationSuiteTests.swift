import ConfigPlatformModel
import JSONSchema
import TestSupport
import Testing

/// The annotation suite of https://github.com/json-schema-org/JSON-Schema-Test-Suite, for draft 2020-12.
@Suite struct AnnotationSuiteTests {
    static let folder = "\(SuiteFolder.root)/annotations/tests"

    /// Skipped where the shared data lacks `conformance/json-schema-test-suite/annotations`.
    @Test(.enabled(if: SharedData.path(folder) != nil, "skipped: there is no folder \(folder) in the shared data"))
    func `each annotation is made where the suite expects it and nowhere else`() throws {
        var passed = 0
        for file in SharedData.fileNames(in: Self.folder) where file.hasSuffix(".json") {
            let document = try JSONValue(parsing: try SharedData.bytes("\(Self.folder)/\(file)"))
            for group in document["suite"]?.arrayValue ?? [] where applies(group["compatibility"]?.stringValue) {
                var registry = SchemaRegistry()
                for (uri, external) in group["externalSchemas"]?.objectValue ?? [:] {
                    registry.register(external, at: uri)
                }
                let schema = try Schema(compiling: group["schema"] ?? true, registry: registry)
                for test in group["tests"]?.arrayValue ?? [] {
                    let output = schema.output(test["instance"] ?? .null, format: .basic)
                    for assertion in test["assertions"]?.arrayValue ?? [] {
                        let (location, keyword) = (
                            assertion["location"]?.stringValue, assertion["keyword"]?.stringValue
                        )
                        let found = annotations(of: output, location ?? "", keyword ?? "")
                        let expected = (assertion["expected"]?.objectValue?.values ?? [])
                        #expect(
                            found.count == expected.count && expected.allSatisfy(found.contains),
                            "\(file): \(group["description"] ?? ""): \(location ?? "") \(keyword ?? "")")
                        passed += 1
                    }
                }
            }
        }
        print("annotations: \(passed) assertions checked")
    }

    private func annotations(of output: JSONValue, _ location: String, _ keyword: String) -> [JSONValue] {
        (output["annotations"]?.arrayValue ?? []).filter { unit in
            unit["instanceLocation"]?.stringValue == location
                && unit["keywordLocation"]?.stringValue?.split(separator: "/").last.map(String.init) == keyword
        }.compactMap { $0["annotation"] }
    }

    /// `"2019"` is from 2019-09 on, `"<=2019"` up to it, `"=2020"` that alone.
    private func applies(_ compatibility: String?) -> Bool {
        (compatibility ?? "").split(separator: ",").allSatisfy { part in
            if part.hasPrefix("<=") { return Int(part.dropFirst(2)).map { $0 >= 2020 } ?? false }
            if part.hasPrefix("=") { return part == "=2020" }
            return Int(part).map { $0 <= 2020 } ?? false
        }
    }
}
