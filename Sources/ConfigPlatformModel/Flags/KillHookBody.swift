package import ConfigPlatformFlags

/// The body of a kill hook's item: which flags of its environment an alerting system may kill, and how that proves itself.
///
/// `{"description": …, "disabled": true, "flags": [KEY, …], "formerGeneration": …, "formerUntil": …, "generation": …, "proof": "signature",
/// "tags": [TAG, …], "variant": NAME | null}`, of which `generation` and one of `flags` and `tags` are needed. No secret is in it: that is
/// derived from the server's hook key, the hook's address and the generation.
package struct KillHookBody: Hashable, Sendable {
    package let description: String
    package let isDisabled: Bool
    /// In order, each once; at most ``Limits/killHookFlags``.
    package let flags: [FlagKey]
    /// It may kill every flag that has one of them when it is pulled.
    package let tags: [String]
    /// What everybody gets; nil for the caller's default. A flag that has no such variant comes to the caller's default too.
    package let variant: VariantName?
    package let proof: Proof
    package let secret: Secret

    /// How a caller proves that it may pull the hook.
    package enum Proof: String, CaseIterable, Sendable {
        /// Each call is signed as Standard Webhooks 1.0 says.
        case signature
        /// A bearer token of this hook alone, for systems that cannot sign.
        case token
    }

    /// Which secret is good: 32 hexadecimal digits that were drawn for it, and nobody needs to keep from anybody.
    package struct Secret: Hashable, Sendable {
        package let generation: String
        /// The one before, and until when it is good too.
        package let former: (generation: String, until: Timestamp)?

        package init(_ generation: String, former: (generation: String, until: Timestamp)? = nil) {
            self.generation = generation
            self.former = former
        }

        package static func == (a: Self, b: Self) -> Bool {
            a.generation == b.generation && a.former?.generation == b.former?.generation
                && a.former?.until == b.former?.until
        }

        package func hash(into hasher: inout Hasher) { hasher.combine(generation) }

        /// The generations that are good.
        package func generations(at now: Timestamp) -> [String] {
            [generation] + (former.flatMap { now < $0.until ? [$0.generation] : nil } ?? [])
        }
    }

    package init(
        description: String = "", isDisabled: Bool = false, flags: [FlagKey], tags: [String] = [],
        variant: VariantName? = nil, proof: Proof = .signature, secret: Secret
    ) throws(Problem) {
        try ItemText.checkLength(description, named: "description")
        guard !flags.isEmpty || !tags.isEmpty else {
            throw Problem(.invalidRequest, "A kill hook names at least one flag as 'flags', or one tag as 'tags'.")
        }
        guard flags.count <= Limits.killHookFlags else {
            throw Problem(
                .limitExceeded,
                "A kill hook names at most \(Limits.killHookFlags) flags, not \(flags.count); give the flags a tag.",
                at: ["flags"], keyword: "maxItems")
        }
        guard tags.count <= Limits.tagsPerKey else {
            throw Problem(
                .limitExceeded, "A kill hook names at most \(Limits.tagsPerKey) tags, not \(tags.count).", at: ["tags"],
                keyword: "maxItems")
        }
        for (index, tag) in tags.enumerated() where tag.isEmpty || tag.utf8.count > Limits.tagBytes {
            throw Problem(
                .invalidRequest,
                "'\(InvalidIdentifier.shown(tag))' is not a tag: use 1 to \(Limits.tagBytes) bytes.",
                at: ["tags", String(index)])
        }
        for generation in [secret.generation, secret.former?.generation].compactMap({ $0 })
        where !Self.isGeneration(generation) {
            throw Problem(
                .invalidRequest,
                "'\(InvalidIdentifier.shown(generation))' is no generation: it is 32 hexadecimal digits that the server draws. POST to "
                    + "…/kill-hooks makes a hook, and POST to its …/rotate gives it another secret.")
        }
        self.description = description
        self.isDisabled = isDisabled
        self.flags = Array(Set(flags)).sorted()
        self.tags = tags.sorted { $0.precedesInUTF16($1) }.reduce(into: []) { kept, tag in
            if kept.last?.hasSameBytes(as: tag) != true { kept.append(tag) }
        }
        self.variant = variant
        self.proof = proof
        self.secret = secret
    }

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: Self.members, what: "a kill hook")
        let former = try ItemText.time(members["formerUntil"], named: "formerUntil").map { until throws(Problem) in
            (
                try ItemText.required(members["formerGeneration"], named: "formerGeneration", "32 hexadecimal digits") {
                    $0
                }, until
            )
        }
        guard former != nil || members["formerGeneration"] == nil else {
            throw Problem(.invalidRequest, "'formerGeneration' is good until 'formerUntil'; give both or neither.")
        }
        let generation = try ItemText.required(
            members["generation"], named: "generation", "POST to …/kill-hooks makes a hook and draws it"
        ) { $0 }
        try self.init(members, Secret(generation, former: former))
    }

    /// What somebody says of a hook whose secret is as it is.
    package init(parsing json: JSONValue, with secret: Secret) throws(Problem) {
        try self.init(try ItemText.members(of: json, allowed: Self.saidMembers, what: "a kill hook"), secret)
    }

    private init(_ members: JSONObject, _ secret: Secret) throws(Problem) {
        var variant: VariantName?
        if let given = members["variant"], !given.isNull {
            variant = try ItemText.required(given, named: "variant", "the name of a variant") {
                text throws(InvalidIdentifier) in try VariantName(named: text)
            }
        }
        try self.init(
            description: try ItemText.text(members["description"], named: "description"),
            isDisabled: try ItemText.flag(members["disabled"], named: "disabled"),
            flags: try ItemText.identifiers(members["flags"], named: "flags") { text throws(InvalidIdentifier) in
                try FlagKey(named: text)
            } ?? [],
            tags: try ItemText.texts(members["tags"], named: "tags"), variant: variant,
            proof: try ItemText.choice(members["proof"], named: "proof", of: Proof.self) ?? .signature, secret: secret)
    }

    /// What is said by whoever makes or alters a hook.
    package static let saidMembers: Set<String> = ["description", "disabled", "flags", "proof", "tags", "variant"]

    package static let members = saidMembers.union(["formerGeneration", "formerUntil", "generation"])

    package var json: JSONValue {
        var members: JSONObject = [
            "generation": .string(secret.generation), "proof": .string(proof.rawValue),
            "variant": variant.map { .string($0.rawValue) } ?? .null,
        ]
        if !description.isEmpty { members["description"] = .string(description) }
        if isDisabled { members["disabled"] = true }
        if !flags.isEmpty { members["flags"] = .array(flags.map { .string($0.rawValue) }) }
        if !tags.isEmpty { members["tags"] = .array(tags.map { .string($0) }) }
        members["formerGeneration"] = secret.former.map { .string($0.generation) }
        members["formerUntil"] = secret.former.map { .string($0.until.text) }
        return .object(members)
    }

    /// The same with another secret, beside which the one that it has is good until then.
    package func rotated(to generation: String, graceUntil until: Timestamp?) throws(Problem) -> KillHookBody {
        try keeping(Secret(generation, former: until.map { (secret.generation, $0) }))
    }

    /// The same with the secret of another.
    package func keeping(_ secret: Secret) throws(Problem) -> KillHookBody {
        try KillHookBody(
            description: description, isDisabled: isDisabled, flags: flags, tags: tags, variant: variant, proof: proof,
            secret: secret)
    }

    private static func isGeneration(_ text: String) -> Bool {
        text.utf8.count == 32
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

extension KillHookBody {
    /// Whether the hook is for the flag.
    package func covers(_ flag: StoredFlag) -> Bool {
        guard let key = flag.place.flag else { return false }
        return flags.contains(key) || flag.body.tags.contains { tag in tags.contains { $0.hasSameBytes(as: tag) } }
    }

    /// What the flag comes to when the hook is pulled.
    package func kill(of flag: FlagBody, because reason: String) -> FlagKillBody {
        FlagKillBody(variant: variant.flatMap { flag.variants[$0.rawValue] == nil ? nil : $0 }, reason: reason)
    }

    /// Whether it may do anything that another may not, or is proved in another way.
    func widens(_ other: KillHookBody?) -> Bool {
        guard !isDisabled else { return false }
        guard let other, !other.isDisabled, other.variant == variant, other.proof == proof else { return true }
        return !Set(flags).isSubset(of: other.flags)
            || !tags.allSatisfy { tag in other.tags.contains { $0.hasSameBytes(as: tag) } }
    }

    /// What somebody must hold who gives it to the hook.
    func rules(in environment: EnvironmentName, of project: ProjectName) -> [AccessRule] {
        guard !isDisabled else { return [] }
        return [
            AccessRule(
                effect: .allow, actions: ActionSet([.kill]),
                pattern: ResourcePattern(
                    projects: [NamePattern(project)], environments: [NamePattern(environment)], kinds: [.flagKill]),
                expiresAt: nil, source: .grant(role: .administrator, permission: 0), isBreakGlass: false)
        ]
    }
}
