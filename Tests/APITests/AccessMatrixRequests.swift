import ConfigPlatformModel
import TestSupport
import Testing

/// A request for every route. `n` is another number for each cell, so that no caller finds what another has done.
extension AccessMatrix {
    static let requests: [String: Make] = status.merging(projects) { a, _ in a }.merging(settings) { a, _ in a }
        .merging(changes) { a, _ in a }.merging(tokens) { a, _ in a }.merging(access) { a, _ in a }
        .merging(signIn) { a, _ in a }.merging(flags) { a, _ in a }.merging(rollouts) { a, _ in a }.merging(experiments)
    { a, _ in a }.merging(evaluation) { a, _ in a }
        .merging(killHooks) { a, _ in a }
        .merging(changeRequests(at: "\(base)/projects/{project}/change-requests", of: "shop")) { a, _ in a }
        .merging(changeRequests(at: "\(base)/change-requests", of: nil)) { a, _ in a }

    private static func get(_ path: String, _ query: [(String, String)] = []) -> Make {
        { _, _ in Request(path: path, query: query) }
    }

    private static let status: [String: Make] = [
        "GET /healthz": get("/healthz"), "GET /readyz": get("/readyz"), "GET /metrics": get("/metrics"),
        "GET \(base)/whoami": get("\(base)/whoami"), "GET \(base)/limits": get("\(base)/limits"),
        "GET \(base)/audit/events": get("\(base)/audit/events", [("target", "shop")]),
    ]

    private static let projects: [String: Make] = [
        "GET \(base)/projects": get("\(base)/projects"),
        "GET \(base)/projects/{project}": get(shop),
        "PUT \(base)/projects/{project}": { _, n in
            Request(path: shop, body: .json(["description": .string("as it is \(n)")]))
        },
        "DELETE \(base)/projects/{project}": { _, _ in Request(path: shop, query: [("dryRun", "true")]) },
        "GET \(base)/projects/{project}/environments": get("\(shop)/environments"),
        "GET \(base)/projects/{project}/environments/{environment}": get(staging),
        "PUT \(base)/projects/{project}/environments/{environment}": { _, n in
            Request(path: staging, body: .json(["inherits": ["base"], "description": .string("as it is \(n)")]))
        },
        "PATCH \(base)/projects/{project}/environments/{environment}": { _, n in
            Request(
                path: staging,
                body: .bytes(
                    Array("{\"description\":\"patched \(n)\"}".utf8), type: "application/merge-patch+json"))
        },
        "DELETE \(base)/projects/{project}/environments/{environment}": { _, _ in
            Request(path: staging, query: [("dryRun", "true")])
        },
    ]

    private static let settings: [String: Make] = [
        "GET \(base)/projects/{project}/environments/{environment}/settings": get("\(staging)/settings"),
        "GET \(base)/projects/{project}/environments/{environment}/settings/{key}": get("\(staging)/settings/own.k"),
        "PUT \(base)/projects/{project}/environments/{environment}/settings/{key}": { _, n in
            Request(path: "\(staging)/settings/put.k\(n)", body: .json(1))
        },
        "DELETE \(base)/projects/{project}/environments/{environment}/settings/{key}": { matrix, n in
            try await matrix.change(ServerUnderTest.put("deleted.k\(n)", 1, in: "staging"))
            return Request(path: "\(staging)/settings/deleted.k\(n)")
        },
        "POST \(base)/projects/{project}/environments/{environment}/settings/{key}/unset": { _, n in
            Request(path: "\(staging)/settings/unset.k\(n)/unset")
        },
        "GET \(base)/projects/{project}/environments/{environment}/settings/{key}/history": get(
            "\(staging)/settings/own.k/history"),
        "GET \(base)/projects/{project}/environments/{environment}/settings/{key}/schema": get(
            "\(staging)/settings/checkout.timeout/schema"),
        "GET \(base)/projects/{project}/keys": get("\(shop)/keys"),
        "GET \(base)/projects/{project}/keys/{key}": get("\(shop)/keys/own.k"),
        "PUT \(base)/projects/{project}/keys/{key}": { _, n in
            Request(path: "\(shop)/keys/said.k\(n)", body: .json(["description": "A key"]))
        },
        "DELETE \(base)/projects/{project}/keys/{key}": { matrix, n in
            try await matrix.change([
                "op": "put", "kind": "setting-definition", "key": .string("unsaid.k\(n)"),
                "value": ["description": "A key"],
            ])
            return Request(path: "\(shop)/keys/unsaid.k\(n)")
        },
        "GET \(base)/projects/{project}/schemas": get("\(shop)/schemas"),
        "GET \(base)/projects/{project}/schemas/{schema}": get("\(shop)/schemas/timeout"),
        "PUT \(base)/projects/{project}/schemas/{schema}": { _, n in
            Request(
                path: "\(shop)/schemas/put-\(n)",
                body: .json(["key": .string("put.k\(n)"), "environments": ["staging"], "schema": true]))
        },
        "DELETE \(base)/projects/{project}/schemas/{schema}": { matrix, n in
            try await matrix.change([
                "op": "put", "kind": "schema", "key": .string("deleted-\(n)"),
                "value": ["key": .string("put.k\(n)"), "environments": ["staging"], "schema": true],
            ])
            return Request(path: "\(shop)/schemas/deleted-\(n)")
        },
        "GET \(base)/projects/{project}/findings": get("\(shop)/findings"),
        "GET \(base)/projects/{project}/validators": get("\(shop)/validators"),
        "GET \(base)/projects/{project}/validators/{validator}": get("\(shop)/validators/gate"),
        "PUT \(base)/projects/{project}/validators/{validator}": { _, n in
            Request(
                path: "\(shop)/validators/gate",
                body: .json([
                    "url": .string("http://127.0.0.1:9/\(n)"), "environments": ["lab"], "onFailure": "accept",
                ]))
        },
        "DELETE \(base)/projects/{project}/validators/{validator}": { matrix, n in
            try await matrix.change([
                "op": "put", "kind": "validator", "key": "ended",
                "value": ["url": .string("http://127.0.0.1:9/\(n)"), "environments": ["lab"], "onFailure": "accept"],
            ])
            return Request(path: "\(shop)/validators/ended")
        },
    ]

    private static let changes: [String: Make] = [
        "POST \(base)/projects/{project}/changes": { _, n in
            Request(path: "\(shop)/changes", body: change(ServerUnderTest.put("changed.k\(n)", 1, in: "staging")))
        },
        "GET \(base)/projects/{project}/changes": get("\(shop)/changes"),
        "GET \(base)/projects/{project}/changes/{revision}": { matrix, _ in
            Request(path: "\(shop)/changes/\(matrix.marks.setting)")
        },
        "POST \(base)/projects/{project}/validate": { _, n in
            Request(path: "\(shop)/validate", body: change(ServerUnderTest.put("valid.k\(n)", 1, in: "staging")))
        },
        "POST \(base)/projects/{project}/rollback": { matrix, n in
            let before = matrix.test.revision
            try await matrix.change(ServerUnderTest.put("rolled.k\(n)", 1, in: "staging"))
            return Request(
                path: "\(shop)/rollback",
                body: .json([
                    "toRevision": .int(before), "environments": ["staging"], "keys": [.string("rolled.k\(n)")],
                ]))
        },
        "POST \(base)/projects/{project}/promote": { matrix, n in
            try await matrix.change(ServerUnderTest.put("vaulted.k", .string("\(n)"), in: "staging"))
            return Request(
                path: "\(shop)/promote", body: .json(["from": "vault", "to": "staging", "keys": ["vaulted.k"]]))
        },
        "POST \(base)/projects/{project}/import": { _, n in
            Request(
                path: "\(shop)/import", query: [("format", "json"), ("environment", "staging")],
                body: .bytes(Array("{\"imported\":{\"k\(n)\":1}}".utf8), type: "application/json"))
        },
        "GET \(base)/projects/{project}/export": get("\(shop)/export", [("environment", "staging")]),
        "GET \(base)/projects/{project}/diff": { matrix, _ in
            Request(path: "\(shop)/diff", query: [("from", "\(matrix.marks.made)"), ("environment", "staging")])
        },
        "GET \(base)/projects/{project}/search": get("\(shop)/search", [("q", "own")]),
        "GET \(base)/projects/{project}/watch": get("\(shop)/watch", [("environment", "staging")]),
        "POST \(base)/changes": { _, n in
            Request(
                path: "\(base)/changes",
                body: change([
                    "op": "put", "kind": "group", "key": .string("group:changed-\(n)"), "value": ["members": []],
                ]))
        },
        "GET \(base)/changes": get("\(base)/changes"),
        "POST \(base)/rollback": { matrix, n in
            let before = matrix.test.revision
            try await matrix.test.json(
                201, "PUT", "\(base)/roles/rolled-\(n)", body: ["permissions": [["actions": ["read"]]]])
            return Request(path: "\(base)/rollback", body: .json(["toRevision": .int(before), "kinds": ["role"]]))
        },
        "GET \(base)/changes/{revision}": { matrix, _ in Request(path: "\(base)/changes/\(matrix.marks.binding)") },
    ]

    private static func change(_ operation: JSONValue) -> WireClient.Body {
        .json(["message": "m", "operations": [operation]])
    }

    private static let tokens: [String: Make] = [
        "GET \(base)/tokens": get("\(base)/tokens"),
        "POST \(base)/tokens": { _, n in
            Request(
                path: "\(base)/tokens",
                body: .json(["name": .string("made-\(n)"), "role": "viewer", "project": "shop", "expiresIn": 60]))
        },
        "DELETE \(base)/tokens/{id}": { matrix, n in
            let made = try await matrix.test.makeToken(
                "ended-\(n)", "viewer", project: "shop", environments: ["staging"])
            return Request(path: "\(base)/tokens/\(made.id)")
        },
        "GET \(base)/sessions": get("\(base)/sessions"),
        "DELETE \(base)/sessions/{id}": { matrix, _ in
            Request(path: "\(base)/sessions/\(try await matrix.test.session(of: "user:pat").id)")
        },
    ]

    // MARK: Access

    private static let access: [String: Make] =
        items("roles", at: base, showing: "custom", ["permissions": [["actions": ["read"]]]])
        .merging(items("groups", at: base, showing: "sre", ["members": ["user:pat"]])) { a, _ in a }
        .merging(items("identities", at: base, showing: "user:pat", ["displayName": "Somebody"])) { a, _ in a }
        .merging(
            items(
                "issuers", at: base, showing: "corp",
                ["url": "https://ci.example", "vouchesFor": "workloads", "audiences": ["cfg"]])
        ) { a, _ in a }
        .merging(items("bindings", at: base, showing: "pat", ["subject": "user:pat", "role": "viewer"])) { a, _ in a }
        .merging(
            items(
                "bindings", at: "\(base)/projects/{project}", showing: "pat", ["subject": "user:pat", "role": "viewer"])
        ) { a, _ in a }
        .merging([
            "PUT \(base)/identities/{identity}/password": { matrix, n in
                let path = "\(base)/identities/user:with-password-\(n)"
                try await matrix.test.json(201, "PUT", path, body: [:])
                return Request(path: "\(path)/password", body: .json(["password": .string(password)]))
            },
            "GET \(base)/projects/{project}/environments/{environment}/protection": { matrix, _ in
                _ = try await matrix.protect(1)
                return Request(path: "\(staging)/protection")
            },
            "PUT \(base)/projects/{project}/environments/{environment}/protection": { matrix, n in
                _ = try await matrix.protect(1)
                return Request(
                    path: "\(staging)/protection", body: .json(["approvals": 0, "unapprovedKeys": .int(2 + n)]))
            },
            "DELETE \(base)/projects/{project}/environments/{environment}/protection": { matrix, n in
                _ = try await matrix.protect(n)
                return Request(path: "\(staging)/protection")
            },
            "GET \(base)/access/explain": get(
                "\(base)/access/explain", [("action", "write"), ("project", "shop"), ("environment", "staging")]),
            "POST \(base)/projects/{project}/break-glass": { matrix, _ in
                Request(path: "\(shop)/break-glass", body: .json(["reason": "It burns.", "environments": ["staging"]]))
                {
                    answer in
                    let name = try answer.json()["binding"]?.stringValue ?? ""
                    try await matrix.test.json(201, "DELETE", "\(shop)/bindings/\(name)")
                }
            },
        ]) { a, _ in a }

    /// Guards staging, but asks for no approvals.
    private func protect(_ keys: Int) async throws -> HTTPAnswer {
        try await test.send(
            "PUT", "\(Self.staging)/protection", body: .json(["approvals": 0, "unapprovedKeys": .int(keys)]))
    }

    private static func items(
        _ collection: String, at place: String, showing name: String, _ body: JSONValue
    ) -> [String: Make] {
        let parameter =
            ["identities": "identity"][collection] ?? String(collection.dropLast())
        let pattern = "\(place)/\(collection)"
        let path = pattern.replacing("{project}", with: "shop")
        @Sendable func named(_ n: Int) -> String { collection == "identities" ? "user:made-\(n)" : "made-\(n)" }
        return [
            "GET \(pattern)": get(path),
            "GET \(pattern)/{\(parameter)}": get("\(path)/\(name)"),
            "PUT \(pattern)/{\(parameter)}": { _, n in Request(path: "\(path)/\(named(n))", body: .json(body)) },
            "DELETE \(pattern)/{\(parameter)}": { matrix, n in
                try await matrix.test.json(201, "PUT", "\(path)/\(named(n))", body: body)
                return Request(path: "\(path)/\(named(n))")
            },
        ]
    }

    // MARK: Signing in

    private static let signIn: [String: Make] = [
        "GET \(base)/sign-in": get("\(base)/sign-in"),
        "POST \(base)/sign-in/url": { _, _ in
            Request(
                path: "\(base)/sign-in/url",
                body: .json([
                    "issuer": "corp", "redirectUri": "http://127.0.0.1:7777/", "state": "s", "nonce": "n",
                    "codeChallenge": "c",
                ]))
        },
        "POST \(base)/sign-in/device": { _, _ in
            Request(path: "\(base)/sign-in/device", body: .json(["issuer": "corp"]))
        },
        "POST \(base)/sign-in/session": { _, _ in
            Request(path: "\(base)/sign-in/session", body: .json(["user": "pat", "password": .string(password)]))
        },
    ]

    // MARK: Change requests

    private static func changeRequests(at collection: String, of project: String?) -> [String: Make] {
        let path = collection.replacing("{project}", with: "shop")
        let changes = project == nil ? "\(base)/changes" : "\(shop)/changes"
        @Sendable func asked(_ matrix: AccessMatrix, _ n: Int) async throws -> String {
            let id =
                project == nil
                ? try await askPlatform(matrix.test, "\(n)") : try await ask(matrix.test, "k\(n)")
            return "\(path)/\(id)"
        }
        @Sendable func edited(_ n: Int) -> WireClient.Body {
            project == nil
                ? binding("\(n)", "edited") : change(ServerUnderTest.put("asked.k\(n)", 2, in: "vault"))
        }
        func step(_ verb: String, _ body: @escaping @Sendable (AccessMatrix) -> JSONValue) -> Make {
            { matrix, n in
                Request(path: "\(try await asked(matrix, n))/\(verb)", body: .json(body(matrix)))
            }
        }
        return [
            "GET \(collection)": get(path),
            "GET \(collection)/{request}": { matrix, _ in
                Request(path: "\(path)/\(project == nil ? matrix.marks.platformRequest : matrix.marks.request)")
            },
            "PUT \(collection)/{request}": { matrix, n in
                Request(path: try await asked(matrix, n), body: edited(n))
            },
            "POST \(collection)/{request}/approve": { matrix, n in
                let request = try await asked(matrix, n)
                return Request(path: "\(request)/approve", body: try await matrix.impact(request))
            },
            "POST \(collection)/{request}/reject": step("reject") { _ in [:] },
            "POST \(collection)/{request}/withdraw": step("withdraw") { _ in [:] },
            "POST \(collection)/{request}/comments": step("comments") { _ in ["text": "Why?"] },
            "POST \(collection)/{request}/schedule": step("schedule") { matrix in
                ["at": .string(matrix.test.clock.now.adding(seconds: 86_400).text)]
            },
            "POST \(collection)/{request}/apply": { matrix, n in
                let operation: JSONValue =
                    project == nil
                    ? ["op": "put", "kind": "group", "key": .string("group:applied-\(n)"), "value": ["members": []]]
                    : ServerUnderTest.put("applied.k\(n)", 1, in: "staging")
                let answer = try await matrix.test.send(
                    "POST", changes, query: [("request", "true")], body: change(operation))
                let id = try #require(try answer.json()["changeRequest"]?.stringValue, "\(answer)")
                return Request(path: "\(path)/\(id)/apply")
            },
        ]
    }
}
