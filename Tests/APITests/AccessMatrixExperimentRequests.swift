import ConfigPlatformModel
import TestSupport

extension AccessMatrix {
    /// What experiments came to, who is in them, and telling of it.
    static let experiments: [String: Make] = {
        let environment = "\(base)/projects/{project}/environments/{environment}"
        let item = "\(environment)/flags/{flag}/experiments/{experiment}"
        let path = "\(staging)/flags/tried/experiments/button"
        @Sendable func get(_ path: String) -> Make {
            { matrix, _ in
                try await matrix.trying()
                return Request(path: path)
            }
        }
        return [
            "GET \(item)": get(path),
            "GET \(item)/assignments": get("\(path)/assignments"),
            "POST \(environment)/flag-assignments": { matrix, _ in
                let now = JSONValue.string(matrix.test.clock.now.text)
                return Request(
                    path: "\(staging)/flag-assignments",
                    body: .json([
                        "client": "web",
                        "assignments": [
                            [
                                "flag": "tried", "experiment": "button", "version": "0", "unit": "user-7",
                                "variant": "on", "exposures": 1, "firstAt": now, "lastAt": now,
                            ]
                        ],
                    ]))
            },
        ]
    }()

    /// The flag `tried` with an experiment in staging.
    private func trying() async throws {
        try await change(
            [
                "op": "put", "kind": "flag", "key": "tried",
                "value": ["type": "boolean", "variants": ["on": true, "off": false]],
            ],
            [
                "op": "put", "kind": "flag-rule", "environment": "staging", "key": "tried",
                "value": [
                    "rules": [
                        [
                            "serve": ["split": [["variant": "on", "weight": 1], ["variant": "off", "weight": 1]]],
                            "experiment": ["key": "button"],
                        ]
                    ]
                ],
            ])
    }
}
