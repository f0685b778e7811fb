import ConfigPlatformModel
import TestSupport
import Testing

extension AccessMatrix {
    /// What flags are, and what is said of them in an environment.
    static let flags: [String: Make] = flagItems.merging(segmentItems) { a, _ in a }.merging(flagsInEnvironment) {
        a, _ in a
    }

    private static let boolean: JSONObject = ["type": "boolean", "variants": ["on": true, "off": false]]

    private static func flag(_ n: Int) -> JSONValue {
        var members = boolean
        members["description"] = .string("as it is \(n)")
        return .object(members)
    }

    private static func patch(_ text: String) -> WireClient.Body {
        .bytes(Array(text.utf8), type: "application/merge-patch+json")
    }

    private static func get(_ path: String) -> Make {
        { matrix, _ in
            try await matrix.standing()
            return Request(path: path)
        }
    }

    /// The flag `standing` of a segment's people, with all that can be said of one in staging.
    private func standing() async throws {
        let place = ["environment": "staging", "key": "standing"] as JSONObject
        func operation(_ kind: String, _ value: JSONValue, _ members: JSONObject) -> JSONValue {
            var members = members
            members["op"] = "put"
            members["kind"] = .string(kind)
            members["value"] = value
            return .object(members)
        }
        try await change(
            operation("segment", ["include": ["user-7"]], ["key": "people"]),
            operation("flag", .object(Self.boolean), ["key": "standing"]),
            operation("flag-rule", ["rules": [["when": [["segment": "people"]], "serve": "on"]]], place),
            operation("flag-rollout", ["variant": "on", "steps": [["percent": 5]]], place),
            operation("flag-kill", ["variant": "off"], place))
    }

    /// A flag of nobody else, with what is said of it in staging.
    private func flag(_ n: Int, _ kind: String? = nil, _ value: JSONValue = [:]) async throws -> String {
        let key = "of-\(n)"
        var operations: [JSONValue] = [
            ["op": "put", "kind": "flag", "key": .string(key), "value": .object(Self.boolean)]
        ]
        if let kind {
            operations.append([
                "op": "put", "kind": .string(kind), "environment": "staging", "key": .string(key), "value": value,
            ])
        }
        try await test.lay(operations)
        return key
    }

    private static let flagItems: [String: Make] = {
        let collection = "\(base)/projects/{project}/flags"
        return [
            "GET \(collection)": get("\(shop)/flags"),
            "GET \(collection)/{flag}": get("\(shop)/flags/standing"),
            "GET \(collection)/{flag}/usage": get("\(shop)/flags/standing/usage"),
            "GET \(collection)/{flag}/history": get("\(shop)/flags/standing/history"),
            "PUT \(collection)/{flag}": { _, n in Request(path: "\(shop)/flags/put-\(n)", body: .json(flag(n))) },
            "PATCH \(collection)/{flag}": { matrix, n in
                Request(
                    path: "\(shop)/flags/\(try await matrix.flag(n))", body: patch("{\"owner\":\"somebody\"}"))
            },
            "DELETE \(collection)/{flag}": { matrix, n in Request(path: "\(shop)/flags/\(try await matrix.flag(n))") },
        ]
    }()

    private static let segmentItems: [String: Make] = {
        let collection = "\(base)/projects/{project}/segments"
        @Sendable func segment(_ matrix: AccessMatrix, _ n: Int) async throws -> String {
            try await matrix.change([
                "op": "put", "kind": "segment", "key": .string("of-\(n)"), "value": ["include": ["a"]],
            ])
            return "\(shop)/segments/of-\(n)"
        }
        return [
            "GET \(collection)": get("\(shop)/segments"),
            "GET \(collection)/{segment}": get("\(shop)/segments/people"),
            "GET \(collection)/{segment}/history": get("\(shop)/segments/people/history"),
            "PUT \(collection)/{segment}": { _, n in
                Request(path: "\(shop)/segments/put-\(n)", body: .json(["include": ["b"]]))
            },
            "PATCH \(collection)/{segment}": { matrix, n in
                Request(path: try await segment(matrix, n), body: patch("{\"exclude\":[\"c\"]}"))
            },
            "DELETE \(collection)/{segment}": { matrix, n in Request(path: try await segment(matrix, n)) },
        ]
    }()

    private static let flagsInEnvironment: [String: Make] = {
        let collection = "\(base)/projects/{project}/environments/{environment}/flags"
        let path = "\(staging)/flags"
        return [
            "GET \(collection)": get(path),
            "GET \(collection)/{flag}": get("\(path)/standing"),
            "GET \(collection)/{flag}/history": get("\(path)/standing/history"),
            "GET \(collection)/{flag}/rollout": get("\(path)/standing/rollout"),
            "GET \(collection)/{flag}/kill": get("\(path)/standing/kill"),
            "PUT \(collection)/{flag}": { matrix, n in
                Request(path: "\(path)/\(try await matrix.flag(n))", body: .json(["defaultVariant": "on"]))
            },
            "PATCH \(collection)/{flag}": { matrix, n in
                Request(
                    path: "\(path)/\(try await matrix.flag(n, "flag-rule"))", body: patch("{\"state\":\"DISABLED\"}"))
            },
            "DELETE \(collection)/{flag}": { matrix, n in
                Request(path: "\(path)/\(try await matrix.flag(n, "flag-rule"))")
            },
            "PUT \(collection)/{flag}/rollout": { matrix, n in
                Request(
                    path: "\(path)/\(try await matrix.flag(n))/rollout",
                    body: .json(["variant": "on", "steps": [["percent": 1]]]))
            },
            "DELETE \(collection)/{flag}/rollout": { matrix, n in
                let rollout: JSONValue = ["variant": "on", "steps": [["percent": 1]]]
                return Request(path: "\(path)/\(try await matrix.flag(n, "flag-rollout", rollout))/rollout")
            },
            "POST \(collection)/{flag}/kill": { matrix, n in
                Request(
                    path: "\(path)/\(try await matrix.flag(n))/kill",
                    body: .json(["variant": "off", "reason": "It burns."]))
            },
            "DELETE \(collection)/{flag}/kill": { matrix, n in
                Request(path: "\(path)/\(try await matrix.flag(n, "flag-kill"))/kill")
            },
        ]
    }()
}
