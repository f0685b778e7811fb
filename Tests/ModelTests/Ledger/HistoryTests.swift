import ConfigPlatformFlags
import TestSupport
import Testing

@testable import ConfigPlatformModel

/// Seeded random histories, held against ``ReferenceModel`` after every step.
@Suite struct HistoryTests {
    @Test func `random histories come out as the reference model says`() throws {
        var outcomes: [ReferenceModel.Outcome: Int] = [:]
        var runs = 0
        try SeededGenerator.runs(60) { random in
            var history = try History(random)
            for _ in 0..<60 { outcomes[try history.step(), default: 0] += 1 }
            try history.finish()
            runs += 1
        }
        guard runs > 1 else { return }
        // That the histories do what they are for.
        #expect(outcomes[.committed, default: 0] > 1_000, "\(outcomes)")
        for outcome in [.unchanged]
            + [.notFound, .revisionConflict, .inUse, .invalidChange].map(ReferenceModel.Outcome.refused)
        {
            #expect(outcomes[outcome, default: 0] > 20, "\(outcome): \(outcomes)")
        }
    }
}

/// One history: the leader decides, the follower applies what it committed, and from the items as a store folds them the state is
/// rebuilt. All three read what the model says.
private struct History {
    private var random: SeededGenerator
    private let seed: String
    private var operations = RandomOperations()
    private var model = ReferenceModel()
    private var leader = PlatformState.empty
    private var follower = PlatformState.empty
    private var rebuilt = PlatformState.empty
    private var items: [ItemAddress: (body: [UInt8], revision: Revision)] = [:]
    /// States that were, with what the model said then.
    private var past: [(state: PlatformState, readings: Readings, flags: FlagReadings)] = []
    private var readings: Readings = [:]
    /// What flags come to, in flagd's format.
    private var flags: FlagReadings = [:]

    private typealias Readings = [ProjectName: [EnvironmentName: [ConfigKey: JSONValue]]]
    private typealias FlagReadings = [ProjectName: [EnvironmentName: JSONValue]]

    init(_ random: SeededGenerator) throws {
        self.random = random
        seed = random.description
    }

    mutating func step() throws -> ReferenceModel.Outcome {
        let project = operations.project(&random)
        let wanted = try operations.change(of: project, model, &random)
        let outcome = model.apply(wanted, to: project)
        let proposal = Proposal(project: project, by: .platform(), message: "step", operations: wanted)
        let now = Timestamp(microseconds: LedgerFixture.start.microseconds + Int64(random.int(in: -5...20)) * 1_000_000)
        let decided = Result { () throws(Problem) in try leader.decide(proposal, at: now) }
        let again = Result { () throws(Problem) in try rebuilt.decide(proposal, at: now) }
        switch (decided, again) {
        case (.failure(let problem), .failure(let other)):
            #expect(outcome == .refused(problem.code), "\(seed): \(problem.detail) \(wanted)")
            #expect(problem == other, "the same refusal on a replica that started afresh; \(seed)")
        case (.success(let decision), .success(let other)):
            #expect(outcome == (decision.change == nil ? .unchanged : .committed), "\(seed): \(wanted)")
            #expect(decision.change == other.change, "\(seed)")
            try take(decision, of: project)
        default:
            Issue.record("a replica that started afresh decides otherwise: \(decided) \(again); \(seed)")
        }
        return outcome
    }

    private mutating func take(_ decision: Decision, of project: ProjectName) throws {
        guard let change = decision.change else {
            #expect(decision.state.digest == leader.digest, "\(seed)")
            return
        }
        #expect(try ChangeRecord(body: change.body) == change, "\(seed)")
        #expect(try JSONValue(parsing: change.body).canonicalBytes() == change.body, "\(seed)")
        #expect(change.committedAt >= leader.committedAt && change.previousDigest == leader.digest, "\(seed)")
        #expect(decision.state.revision.number == model.revision, "\(seed)")
        let (before, flagsBefore) = (readings, flags)
        readings = try read(model)
        flags = try readFlags(model)
        if random.chance(oneIn: 2) {
            expectDifferences(of: decision, in: project, since: before)
            expectFlagDifferences(of: decision, in: project, since: flagsBefore)
        }
        let followed = try follower.applying(change)
        #expect(followed.touched.keys == decision.touched.keys, "\(seed)")
        #expect(followed.touched.relayered == decision.touched.relayered, "\(seed)")
        #expect(followed.touched.flags == decision.touched.flags, "\(seed)")
        leader = decision.state
        follower = followed.state
        fold(change)
        rebuilt = try rebuild()
        let sizes = rebuilt.projects.mapValues(\.size)
        #expect(leader.projects.mapValues(\.size) == sizes && follower.projects.mapValues(\.size) == sizes, "\(seed)")
        if random.chance(oneIn: 8) { past.append((leader, readings, flags)) }
        try expect(rebuilt, reads: readings, flags, oneIn: 1)
        // Seldom, so that documents are worked out from predecessors near and far.
        try expect(leader, reads: readings, flags, oneIn: 4)
        try expect(follower, reads: readings, flags, oneIn: 12)
    }

    mutating func finish() throws {
        try expect(leader, reads: readings, flags, oneIn: 1)
        try expect(follower, reads: readings, flags, oneIn: 1)
        for (state, readings, flags) in past { try expect(state, reads: readings, flags, oneIn: 1) }
        for _ in 0..<6 where past.count > 1 {
            let (from, to) = (random.element(of: past), random.element(of: past))
            for project in RandomOperations.projects {
                for environment in RandomOperations.environments {
                    let found = ResolvedEnvironment.differences(
                        from: from.state.projects[project]?.resolved[environment],
                        to: to.state.projects[project]?.resolved[environment])
                    let expected = Self.differences(
                        from: from.readings[project]?[environment], to: to.readings[project]?[environment])
                    #expect(found == expected, "\(seed)")
                    let flags = ResolvedFlags.differences(
                        from: from.state.projects[project]?.resolvedFlags[environment],
                        to: to.state.projects[project]?.resolvedFlags[environment])
                    let keys = Self.differingFlags(
                        from.flags[project]?[environment], to.flags[project]?[environment])
                    #expect(flags.map(\.key.rawValue) == keys, "\(seed)")
                }
            }
        }
    }

    /// Everything that the model says is read.
    private func read(_ model: ReferenceModel) throws -> Readings {
        var readings: Readings = [:]
        for project in model.projectNames {
            readings[project] = [:]
            for environment in model.environments(of: project) {
                let values = try #require(model.resolved(environment, of: project), "\(seed)")
                readings[project]?[environment] = values
            }
        }
        return readings
    }

    private func readFlags(_ model: ReferenceModel) throws -> FlagReadings {
        var readings: FlagReadings = [:]
        for project in model.projectNames {
            for environment in model.environments(of: project) {
                let document = try #require(model.flagDocument(environment, of: project), "\(seed)")
                readings[project, default: [:]][environment] = document
            }
        }
        return readings
    }

    // MARK: The three states

    /// As a store does it: the end of an environment or a project also ends what is in it.
    private mutating func fold(_ change: ChangeRecord) {
        for effect in change.effects {
            items[effect.address] = effect.body.map { ($0, change.revision) }
            guard effect.body == nil else { continue }
            switch effect.address.kind {
            case .project: items = items.filter { $0.key.project != change.project }
            case .environment:
                items = items.filter {
                    $0.key.project != change.project || $0.key.environment?.rawValue != effect.address.key
                }
            default: break
            }
        }
    }

    private func rebuild() throws -> PlatformState {
        var builder = PlatformState.Builder()
        for (address, item) in items { try builder.add(address: address, body: item.body, revision: item.revision) }
        return try builder.finished(revision: leader.revision, digest: leader.digest, committedAt: leader.committedAt)
    }

    /// One environment in `count` is looked at.
    private mutating func expect(
        _ state: PlatformState, reads readings: Readings, _ flags: FlagReadings, oneIn count: Int
    ) throws {
        #expect(state.projects.keys.sorted() == readings.keys.sorted(), "\(seed)")
        for (name, project) in state.projects {
            let expected = readings[name] ?? [:]
            #expect(Set(project.environments.keys) == Set(expected.keys), "\(seed)")
            #expect(Set(project.resolved.keys) == Set(expected.keys), "\(seed)")
            #expect(Set(project.resolvedFlags.keys) == Set(expected.keys), "\(seed)")
            for (environment, values) in expected.sorted(by: { $0.key < $1.key }) where random.chance(oneIn: count) {
                let reading = try project.reading(environment)
                let contents = reading.contents
                #expect(contents.settings.map(\.key) == values.keys.sorted(), "\(environment) \(seed)")
                let isEqual = values.allSatisfy { contents.value(of: $0.key) == $0.value.canonicalBytes() }
                #expect(isEqual, "\(environment) \(seed)")
                let areOwn = contents.settings.allSatisfy { project.environments[$0.environment]?.own[$0.key] === $0 }
                #expect(areOwn, "the origin of each value; \(environment) \(seed)")
                let document = ReferenceModel.document(of: values).canonicalBytes()
                #expect(reading.document.bytes == document, "\(environment) \(seed)")
                #expect(try JSONValue(parsing: document).canonicalBytes() == document, "\(seed)")
                let flagDocument = try #require(project.resolvedFlags[environment]).document.bytes
                #expect(
                    String(decoding: flagDocument, as: UTF8.self) == flags[name]?[environment]?.canonicalText,
                    "\(environment) \(seed)")
            }
        }
    }

    // MARK: Differences

    private func expectDifferences(of decision: Decision, in project: ProjectName, since before: Readings) {
        for environment in RandomOperations.environments {
            let expected = Self.differences(from: before[project]?[environment], to: readings[project]?[environment])
            #expect(decision.differences(in: environment) == expected, "\(environment) \(seed)")
            let whole = ResolvedEnvironment.differences(
                from: decision.before?.resolved[environment], to: decision.after?.resolved[environment])
            #expect(whole == expected, "\(environment) \(seed)")
            let isTouched = decision.touched.environments.contains(environment)
            #expect(isTouched || expected.isEmpty, "\(environment) \(seed)")
        }
    }

    private func expectFlagDifferences(of decision: Decision, in project: ProjectName, since before: FlagReadings) {
        for environment in RandomOperations.environments {
            let expected = Self.differingFlags(before[project]?[environment], flags[project]?[environment])
            let found = decision.flagDifferences(in: environment)
            #expect(found.map(\.key.rawValue) == expected, "\(environment) \(seed)")
            let isTouched = decision.touched.flagEnvironments.contains(environment)
            #expect(isTouched || expected.isEmpty, "\(environment) \(seed)")
        }
    }

    /// The keys, in order, of the flags whose definitions differ, or something that these refer to.
    private static func differingFlags(_ old: JSONValue?, _ new: JSONValue?) -> [String] {
        func inlined(_ document: JSONValue?) -> JSONObject {
            document?["flags"]?.objectValue?.mapValues { expanded($0, document?["$evaluators"] ?? [:]) } ?? [:]
        }
        let (old, new) = (inlined(old), inlined(new))
        return Set(old.names.map(ExactText.init) + new.names.map(ExactText.init)).map(\.text)
            .filter { old[$0] != new[$0] }.sorted { $0.precedesInUTF16($1) }
    }

    private struct ExactText: Hashable {
        let text: String
        static func == (a: Self, b: Self) -> Bool { a.text.hasSameBytes(as: b.text) }
        func hash(into hasher: inout Hasher) { text.hashBytes(into: &hasher) }
    }

    private static func expanded(_ value: JSONValue, _ evaluators: JSONValue) -> JSONValue {
        if let name = value["$ref"]?.stringValue, let rule = evaluators[name] { return [expanded(rule, evaluators)] }
        switch value {
        case .object(let members): return .object(members.mapValues { expanded($0, evaluators) })
        case .array(let elements): return .array(elements.map { expanded($0, evaluators) })
        default: return value
        }
    }

    private static func differences(
        from old: [ConfigKey: JSONValue]?, to new: [ConfigKey: JSONValue]?
    ) -> [ValueDifference] {
        let (old, new) = (old ?? [:], new ?? [:])
        return Set(old.keys).union(new.keys).sorted().filter { old[$0] != new[$0] }.map { key in
            ValueDifference(key: key, before: old[key]?.canonicalBytes(), after: new[key]?.canonicalBytes())
        }
    }
}
