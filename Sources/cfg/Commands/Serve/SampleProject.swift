import ConfigPlatformModel

/// The project that `cfg serve --sample` makes in an empty platform, so that the first screen is not empty: an online shop with a base
/// and three environments, in one change.
enum SampleProject {
    static func proposal() throws -> Proposal {
        let project = try ProjectName(parsing: "shop")
        var operations = [Operation(.putProject(try ProjectBody(description: "A sample: an online shop.")))]
        for (name, inherits, description) in environments {
            let body = try EnvironmentBody(
                inherits: inherits.map { try EnvironmentName(parsing: $0) }, description: description)
            operations.append(Operation(.putEnvironment(try EnvironmentName(parsing: name), body)))
        }
        for (environment, values) in settings {
            for (key, value) in values {
                operations.append(
                    Operation(
                        .putSetting(
                            try ConfigKey(parsing: key), try EnvironmentName(parsing: environment),
                            try SettingBody(value, references: .live))))
            }
        }
        for (key, description, tags) in definitions {
            operations.append(
                Operation(
                    .putDefinition(
                        try ConfigKey(parsing: key), try SettingDefinitionBody(description: description, tags: tags))))
        }
        return Proposal(
            project: project, by: .platform(), message: "Make the sample project", operations: operations)
    }

    private static let environments: [(String, [String], String)] = [
        ("base", [], "What all environments share."),
        ("development", ["base"], "On a developer's machine."),
        ("staging", ["base"], "Like production, for trying a release."),
        ("production", ["base"], "What customers use."),
    ]

    private static let settings: [(String, [(String, JSONValue)])] = [
        (
            "base",
            [
                ("service.name", "shop"), ("service.port", 8080), ("service.host", "localhost"),
                ("service.url", "http://${service.host}:${service.port}"), ("checkout.timeout", 2000),
                ("checkout.retries", 3), ("checkout.currencies", ["EUR", "USD", "SEK"]),
                ("payment.provider", "sandbox"),
                ("payment.endpoint", "${service.url}/payments/${payment.provider}"), ("mail.from", "shop@example.com"),
                ("log.level", "info"), ("cache.ttl-seconds", 300), ("search.page-size", 24),
                ("search.suggestions", true),
            ]
        ),
        ("development", [("log.level", "debug"), ("cache.ttl-seconds", 0)]),
        ("staging", [("service.host", "staging.shop.example.com"), ("checkout.timeout", 2500)]),
        (
            "production",
            [
                ("service.host", "shop.example.com"), ("service.port", 443),
                ("service.url", "https://${service.host}"), ("payment.provider", "acme"), ("log.level", "warning"),
                ("checkout.timeout", 2500),
            ]
        ),
    ]

    private static let definitions: [(String, String, [String])] = [
        ("checkout.timeout", "How long a checkout may take, in milliseconds.", ["checkout", "latency"]),
        ("payment.provider", "Which payment provider is called.", ["payment"]),
        ("log.level", "What is logged: debug, info, warning or error.", ["operations"]),
    ]
}
