package import ConfigPlatformFlags
package import ConfigPlatformModel

/// What somebody thinks of making of a flag in an environment.
package struct SimulationRequest: Sendable {
    package var flag: FlagBody?
    package var rule: FlagRuleBody?
    package var rollout: FlagRolloutBody?
    package var contexts: Contexts

    package enum Contexts: Sendable {
        case given([FlagContext])
        /// Made up for what the definitions look at.
        case generated(Int)
    }

    package init(flag: FlagBody?, rule: FlagRuleBody?, rollout: FlagRolloutBody?, contexts: Contexts) {
        self.flag = flag
        self.rule = rule
        self.rollout = rollout
        self.contexts = contexts
    }
}

extension Platform {
    /// How many contexts would come to something else, were the flag what is proposed. Nothing is written.
    ///
    /// Throws `invalid-change` where the proposal comes to no definition, `not-found` where there is no such flag.
    package func simulate(
        _ caller: Caller, _ key: FlagKey, in environment: EnvironmentName, of project: ProjectName,
        _ request: SimulationRequest
    ) throws(Problem) -> FlagSimulation {
        let state = try servedState()
        let now = world.now()
        let viewpoint = state.viewpoint(caller.subject, of: project, at: now)
        try viewpoint.require(.evaluate, .flag, in: environment)
        try viewpoint.require(.read, .flagRule, in: environment)
        let found = try state.project(project)
        guard let flags = found.resolvedFlags[environment] else { throw .noEnvironment(environment, in: project) }
        let standing = flags[key]
        guard let body = request.flag ?? standing?.flag.body else {
            throw Problem(.notFound, "There is no flag '\(key)' in project '\(project.rawValue)'.")
        }
        let proposed = FlagItems(
            flag: body, rule: request.rule ?? standing?.rule?.body, rollout: request.rollout ?? standing?.rollout?.body,
            kill: standing?.kill?.body)
        let lowering = FlagLowering(
            flag: { $0 == key ? proposed : flags[$0]?.items }, segment: { found.flags[$0]?.body })
        let violations = lowering.violations(of: key)
        guard violations.isEmpty else {
            throw Problem(
                .invalidChange, violations.map(\.description).joined(separator: " "),
                violations: violations.map {
                    Violation(
                        $0.message, pointer: $0.pointer.text, keyword: "proposal", environment: environment,
                        key: key.rawValue)
                })
        }
        let after: Flag?
        do {
            after = try lowering.definition(of: key).map { lowered in
                try Flag(
                    key: key.rawValue, definition: lowered.definition,
                    evaluators: Evaluators(try lowering.evaluators(lowered.shared)))
            }
        } catch {
            throw Problem(.invalidChange, "The proposal comes to no definition: \(error)")
        }
        let before = standing?.compiled
        let timestamp = now.microseconds / 1_000_000
        switch request.contexts {
        case .given(let contexts):
            return FlagSimulation(from: before, to: after, contexts: contexts, at: timestamp)
        case .generated(let count):
            let logic = [before, after].compactMap { $0?.logic }.flatMap { $0 }
            return FlagSimulation(
                from: before, to: after, contexts: GeneratedContexts(for: logic, count: count), at: timestamp)
        }
    }
}
