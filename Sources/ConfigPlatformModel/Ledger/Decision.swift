/// What a proposal comes to against one state of the ledger.
package final class Decision: Sendable {
    /// The change that follows the state; nil where the proposal alters nothing.
    package let change: ChangeRecord?
    /// The state after it.
    package let state: PlatformState
    package let touched: Touched
    /// The project before and after; nil where it does not exist.
    package let before: ProjectState?
    package let after: ProjectState?
    /// The state that was decided against.
    let origin: PlatformState
    /// The protected environments that the change would alter and that no emergency frees. Empty where the platform itself writes.
    package let guarded: [GuardedEnvironment]
    /// Those of them whose approvals are still to be had: where there are any, the change is not to be written.
    package let unapproved: [GuardedEnvironment]

    fileprivate init(
        change: ChangeRecord?, state: PlatformState, touched: Touched, before: ProjectState?, after: ProjectState?,
        origin: PlatformState, guarded: [GuardedEnvironment] = [], unapproved: [GuardedEnvironment] = []
    ) {
        self.change = change
        self.state = state
        self.touched = touched
        self.before = before
        self.after = after
        self.origin = origin
        self.guarded = guarded
        self.unapproved = unapproved
    }

    /// What programs of an environment would find changed, in key order.
    package func differences(in environment: EnvironmentName) -> [ValueDifference] {
        ResolvedEnvironment.differences(
            from: before?.resolved[environment], to: after?.resolved[environment],
            touched: touched.relayered.contains(environment) ? nil : touched.keys[environment] ?? [])
    }

    /// The flags that would come to something else in an environment, in order of key.
    package func flagDifferences(in environment: EnvironmentName) -> [FlagDifference] {
        ResolvedFlags.differences(
            from: before?.resolvedFlags[environment], to: after?.resolvedFlags[environment],
            touched: touched.relayered.contains(environment) ? nil : touched.flags[environment] ?? [])
    }
}

extension Decision {
    /// What the change does, as whoever approves it sees it.
    package var impact: Impact { Impact(self) }

    /// The same with what guards the environments that the change alters. Refuses what is not to be even with every approval.
    fileprivate func guarded(
        from state: PlatformState, _ proposal: Proposal, _ authorization: Authorization, at now: Timestamp,
        _ offsets: UTCOffsets
    ) throws(Problem) -> Decision {
        guard proposal.purpose != .breakGlass, proposal.purpose != .requestStep else { return self }
        let isRollback = proposal.source?["operation"] == .string("rollback")
        let viewpoint = authorization.viewpoint
        let guarded = guards(from: state) { viewpoint.permits(.kill, .flagKill, in: $0) }.filter { guarded in
            let authority = viewpoint.authority
            return !(isRollback && guarded.protection.allowsEmergencyRollback)
                && !authority.hasBrokenGlass(guarded.environment, of: guarded.project, at: now)
        }
        guard !guarded.isEmpty else { return self }
        try checkRequiredSchemas(of: guarded)
        var unapproved = guarded.filter { $0.approvals > 0 }
        if case .apply(let id) = proposal.purpose, !unapproved.isEmpty {
            guard let request = before?.access.request(id) else { throw .noRequest(id) }
            let standing = Approvals(of: request, impact.digest, at: state, now: now)
            unapproved = unapproved.filter { standing.missing(for: $0) > 0 }
            if let first = unapproved.first {
                throw Problem(
                    .approvalNeeded,
                    "'\(first.environment.rawValue)' of project '\(first.project.rawValue)' needs \(standing.missing(for: first)) more "
                        + "of \(first.approvals) approvals of what the request comes to now.")
            }
        }
        if unapproved.isEmpty { try checkFreezes(of: guarded, at: now, offsets) }
        return Decision(
            change: change, state: self.state, touched: touched, before: before, after: after, origin: origin,
            guarded: guarded, unapproved: unapproved)
    }

    fileprivate func checkFreezes(
        of guarded: [GuardedEnvironment], at now: Timestamp, _ offsets: UTCOffsets
    ) throws(Problem) {
        for guarded in guarded {
            guard let freeze = guarded.protection.freezes.first(where: { $0.holds(at: now, offsets) }) else { continue }
            throw Problem(
                .frozen,
                "'\(guarded.environment.rawValue)' of project '\(guarded.project.rawValue)' is frozen"
                    + (freeze.reason.isEmpty ? "." : ": \(freeze.reason)")
                    + " Wait for its end, schedule the change, or break the glass.",
                violations: [Violation("Frozen.", keyword: "freezes", environment: guarded.environment)])
        }
    }

    private func checkRequiredSchemas(of guarded: [GuardedEnvironment]) throws(Problem) {
        for guarded in guarded {
            guard let after, let environment = after.environments[guarded.environment] else { continue }
            for name in guarded.protection.requiredSchemas {
                let schema = after.schemas[name]
                guard let schema, !schema.body.isReportOnly, schema.body.judges(environment) else {
                    throw Problem(
                        .invalidChange,
                        "'\(guarded.environment.rawValue)' is protected by the schema '\(name.rawValue)', which does not stand there, or "
                            + "only reports.",
                        violations: [
                            Violation(
                                "The schema '\(name.rawValue)' is required.", keyword: "requiredSchemas",
                                environment: guarded.environment, schema: name.rawValue)
                        ])
                }
            }
        }
    }

    /// Validators that must have allowed the change.
    package var requiredValidators: Set<ValidatorName> {
        Set(guarded.flatMap(\.protection.requiredValidators))
    }
}

extension PlatformState {
    /// Decides what a proposal comes to: the one place where a change is found valid or refused. Pure; the same state, proposal and time
    /// give the same decision on every replica.
    ///
    /// Throws ``Problem`` with code `not-found`, `revision-conflict`, `in-use`, `limit-exceeded` or `invalid-change`; the last with every
    /// violation in every environment that would read the change.
    /// Where the author may not do what the proposal does: `forbidden`, or `not-found` where it may not know of the place; where a
    /// protected environment would alter in a time of freeze `frozen`, and where a request that is to be applied lacks approvals
    /// `approval-needed`. Approvals that a plain change needs are told by ``Decision/approvals``: then it is not to be written.
    package func decide(
        _ proposal: Proposal, at now: Timestamp, offsets: UTCOffsets = .none
    ) throws(Problem) -> Decision {
        guard let authorization = Authorization(proposal, at: self, now: now) else {
            return try decided(proposal, nil, at: now, offsets)
        }
        try authorization.checkProposal()
        do throws(Problem) {
            return try decided(proposal, authorization, at: now, offsets)
        } catch {
            throw authorization.viewpoint.redacted(error)
        }
    }

    private func decided(
        _ proposal: Proposal, _ authorization: Authorization?, at now: Timestamp, _ offsets: UTCOffsets
    ) throws(Problem) -> Decision {
        let operations = try proposal.laidOut(at: self)
        let before = projects[proposal.project]
        guard operations.count <= Limits.operationsPerChange else {
            throw Problem(
                .limitExceeded,
                "A change has at most \(Limits.operationsPerChange) operations; this one has \(operations.count). Split it."
            )
        }
        guard proposal.message.utf8.count <= Limits.messageBytes else {
            throw Problem(.limitExceeded, "The message is longer than \(Limits.messageBytes) bytes; shorten it.")
        }
        guard !proposal.message.utf8.contains(0) else {
            throw Problem(.invalidChange, "The message holds a NUL character; remove it.")
        }
        try authorization?.check(operations)
        try before.checkPull(operations, proposal)
        try checkExistence(of: proposal.project, for: operations)
        try checkPlaces(operations, in: proposal.project)
        try before.checkAddressesAndExpectations(operations, in: proposal.project)
        if proposal.purpose == .rolloutStep || proposal.author == .rollouts {
            try before.checkRolloutStep(operations, by: proposal.author)
        }
        let effects = before.effects(of: operations)
        try before.checkEnvironments(effects, operations, in: proposal.project)
        guard !effects.isEmpty else {
            return Decision(change: nil, state: self, touched: Touched(), before: before, after: before, origin: self)
        }
        let change = ChangeRecord(
            revision: revision.next, project: proposal.project, author: proposal.author.principal,
            committedAt: max(now, committedAt),
            message: proposal.message, source: proposal.source, effects: effects, previousDigest: digest)
        guard change.body.count <= Limits.changeBytes else {
            throw Problem(
                .limitExceeded,
                "The change has \(change.body.count) bytes; a change has at most \(Limits.changeBytes). Split it.")
        }
        let (after, touched) = try applied(change, to: before)
        // Before it is said what fits: whether something stands where one may not read must not show in which of the two is wrong.
        try authorization?.check(change, after: after)
        if let after {
            try after.check(
                since: before, touched: touched,
                besides: try after.flagViolations(
                    of: change, since: before, touched,
                    isRestoring: proposal.origin?["operation"] == .string("rollback"),
                    isReplacing: proposal.origin?["operation"] == .string("import")
                        && proposal.origin?["mode"] == .string("replace")))
            try after.checkPlaintext(change)
            try after.checkRequirements()
        }
        guard projects.count < Limits.projects || before != nil else {
            throw Problem(
                .limitExceeded, "There are \(projects.count) projects, as many as there may be. Delete one first.")
        }
        let decision = Decision(
            change: change, state: following(change, with: after), touched: touched, before: before, after: after,
            origin: self)
        try decision.state.checkAccess(change, since: self, after)
        try decision.checkQuotas(proposal, authorization?.viewpoint)
        guard let authorization else {
            // What was approved goes on without approval, and not while nothing is to alter.
            if proposal.purpose == .rolloutStep, !decision.isFreeRetreat {
                try decision.checkFreezes(of: decision.guards(from: self), at: now, offsets)
            }
            return decision
        }
        return try decision.guarded(from: self, proposal, authorization, at: now, offsets)
    }

    /// What is said of the platform as a whole, and what of a project.
    private func checkPlaces(_ operations: [LaidOutOperation], in project: ProjectName) throws(Problem) {
        for (index, operation) in operations.enumerated() {
            let kind = operation.address.kind
            let isFitting = project == .platform ? kind.isAccess && !kind.isEnvironmental : !kind.isOfPlatform
            guard isFitting else {
                throw Problem(
                    .invalidChange,
                    project == .platform
                        ? "The platform itself has no items of kind \(kind.rawValue); they belong to projects."
                        : "Items of kind \(kind.rawValue) are the platform's; POST the change to /api/v1/changes.",
                    violations: [Violation("Not of this place.", pointer: "/operations/\(index)/kind", keyword: "kind")]
                )
            }
        }
    }

    private func checkExistence(of project: ProjectName, for operations: [LaidOutOperation]) throws(Problem) {
        guard projects[project] == nil, project != .platform else { return }
        let begins = operations.contains { operation in
            if case .putProject = operation.target { true } else { false }
        }
        if !begins { _ = try self.project(project) }
    }

    private func applied(
        _ change: ChangeRecord, to before: ProjectState?
    ) throws(Problem) -> (ProjectState?, Touched) {
        do {
            return try ProjectState.applying(change, to: before)
        } catch let fault as Layering.Fault {
            throw Problem(fault)
        } catch {
            throw Problem(.fault, "The change could not be applied: \(error)")
        }
    }
}

extension Problem {
    init(_ fault: Layering.Fault) {
        self.init(
            .invalidChange, fault.message,
            violations: [Violation(fault.message, keyword: "inherits", environment: fault.environment)])
    }
}

extension ProjectState? {
    /// Refuses an address that occurs twice, what goes beside the end of a project, and every expectation that is not met.
    fileprivate func checkAddressesAndExpectations(
        _ operations: [LaidOutOperation], in project: ProjectName
    ) throws(Problem) {
        guard operations.count == 1 || !operations.contains(where: { $0.target == .deleteProject }) else {
            throw Problem(
                .invalidChange,
                "A change that deletes a project has no other operation: everything in '\(project.rawValue)' ends with it."
            )
        }
        var seen = Distinct<ItemAddress>()
        var conflicts: [Violation] = []
        var current: [JSONValue] = []
        for (index, operation) in operations.enumerated() {
            let address = operation.address
            guard seen.insert(address) else {
                throw Problem(
                    .invalidChange, "The change has two operations on \(address.shown); keep one of them.",
                    violations: [
                        Violation(
                            "Second operation on \(address.shown).", pointer: "/operations/\(index)", keyword: "unique")
                    ])
            }
            guard let expectation = operation.expectation else { continue }
            let item = self?.item(at: operation.target)
            let isMet =
                switch expectation {
                case .absent: item == nil
                case .revision(let revision): item?.revision == revision
                }
            guard !isMet else { continue }
            let found = item.map { "was last written at revision \($0.revision)" } ?? "does not exist there"
            let expected =
                switch expectation {
                case .absent: "absent"
                case .revision(let revision): "at revision \(revision)"
                }
            conflicts.append(
                Violation(
                    "\(address.shown) was expected \(expected), but \(found).", pointer: "/operations/\(index)/expect",
                    keyword: "expect", environment: address.environment, key: address.key))
            current.append(Self.shown(address, item))
        }
        guard conflicts.isEmpty else {
            throw Problem(
                .revisionConflict,
                "\(conflicts[0].message)\(conflicts.count > 1 ? " (and \(conflicts.count - 1) more)" : "") Read what is there now, "
                    + "decide again, and expect the new revision.",
                violations: conflicts, current: current.count == 1 ? current[0] : .array(Array(current.prefix(100))))
        }
    }

    private static func shown(_ address: ItemAddress, _ item: (body: [UInt8], revision: Revision)?) -> JSONValue {
        var members: JSONObject = ["kind": .string(address.kind.rawValue), "key": .string(address.key)]
        if let environment = address.environment { members["environment"] = .string(environment.rawValue) }
        members["revision"] = item.map { .int($0.revision.number) } ?? .null
        if let item, let body = try? JSONValue(parsing: item.body, limits: .trusted) {
            if address.kind == .setting {
                if let value = body["value"] { members["value"] = value } else { members["unset"] = true }
            } else {
                members["value"] = body
            }
        }
        return .object(members)
    }

    /// What the operations do, without those that do nothing: the project first, environments next, then what is in them.
    fileprivate func effects(of operations: [LaidOutOperation]) -> [Effect] {
        let ranks = operations.map(\.target.rank)
        let isInOrder = zip(ranks, ranks.dropFirst()).allSatisfy { $0 <= $1 }
        return (isInOrder ? operations : operations.sorted { $0.target.rank < $1.target.rank })
            .compactMap { self?.stands($0) ?? ($0.body == nil) ? nil : $0.effect }
    }

    /// Refuses to end environments that others inherit from which neither end nor are written in the same change.
    private func checkHeirs(
        of removed: Set<EnvironmentName>, besides written: Set<EnvironmentName>
    ) throws(Problem) {
        var violations: [Violation] = []
        for child in self?.sortedEnvironments ?? [] where !removed.contains(child.name) && !written.contains(child.name)
        {
            guard let parent = child.body.inherits.first(where: removed.contains) else { continue }
            violations.append(
                Violation(
                    "'\(child.name.rawValue)' inherits from '\(parent.rawValue)'.", keyword: "inherits",
                    environment: child.name))
        }
        guard let first = violations.first else { return }
        let others = violations.count - 1
        throw Problem(
            .inUse,
            first.message + (others > 0 ? " (and \(others) more)" : "")
                + " Take it out of 'inherits' there first, or in the same change.",
            violations: violations)
    }

    /// Refuses to end environments that others stand on, and what is asked of environments that are not there.
    fileprivate func checkEnvironments(
        _ effects: [Effect], _ operations: [LaidOutOperation], in project: ProjectName
    ) throws(Problem) {
        let environments = self?.environments ?? [:]
        var written: Set<EnvironmentName> = []
        var removed: Set<EnvironmentName> = []
        for effect in effects where effect.address.kind == .environment {
            guard let name = try? EnvironmentName(parsing: effect.address.key) else { continue }
            if effect.body == nil { removed.insert(name) } else { written.insert(name) }
        }
        if !removed.isEmpty { try checkHeirs(of: removed, besides: written) }
        for (index, operation) in operations.enumerated() {
            let address = operation.address
            guard let name = address.environment, !written.contains(name) else { continue }
            func violation(_ message: String) -> Violation {
                Violation(message, pointer: "/operations/\(index)", environment: name, key: address.key)
            }
            guard environments[name] != nil else {
                throw Problem(
                    .notFound, Problem.noEnvironment(name, in: project).detail,
                    violations: [violation("No such environment.")]
                ).lacking(Missing(.environment, name.rawValue, of: project))
            }
            guard !removed.contains(name) else {
                throw Problem(
                    .invalidChange,
                    "The change deletes '\(name.rawValue)' and every setting in it; leave out the operation on '\(address.key)'.",
                    violations: [violation("The environment ends with this change.")])
            }
        }
        let count = environments.count - removed.count + written.count { environments[$0] == nil }
        guard count <= Limits.environmentsPerProject else {
            throw Problem(
                .limitExceeded,
                "A project has at most \(Limits.environmentsPerProject) environments; this one would have \(count).")
        }
    }
}

extension ProjectState {
    /// Whether the item is already what the operation would make of it.
    fileprivate func stands(_ operation: LaidOutOperation) -> Bool {
        guard case .putSetting(let key, let environment, let body) = operation.target else {
            return item(at: operation.target)?.body == operation.body
        }
        return environments[environment]?.own[key]?.body == body
    }
}

extension Operation.Target {
    fileprivate var rank: Int {
        switch self {
        case .deleteProject, .putProject: 0
        case .putEnvironment, .deleteEnvironment: 1
        case .putSchema, .deleteSchema, .putValidator, .deleteValidator: 3
        case .putAccess, .deleteAccess: 4
        default: 2
        }
    }
}

extension ProjectState {
    /// Refuses a state in which some environment would read something that cannot be.
    ///
    /// - Parameter others: violations that are known already.
    fileprivate func check(
        since before: ProjectState?, touched: Touched, besides others: [Violation]
    ) throws(Problem) {
        try checkFanOut()
        guard schemas.count <= Limits.schemasPerProject else {
            throw Problem(
                .limitExceeded,
                "'\(name.rawValue)' would have \(schemas.count) schemas; a project has at most \(Limits.schemasPerProject)."
            )
        }
        guard validators.count <= Limits.validatorsPerProject else {
            throw Problem(
                .limitExceeded,
                "'\(name.rawValue)' would have \(validators.count) validators; a project has at most "
                    + "\(Limits.validatorsPerProject).")
        }
        var violations = schemaFaults(touched.schemas)
        let judged = violations.isEmpty ? judgedEnvironments(touched) : touched.environments
        for name in judged.sorted() {
            guard let environment = environments[name], let reading = resolved[name] else { continue }
            guard environment.own.count <= Limits.settingsPerEnvironment else {
                throw Problem(
                    .limitExceeded,
                    "'\(name.rawValue)' would have \(environment.own.count) settings of its own; an environment has at most "
                        + "\(Limits.settingsPerEnvironment).")
            }
            let contents = reading.contents
            // Where there was no conflict before, there is one only at a key that has a value now and had none.
            let known = before?.resolved[name]?.contents.settings
            let isSuspect =
                touched.keys[name]?.contains { known?[$0] == nil && contents.hasPrefixConflict(at: $0) } ?? true
            if isSuspect { violations += contents.prefixConflicts().map { Self.prefixViolation($0, in: name) } }
            for (key, fault) in contents.faults.sorted(by: { $0.key < $1.key }) {
                violations.append(
                    Violation(
                        fault.message(for: key, among: contents.settings), keyword: "reference", environment: name,
                        key: key.text))
            }
            if violations.isEmpty || violations.last?.environment != name {
                violations += schemaViolations(in: environment, reading, since: before, touched)
            }
            if violations.count >= Problem.violationsMax { break }
        }
        violations += others
        if let first = violations.first {
            let place = first.environment.map { "In '\($0.rawValue)': " } ?? ""
            throw Problem(
                .invalidChange,
                place + first.message + (violations.count > 1 ? " (and \(violations.count - 1) more)" : "")
                    + (abstractHint(violations) ?? ""),
                violations: violations)
        }
    }

    /// What a protection asks for is there; otherwise nothing that it guards could alter any more, the protection itself included.
    fileprivate func checkRequirements() throws(Problem) {
        for environment in access.protected {
            guard let protection = access.protection(of: environment) else { continue }
            let missing =
                protection.requiredSchemas.first { schemas[$0] == nil }.map { "schema '\($0.rawValue)'" }
                ?? protection.requiredValidators.first { validators[$0] == nil }.map { "validator '\($0.rawValue)'" }
            guard let missing else { continue }
            throw Problem(
                .invalidChange,
                "The protection of '\(environment.rawValue)' asks for the \(missing), which would not be there. Create it first, or take it "
                    + "out of the protection.",
                violations: [
                    Violation("Asked for and not there.", keyword: "protection", environment: environment)
                ])
        }
    }

    /// Refuses values in plain text that look like credentials, where the project is to have none.
    fileprivate func checkPlaintext(_ change: ChangeRecord) throws(Problem) {
        let violations = plaintextViolations(of: change)
        guard let first = violations.first else { return }
        throw Problem(
            .invalidChange,
            "In '\(first.environment?.rawValue ?? "")': \(first.message)"
                + (violations.count > 1 ? " (and \(violations.count - 1) more)" : ""), violations: violations)
    }

    /// Schemas that cannot be used as they would be.
    private func schemaFaults(_ written: Set<SchemaName>) -> [Violation] {
        written.sorted().compactMap { name in
            guard let schema = schemas[name] else { return nil }
            for environment in schema.body.environments ?? [] where environments[environment] == nil {
                return Violation(
                    "The schema '\(name.rawValue)' names the environment '\(environment.rawValue)', which does not exist.",
                    keyword: "environments", environment: environment, schema: name.rawValue)
            }
            guard case .failure(let error) = schemas.compiled(schema) else { return nil }
            return SchemaJudgement.violation(error, of: schema)
        }
    }

    /// Where something is to be looked at: what was touched, and wherever a schema that was written is for.
    private func judgedEnvironments(_ touched: Touched) -> Set<EnvironmentName> {
        var judged = touched.environments
        for name in touched.schemas {
            guard let schema = schemas[name] else { continue }
            judged.formUnion(environments.values.lazy.filter { schema.body.judges($0) }.map(\.name))
        }
        return judged
    }

    /// What the schemas that refuse find in an environment, those only that the change can have altered the verdict of.
    private func schemaViolations(
        in environment: EnvironmentState, _ reading: ResolvedEnvironment, since before: ProjectState?,
        _ touched: Touched
    ) -> [Violation] {
        guard !schemas.isEmpty else { return [] }
        let name = environment.name
        let isNew = touched.relayered.contains(name) || before?.resolved[name] == nil
        let keys =
            isNew
            ? []
            : reading.contents.changedKeys(since: before!.resolved[name]!.contents, touched: touched.keys[name] ?? [])
        let judgement = SchemaJudgement(reading, by: schemas)
        var violations: [Violation] = []
        for schema in schemas.sorted where !schema.body.isReportOnly && schema.body.judges(environment) {
            guard
                isNew || touched.schemas.contains(schema.name)
                    || SchemaJudgement.concerns(schema.body.scope, keys)
            else { continue }
            violations += judgement.violations(of: schema)
            if violations.count >= Problem.violationsMax { break }
        }
        return violations
    }

    /// What may be meant where only environments that others inherit from are found wanting.
    private func abstractHint(_ violations: [Violation]) -> String? {
        let layers = Set(
            violations.compactMap { violation -> EnvironmentName? in
                guard violation.schema != nil, let name = violation.environment,
                    (layering.readers[name]?.count ?? 1) > 1
                else { return nil }
                return name
            })
        guard let name = layers.min(), violations.allSatisfy({ $0.environment.map(layers.contains) ?? false }) else {
            return nil
        }
        return " If no program reads '\(name.rawValue)' itself, mark it as abstract; schemas then leave it alone."
    }

    private static func prefixViolation(
        _ conflict: (above: ConfigKey, below: ConfigKey), in environment: EnvironmentName
    ) -> Violation {
        Violation(
            "'\(conflict.above)' has a value, so '\(conflict.below)' below it cannot have one too. Rename one, or unset it here.",
            keyword: "prefix", environment: environment, key: conflict.below.text)
    }

    /// Counts a setting once for every environment that reads its layer: an upper bound, cheap to find.
    private func checkFanOut() throws(Problem) {
        let total = environments.values.reduce(0) { $0 + $1.own.count * (layering.readers[$1.name]?.count ?? 1) }
        guard total <= Limits.resolvedSettingsPerProject else {
            throw Problem(
                .limitExceeded,
                "The environments of '\(name.rawValue)' would read \(total) settings together; a project may have "
                    + "\(Limits.resolvedSettingsPerProject). Inherit less widely, or divide the project.")
        }
    }
}

extension Proposal {
    /// How what is proposed came about, of a request that is applied too.
    var origin: JSONValue? { source?["request"] ?? source }
}
