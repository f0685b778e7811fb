/// Something that is not as it should be and is not refused: told in answers, in dry runs and in a report.
package struct Finding: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// A value that a schema which only reports finds wrong.
        case schema
        /// A value under a key that a schema calls deprecated.
        case deprecated
        /// A value that looks like a credential.
        case plaintextSecret = "plaintext-secret"
    }

    package let kind: Kind
    package let environment: EnvironmentName
    /// Nil where it concerns the whole document.
    package let key: String?
    /// Where inside the value (RFC 6901).
    package let pointer: String?
    /// The schema's name, `#` and the pointer to the keyword.
    package let schema: String?
    /// The rule: a keyword of JSON Schema, or why a value looks like a credential.
    package let rule: String
    /// Never holds what looks like a credential.
    package let message: String

    init(
        _ kind: Kind, _ message: String, environment: EnvironmentName, key: String?, pointer: String? = nil,
        schema: String? = nil, rule: String
    ) {
        self.kind = kind
        self.message = message
        self.environment = environment
        self.key = key
        self.pointer = pointer
        self.schema = schema
        self.rule = rule
    }

    init(_ violation: Violation, in environment: EnvironmentName) {
        self.init(
            .schema, violation.message, environment: environment, key: violation.key, schema: violation.schema,
            rule: violation.keyword ?? "")
    }
}

extension ProjectState {
    /// Everything that is found in these environments (nil: in all), in order of environment; at most ``Limits/findings``, and whether
    /// there is more.
    package func findings(in names: [EnvironmentName]?, kinds: Set<Finding.Kind>) -> (
        found: [Finding], isComplete: Bool
    ) {
        var found: [Finding] = []
        for environment in sortedEnvironments where names?.contains(environment.name) ?? true {
            if kinds.contains(.schema) { found += schemaFindings(in: environment) }
            for setting in environment.own {
                if kinds.contains(.plaintextSecret) {
                    found += plaintextFindings(setting.key, setting.body, in: environment)
                }
                if kinds.contains(.deprecated), setting.body.content != .unset {
                    found += deprecation(of: setting.key, in: environment)
                }
                if found.count > Limits.findings { return (Array(found.prefix(Limits.findings)), false) }
            }
            if found.count > Limits.findings { return (Array(found.prefix(Limits.findings)), false) }
        }
        return (found, true)
    }

    /// What the schemas that only report find wrong in what programs of an environment read.
    func schemaFindings(in environment: EnvironmentState, only names: Set<SchemaName>? = nil) -> [Finding] {
        guard let reading = resolved[environment.name] else { return [] }
        let judgement = SchemaJudgement(reading, by: schemas)
        return schemas.sorted.filter { schema in
            schema.body.isReportOnly && schema.body.judges(environment) && names?.contains(schema.name) ?? true
        }.flatMap { judgement.violations(of: $0).map { Finding($0, in: environment.name) } }
    }

    func plaintextFindings(_ key: ConfigKey, _ body: SettingBody, in environment: EnvironmentState) -> [Finding] {
        guard body.content != .unset, PlaintextSecret.mayHold(body.value, at: key),
            definitions[key]?.body.plaintextReason.isEmpty ?? true, let value = body.json
        else { return [] }
        return PlaintextSecret.found(in: value, at: key).map { secret in
            let place = secret.pointer.isEmpty ? "" : " at \(secret.pointer)"
            return Finding(
                .plaintextSecret, "'\(key)'\(place) \(secret.message), and lies in plain text.",
                environment: environment.name, key: key.text, pointer: secret.pointer.isEmpty ? nil : secret.pointer,
                rule: secret.reason.rawValue)
        }
    }

    func deprecation(of key: ConfigKey, in environment: EnvironmentState) -> [Finding] {
        guard schemas.mentionsDeprecated, let said = schemas.description(of: key, in: environment), said.isDeprecated
        else { return [] }
        let name = said.schemas.first?.rawValue ?? ""
        return [
            Finding(
                .deprecated,
                "'\(key)' is deprecated (schema '\(name)')\(said.description.map { ": \($0)" } ?? ".")",
                environment: environment.name, key: key.text, schema: name, rule: "deprecated")
        ]
    }
}

extension Decision {
    /// What there is to say of the values that the change itself writes; at most ``Limits/findings``.
    package func warnings() -> [Finding] {
        guard let after, let change else { return [] }
        return after.warnings(of: change)
    }

    /// What schemas that only report find, before and after: what the change makes wrong, and what it mends.
    package func findings() -> (new: [Finding], mended: [Finding]) {
        let names = touched.environments.union(
            touched.schemas.isEmpty ? [] : (after ?? before)?.environments.keys.map { $0 } ?? [])
        func found(_ project: ProjectState?) -> [Finding] {
            guard let project else { return [] }
            return names.sorted().compactMap { project.environments[$0] }.flatMap { project.schemaFindings(in: $0) }
        }
        let (old, new) = (found(before), found(after))
        let (known, standing) = (Set(old), Set(new))
        return (
            Array(new.filter { !known.contains($0) }.prefix(Limits.findings)),
            Array(old.filter { !standing.contains($0) }.prefix(Limits.findings))
        )
    }
}

extension ProjectState {
    /// What there is to say of the values that a change of this project wrote.
    package func warnings(of change: ChangeRecord) -> [Finding] {
        var found: [Finding] = []
        for setting in settings(writtenBy: change) {
            found += plaintextFindings(setting.key, setting.body, in: setting.environment)
            found += deprecation(of: setting.key, in: setting.environment)
            if found.count >= Limits.findings { break }
        }
        return Array(found.prefix(Limits.findings))
    }

    /// The values of a change that must not lie in plain text where the project refuses that.
    func plaintextViolations(of change: ChangeRecord) -> [Violation] {
        guard body.plaintextSecrets == .refuse else { return [] }
        return settings(writtenBy: change).flatMap { plaintextFindings($0.key, $0.body, in: $0.environment) }.map {
            finding in
            Violation(
                finding.message + " Store it as a secret, or say why it may lie here: cfg key set "
                    + "\(finding.key ?? "KEY") --plaintext-reason \"…\".",
                keyword: "plaintext-secret", environment: finding.environment, key: finding.key)
        }
    }

    /// The settings that a change gave a value.
    private func settings(
        writtenBy change: ChangeRecord
    ) -> some Sequence<(key: ConfigKey, body: SettingBody, environment: EnvironmentState)> {
        change.effects.lazy.compactMap { effect in
            guard effect.address.kind == .setting, let bytes = effect.body,
                let environment = effect.address.environment.flatMap({ self.environments[$0] }),
                let key = try? effect.setting?.key ?? ConfigKey(parsing: effect.address.key),
                let body = try? effect.setting?.body ?? SettingBody(stored: bytes), body.content != .unset
            else { return nil }
            return (key, body, environment)
        }
    }
}
