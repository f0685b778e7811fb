package import ConfigPlatformModel
import Store

/// A write that a client asks for, whatever it is about.
package struct WriteRequest: Sendable {
    package let proposal: Proposal
    package let action: AuditEvent.Action
    /// Answer what would happen, and write nothing.
    package let isDryRun: Bool
    package let idempotencyKey: String?
    /// Digest of all that makes the request what it is; needed with an idempotency key.
    package let requestDigest: Digest
    /// Ask for approval even where none is needed.
    package let isRequest: Bool

    package init(
        proposal: Proposal, action: AuditEvent.Action = .change, isDryRun: Bool = false, idempotencyKey: String? = nil,
        requestDigest: Digest = .zero, isRequest: Bool = false
    ) {
        self.proposal = proposal
        self.action = action
        self.isDryRun = isDryRun
        self.idempotencyKey = idempotencyKey
        self.requestDigest = requestDigest
        self.isRequest = isRequest
    }
}

/// What a write came to.
package struct WriteOutcome: Sendable {
    package enum Kind: Hashable, Sendable {
        case committed, unchanged, dryRun
        /// Nothing was written but a request for approval.
        case requested(ChangeRequestID)
    }

    package let kind: Kind
    /// The newest revision once the write is done; for a dry run the one it was decided against.
    package let token: RevisionToken
    /// The committed change, or the one that would be; nil where there is nothing to do.
    package let change: ChangeRecord?
    /// What the change does to each item.
    package let items: [ItemDifference]
    /// What programs of each environment find changed. Filled for dry runs.
    package let environments: [EnvironmentDifference]
    /// What there is to say of the values that the change writes.
    package var warnings: [Finding] = []
    /// What schemas that only report find wrong from then on, and what no longer. Filled for dry runs.
    package var findings: (new: [Finding], mended: [Finding]) = ([], [])
    /// Approvals that the change needs, for a dry run and a request.
    package var approvals: [GuardedEnvironment] = []
}

extension WriteOutcome {
    fileprivate init(_ decision: Decision, _ viewpoint: Viewpoint) {
        self.init(
            kind: .committed, token: decision.state.token, change: decision.change,
            items: viewpoint.visible(decision.itemDifferences), environments: [],
            warnings: viewpoint.visible(decision.warnings()))
    }

    /// Of a change that was asked for, with what it comes to where that can be told.
    init(_ request: ChangeRequestID, token: RevisionToken, _ outlook: ChangeRequestReading.Outlook?) {
        self.init(
            kind: .requested(request), token: token, change: nil, items: outlook?.items ?? [],
            environments: outlook?.environments ?? [], approvals: outlook?.guarded ?? [])
    }

    fileprivate init(unchangedAt token: RevisionToken) {
        self.init(kind: .unchanged, token: token, change: nil, items: [], environments: [])
    }
}

/// An item before and after a change: its bodies, nil where it does not exist.
package struct ItemDifference: Hashable, Sendable {
    package let address: ItemAddress
    package let before: [UInt8]?
    package let after: [UInt8]?
}

/// What a change, or the time between two moments, makes of what an environment's programs read.
package struct EnvironmentDifference: Hashable, Sendable {
    package let environment: EnvironmentName
    package let differences: [ValueDifference]
    package let flags: [FlagDifference]

    package var isEmpty: Bool { differences.isEmpty && flags.isEmpty }
}

extension Decision {
    /// What programs of each environment would find changed, in order of name.
    var environmentDifferences: [EnvironmentDifference] {
        touched.environments.union(touched.flagEnvironments).sorted().map { name in
            EnvironmentDifference(
                environment: name, differences: differences(in: name), flags: flagDifferences(in: name))
        }.filter { !$0.isEmpty }
    }
}

extension Platform {
    /// Decides and commits a write, or says what it would do.
    package func write(_ caller: Caller, _ request: WriteRequest) async throws(Problem) -> WriteOutcome {
        if let key = request.idempotencyKey {
            guard (1...Limits.idempotencyKeyBytes).contains(key.utf8.count) else {
                throw Problem(.invalidRequest, "An Idempotency-Key has 1 to \(Limits.idempotencyKeyBytes) bytes.")
            }
        }
        guard !request.isDryRun else { return try await dryRun(caller, request) }
        if request.isRequest { return try await requestApproval(caller, request) }
        for _ in 0..<Self.judgementsMax {
            let outcome = try await submit(
                CommitJob(
                    work: .change(
                        request.proposal,
                        request.idempotencyKey.map { .init(key: $0, requestDigest: request.requestDigest) }),
                    caller: caller, action: request.action,
                    judgement: try await judgement(of: request, by: caller)))
            switch outcome {
            case .committed(let decision):
                return WriteOutcome(decision, viewpoint(caller, of: request.proposal.project))
            case .unchanged(let state): return WriteOutcome(unchangedAt: state.token)
            case .repeated(let record): return try await repeated(caller, record)
            case .unapproved: return try await requestApproval(caller, request)
            case .unjudged: continue
            case .recorded, .leased: throw Self.wronglyRecorded
            }
        }
        throw Problem(
            .unavailable,
            "What the change comes to altered each time while its validators were asked, because others write here too. Nothing was "
                + "written; send it again.", retryAfterSeconds: 1)
    }

    /// Hands a plain write to the writer without waiting for it: one that is no dry run, has no idempotency key, and in whose project no
    /// validator has a say. `completion` is told on a thread that everybody's writes wait for: it is given what lays the outcome out, to be
    /// called elsewhere, which gives nil where validators have come to have a say or approvals are to be had.
    package func write(
        _ caller: Caller, _ proposal: Proposal,
        then completion: @escaping @Sendable (@escaping @Sendable () -> Result<WriteOutcome, Problem>?) -> Void
    ) {
        committer.submit(
            CommitJob(work: .change(proposal, nil), caller: caller, action: .change)
        ) { result in
            completion {
                switch result {
                case .success(.committed(let decision)):
                    .success(WriteOutcome(decision, self.viewpoint(caller, of: proposal.project)))
                case .success(.unchanged(let state)): .success(WriteOutcome(unchangedAt: state.token))
                case .success(.unjudged), .success(.unapproved): nil
                case .success(.recorded), .success(.repeated), .success(.leased): .failure(Self.wronglyRecorded)
                case .failure(let problem): .failure(problem)
                }
            }
        }
    }

    private static let wronglyRecorded = Problem(.fault, "The change was recorded as something else than a change.")

    /// How often validators are asked about a change that others overtake.
    private static let judgementsMax = 4

    /// Appends the refusal of a write that did not get as far as the writer.
    package func recordRefusal(
        _ caller: Caller, action: AuditEvent.Action, target: String, problem: Problem, validators: JSONValue? = nil
    ) async {
        var detail: JSONObject = ["problem": .string(problem.code.rawValue)]
        detail["validators"] = validators
        _ = try? await submit(
            CommitJob(work: .event(.refused, detail: .object(detail)), caller: caller, action: action, target: target))
    }

    private func dryRun(_ caller: Caller, _ request: WriteRequest) async throws(Problem) -> WriteOutcome {
        let state = try servedState()
        let decision = try state.decide(request.proposal, at: world.now(), offsets: world.offsets)
        _ = try await judgement(of: request, by: caller)
        let viewpoint = viewpoint(caller, of: request.proposal.project)
        let findings = decision.findings()
        return WriteOutcome(
            kind: .dryRun, token: state.token, change: decision.change,
            items: viewpoint.visible(decision.itemDifferences),
            environments: viewpoint.visible(decision.environmentDifferences),
            warnings: viewpoint.visible(decision.warnings()),
            findings: (viewpoint.visible(findings.new), viewpoint.visible(findings.mended)),
            approvals: decision.unapproved.filter { viewpoint.name == .platform || viewpoint.sees($0.environment) })
    }

    func repeated(_ caller: Caller, _ record: IdempotencyRecord) async throws(Problem) -> WriteOutcome {
        guard record.committed else {
            let token = RevisionToken(record.revision, published.digest(of: record.revision) ?? state.digest)
            return WriteOutcome(unchangedAt: token)
        }
        let (change, items) = try await change(at: record.revision, of: nil)
        let viewpoint = viewpoint(caller, of: change.project)
        if let request = change.createdRequest {
            return WriteOutcome(request, token: change.token, await firstOutlook(on: request, of: change, caller))
        }
        return WriteOutcome(
            kind: .committed, token: change.token, change: change, items: viewpoint.visible(items), environments: [],
            warnings: viewpoint.visible(state.projects[change.project]?.warnings(of: change) ?? []))
    }
}

extension Decision {
    package var itemDifferences: [ItemDifference] {
        (change?.effects ?? []).map { effect in
            ItemDifference(address: effect.address, before: before?.body(of: effect), after: effect.body)
        }
    }
}
