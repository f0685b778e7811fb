import ConfigPlatformModel
import Store
import TestSupport

/// Draws changes that are possible after what is there: projects and environments begin, end and begin again, settings and definitions
/// come, change and go.
struct RandomHistory {
    private static let projects: [ProjectName] = ["shop", "shop-eu", "bank"]
    private static let environments: [EnvironmentName] = ["base", "production", "staging"]
    private static let keys = ["a", "a.b", "checkout.timeout", "\"ä\"", "\"a\u{308}\"", "z"]
    private static let authors: [Principal] = ["token:ann", "token:ben", "system"]

    var random: SeededGenerator
    private(set) var model = LedgerModel()

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// Draws the next change and what to write it with. Several changes may fall on one moment.
    mutating func next(in transaction: any StoreTransaction) throws {
        let project = random.element(of: Self.projects)
        let earlier = model.changes.last?.committedAt ?? .start
        let change = try transaction.commit(
            effects(on: project), of: project, by: random.element(of: Self.authors),
            message: random.element(of: ["", "because", "weil es sein muß 🤷"]),
            source: random.chance(oneIn: 4) ? ["operation": "rollback", "toRevision": 1] : nil,
            at: random.chance(oneIn: 3) ? earlier : earlier.adding(seconds: Int64(random.int(in: 1...100))))
        model.apply(change)
    }

    private mutating func effects(on project: ProjectName) -> [Effect] {
        let state = model.states[model.states.count - 1]
        guard state[.project(project)] != nil else {
            return [.put(project: project), .put(environment: "base", of: project)]
        }
        if random.chance(oneIn: 25) { return [.end(project: project)] }
        var effects: [ItemAddress: Effect] = [:]
        var standing = Self.environments.filter { state[.environment($0, in: project)] != nil }
        for _ in 0..<random.int(in: 1...4) {
            let environment = random.element(of: Self.environments)
            let address = ItemAddress.environment(environment, in: project)
            guard random.chance(oneIn: 3), effects[address] == nil else { continue }
            if standing.contains(environment), random.chance(oneIn: 2) {
                effects[address] = .end(environment: environment, of: project)
                standing.removeAll { $0 == environment }
            } else {
                effects[address] = .put(environment: environment, of: project)
                if state[address] == nil { standing.append(environment) }
            }
        }
        for _ in 0..<random.int(in: 1...6) {
            let effect = effect(on: random.element(of: Self.keys), of: project, standing, state)
            effects[effect.address] = effect
        }
        return effects.values.sorted { $0.address.isBefore($1.address) }
    }

    private mutating func effect(
        on key: String, of project: ProjectName, _ standing: [EnvironmentName], _ state: [ItemAddress: StoredItem]
    ) -> Effect {
        guard !standing.isEmpty, !random.chance(oneIn: 6) else {
            let definition = Effect.put(definition: key, "number \(random.int(in: 1...9))", of: project)
            guard state[definition.address] != nil, random.chance(oneIn: 3) else { return definition }
            return Effect(address: definition.address, body: nil)
        }
        let environment = random.element(of: standing)
        // What stood before the environment ended stands no more when it has begun again, even in one change.
        let stands = state[.raw(key, in: environment, of: project)] != nil
        if stands, random.chance(oneIn: 3) { return .end(key, in: environment, of: project) }
        return .put(key, String(random.int(in: 0...99)), in: environment, of: project)
    }

    /// A query with each part now and then.
    mutating func query() -> ChangeQuery {
        let last = model.changes.count + 1
        var query = ChangeQuery()
        if random.chance(oneIn: 2) { query.project = random.element(of: Self.projects) }
        if random.chance(oneIn: 3) { query.environment = random.element(of: Self.environments) }
        if random.chance(oneIn: 3) { query.kind = random.element(of: Kind.allCases) }
        if random.chance(oneIn: 3) { query.key = random.element(of: Self.keys + Self.environments.map(\.rawValue)) }
        if random.chance(oneIn: 4) { query.author = random.element(of: Self.authors) }
        if random.chance(oneIn: 4) { query.before = try? Revision(Int64(random.int(in: 0...last))) }
        if random.chance(oneIn: 4) { query.after = try? Revision(Int64(random.int(in: 0...last))) }
        return query
    }
}
