import ConfigPlatformModel
import TestSupport

/// Draws changes from alphabets so small that they collide: overrides, masks, prefix conflicts, diamonds, circles of references and of
/// inheritance, stale expectations, environments that end and begin again.
struct RandomOperations {
    static let projects: [ProjectName] = ["shop", "other"]
    static let environments: [EnvironmentName] = ["base", "eu", "us", "prod", "prod@eu", "stage"]
    private static let keys: [ConfigKey] = [
        "a", "b", "c", "d.e", "d.f", "d", "d.e.g", "x-y", "A", "\"\"", "\"\".a", "\"caf\u{E9}\"", "\"cafe\u{301}\"",
        "\"\u{10000}\".k",
        "\"\u{E000}\".k", "\"\u{FFFF}\"", "\"d.e\"", "\"q\\\"\\\\\"",
    ]

    func project(_ random: inout SeededGenerator) -> ProjectName { random.chance(oneIn: 10) ? "other" : "shop" }

    func change(
        of project: ProjectName, _ model: ReferenceModel, _ random: inout SeededGenerator
    ) throws -> [Operation] {
        if !model.projectNames.contains(project), !random.chance(oneIn: 6) { return try beginning(&random) }
        if random.chance(oneIn: 90) { return [Operation(.deleteProject)] }
        return try (0..<random.int(in: 1...(random.chance(oneIn: 8) ? 12 : 3))).map { _ in
            let target = try target(in: project, model, &random)
            return Operation(target, expecting: try expectation(of: target, in: project, model, &random))
        }
    }

    /// A diamond with something in it.
    private func beginning(_ random: inout SeededGenerator) throws -> [Operation] {
        var operations = [
            Operation(.putProject(try ProjectBody())), .environment("base"), .environment("eu", inherits: ["base"]),
            .environment("us", inherits: ["base"]), .environment("prod", inherits: ["eu", "us"]),
        ]
        for key in Self.keys.prefix(4) {
            operations.append(
                Operation(.putSetting(key, "base", try SettingBody(.int(random.int(in: 0...9)), references: .live))))
        }
        return operations.shuffled(using: &random)
    }

    private func target(
        in project: ProjectName, _ model: ReferenceModel, _ random: inout SeededGenerator
    ) throws -> Operation.Target {
        let present = model.environments(of: project)
        let key = random.element(of: Self.keys)
        let environment =
            present.isEmpty || random.chance(oneIn: 25)
            ? random.element(of: Self.environments) : random.element(of: present)
        if random.chance(oneIn: 3) { return .flag(environment, &random) }
        switch random.int(in: 0...99) {
        case 0..<58: return .putSetting(key, environment, try body(&random))
        case 58..<66: return .putSetting(key, environment, .unset)
        case 66..<78: return .deleteSetting(key, environment)
        case 78..<88:
            let parents = Self.environments.shuffled(using: &random).prefix(random.int(in: 0...3))
            let inherits =
                random.chance(oneIn: 5)
                ? parents.map { $0 } : parents.filter { present.contains($0) && $0 != environment }
            return .putEnvironment(
                random.chance(oneIn: 3) ? random.element(of: Self.environments) : environment,
                try EnvironmentBody(
                    inherits: inherits, description: random.element(of: ["", "d", "caf\u{E9}", "cafe\u{301}"]),
                    isAbstract: random.chance(oneIn: 6)))
        case 88..<92: return .deleteEnvironment(environment)
        case 92: return try schema(key, &random)
        case 93..<96: return .putDefinition(key, try SettingDefinitionBody(tags: random.chance(oneIn: 2) ? ["t"] : []))
        case 96..<98: return .deleteDefinition(key)
        case 98: return .putProject(try ProjectBody(description: random.element(of: ["", "d"])))
        default: return random.chance(oneIn: 4) ? .deleteProject : .deleteEnvironment(environment)
        }
    }

    /// Schemas that refuse now and then: too strict ones would end every history.
    private func schema(_ key: ConfigKey, _ random: inout SeededGenerator) throws -> Operation.Target {
        let name = random.element(of: ["one", "two"] as [SchemaName])
        if random.chance(oneIn: 3) { return .deleteSchema(name) }
        let schema: JSONValue = random.element(of: [
            ["not": ["const": "x"]], ["not": ["type": "array"]], ["type": ["string", "number", "object"]],
            ["properties": ["e": ["type": "number"]]], true,
        ])
        let scope: SchemaBody.Scope = random.element(of: [.key(key), .prefix(key), .document, .shared])
        return .putSchema(
            name, try SchemaBody(schema: schema, scope: scope, isReportOnly: random.chance(oneIn: 5)))
    }

    private func expectation(
        of target: Operation.Target, in project: ProjectName, _ model: ReferenceModel, _ random: inout SeededGenerator
    ) throws -> Operation.Expectation? {
        switch random.int(in: 0...19) {
        case 0: .absent
        case 1...4: try model.revision(of: target, in: project).map { .revision(try Revision($0)) } ?? .absent
        case 5: .revision(try Revision(Int64(random.int(in: 0...Int(model.revision) + 1))))
        default: nil
        }
    }

    private func body(_ random: inout SeededGenerator) throws -> SettingBody {
        let references: SettingBody.References = random.chance(oneIn: 6) ? .literal : .live
        let value: JSONValue =
            switch random.int(in: 0...9) {
            case 0: .int(random.int(in: -2...2))
            case 1: random.element(of: [.null, true, false, 1.5, "", "s", "$${a}", [], [:]])
            case 2: [.string(text(&random)), .int(random.int(in: 0...2))]
            case 3: ["m": .string(text(&random)), "${b}": ["n": 1]]
            default: .string(text(&random))
            }
        return try SettingBody(value, references: references)
    }

    private func text(_ random: inout SeededGenerator) -> String {
        (0..<random.element(of: [1, 1, 1, 2, 3])).map { _ in piece(&random, depth: 2) }.joined()
    }

    private func piece(_ random: inout SeededGenerator, depth: Int) -> String {
        let key = random.element(of: Self.keys)
        switch random.int(in: 0...9) {
        case 0..<3: return random.element(of: ["x", "é", "1", "\u{1F600}"])
        case 3: return "$${\(key)}"
        case 4, 5: return "${\(key)}"
        default:
            let fallback =
                depth > 0 && random.chance(oneIn: 2)
                ? piece(&random, depth: depth - 1) : random.element(of: ["", "y", "5"])
            return "${\(key):\(fallback)}"
        }
    }
}
