package import ConfigPlatformModel
import Store

/// A change request as it stands, with what it comes to now.
package struct ChangeRequestReading: Sendable {
    package let id: ChangeRequestID
    package let project: ProjectName
    package let body: ChangeRequestBody
    /// The revision that wrote it last.
    package let revision: Revision
    /// Nil where it is closed, or where it can no longer be applied as it is.
    package let outlook: Outlook?
    /// Why it cannot be applied as it is.
    package let obstacle: Problem?

    package struct Outlook: Sendable {
        package let items: [ItemDifference]
        package let environments: [EnvironmentDifference]
        /// What an approval is bound to; nil where the reader may not see all of it, and so cannot approve it.
        package let digest: Digest?
        package let guarded: [GuardedEnvironment]
        package let approvals: Approvals
        /// The newest revision that it was worked out against.
        package let token: RevisionToken
    }

    package var isApproved: Bool {
        outlook.map { outlook in outlook.guarded.allSatisfy { outlook.approvals.missing(for: $0) == 0 } } ?? false
    }
}

extension ChangeRecord {
    /// The request that the change made, where that is what it did.
    var createdRequest: ChangeRequestID? {
        guard source?["operation"] == .string("request") else { return nil }
        return effects.lazy.compactMap { effect in
            effect.address.kind == .changeRequest ? try? ChangeRequestID(parsing: effect.address.key) : nil
        }.first
    }
}

extension Platform {
    // MARK: Asking

    /// Writes a request for approval of a change instead of the change.
    func requestApproval(_ caller: Caller, _ request: WriteRequest) async throws(Problem) -> WriteOutcome {
        let proposal = request.proposal
        let id = try ItemText.parsed { () throws(InvalidIdentifier) in
            try ChangeRequestID(parsing: "cr_" + Digest.hexadecimal(world.randomBytes(8)))
        }
        let (now, offsets) = (world.now(), world.offsets)
        let creation = Proposal(
            project: proposal.project, by: caller.author, as: .requestStep,
            message: proposal.message, source: ["operation": "request"]
        ) { state throws(Problem) in
            let decision = try state.decide(proposal, at: now, offsets: offsets)
            guard let change = decision.change else { return [] }
            let body = ChangeRequestBody(
                author: caller.principal, accountable: caller.subject.accountable, message: proposal.message,
                source: proposal.source, effects: change.effects, createdAt: now)
            return try Self.room(in: state.projects[proposal.project])
                + [Operation(.putAccess(.request(id), .request(body)), expecting: .absent)]
        }
        let job = CommitJob(
            work: .change(
                creation, request.idempotencyKey.map { .init(key: $0, requestDigest: request.requestDigest) }),
            caller: caller, action: .requestCreate, target: "\(proposal.project.rawValue)/\(id.rawValue)")
        switch try await submit(job) {
        case .committed(let decision):
            let reading = await reading(of: id, in: proposal.project, caller)
            return WriteOutcome(id, token: decision.state.token, reading?.outlook)
        case .unchanged(let state):
            return WriteOutcome(kind: .unchanged, token: state.token, change: nil, items: [], environments: [])
        case .repeated(let record): return try await repeated(caller, record)
        case .recorded, .unjudged, .unapproved, .leased:
            throw Problem(.fault, "A request for approval was not recorded as one.")
        }
    }

    /// Refuses more open requests than there may be, and forgets the oldest of the closed ones where there are many.
    private static func room(in project: ProjectState?) throws(Problem) -> [Operation] {
        var open = 0
        var closed: [(place: AccessPlace, revision: Revision)] = []
        for (place, item) in project?.access.all(.changeRequest) ?? [] {
            guard case .request(let body) = item.body else { continue }
            if body.state == .open { open += 1 } else { closed.append((place, item.revision)) }
        }
        guard open < Limits.openChangeRequests else {
            throw Problem(
                .limitExceeded,
                "\(open) change requests are open, as many as there may be; apply, reject or withdraw some.")
        }
        let surplus = closed.count - Limits.closedChangeRequests + 1
        guard surplus > 0 else { return [] }
        return closed.sorted { $0.revision < $1.revision }.prefix(surplus).map { Operation(.deleteAccess($0.place)) }
    }

    // MARK: Reading

    /// The change requests of a project that the caller may see something of, newest first.
    package func changeRequests(
        _ caller: Caller, in project: ProjectName, state wanted: ChangeRequestBody.State?
    ) throws(Problem) -> [(id: ChangeRequestID, body: ChangeRequestBody, revision: Revision)] {
        let viewpoint = viewpoint(caller, of: project)
        try viewpoint.requireProject()
        if project == .platform { try viewpoint.require(.read, .changeRequest) }
        return (try servedState().projects[project]?.access.all(.changeRequest) ?? []).compactMap { place, item in
            guard case .request(let body) = item.body, wanted.map({ $0 == body.state }) ?? true,
                let id = try? ChangeRequestID(parsing: place.key), Self.isVisible(body, to: viewpoint)
            else { return nil }
            return (id, body, item.revision)
        }.sorted { $0.revision > $1.revision }
    }

    private static func isVisible(_ body: ChangeRequestBody, to viewpoint: Viewpoint) -> Bool {
        body.accountable.contains(viewpoint.authority.subject.principal)
            || body.effects.contains { viewpoint.canRead($0.address) }
            || (body.effects.isEmpty && viewpoint.permits(.read, .changeRequest))
    }

    /// One change request with what it comes to now.
    package func changeRequest(
        _ caller: Caller, _ id: ChangeRequestID, in project: ProjectName
    ) async throws(Problem) -> ChangeRequestReading {
        let viewpoint = viewpoint(caller, of: project)
        try viewpoint.requireProject()
        _ = try servedState()
        guard let reading = await reading(of: id, in: project, caller), Self.isVisible(reading.body, to: viewpoint)
        else { throw .noRequest(id) }
        return reading
    }

    /// The same, once it was written to after a revision; as it stands where that takes too long.
    package func changeRequest(
        _ caller: Caller, _ id: ChangeRequestID, in project: ProjectName, writtenAfter revision: Revision
    ) async throws(Problem) -> ChangeRequestReading {
        let end = world.now().adding(seconds: Self.watchSeconds)
        while true {
            let seen = state.revision
            let reading = try await changeRequest(caller, id, in: project)
            let left = end.microseconds - world.now().microseconds
            guard reading.revision <= revision, left > 0, !Task.isCancelled else { return reading }
            await published.awaitRevision(seen.next, seconds: Double(left) / 1_000_000)
        }
    }

    private static let watchSeconds: Int64 = 20

    private func reading(
        of id: ChangeRequestID, in project: ProjectName, _ caller: Caller
    ) async -> ChangeRequestReading? {
        let state = state
        guard let item = state.projects[project]?.access[.request(id)], case .request(let body) = item.body else {
            return nil
        }
        guard body.state == .open else {
            return ChangeRequestReading(
                id: id, project: project, body: body, revision: item.revision, outlook: nil, obstacle: nil)
        }
        do throws(Problem) {
            let outlook = try outlook(of: body, in: project, at: state, caller)
            return ChangeRequestReading(
                id: id, project: project, body: body, revision: item.revision, outlook: outlook, obstacle: nil)
        } catch {
            let viewpoint = viewpoint(caller, of: project)
            return ChangeRequestReading(
                id: id, project: project, body: body, revision: item.revision, outlook: nil,
                obstacle: viewpoint.redacted(error))
        }
    }

    /// What a request would have done when it was made; nil where that cannot be told.
    func firstOutlook(
        on id: ChangeRequestID, of change: ChangeRecord, _ caller: Caller
    ) async -> ChangeRequestReading.Outlook? {
        guard let found = try? await past.state(of: change.project, at: change.revision),
            case .request(let body)? = found.projects[change.project]?.access[.request(id)]?.body
        else { return nil }
        let then = PlatformState(
            revision: found.revision, digest: found.digest, committedAt: found.committedAt, projects: found.projects,
            access: state.access)
        return try? outlook(of: body, in: change.project, at: then, caller)
    }

    /// What a request would do now, seen by a caller.
    private func outlook(
        of body: ChangeRequestBody, in project: ProjectName, at state: PlatformState, _ caller: Caller
    ) throws(Problem) -> ChangeRequestReading.Outlook {
        let decision = try state.content(of: body, in: project, at: world.now())
        let impact = decision.impact
        let viewpoint = viewpoint(caller, of: project)
        let items = viewpoint.visible(decision.itemDifferences)
        let all = decision.environmentDifferences
        let environments = viewpoint.visible(all)
        let isWhole =
            items.count == decision.itemDifferences.count && environments.count == all.count
            && zip(environments, all).allSatisfy { shown, whole in
                shown.differences.count == whole.differences.count && shown.flags.count == whole.flags.count
            }
        return ChangeRequestReading.Outlook(
            items: items, environments: environments, digest: isWhole ? impact.digest : nil,
            guarded: decision.guards(from: state),
            approvals: Approvals(of: body, impact.digest, at: state, now: world.now()), token: state.token)
    }

    // MARK: Steps

    /// Approves what the request comes to. `impact` is the digest that the reviewer was shown: where the request comes to something
    /// else by now nothing is approved.
    package func approve(
        _ caller: Caller, _ id: ChangeRequestID, in project: ProjectName, impact: Digest, comment: String?
    ) async throws(Problem) -> ChangeRequestReading {
        guard let reviewer = caller.subject.reviewer else {
            throw Problem(
                .forbidden,
                "A service token is nobody's and cannot approve; approvals are given by people, or by workloads with a binding."
            )
        }
        let now = world.now()
        return try await step(caller, id, in: project, .requestApprove, saying: "Approve") {
            body, state, viewpoint throws(Problem) in
            let decision = try state.content(of: body, in: project, at: now)
            let guards = decision.guards(from: state)
            // An approval counts wherever its reviewer's do: with a token that may approve in fewer places none is given.
            let counting = guards.filter {
                Approvals.counts(reviewer, claiming: caller.subject.groups, for: $0, body, at: state, now: now)
            }
            let mayApprove = counting.allSatisfy { viewpoint.authority.permits(.approve, on: $0.resource, at: now) }
            guard !counting.isEmpty, mayApprove else {
                throw Problem(
                    .forbidden,
                    body.accountable.contains(reviewer)
                        ? "\(reviewer.rawValue) has written at this request, or answers for who did; somebody else must approve it."
                        : guards.isEmpty
                            ? "No protected environment asks for an approval of this request; apply it."
                            : "An approval of \(reviewer.rawValue) counts for none of the environments that the request alters."
                )
            }
            guard decision.impact.digest == impact else {
                throw Problem(
                    .revisionConflict,
                    "The request comes to something else by now than what you looked at. Look again, and approve that.",
                    current: ["impact": .string(decision.impact.digest.hexadecimal)])
            }
            var body = body
            body.approvals.removeAll { $0.by == reviewer }
            body.approvals.append(
                ChangeRequestBody.Approval(by: reviewer, at: now, impact: impact, revision: state.revision))
            if let comment { try Self.add(comment, by: caller.principal, at: now, to: &body) }
            return body
        }
    }

    /// Closes the request without applying it: whoever may approve it rejects it, whoever wrote it withdraws it.
    package func close(
        _ caller: Caller, _ id: ChangeRequestID, in project: ProjectName, as end: ChangeRequestBody.State,
        comment: String?
    ) async throws(Problem) -> ChangeRequestReading {
        let now = world.now()
        let action: AuditEvent.Action = end == .rejected ? .requestReject : .requestWithdraw
        return try await step(caller, id, in: project, action, saying: end == .rejected ? "Reject" : "Withdraw") {
            body, _, viewpoint throws(Problem) in
            let places = Set(body.effects.map(\.address.environment))
            let mayJudge = places.contains { environment in
                viewpoint.permits(.approve, .setting, in: environment)
                    || viewpoint.permits(.administer, .protection, in: environment)
            }
            // A token of somebody who wrote at it withdraws it only where it may write itself.
            let isAuthor =
                ([caller.principal, caller.subject.reviewer].contains { $0.map(body.accountable.contains) ?? false })
                && (caller.subject.grants == nil
                    || places.contains { viewpoint.permits(.write, .setting, in: $0) })
            guard end == .rejected ? mayJudge : isAuthor || viewpoint.permits(.administer, .changeRequest) else {
                throw Problem(
                    .forbidden,
                    end == .rejected
                        ? "\(caller.principal.rawValue) may not approve there, and so may not reject."
                        : "Only who wrote a request withdraws it; who may approve it rejects it.")
            }
            var body = body
            if let comment { try Self.add(comment, by: caller.principal, at: now, to: &body) }
            return body.closed(as: end, by: caller.principal)
        }
    }

    package func comment(
        _ caller: Caller, _ id: ChangeRequestID, in project: ProjectName, _ text: String
    ) async throws(Problem) -> ChangeRequestReading {
        let now = world.now()
        return try await step(caller, id, in: project, .requestComment, saying: "Comment on") {
            body, _, viewpoint throws(Problem) in
            // A running program sees what its settings may become, and has no say in it.
            let places = Set(body.effects.map(\.address.environment))
            guard places.contains(where: { viewpoint.permits(.read, .changeRequest, in: $0) }) else {
                throw viewpoint.forbidden(.write, .changeRequest)
            }
            var body = body
            try Self.add(text, by: caller.principal, at: now, to: &body)
            return body
        }
    }

    /// Gives the request other operations. Approvals so far are of something else then, and count no more.
    package func edit(
        _ caller: Caller, _ id: ChangeRequestID, in project: ProjectName, message: String?, operations: [Operation]
    ) async throws(Problem) -> ChangeRequestReading {
        let (now, offsets) = (world.now(), world.offsets)
        return try await step(caller, id, in: project, .requestEdit, saying: "Edit") { body, state, _ throws(Problem) in
            let content = Proposal(
                project: project, by: caller.author, message: message ?? body.message, operations: operations)
            let decision = try state.decide(content, at: now, offsets: offsets)
            guard let change = decision.change else {
                throw Problem(.invalidChange, "With these operations the request would do nothing; withdraw it.")
            }
            var body = body
            body.message = message ?? body.message
            body.effects = change.effects
            body.accountable = Array(Set(body.accountable + caller.subject.accountable)).sorted()
            body.schedule = nil
            return body
        }
    }

    /// Has the request applied at a time, with the caller's rights; nil for not at any time.
    package func schedule(
        _ caller: Caller, _ id: ChangeRequestID, in project: ProjectName, at time: Timestamp?
    ) async throws(Problem) -> ChangeRequestReading {
        let now = world.now()
        if let time, time <= now { throw Problem(.invalidRequest, "That time has passed; apply the request now.") }
        return try await step(caller, id, in: project, .requestSchedule, saying: "Schedule") {
            body, state, _ throws(Problem) in
            do throws(Problem) {
                // Who may not write it may not have it written.
                _ = try state.content(of: body, in: project, at: now, by: caller.author)
            } catch  where error.code == .frozen {
                // A freeze is what a request is scheduled past.
            }
            var body = body
            body.schedule = time.map { ChangeRequestBody.Schedule(at: $0, by: caller.subject) }
            return body
        }
    }

    private static func add(
        _ text: String, by principal: Principal, at now: Timestamp, to body: inout ChangeRequestBody
    ) throws(Problem) {
        guard (1...Limits.messageBytes).contains(text.utf8.count) else {
            throw Problem(.invalidRequest, "A comment has 1 to \(Limits.messageBytes) bytes.")
        }
        guard body.comments.count < Limits.commentsPerChangeRequest else {
            throw Problem(
                .limitExceeded, "A change request has at most \(Limits.commentsPerChangeRequest) comments.")
        }
        body.comments.append(ChangeRequestBody.Comment(by: principal, at: now, text: text))
    }

    /// One step of an open request, written and audited.
    private func step(
        _ caller: Caller, _ id: ChangeRequestID, in project: ProjectName, _ action: AuditEvent.Action,
        saying verb: String,
        _ body: @escaping @Sendable (ChangeRequestBody, PlatformState, Viewpoint) throws(Problem) -> ChangeRequestBody
    ) async throws(Problem) -> ChangeRequestReading {
        let now = world.now()
        let proposal = Proposal(
            project: project, by: caller.author, as: .requestStep, message: "\(verb) change request \(id.rawValue)"
        ) { state throws(Problem) in
            let viewpoint = state.viewpoint(caller.subject, of: project, at: now)
            guard let standing = viewpoint.project?.access.request(id), Self.isVisible(standing, to: viewpoint)
            else { throw .noRequest(id) }
            try standing.requireOpen()
            return [Operation(.putAccess(.request(id), .request(try body(standing, state, viewpoint))))]
        }
        _ = try await submit(
            CommitJob(
                work: .change(proposal, nil), caller: caller, action: action,
                target: "\(project.rawValue)/\(id.rawValue)"))
        guard let reading = await reading(of: id, in: project, caller) else { throw .noRequest(id) }
        return reading
    }

    // MARK: Applying

    /// The write that a request asks for: with its approvals, or where none are needed.
    package func application(
        _ caller: Caller, of id: ChangeRequestID, in project: ProjectName
    ) throws(Problem) -> Proposal {
        let viewpoint = viewpoint(caller, of: project)
        try viewpoint.requireProject()
        guard let body = state.projects[project]?.access.request(id), Self.isVisible(body, to: viewpoint) else {
            throw .noRequest(id)
        }
        return Self.application(of: id, body, in: project, by: caller.subject)
    }

    private static func application(
        of id: ChangeRequestID, _ body: ChangeRequestBody, in project: ProjectName, by subject: Subject
    ) -> Proposal {
        var source: JSONObject = [
            "appliedBy": .string(subject.principal.rawValue), "changeRequest": .string(id.rawValue),
            "operation": "apply",
        ]
        source["request"] = body.source
        return Proposal(
            project: project, by: Author(body.author, with: subject), as: .apply(id), message: body.message,
            source: .object(source)
        ) { state throws(Problem) in
            guard let body = state.projects[project]?.access.request(id) else { throw .noRequest(id) }
            try body.requireOpen()
            let closed = body.closed(as: .applied, by: subject.principal)
            return try body.operations() + [Operation(.putAccess(.request(id), .request(closed)))]
        }
    }

    /// Applies what is due. Every replica tries; the ledger takes the first, and to the others the request is applied already.
    func applyScheduled() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            let (state, now) = (state, world.now())
            for project in state.projects.values where !Task.isCancelled {
                for (place, item) in project.access.all(.changeRequest) {
                    guard case .request(let body) = item.body, body.state == .open, let schedule = body.schedule,
                        schedule.at <= now, let id = try? ChangeRequestID(parsing: place.key)
                    else { continue }
                    await apply(id, body, schedule, in: project.name)
                }
            }
        }
    }

    private func apply(
        _ id: ChangeRequestID, _ body: ChangeRequestBody, _ schedule: ChangeRequestBody.Schedule,
        in project: ProjectName
    ) async {
        let caller = Caller(subject: schedule.by, means: .schedule, sourceAddress: nil, requestID: nil)
        do throws(Problem) {
            _ = try await write(
                caller,
                WriteRequest(
                    proposal: Self.application(of: id, body, in: project, by: schedule.by), action: .requestApply))
        } catch {
            // A freeze ends, and a database comes back; what is wrong with the request itself does not mend.
            guard ![.frozen, .unavailable, .storageFull, .tooManyRequests, .inUse, .notFound].contains(error.code)
            else { return }
            let text = "Could not be applied when it was due: \(error.detail)"
            let now = world.now()
            let proposal = Proposal(
                project: project, by: .platform(), as: .requestStep, message: "Unschedule change request \(id.rawValue)"
            ) { state throws(Problem) in
                guard var body = state.projects[project]?.access.request(id), body.state == .open,
                    body.schedule == schedule
                else { return [] }
                body.schedule = nil
                body.comments.append(
                    ChangeRequestBody.Comment(by: .system, at: now, text: String(text.prefix(1_000))))
                return [Operation(.putAccess(.request(id), .request(body)))]
            }
            _ = try? await submit(
                CommitJob(
                    work: .change(proposal, nil), caller: nil, action: .requestSchedule,
                    target: "\(project.rawValue)/\(id.rawValue)"))
        }
    }
}

extension ChangeRequestBody {
    fileprivate func requireOpen() throws(Problem) {
        guard state == .open else { throw Problem(.inUse, "The change request is \(state.rawValue) already.") }
    }

    /// What it asks for, as somebody could ask for it now.
    fileprivate func operations() throws(Problem) -> [Operation] {
        var operations: [Operation] = []
        for effect in effects { operations.append(try Operation(restating: effect)) }
        return operations
    }

    /// As it is kept once it is over: what it did is in the ledger.
    func closed(as end: State, by principal: Principal) -> ChangeRequestBody {
        var body = self
        body.state = end
        body.effects = []
        body.schedule = nil
        body.closedBy = principal
        return body
    }
}

extension PlatformState {
    /// What the operations of a request come to now. Its author's rights were asked for when it was made; with `author`, those of
    /// whoever is to have it written.
    func content(
        of body: ChangeRequestBody, in project: ProjectName, at now: Timestamp, by author: Author = .platform()
    ) throws(Problem) -> Decision {
        try decide(
            Proposal(project: project, by: author, message: body.message, operations: body.operations()), at: now)
    }
}
