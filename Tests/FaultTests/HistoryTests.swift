import ConfigPlatformModel
import TestSupport
import Testing

/// Random histories over HTTP against a real process, held against ``ReferenceModel``.
///
/// A step is one to three changes sent at once. Those that were committed must be what the model makes of them in the order of their
/// revisions; one that was refused or changed nothing must be so somewhere between them.
@Suite struct HistoryTests {
    @Test func `random histories on SQLite come out as the model says`() async throws {
        try await Self.compare(try await CfgProcess())
    }

    @Test(.enabled(if: PostgreSQLServer.isAvailable, "\(PostgreSQLServer.absence)"))
    func `random histories on PostgreSQL come out as the model says`() async throws {
        try await Self.compare(try await CfgProcess(.init(databaseURL: try PostgreSQLServer.shared.createDatabase())))
    }

    private static func compare(_ server: CfgProcess) async throws {
        var random = FaultRounds.random()
        let seed = "\(random)"
        let draw = try RandomChanges()
        var outcomes: [ReferenceModel.Outcome: Int] = [:]
        var history = LedgerUnderTest(server, seed: seed)
        for number in 0..<FaultRounds.count(short: 1, share: 10) {
            let project = ProjectUnderTest(name: try ProjectName(parsing: "history-\(number)"))
            try await history.begin(project, with: draw, &random)
            for step in 1...150 {
                let count = random.chance(oneIn: 3) ? random.int(in: 2...3) : 1
                var changes: [[Operation]] = []
                for _ in 0..<count {
                    changes.append(try draw.change(of: project.name, history.model, &random))
                }
                for outcome in try await history.send(changes, to: project) { outcomes[outcome, default: 0] += 1 }
                if step.isMultiple(of: 5) { try await history.expectDocuments(of: project, in: draw.environments) }
            }
            try await history.expectDocuments(of: project, in: draw.environments)
            await server.kill()
            try await server.start()
            try await history.expectDocuments(of: project, in: draw.environments)
        }
        // That the histories do what they are for.
        for outcome in [
            .committed, .unchanged, .refused(.invalidChange), .refused(.inUse), .refused(.revisionConflict),
        ]
            as [ReferenceModel.Outcome]
        {
            #expect(outcomes[outcome, default: 0] > 0, "\(outcome): \(outcomes); \(seed)")
        }
        #expect(outcomes[.committed, default: 0] > 40, "\(outcomes); \(seed)")
        try await server.stop()
        try await server.expectSoundStore(seed)
    }
}

private struct ProjectUnderTest {
    let name: ProjectName

    var root: String { "/api/v1/projects/\(name.rawValue)" }
}

/// A server beside the model of what it should do.
private struct LedgerUnderTest {
    private let server: CfgProcess
    private let seed: String
    private(set) var model = ReferenceModel()

    init(_ server: CfgProcess, seed: String) {
        self.server = server
        self.seed = seed
    }

    mutating func begin(
        _ project: ProjectUnderTest, with draw: RandomChanges, _ random: inout SeededGenerator
    ) async throws {
        let made = try await server.client.send("PUT", project.root, body: .json([:]))
        #expect(made.status == 201, "\(made)")
        #expect(model.apply([Operation(.putProject(try ProjectBody()))], to: project.name) == .committed)
        let outcomes = try await send([try draw.beginning()], to: project)
        #expect(outcomes == [.committed], "\(seed)")
    }

    /// Sends the changes all at once; returns what each came to.
    mutating func send(_ changes: [[Operation]], to project: ProjectUnderTest) async throws -> [ReferenceModel.Outcome]
    {
        let client = server.client
        let answers = try await withThrowingTaskGroup(of: (Int, HTTPAnswer).self) { group in
            for (index, operations) in changes.enumerated() {
                let body: JSONValue = ["message": "step", "operations": .array(operations.map(\.wire))]
                group.addTask {
                    (index, try await client.send("POST", project.root + "/changes", body: .json(body)))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let results = try answers.sorted { $0.0 < $1.0 }.map { index, answer in
            (operations: changes[index], outcome: try outcome(of: answer), answer: answer)
        }
        var states = [model]
        let committed = try results.filter { $0.outcome == .committed }.map { result in
            (result, try #require(try result.answer.json()["revision"]?.int64Value))
        }
        for (result, revision) in committed.sorted(by: { $0.1 < $1.1 }) {
            let expected = model.apply(result.operations, to: project.name)
            #expect(expected == .committed, "\(result.operations) was committed: \(result.answer.text); \(seed)")
            #expect(model.revision == revision, "\(seed)")
            states.append(model)
        }
        for result in results where result.outcome != .committed {
            let possible = states.map { state in
                var state = state
                return state.apply(result.operations, to: project.name)
            }
            #expect(
                possible.contains(result.outcome),
                "\(result.operations) should have been \(possible) and is: \(result.answer.text); \(seed)")
        }
        return results.map(\.outcome)
    }

    private func outcome(of answer: HTTPAnswer) throws -> ReferenceModel.Outcome {
        switch answer.status {
        case 201: return .committed
        case 200: return .unchanged
        default:
            let type = try #require(try answer.json()["type"]?.stringValue, "\(answer)")
            let code = Problem.Code(rawValue: String(type.split(separator: "/").last ?? ""))
            return .refused(try #require(code, "\(answer)"))
        }
    }

    func expectDocuments(of project: ProjectUnderTest, in environments: [EnvironmentName]) async throws {
        let head = [("X-Minimum-Revision", "\(model.revision)")]
        for environment in environments {
            let answer = try await server.client.get(
                project.root + "/environments/\(environment.rawValue)/settings", headers: head)
            guard let expected = model.document(environment, of: project.name) else {
                #expect(answer.status == 404, "\(environment) is not there: \(answer); \(seed)")
                continue
            }
            #expect(
                answer.status == 200 && answer.body == expected.canonicalBytes(), "\(environment): \(answer); \(seed)")
        }
    }
}

/// Changes from alphabets so small that they collide.
private struct RandomChanges {
    let environments: [EnvironmentName]
    private let keys: [ConfigKey]

    init() throws {
        environments = try ["base", "eu", "us", "prod", "prod@eu"].map { try EnvironmentName(parsing: $0) }
        keys = try ["a", "b", "c", "d", "e.f", "e.g", "d.h", "\"e.f\"", "x-y"].map { try ConfigKey(parsing: $0) }
    }

    /// A diamond.
    func beginning() throws -> [Operation] {
        let (base, eu, us, prod) = (environments[0], environments[1], environments[2], environments[3])
        return try [
            Operation(.putEnvironment(base, EnvironmentBody())),
            Operation(.putEnvironment(eu, EnvironmentBody(inherits: [base]))),
            Operation(.putEnvironment(us, EnvironmentBody(inherits: [base]))),
            Operation(.putEnvironment(prod, EnvironmentBody(inherits: [eu, us]))),
        ]
    }

    func change(
        of project: ProjectName, _ model: ReferenceModel, _ random: inout SeededGenerator
    ) throws -> [Operation] {
        try (0..<random.int(in: 1...3)).map { _ in
            let target = try target(of: project, model, &random)
            var expectation: Operation.Expectation?
            switch random.int(in: 0...29) {
            case 0: expectation = .absent
            case 1...6:
                expectation = try model.revision(of: target, in: project).map { .revision(try Revision($0)) } ?? .absent
            case 7: expectation = .revision(try Revision(Int64(random.int(in: 0...Int(model.revision)))))
            default: break
            }
            return Operation(target, expecting: expectation)
        }
    }

    private func target(
        of project: ProjectName, _ model: ReferenceModel, _ random: inout SeededGenerator
    ) throws -> Operation.Target {
        let present = model.environments(of: project)
        let isWild = present.isEmpty || random.chance(oneIn: 30)
        let environment = random.element(of: isWild ? environments : present)
        let key = random.element(of: keys)
        switch random.int(in: 0...39) {
        case 0...22: return .putSetting(key, environment, try body(&random))
        case 23...25: return .putSetting(key, environment, .unset)
        case 26...32: return .deleteSetting(key, environment)
        case 33...37:
            let parents = present.filter { _ in random.chance(oneIn: 3) }
            return .putEnvironment(random.element(of: environments), try EnvironmentBody(inherits: parents))
        default: return .deleteEnvironment(environment)
        }
    }

    private func body(_ random: inout SeededGenerator) throws -> SettingBody {
        let key = random.element(of: keys)
        let values: [JSONValue] = [
            .int(random.int(in: 0...3)), .null, "text", .string("${\(key)}"), .string("${\(key):none}"),
            .string("<${\(key):${b:deep}}>"), [.string("${\(key):x}"), 1.5], ["member": "$${literal}"],
        ]
        return try SettingBody(
            random.element(of: values), references: random.chance(oneIn: 6) ? .literal : .live)
    }
}

extension Operation {
    /// As it is written in the body of a request.
    fileprivate var wire: JSONValue {
        var members = JSONObject()
        switch target {
        case .putSetting(let key, let environment, let body):
            members["kind"] = "setting"
            members["environment"] = .string(environment.rawValue)
            members["key"] = .string(key.text)
            if let value = body.json {
                members["op"] = "put"
                members["value"] = value
                members["references"] = body.content == .live ? "live" : "literal"
            } else {
                members["op"] = "unset"
            }
        case .deleteSetting(let key, let environment):
            members = JSONObject(uniqueMembers: [
                ("op", "delete"), ("kind", "setting"), ("environment", .string(environment.rawValue)),
                ("key", .string(key.text)),
            ])
        case .putEnvironment(let name, let body):
            members = JSONObject(uniqueMembers: [
                ("op", "put"), ("kind", "environment"), ("key", .string(name.rawValue)), ("value", body.json),
            ])
        case .deleteEnvironment(let name):
            members = JSONObject(uniqueMembers: [
                ("op", "delete"), ("kind", "environment"), ("key", .string(name.rawValue)),
            ])
        default: break
        }
        switch expectation {
        case .absent: members["expect"] = "absent"
        case .revision(let revision): members["expect"] = .int(revision.number)
        case nil: break
        }
        return .object(members)
    }
}
