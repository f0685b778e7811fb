import ConfigPlatformFlags

@testable import ConfigPlatformModel

// A literal that is no identifier, or no body, stops the program: the tests' own are sound.

extension FlagKey: ExpressibleByStringLiteral {
    /// The key that the literal is.
    public init(stringLiteral text: String) { self = try! FlagKey(parsing: text) }
}

extension SegmentName: ExpressibleByStringLiteral {
    /// The name that the literal is.
    public init(stringLiteral text: String) { self = try! SegmentName(parsing: text) }
}

extension Operation {
    private static func put(_ place: FlagPlace, _ kind: Kind, _ body: JSONValue) -> Operation {
        Operation(.putFlag(place, try! FlagItemBody(kind, parsing: body)))
    }

    /// A boolean flag with variants `on` and `off`, with these members besides or instead.
    static func flag(_ key: FlagKey, _ members: JSONValue = [:]) -> Operation {
        put(
            .flag(key), .flag,
            (["type": "boolean", "variants": ["on": true, "off": false]] as JSONValue).merging(patch: members))
    }

    static func segment(_ name: SegmentName, _ body: JSONValue = ["include": ["a"]]) -> Operation {
        put(.segment(name), .segment, body)
    }

    static func rule(
        _ key: FlagKey, in environment: EnvironmentName, _ body: JSONValue = ["defaultVariant": "on"]
    ) -> Operation {
        put(.rule(key, environment), .flagRule, body)
    }

    static func rollout(
        _ key: FlagKey, in environment: EnvironmentName,
        _ body: JSONValue = ["variant": "on", "steps": [["percent": 5]]]
    ) -> Operation {
        put(.rollout(key, environment), .flagRollout, body)
    }

    static func kill(
        _ key: FlagKey, in environment: EnvironmentName, _ body: JSONValue = ["variant": "off", "reason": "It burns."]
    ) -> Operation {
        put(.kill(key, environment), .flagKill, body)
    }

    static func delete(_ place: FlagPlace, expecting expectation: Expectation? = nil) -> Operation {
        Operation(.deleteFlag(place), expecting: expectation)
    }
}

extension LedgerFixture {
    /// The lowered definition of a flag in an environment; nil where it is not there, or archived.
    func definition(_ key: FlagKey, in environment: EnvironmentName) throws -> JSONValue? {
        try project().resolvedFlags[environment]?[key]?.lowered.map { .object($0.definition) }
    }

    func variant(
        _ key: FlagKey, in environment: EnvironmentName, for context: JSONObject = ["targetingKey": "a"]
    ) throws -> String? {
        try project().resolvedFlags[environment]?.compiled(key)?.resolve(
            FlagContext(context), as: nil, at: 1_795_413_600
        ).variant?.name
    }
}
