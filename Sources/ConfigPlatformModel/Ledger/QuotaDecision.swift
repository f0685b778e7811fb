extension Decision {
    /// Refuses a change that would leave its project with more than a quota allows and more than it had, and one of a day on which the
    /// project has had as many as it may.
    ///
    /// - Parameter viewpoint: of the author; nil where the platform itself writes. How much there is in all is told only to who may read all.
    func checkQuotas(_ proposal: Proposal, _ viewpoint: Viewpoint?) throws(Problem) {
        guard let change, let after, !after.body.quotas.isEmpty, !isFreeOfQuotas(proposal, change) else { return }
        let (had, has) = (before?.size ?? ProjectSize(), after.size)
        try after.checkQuota(.items, of: "items", from: had.items, to: has.items, viewpoint)
        try after.checkQuota(.bytes, of: "bytes", from: had.bytes, to: has.bytes, viewpoint)
        try after.checkChangesPerDay(since: before, at: change.committedAt)
    }

    /// What puts out a fire is not refused for how much there is, nor who may do what, nor what gives the project another quota.
    private func isFreeOfQuotas(_ proposal: Proposal, _ change: ChangeRecord) -> Bool {
        switch proposal.purpose {
        case .rolloutStep, .pull: return true
        case .change, .requestStep, .apply, .breakGlass: break
        }
        if proposal.origin?["operation"] == .string("rollback") { return true }
        return change.effects.allSatisfy { effect in
            let kind = effect.address.kind
            return kind.isAccess || kind == .project || kind == .flagKill || isRetreat(effect)
        }
    }
}

extension ProjectState {
    private static let remedy = "ask whoever administers the platform for a larger quota."

    fileprivate func checkQuota(
        _ quota: ProjectQuotas.Quota, of what: String, from had: Int, to has: Int, _ viewpoint: Viewpoint?
    ) throws(Problem) {
        guard let most = body.quotas[quota], Int64(has) > most, has > had else { return }
        let excess =
            viewpoint?.readsEverything ?? true
            ? "; with this change it would have \(has)." : ", and with this change it would have more."
        throw Problem(
            .limitExceeded,
            "Project '\(name.rawValue)' has a quota of \(most) \(what)\(excess) Delete what nobody needs, or \(Self.remedy)",
            violations: [Violation("More than the quota of \(most) \(what).", keyword: "quota")])
    }

    fileprivate func checkChangesPerDay(since before: ProjectState?, at time: Timestamp) throws(Problem) {
        let had = before?.changes.count(on: time) ?? 0
        guard let most = body.quotas[.changesPerDay], Int64(had) >= most else { return }
        let midnight = time.startOfDay.adding(seconds: 86_400)
        throw Problem(
            .limitExceeded,
            "Project '\(name.rawValue)' has a quota of \(most) changes a day, which are used up until \(midnight). Wait until then, or "
                + Self.remedy,
            violations: [Violation("More than the quota of \(most) changes a day.", keyword: "quota")],
            retryAfterSeconds: Int((midnight.microseconds - time.microseconds + 999_999) / 1_000_000))
    }
}
