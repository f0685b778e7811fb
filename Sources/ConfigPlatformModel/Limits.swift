import ConfigPlatformFlags

/// Every limit of the platform in one place, each published at `/api/v1/limits` and tested at its bound and one beyond.
package enum Limits {
    /// Bytes of a request's body: room for an import of a large application's whole configuration.
    package static let requestBodyBytes = 8 << 20
    /// Arrays and objects inside one another in a request's body: a value, and what a change puts around it.
    package static let requestBodyDepth = valueDepth + 8
    /// Significant decimal digits of a number, zeros at either end not counted.
    package static let numberDigits = JSONLimits.numberDigits
    /// Largest power of ten of a number's first significant digit, either way.
    package static let numberExponent = JSONLimits.exponentMagnitude
    /// Bytes of a name: of a project, an environment, a schema, a validator, a token, and of what says who may do what.
    package static let nameBytes = 63
    /// Bytes of a setting's key as it is written.
    package static let keyBytes = 512
    package static let keySegments = 32
    /// Bytes of one value in canonical form.
    package static let valueBytes = 256 << 10
    /// Bytes of one value after its references are resolved: what stops a small text from referring itself into a huge one.
    package static let renderedValueBytes = 1 << 20
    /// Bytes of all values of one document that hold references, after they are resolved.
    package static let renderedDocumentBytes = 32 << 20
    /// Nesting of one value.
    package static let valueDepth = 64
    /// References followed from one value to the next.
    package static let referenceDepth = 32
    /// References inside the defaults of others.
    package static let referenceDefaultDepth = 8
    /// Operations of one change.
    package static let operationsPerChange = 50_000
    /// Bytes of one change as the ledger keeps it.
    package static let changeBytes = 64 << 20
    package static let messageBytes = 4_096
    package static let descriptionBytes = 4_096
    package static let tagsPerKey = 32
    package static let tagBytes = 64
    package static let projects = 10_000
    /// The highest quota of a project: numbers beyond it are not exact in every reader of JSON.
    package static let quota: Int64 = 1 << 53
    package static let schemasPerProject = 1_000
    /// Bytes of one schema in canonical form.
    package static let schemaBytes = 512 << 10
    package static let validatorsPerProject = 16
    package static let flagsPerProject = 200_000
    package static let segmentsPerProject = 10_000
    package static let flagKeyBytes = FlagLimits.keyBytes
    package static let experimentAttributes = FlagLimits.experimentAttributes
    package static let experimentKeyBytes = FlagLimits.experimentKeyBytes
    package static let experimentsPerRule = FlagLimits.experiments
    package static let variantsPerFlag = FlagLimits.variants
    /// Bytes of what a flag is, in canonical form.
    package static let flagBytes = FlagLimits.flagBytes
    /// Bytes of what an environment says of a flag, in canonical form: of a rule, or of a rollout.
    package static let flagRuleBytes = FlagLimits.ruleBytes
    /// Bytes of a segment in canonical form.
    package static let segmentBytes = FlagLimits.segmentBytes
    /// Contexts that a segment lists.
    package static let listedContexts = FlagLimits.listedContexts
    package static let targetingRules = FlagLimits.rules
    /// Conditions of one list.
    package static let conditions = FlagLimits.conditions
    package static let prerequisitesPerFlag = FlagLimits.prerequisites
    package static let stepsPerRollout = FlagLimits.steps
    /// Guards of rollouts that one server asks at a time.
    package static let rolloutQuestions = 32
    /// A rollout whose guard has had no value for so long is paused.
    package static let rolloutSilenceSeconds = FlagLimits.guardSilenceSeconds
    /// Segments that name segments, flags that require flags: the longest chain.
    package static let flagReferenceDepth = FlagLimits.referenceDepth
    /// Bytes of a flag's targeting with all that it refers to put in.
    package static let expandedFlagBytes = FlagLimits.expandedBytes
    /// Bytes of a validator's answer.
    package static let validatorAnswerBytes = 64 << 10
    /// Findings of a report, and warnings of an answer.
    package static let findings = 1_000
    package static let environmentsPerProject = 10_000
    /// Own settings of one environment.
    package static let settingsPerEnvironment = 200_000
    /// Environments an environment lists in `inherits`.
    package static let parentsPerEnvironment = 32
    /// Longest chain of inheritance.
    package static let inheritanceDepth = 16
    /// Environments in an environment's linearised list, itself included.
    package static let layersPerEnvironment = 64
    /// Environments that inherit from one, directly or not: the widest fan-out of a change.
    package static let descendantsPerEnvironment = 5_000
    /// Settings of one project counted in every environment that reads them.
    package static let resolvedSettingsPerProject = 20_000_000
    package static let idempotencyKeyBytes = 200
    package static let idempotencySeconds: Int64 = 86_400
    package static let pageSizeDefault = 100
    package static let pageSize = 1_000
    /// Bytes of changes, of versions of an item, or of values found, after which a page of them ends.
    package static let pageBytes = 16 << 20
    /// Pages of the ledger that are looked through for one page of what the caller may see.
    package static let ledgerPagesRead = 10
    package static let searchBytes = 512
    package static let watchers = 20_000
    /// Events a watcher may be behind before it is cut off.
    package static let watchBacklog = 256
    /// Revisions a watch may be resumed from; older ones reload.
    package static let watchResumeRevisions: Int64 = 100_000
    package static let watchHeartbeatSeconds = 15
    /// Longest wait for `X-Minimum-Revision`.
    package static let minimumRevisionWaitSeconds = 5
    package static let requestSeconds = 30
    /// Attributes of a context that flags are evaluated for.
    package static let contextAttributes = 1_000
    /// Flags that one request names to be evaluated.
    package static let evaluatedFlags = 1_000
    /// How long assignments of experiments are kept after the unit was seen last.
    package static let assignmentDays: Int64 = 90
    /// Bytes of a unit of an experiment.
    package static let assignmentUnitBytes = Assignment.unitBytes
    /// Bytes of an attribute that is written down with a unit.
    package static let assignmentAttributeBytes = Assignment.attributeBytes
    /// Entries of one page of assignments.
    package static let assignmentPage = 10_000
    /// Assignments that one server keeps before it writes them.
    package static let assignmentsPending = 100_000
    /// Units that are kept of one version of an experiment's split, in one environment.
    package static let assignmentsPerExperiment: Int64 = 1_000_000
    /// Assignments in one report.
    package static let assignmentsPerReport = 10_000
    /// Assignments that are written at a time: for so long, some tens of milliseconds, changes wait.
    package static let assignmentsPerWrite = 500
    /// Bytes of a client's name in the usage of flags.
    package static let flagUsageClientBytes = 256
    /// Clients whose usage of an environment's flags is told apart within an hour.
    package static let flagUsageClients = 1_000
    /// The highest number in a report of usage.
    package static let flagUsageCount: Int64 = 1_000_000_000_000
    /// Numbers in one report of usage.
    package static let flagUsageCounts = 10_000
    /// How long the usage of flags is kept.
    package static let flagUsageDays: Int64 = 90
    /// Entries of one answer about a flag's usage.
    package static let flagUsageHoursShown = 10_000
    /// Bytes of the name that a client gives a report of usage.
    package static let flagUsageReportBytes = 64
    /// How long a report of usage that is told again counts only once.
    package static let flagUsageRepeatSeconds: Int64 = 7_200
    /// Reports of usage with names that one server keeps before it writes them.
    package static let flagUsageReports = 10_000
    /// The stretch of time of one report of usage.
    package static let flagUsageReportSeconds: Int64 = 7_200
    /// How far ahead the clock of a client may be.
    package static let flagUsageSkewSeconds: Int64 = 300
    /// Environments and clients whose evaluations one server counts at a time.
    package static let flagUsageMeters = 10_000
    /// Numbers that one server keeps before it writes them.
    package static let flagUsageRows = 200_000
    /// Versions of a flag among which its beginning is looked for.
    package static let flagVersions = 1_000
    /// Bytes of what a kill hook is sent.
    package static let killHookBodyBytes = 64 << 10
    /// Flags that a kill hook names.
    package static let killHookFlags = 1_000
    /// The longest time for which the secret before the last is still good.
    package static let killHookGraceSeconds: Int64 = 604_800
    /// Calls of one kill hook that one server takes within a minute.
    package static let killHookPullsPerMinute = 60
    /// Bytes of the reason that a kill hook is given.
    package static let killHookReasonBytes = 1_000
    /// How far the time of a signed call may be from the server's, either way.
    package static let killHookSkewSeconds: Int64 = 300
    /// Bytes of one message sent to the gRPC server: a flag's key and a context.
    package static let grpcMessageBytes = 1 << 20
    /// Calls that one gRPC connection may have open.
    package static let grpcStreamsPerConnection = 250
    package static let tokens = 10_000
    package static let grantsPerToken = 32
    /// The longest life of a token that is given as one. A hundred years: beyond it nobody means a time.
    package static let tokenSeconds: Int64 = 100 * 366 * 86_400
    /// Sessions that are live.
    package static let sessions = 50_000
    /// How long sessions that have ended are still listed.
    package static let endedSessionSeconds: Int64 = 604_800
    /// Names in one list of an item.
    package static let listedNames = 10_000
    package static let permissionsPerRole = 100
    package static let membersPerGroup = 10_000
    package static let groupsPerIdentity = 1_000
    package static let freezesPerEnvironment = 50
    /// Roles, groups, identities, issuers and bindings of the platform or of one project, and protections of one project.
    package static let accessItems = 50_000
    /// Change requests of one project that are open.
    package static let openChangeRequests = 500
    /// Change requests of one project that were closed last, and are still listed.
    package static let closedChangeRequests = 500
    package static let commentsPerChangeRequest = 500
    /// The longest time for which the glass may be broken.
    package static let breakGlassSeconds: Int64 = 14_400
    /// Changes committed in one transaction.
    package static let groupChanges = 128
    /// Changes that wait for the writer before further ones are refused.
    package static let queuedChanges = 10_000
    /// A replica that has lost its store serves reads for so long.
    package static let staleServingSeconds: Int64 = 900
    /// Past states kept decoded in memory for time travel.
    package static let pastStatesCached = 8
}
