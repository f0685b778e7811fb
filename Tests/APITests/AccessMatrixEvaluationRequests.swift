import ConfigPlatformModel
import TestSupport

extension AccessMatrix {
    /// Evaluating, in the project's and environment's own address and in that of the token.
    static let evaluation: [String: Make] = {
        let environment = "\(base)/projects/{project}/environments/{environment}"
        let context = WireClient.Body.json(["context": ["targetingKey": "user-7"]])
        var requests: [String: Make] = [
            "POST \(environment)/evaluate": { _, _ in Request(path: "\(staging)/evaluate", body: context) },
            "POST \(environment)/flags/{flag}/simulate": { matrix, _ in
                try await matrix.change([
                    "op": "put", "kind": "flag", "key": "seen",
                    "value": ["type": "boolean", "variants": ["on": true, "off": false]],
                ])
                return Request(path: "\(staging)/flags/seen/simulate", body: .json(["generate": 10]))
            },
            "POST \(environment)/flag-usage": { matrix, _ in
                let now = JSONValue.string(matrix.test.clock.now.text)
                return Request(
                    path: "\(staging)/flag-usage",
                    body: .json([
                        "client": "web", "from": now, "until": now,
                        "counts": [["flag": "standing", "variant": "on", "reason": "STATIC", "count": 1]],
                    ]))
            },
            "GET \(base)/projects/{project}/stale-flags": { _, _ in Request(path: "\(shop)/stale-flags") },
            "GET \(environment)/flag-set": { _, _ in Request(path: "\(staging)/flag-set") },
            "GET \(environment)/flag-set/watch": { _, _ in Request(path: "\(staging)/flag-set/watch") },
        ]
        for (pattern, path) in [
            ("", ""), ("/projects/{project}/environments/{environment}", "/projects/shop/environments/staging"),
        ] {
            requests["POST \(pattern)/ofrep/v1/evaluate/flags/{flag}"] = { matrix, _ in
                try await matrix.change([
                    "op": "put", "kind": "flag", "key": "seen",
                    "value": ["type": "boolean", "variants": ["on": true, "off": false]],
                ])
                return Request(path: "\(path)/ofrep/v1/evaluate/flags/seen", body: context)
            }
            requests["POST \(pattern)/ofrep/v1/evaluate/flags"] = { _, _ in
                Request(path: "\(path)/ofrep/v1/evaluate/flags", body: context)
            }
            requests["GET \(pattern)/ofrep/v1/events"] = { _, _ in
                Request(path: "\(path)/ofrep/v1/events")
            }
        }
        return requests
    }()
}
