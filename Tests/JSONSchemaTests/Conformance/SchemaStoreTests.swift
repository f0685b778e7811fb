import ConfigPlatformModel
import Foundation
import JSONSchema
import TestSupport
import Testing
import Yams

/// Schemas of configuration files in use, with files that fit them and files that do not: https://www.schemastore.org.
/// Skipped where the shared data lacks `conformance/schemastore`.
@Suite(
    .enabled(
        if: SharedData.path("conformance/schemastore") != nil,
        "skipped: there is no folder conformance/schemastore in the shared data"))
struct SchemaStoreTests {
    static let root = "conformance/schemastore"

    @Test(arguments: SharedData.fileNames(in: "\(root)/schemas"))
    func `files are judged as the store says`(file: String) throws {
        let bytes = try SharedData.bytes("\(Self.root)/schemas/\(file)")
        let schema = try Schema(
            compiling: try JSONValue(parsing: bytes), baseURI: "https://json.schemastore.org/\(file)")
        let name = file.replacing(".json", with: "")
        var count = 0
        for instance in SharedData.fileNames(in: "\(Self.root)/positive/\(name)") {
            let result = schema.validate(try Self.document("\(Self.root)/positive/\(name)/\(instance)"))
            #expect(result.isValid, "positive/\(name)/\(instance): \(result.violations)")
            count += 1
        }
        for instance in SharedData.fileNames(in: "\(Self.root)/negative/\(name)") {
            let result = schema.validate(try Self.document("\(Self.root)/negative/\(name)/\(instance)"))
            #expect(!result.isValid, "negative/\(name)/\(instance)")
            #expect(!result.violations.isEmpty, "negative/\(name)/\(instance)")
            count += 1
        }
        print("schemastore \(name): \(count) files")
    }

    private static func document(_ path: String) throws -> JSONValue {
        let bytes = try SharedData.bytes(path)
        if path.hasSuffix(".json") { return try JSONValue(parsing: bytes) }
        return try json(Yams.load(yaml: String(decoding: bytes, as: UTF8.self)) ?? NSNull())
    }

    private static func json(_ value: Any) throws -> JSONValue {
        switch value {
        case is NSNull: return .null
        case let value as Bool: return .bool(value)
        case let value as Int: return .int(value)
        case let value as Double: return .number(try #require(JSONNumber(value)))
        case let value as String: return .string(value)
        case let value as [Any]: return .array(try value.map(json))
        case let value as [AnyHashable: Any]:
            var object = JSONObject()
            for (name, member) in value { object["\(name.base)"] = try json(member) }
            return .object(object)
        default: return .string("\(value)")
        }
    }
}
