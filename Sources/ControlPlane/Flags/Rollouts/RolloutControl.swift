package import ConfigPlatformFlags
package import ConfigPlatformModel

extension Platform {
    /// What people do with a rollout that stands in the environment itself.
    package enum RolloutOrder: String, CaseIterable, Sendable {
        case pause, resume, advance, revert

        package var action: AuditEvent.Action {
            switch self {
            case .pause: .rolloutPause
            case .resume: .rolloutResume
            case .advance: .rolloutAdvance
            case .revert: .rolloutRevert
            }
        }
    }

    /// The write that does with a rollout what is ordered. To pause and to revert one needs the right to `write` it or to `kill` the flag,
    /// and with the latter no approval; to resume and to advance one is to write it.
    ///
    /// - Parameter reason: becomes the rollout's note, and the change's message.
    /// - Parameter precondition: throws where the rollout is not the one that is meant, given the revision that wrote it.
    package func rolloutOrder(
        _ caller: Caller, _ order: RolloutOrder, of flag: FlagKey, in environment: EnvironmentName,
        of project: ProjectName, reason: String?,
        precondition: @escaping @Sendable (Revision) throws(Problem) -> Void
    ) -> Proposal {
        let place = FlagPlace.rollout(flag, environment)
        let (now, world) = (world.now(), world)
        let who = caller.principal.rawValue
        let isStop = order == .pause || order == .revert
        let what = "\(order.verb) the rollout of '\(flag.rawValue)' in \(environment.rawValue)"
        return Proposal(
            project: project, by: caller.author, about: isStop ? nil : place.address(in: project),
            message: reason.map { "\(what): \($0)" } ?? what,
            source: ["operation": "rollout", "step": .string(order.rawValue)]
        ) { state throws(Problem) in
            let viewpoint = state.viewpoint(caller.subject, of: project, at: now)
            if isStop, !viewpoint.permits(.kill, .flagKill, in: environment) {
                try viewpoint.require(.write, .flagRollout, in: environment)
            }
            guard case .rollout(let standing)? = state.projects[project]?.flagItem(place)?.body,
                let revision = state.projects[project]?.flagItem(place)?.revision
            else {
                if state.projects[project]?.environments[environment] == nil {
                    throw .noEnvironment(environment, in: project)
                }
                throw Problem(
                    .notFound,
                    "'\(InvalidIdentifier.shown(flag.rawValue))' has no rollout of its own in '\(environment.rawValue)'; one that is "
                        + "inherited is ordered about where it is said.")
            }
            try precondition(revision)
            let note = reason.map { "\(order.done) by \(who): \($0)" } ?? "\(order.done) by \(who)."
            do throws(InvalidFlagItem) {
                let time = FlagTime(max(world.now(), state.committedAt))
                let move =
                    switch order {
                    case .pause: try standing.paused(because: note)
                    case .resume: try standing.resumed(at: time, because: note)
                    case .advance: try standing.advanced(at: time, because: note)
                    case .revert: try standing.reverted(because: note)
                    }
                return [Operation(.putFlag(place, .rollout(move.rollout)), expecting: .revision(revision))]
            } catch {
                throw Problem(.inUse, error.message)
            }
        }
    }
}

extension Platform.RolloutOrder {
    fileprivate var verb: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }

    fileprivate var done: String {
        switch self {
        case .pause: "Paused"
        case .resume: "Resumed"
        case .advance: "Advanced"
        case .revert: "Reverted"
        }
    }
}
