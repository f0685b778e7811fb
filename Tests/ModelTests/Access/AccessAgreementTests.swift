import TestSupport
import Testing

import class Foundation.ProcessInfo

@testable import ConfigPlatformModel

/// ``Authority`` held against ``ReferenceAccess``. `CFG_ACCESS_POLICIES=100000` tries so many policies rather than a few.
@Suite struct AccessAgreementTests {
    static let policies = ProcessInfo.processInfo.environment["CFG_ACCESS_POLICIES"].flatMap { Int($0) }
    private static let subjectsPerPolicy = 4
    private static let requestsPerSubject = 64

    @Test func `what may be done is what the rules as they are written say`() throws {
        let count = Self.policies ?? 1_200
        var compared = 0
        var allowed = 0
        try SeededGenerator.runs(count) { random in
            let generated = try RandomPolicy(&random)
            let policy = generated.policy
            let reference = generated.reference
            for _ in 0..<Self.subjectsPerPolicy {
                let subject = try random.subject()
                let authority = policy.authority(of: subject)
                let statements = reference.statements(about: subject)
                for _ in 0..<Self.requestsPerSubject {
                    let action = random.element(of: Action.allCases)
                    let resource = random.resource()
                    let now = random.element(of: AccessUniverse.ends).adding(seconds: Int64(random.int(in: -1...1)))
                    let expected = ReferenceAccess.permits(statements, action, resource, at: now)
                    compared += 1
                    if expected { allowed += 1 }
                    guard authority.permits(action, on: resource, at: now) != expected else { continue }
                    Issue.record(
                        "\(subject) \(expected ? "may" : "may not") \(action) \(resource) at \(now.text); \(random)")
                    return
                }
            }
        }
        guard compared > 1_000 else { return }
        #expect(compared >= 300_000 || count < 1_200)
        // That neither answer is the one that is nearly always right.
        #expect(allowed > compared / 20 && allowed < compared * 3 / 4, "\(allowed) of \(compared)")
    }

    @Test func `whoever may do something somewhere sees the place, and whoever has no permission there does not`()
        throws
    {
        var counts = [false: 0, true: 0]
        try SeededGenerator.runs(200, from: 50_000) { random in
            let generated = try RandomPolicy(&random)
            let (policy, reference) = (generated.policy, generated.reference)
            let subject = try random.subject()
            let authority = policy.authority(of: subject)
            let now = AccessUniverse.now
            for project in AccessUniverse.projects {
                let sees = authority.sees(project, at: now)
                counts[sees, default: 0] += 1
                if sees {
                    #expect(!reference.isStranger(subject, to: project, at: now), "\(project) \(random)")
                }
                for environment in AccessUniverse.environments {
                    if authority.sees(environment, of: project, at: now) {
                        #expect(
                            !reference.isStranger(subject, to: project, environment, at: now),
                            "\(project) \(environment) \(random)")
                        #expect(sees, "an environment is seen, and its project is not: \(project) \(random)")
                    }
                }
            }
            for _ in 0..<100 {
                let resource = random.resource()
                guard let project = resource.project else { continue }
                let action = random.element(of: Action.allCases)
                guard reference.permits(subject, action, resource, at: now) else { continue }
                if !authority.sees(project, at: now) {
                    Issue.record("\(action) \(resource) in an unseen project; \(random)")
                }
                guard let environment = resource.environment else { continue }
                if !authority.sees(environment, of: project, at: now) {
                    Issue.record("\(action) \(resource) in an unseen environment; \(random)")
                }
            }
        }
        #expect(counts.values.allSatisfy { $0 > 0 } || counts.values.reduce(0, +) < 100, "\(counts)")
    }

    @Test func `the keys of an environment are those that may be asked for one by one`() throws {
        let states = try AccessFixture.universe().state
        var outcomes: Set<String> = []
        var runs = 0
        try SeededGenerator.runs(250, from: 100_000) { random in
            runs += 1
            let generated = try RandomPolicy(&random)
            let subject = try random.subject()
            let authority = generated.policy.authority(of: subject)
            for _ in 0..<12 {
                let project = random.element(of: AccessUniverse.projects)
                let kind = random.chance(oneIn: 3) ? Kind.settingDefinition : .setting
                let environment = kind == .setting ? random.element(of: AccessUniverse.environments) : nil
                let action = random.element(of: Action.allCases)
                let now = random.element(of: AccessUniverse.ends)
                let scope = authority.keys(action, kind, in: environment, of: project, at: now)
                let all = AccessUniverse.keys.map { ($0, states.projects[project]?.definitions[$0]?.body.tags ?? []) }
                let expected = generated.reference.keys(
                    subject, action, kind, in: environment, of: project, among: all, at: now)
                let found = AccessUniverse.keys.filter { scope.permits($0, in: states.projects[project]) }
                outcomes.insert(scope.isAll ? "all" : scope.isNone ? "none" : "some")
                #expect(found == expected, "\(subject) \(action) \(kind) \(project) \(environment as Any); \(random)")
                if scope.isAll { #expect(expected.count == all.count, "\(random)") }
                if scope.isNone { #expect(expected.isEmpty, "\(random)") }
            }
        }
        #expect(outcomes == ["all", "none", "some"] || runs == 1)
    }
}
