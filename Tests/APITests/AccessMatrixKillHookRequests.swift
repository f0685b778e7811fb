import ConfigPlatformModel
import TestSupport
import Testing

extension AccessMatrix {
    /// By what alerting systems kill flags in staging. Who may pull a hook is not a question of who calls: the call is signed.
    static let killHooks: [String: Make] = {
        let collection = "\(base)/projects/{project}/environments/{environment}/kill-hooks"
        let path = "\(staging)/kill-hooks"
        return [
            "GET \(collection)": { _, _ in Request(path: path) },
            "POST \(collection)": { matrix, n in
                try await matrix.standingFlag()
                return Request(path: path, body: .json(["name": .string("made-\(n)"), "flags": ["hooked"]]))
            },
            "GET \(collection)/{hook}": { matrix, n in
                Request(path: "\(path)/\(try await matrix.hook(n).name)")
            },
            "PUT \(collection)/{hook}": { matrix, n in
                Request(
                    path: "\(path)/\(try await matrix.hook(n).name)",
                    body: .json(["flags": ["hooked"], "description": "As it is."]))
            },
            "DELETE \(collection)/{hook}": { matrix, n in
                Request(path: "\(path)/\(try await matrix.hook(n).name)")
            },
            "POST \(collection)/{hook}/rotate": { matrix, n in
                Request(path: "\(path)/\(try await matrix.hook(n).name)/rotate", body: .json([:]))
            },
            "POST \(collection)/{hook}": { matrix, n in
                let hook = try await matrix.hook(n)
                var request = Request(path: "\(path)/\(hook.name)", body: .json([:]))
                request.headers = hook.signed("{}", at: matrix.test.clock.now)
                return request
            },
        ]
    }()

    private func standingFlag() async throws {
        try await change([
            "op": "put", "kind": "flag", "key": "hooked", "value": ["type": "boolean", "variants": ["on": true]],
        ])
    }

    private func hook(_ n: Int) async throws -> HookUnderTest {
        try await standingFlag()
        return try await test.makeHook("of-\(n)", in: "staging", ["flags": ["hooked"]])
    }
}
