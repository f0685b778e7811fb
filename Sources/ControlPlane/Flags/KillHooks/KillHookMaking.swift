package import ConfigPlatformModel

/// A hook with the secret that is shown this once.
package struct MadeKillHook: Sendable {
    package let body: KillHookBody
    package let secret: String
    /// The change that made it, or the request for the approvals that it needs: until it is applied the secret is good for nothing.
    package let outcome: WriteOutcome
}

extension Platform {
    /// Makes a hook. Needs the right to `administer` hooks in the environment and to `kill` flags there oneself: a hook is a way in for somebody
    /// else, and goes on when its maker does not.
    ///
    /// Throws `already-exists` where there is one of the name, and `unavailable` where the server has no hook key.
    package func makeKillHook(
        _ caller: Caller, _ name: KillHookName, in environment: EnvironmentName, of project: ProjectName,
        saying said: (KillHookBody.Secret) throws(Problem) -> KillHookBody
    ) async throws(Problem) -> MadeKillHook {
        try viewpoint(caller, of: project).require(.administer, .killHook, in: environment)
        let key = try requiredHookKey()
        let body = try said(KillHookBody.Secret(drawnGeneration()))
        let place = AccessPlace.killHook(name, in: environment)
        let proposal = Proposal(
            project: project, by: caller.author, about: place.address(in: project),
            message: "Make kill hook \(name.rawValue) in \(environment.rawValue)"
        ) { state throws(Problem) in
            guard state.projects[project]?.access[place] == nil else {
                throw Problem(
                    .alreadyExists,
                    "There is a kill hook '\(name.rawValue)' in '\(environment.rawValue)' already. Alter that one, give it another secret, or "
                        + "choose another name.")
            }
            return [Operation(.putAccess(place, .killHook(body)), expecting: .absent)]
        }
        let outcome = try await write(caller, WriteRequest(proposal: proposal, action: .killHookCreate))
        return MadeKillHook(body: body, secret: secret(of: body, name, environment, project, key), outcome: outcome)
    }

    /// Gives a hook another secret; the one that it had is good for some time yet.
    ///
    /// - Parameter graceSeconds: 0 to ``Limits/killHookGraceSeconds``.
    package func rotateKillHook(
        _ caller: Caller, _ name: KillHookName, in environment: EnvironmentName, of project: ProjectName,
        graceSeconds: Int64
    ) async throws(Problem) -> MadeKillHook {
        let viewpoint = viewpoint(caller, of: project)
        try viewpoint.require(.administer, .killHook, in: environment)
        let key = try requiredHookKey()
        guard (0...Limits.killHookGraceSeconds).contains(graceSeconds) else {
            throw Problem(
                .invalidRequest, "'graceSeconds' is a whole number from 0 to \(Limits.killHookGraceSeconds).",
                violations: [Violation("Out of range.", pointer: "/graceSeconds", keyword: "maximum")])
        }
        let place = AccessPlace.killHook(name, in: environment)
        guard let item = viewpoint.project?.access[place], case .killHook(let standing) = item.body else {
            throw .noKillHook(name, in: environment)
        }
        let until = graceSeconds > 0 ? world.now().adding(seconds: graceSeconds) : nil
        let body = try standing.rotated(to: drawnGeneration(), graceUntil: until)
        let proposal = Proposal(
            project: project, by: caller.author,
            message: "Rotate kill hook \(name.rawValue) in \(environment.rawValue)",
            operations: [
                Operation(.putAccess(place, .killHook(body)), expecting: .revision(item.revision))
            ])
        let outcome = try await write(caller, WriteRequest(proposal: proposal, action: .killHookRotate))
        return MadeKillHook(body: body, secret: secret(of: body, name, environment, project, key), outcome: outcome)
    }

    private func drawnGeneration() -> String { Digest.hexadecimal(world.randomBytes(16)) }

    private func secret(
        of body: KillHookBody, _ name: KillHookName, _ environment: EnvironmentName, _ project: ProjectName,
        _ key: HookKey
    ) -> String {
        key.secret(
            of: .killHook(name, in: environment, of: project), generation: body.secret.generation, proof: body.proof)
    }

    func requiredHookKey() throws(Problem) -> HookKey {
        guard let hookKey else {
            throw Problem(
                .unavailable,
                "This server has no key for hooks; start it with --hook-key-file, the same on every replica.")
        }
        return hookKey
    }
}

extension Problem {
    package static func noKillHook(_ name: KillHookName, in environment: EnvironmentName) -> Problem {
        Problem(
            .notFound,
            "There is no kill hook '\(name.rawValue)' in '\(environment.rawValue)'; list what there is with GET …/kill-hooks."
        ).lacking(Missing(.killHook, name.rawValue, in: environment))
    }
}
