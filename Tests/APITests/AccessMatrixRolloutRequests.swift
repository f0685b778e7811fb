import ConfigPlatformModel
import TestSupport
import Testing

extension AccessMatrix {
    /// What people do with a rollout that goes on by itself.
    static let rollouts: [String: Make] = {
        let item = "\(base)/projects/{project}/environments/{environment}/flags/{flag}/rollout"
        var requests: [String: Make] = [:]
        for order in ["pause", "resume", "advance", "revert"] {
            requests["POST \(item)/\(order)"] = { matrix, n in
                let flag = try await matrix.rollout(n, state: order == "resume" ? "paused" : "running")
                return Request(path: "\(shop)/environments/staging/flags/\(flag)/rollout/\(order)")
            }
        }
        return requests
    }()

    /// A flag of nobody else, with a rollout in staging. Without a rule it is not served, and its rollout does nothing by itself.
    private func rollout(_ n: Int, state: String) async throws -> String {
        let key = "rolled-\(n)"
        try await test.lay([
            [
                "op": "put", "kind": "flag", "key": .string(key),
                "value": ["type": "boolean", "variants": ["on": true, "off": false]],
            ],
            [
                "op": "put", "kind": "flag-rollout", "environment": "staging", "key": .string(key),
                "value": ["variant": "on", "state": .string(state), "steps": [["percent": 5], ["percent": 50]]],
            ],
        ])
        return key
    }
}
