import API
import ConfigPlatformModel
import Foundation
import TestSupport
import Testing
import Yams

/// `api/openapi.yaml`, as far as these tests hold the server to it.
enum Contract {
    static let document: JSONValue = {
        // This file is Tests/APITests/Contract.swift of the package.
        let package = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        guard let text = try? String(contentsOf: package.appending(path: "api/openapi.yaml"), encoding: .utf8),
            let tree = try? Yams.load(yaml: text), let data = try? JSONSerialization.data(withJSONObject: tree),
            let json = try? JSONValue(parsing: Array(data), limits: JSONLimits(maxDepth: 128))
        else { preconditionFailure("api/openapi.yaml cannot be read") }
        return json
    }()

    static let methods = ["get", "put", "post", "delete", "patch"]

    static func operation(_ method: String, _ pattern: String) -> JSONValue? {
        document["paths"]?[pattern]?[method.lowercased()]
    }

    /// Follows a reference, where it is one.
    static func resolved(_ value: JSONValue) -> JSONValue {
        guard let reference = value["$ref"]?.stringValue,
            let pointer = try? JSONPointer(parsing: String(reference.dropFirst())), let target = document[pointer]
        else { return value }
        return resolved(target)
    }

    /// Holds an answer against what the contract says of its route and status. Paths without a route are checked to be
    /// told so.
    static func check(_ answer: HTTPAnswer, to method: String, _ path: String, _ location: SourceLocation) {
        #expect(answer.revision != nil, "no X-Revision", sourceLocation: location)
        #expect(answer.revisionToken != nil, "no X-Revision-Token", sourceLocation: location)
        #expect(answer.header("X-Request-ID") != nil, "no X-Request-ID", sourceLocation: location)
        #expect(answer.header("X-Content-Type-Options") == "nosniff", sourceLocation: location)
        #expect(answer.header("Cache-Control") != nil, sourceLocation: location)
        #expect(answer.header("Date") != nil, sourceLocation: location)
        let wanted = method == "HEAD" ? "get" : method.lowercased()
        guard let pattern = pattern(of: path), let operation = operation(wanted, pattern) else {
            #expect(
                [400, 404, 405].contains(answer.status), "\(answer.status) of what is no operation",
                sourceLocation: location)
            return
        }
        guard let entry = operation["responses"]?[String(answer.status)] else {
            Issue.record(
                "\(method) \(pattern) answers \(answer.status), which the contract does not know",
                sourceLocation: location)
            return
        }
        guard !answer.body.isEmpty else { return }
        let type = (answer.header("Content-Type") ?? "").prefix { $0 != ";" }
        guard let content = resolved(entry)["content"]?[String(type)] else {
            Issue.record("\(method) \(pattern) answers \(answer.status) as '\(type)'", sourceLocation: location)
            return
        }
        guard type.hasSuffix("json"), let schema = content["schema"], let json = try? answer.json() else { return }
        for fault in Schema.faults(json, schema, at: "") {
            Issue.record("\(method) \(pattern) → \(answer.status): \(fault)", sourceLocation: location)
        }
    }

    /// The pattern of the contract that a path belongs to.
    static func pattern(of path: String) -> String? {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        return patterns[segments.count]?.first { _, parts in
            zip(parts, segments).allSatisfy { part, segment in
                part == segment || (part.first == "{" && !segment.isEmpty)
            }
        }?.pattern
    }

    /// By how many segments they have.
    private static let patterns = Dictionary(
        grouping: (document["paths"]?.objectValue?.names ?? []).map { pattern in
            (pattern: pattern, parts: pattern.split(separator: "/", omittingEmptySubsequences: false))
        }, by: \.parts.count)
}

/// The part of JSON Schema that the contract uses.
private enum Schema {
    static func faults(_ value: JSONValue, _ schema: JSONValue, at place: String) -> [String] {
        let schema = Contract.resolved(schema)
        if let choices = schema["oneOf"]?.arrayValue {
            let matching = choices.count { faults(value, $0, at: place).isEmpty }
            return matching == 1 ? [] : ["\(place) matches \(matching) of oneOf: \(value)"]
        }
        if let constant = schema["const"], constant != value { return ["\(place) is \(value), not \(constant)"] }
        if let choices = schema["enum"]?.arrayValue, !choices.contains(value) {
            return ["\(place) is \(value), none of \(choices)"]
        }
        if let type = schema["type"] {
            let types = type.arrayValue?.compactMap(\.stringValue) ?? [type.stringValue ?? ""]
            guard types.contains(where: { matches(value, $0) }) else {
                return ["\(place) is \(value), not of type \(type)"]
            }
        }
        if let pattern = schema["pattern"]?.stringValue, let text = value.stringValue,
            text.range(of: pattern, options: .regularExpression) == nil
        {
            return ["\(place) is '\(text)', which does not match \(pattern)"]
        }
        switch value {
        case .array(let elements):
            guard let items = schema["items"] else { return [] }
            return elements.enumerated().flatMap { faults($0.element, items, at: "\(place)/\($0.offset)") }
        case .object(let members): return faults(members, schema, at: place)
        default: return []
        }
    }

    private static func faults(_ members: JSONObject, _ schema: JSONValue, at place: String) -> [String] {
        var result: [String] = []
        for name in schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [] where members[name] == nil {
            result.append("\(place) has no '\(name)'")
        }
        for (name, value) in members {
            if let property = schema["properties"]?[name] {
                result += faults(value, property, at: "\(place)/\(name)")
            } else if schema["additionalProperties"] == false {
                result.append("\(place) has '\(name)', which the contract does not know")
            } else if let property = schema["additionalProperties"], property.objectValue != nil {
                result += faults(value, property, at: "\(place)/\(name)")
            }
        }
        return result
    }

    private static func matches(_ value: JSONValue, _ type: String) -> Bool {
        switch (type, value) {
        case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("number", .number),
            ("null", .null):
            true
        case ("integer", .number(let number)): number.isInteger
        default: false
        }
    }
}
