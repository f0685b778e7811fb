/// The body of an external validator's item: `{"environments": […], "onFailure": "refuse"|"accept", "timeoutSeconds": 5, "url": …}`, of
/// which only `url` is needed.
///
/// Before a change is committed the validators of its project are asked whether it may be; any of them can refuse it.
package struct ValidatorBody: Hashable, Sendable {
    /// `https`, or `http` on loopback; at most 2,048 bytes.
    package let url: String
    /// Asked only of changes that alter what these read; nil for every change.
    package let environments: [EnvironmentName]?
    /// 1 to 10.
    package let timeoutSeconds: Int64
    package let onFailure: OnFailure

    /// What becomes of a change where the validator gives no answer, or none that can be understood.
    package enum OnFailure: String, CaseIterable, Sendable {
        case refuse, accept
    }

    package static let timeoutRange: ClosedRange<Int64> = 1...10

    package init(
        url: String, environments: [EnvironmentName]? = nil, timeoutSeconds: Int64 = 5, onFailure: OnFailure = .refuse
    ) throws(Problem) {
        guard ServiceURL.isSound(url) else {
            throw Problem(
                .invalidRequest,
                "'url' is an https URL without user or fragment, such as https://checks.example.com/config; http is for loopback only.",
                at: ["url"])
        }
        guard Self.timeoutRange.contains(timeoutSeconds) else {
            throw Problem(
                .invalidRequest,
                "'timeoutSeconds' is \(Self.timeoutRange.lowerBound) to \(Self.timeoutRange.upperBound).",
                at: ["timeoutSeconds"])
        }
        try ItemText.checkNotEmpty(environments, named: "environments")
        self.url = url
        self.environments = environments.map { Array(Set($0)).sorted() }
        self.timeoutSeconds = timeoutSeconds
        self.onFailure = onFailure
    }

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: Self.members, what: "a validator")
        guard let url = members["url"]?.stringValue else {
            throw Problem(
                .invalidRequest, "'url' is missing: where the validator is asked.",
                at: members["url"] == nil ? [] : ["url"], keyword: "required")
        }
        var environments: [EnvironmentName]?
        if let list = members["environments"] { environments = try ItemText.environments(list) }
        try self.init(
            url: url, environments: environments,
            timeoutSeconds: try ItemText.number(members["timeoutSeconds"], named: "timeoutSeconds") ?? 5,
            onFailure: try ItemText.choice(members["onFailure"], named: "onFailure", of: OnFailure.self) ?? .refuse)
    }

    /// The members that a body may have.
    package static let members: Set<String> = ["environments", "onFailure", "timeoutSeconds", "url"]

    package var json: JSONValue {
        var members: JSONObject = [
            "onFailure": .string(onFailure.rawValue), "timeoutSeconds": .int(timeoutSeconds), "url": .string(url),
        ]
        if let environments { members["environments"] = .array(environments.map { .string($0.rawValue) }) }
        return .object(members)
    }
}

extension Decision {
    /// The validators that have a say in the change: those that stood before it.
    package var validators: [(name: ValidatorName, validator: ProjectState.Validator)] {
        guard let change, let before, !before.validators.isEmpty, !isFreeRetreat, !change.author.isKillHook else {
            return []
        }
        var altered = touched.environments
        for name in touched.schemas {
            for project in [before, after].compactMap({ $0 }) {
                guard let schema = project.schemas[name] else { continue }
                altered.formUnion(project.environments.values.lazy.filter { schema.body.judges($0) }.map(\.name))
            }
        }
        return before.validators.sorted { $0.key < $1.key }.compactMap { name, validator in
            guard let environments = validator.body.environments else { return (name, validator) }
            // Whoever alters a validator must not slip past it.
            let concernsValidators = change.effects.contains { $0.address.kind == .validator }
            return concernsValidators || environments.contains(where: altered.contains) ? (name, validator) : nil
        }
    }
}
