import ConfigPlatformFlags

extension Principal {
    /// What takes the steps of rollouts when they are due.
    package static let rollouts = Principal(trusted: "system:rollouts")
}

extension Author {
    /// The plan of a rollout itself, which was approved when it was written. What it may write is checked by the decision.
    package static let rollouts = Author.platform(as: .rollouts)
}

extension ProjectState? {
    /// Refuses what a plan does not come to by itself: a step of a rollout needs nobody's approval, and so alters nothing but how far the
    /// rollout has come, of the very version that its author has looked at.
    func checkRolloutStep(_ operations: [LaidOutOperation], by author: Author) throws(Problem) {
        guard author == .rollouts else {
            throw Problem(.forbidden, "Rollouts take their steps by themselves; use the rollout's own addresses.")
        }
        guard operations.count == 1, let operation = operations.first,
            case .revision? = operation.expectation,
            case .putFlag(.rollout(let key, let environment), .rollout(let body)) = operation.target,
            case .rollout(let standing)? = self?.flagItem(.rollout(key, environment))?.body,
            body.isProgress(of: standing)
        else {
            throw Problem(
                .forbidden,
                "A step of a rollout alters nothing but how far a running one has come, expecting its revision.")
        }
    }
}

extension ItemAddress {
    fileprivate var rolloutPlace: FlagPlace? {
        kind == .flagRollout ? try? FlagPlace(kind, key: key, environment: environment) : nil
    }
}

extension ProjectState {
    /// Whether the body stops or takes back the rollout that stands there, and does nothing else.
    func isRetreat(_ body: FlagRolloutBody, at place: FlagPlace) -> Bool {
        guard case .rollout(let standing)? = flagItem(place)?.body else { return false }
        return body.isRetreat(from: standing)
    }
}

extension Decision {
    /// Whether the effect stops or takes back a rollout, and does nothing else.
    func isRetreat(_ effect: Effect) -> Bool {
        guard let place = effect.address.rolloutPlace, case .rollout(let body)? = after?.flagItem(place)?.body else {
            return false
        }
        return before?.isRetreat(body, at: place) ?? false
    }

    /// Whether the change does nothing but stop or take back rollouts, where no approval guards them: it must not wait for anybody outside.
    var isFreeRetreat: Bool {
        guard let change, guarded.isEmpty, !change.effects.isEmpty else { return false }
        return change.effects.allSatisfy(isRetreat)
    }
}
