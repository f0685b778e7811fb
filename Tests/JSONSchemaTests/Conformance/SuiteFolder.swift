import ConfigPlatformModel
import JSONSchema
import TestSupport

/// A folder of the official JSON Schema Test Suite, which is read from the shared data.
enum SuiteFolder {
    static let root = "conformance/json-schema-test-suite"

    struct Group {
        let file: String
        let description: String
        let schema: JSONValue
        let cases: [(description: String, data: JSONValue, isValid: Bool)]
    }

    static func exists(_ folder: String) -> Bool { SharedData.path("\(root)/tests/\(folder)") != nil }

    static func groups(_ folder: String) throws -> [Group] {
        var groups: [Group] = []
        let path = "\(root)/tests/\(folder)"
        for file in SharedData.fileNames(in: path) where file.hasSuffix(".json") {
            let document = try JSONValue(parsing: try SharedData.bytes("\(path)/\(file)"))
            for group in document.arrayValue ?? [] {
                let cases = (group["tests"]?.arrayValue ?? []).map { test in
                    (
                        description: test["description"]?.stringValue ?? "", data: test["data"] ?? .null,
                        isValid: test["valid"] == .bool(true)
                    )
                }
                groups.append(
                    Group(
                        file: file, description: group["description"]?.stringValue ?? "",
                        schema: group["schema"] ?? .null, cases: cases))
            }
        }
        return groups
    }

    /// What the suite serves at http://localhost:1234.
    static func remotes() throws -> SchemaRegistry {
        var registry = SchemaRegistry()
        func add(_ folder: String, _ uri: String) throws {
            for name in SharedData.fileNames(in: folder) {
                if name.hasSuffix(".json") {
                    let document = try JSONValue(parsing: try SharedData.bytes("\(folder)/\(name)"))
                    registry.register(document, at: "\(uri)/\(name)")
                } else {
                    try add("\(folder)/\(name)", "\(uri)/\(name)")
                }
            }
        }
        try add("\(root)/remotes", "http://localhost:1234")
        return registry
    }
}
