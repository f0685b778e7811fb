/// Whose approvals of a change request count, given what the request comes to now.
package struct Approvals: Sendable {
    /// The newest of each reviewer, those that are of something else than what the request comes to now left out.
    package let standing: [ChangeRequestBody.Approval]
    /// Those that are of something else.
    package let void: [ChangeRequestBody.Approval]
    private let request: ChangeRequestBody
    private let state: PlatformState
    private let now: Timestamp

    package init(of request: ChangeRequestBody, _ impact: Digest, at state: PlatformState, now: Timestamp) {
        var newest: [Principal: ChangeRequestBody.Approval] = [:]
        for approval in request.approvals { newest[approval.by] = approval }
        standing = newest.values.filter { $0.impact == impact }.sorted { $0.by < $1.by }
        void = request.approvals.filter { $0.impact != impact }
        self.request = request
        self.state = state
        self.now = now
    }

    /// How many of them count for an environment: of reviewers who may still approve there, whom its protection names, and who did not
    /// write what they approve unless the protection lets them.
    package func given(for guarded: GuardedEnvironment) -> Int {
        standing.count { Self.counts($0.by, for: guarded, request, at: state, now: now) }
    }

    package func missing(for guarded: GuardedEnvironment) -> Int { max(0, guarded.approvals - given(for: guarded)) }

    /// Whether an approval of this reviewer counts for an environment.
    package static func counts(
        _ reviewer: Principal, claiming groups: [Principal] = [], for guarded: GuardedEnvironment,
        _ request: ChangeRequestBody, at state: PlatformState, now: Timestamp
    ) -> Bool {
        guard guarded.protection.allowsSelfApproval || !request.accountable.contains(reviewer) else { return false }
        let authority = state.access.authority(of: Subject(principal: reviewer, groups: groups))
        return authority.permits(
            .approve, on: guarded.resource, at: now)
            && authority.isOne(
                of: guarded.protection.approvers, of: guarded.environment, in: guarded.project, at: now)
    }
}

extension Problem {
    package static func noRequest(_ id: ChangeRequestID) -> Problem {
        Problem(.notFound, "There is no change request '\(id.rawValue)' here.")
            .lacking(Missing(.changeRequest, id.rawValue))
    }
}
