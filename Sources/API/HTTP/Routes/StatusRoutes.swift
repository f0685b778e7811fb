import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// How the server does, who calls, and what it takes.
enum StatusRoutes {
    static let all: [Route] = [
        .status("/healthz", access: .anonymous, alive),
        .status("/readyz", access: .anonymous, ready),
        .status("/metrics", access: .monitor, metrics),
        .get("\(RouteTable.base)/whoami", caller),
        .get("\(RouteTable.base)/limits", limits),
    ]

    private static func alive(_ surroundings: Surroundings) async -> Answer {
        .json { $0.member("status", "ok") }
    }

    private static func ready(_ surroundings: Surroundings) async -> Answer {
        let platform = surroundings.platform
        guard await platform.isStoreReachable() else {
            return .json(.serviceUnavailable) { json in
                json.member("ready", false)
                json.member("reason", "The database does not answer.")
            }
        }
        let revision = platform.state.revision
        return .json { json in
            json.member("ready", true)
            json.member("revision", revision.number)
        }
    }

    private static func metrics(_ surroundings: Surroundings) async -> Answer {
        surroundings.metrics.setGauge("cfg_revision", to: Double(surroundings.platform.state.revision.number))
        ProcessMetrics.update(surroundings.metrics)
        return Answer(bytes: surroundings.metrics.text(), contentType: .metrics)
    }

    private static func caller(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        .json { json in
            json.member("credential", caller.credentialID)
            json.member("expiresAt", platform.expiry(of: caller)?.text)
            json.array("groups", of: platform.groups(of: caller).map(\.rawValue))
            json.member("owner", caller.subject.owner?.rawValue)
            json.member("principal", caller.principal.rawValue)
            json.member("purpose", caller.purposeName)
        }
    }

    private static func limits(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        .json { json in
            json.object("limits") { json in
                for (name, value) in PublishedLimits.all { json.member(name, value) }
            }
        }
    }
}

/// Every member of ``Limits``, by name and in order of names; a test compares this with the source of ``Limits``.
package enum PublishedLimits {
    package static let all: [(StaticString, Int64)] = [
        ("accessItems", Int64(Limits.accessItems)),
        ("assignmentAttributeBytes", Int64(Limits.assignmentAttributeBytes)),
        ("assignmentDays", Limits.assignmentDays),
        ("assignmentPage", Int64(Limits.assignmentPage)),
        ("assignmentUnitBytes", Int64(Limits.assignmentUnitBytes)),
        ("assignmentsPending", Int64(Limits.assignmentsPending)),
        ("assignmentsPerExperiment", Limits.assignmentsPerExperiment),
        ("assignmentsPerReport", Int64(Limits.assignmentsPerReport)),
        ("assignmentsPerWrite", Int64(Limits.assignmentsPerWrite)),
        ("breakGlassSeconds", Int64(Limits.breakGlassSeconds)),
        ("changeBytes", Int64(Limits.changeBytes)),
        ("closedChangeRequests", Int64(Limits.closedChangeRequests)),
        ("commentsPerChangeRequest", Int64(Limits.commentsPerChangeRequest)),
        ("conditions", Int64(Limits.conditions)),
        ("contextAttributes", Int64(Limits.contextAttributes)),
        ("descendantsPerEnvironment", Int64(Limits.descendantsPerEnvironment)),
        ("descriptionBytes", Int64(Limits.descriptionBytes)),
        ("endedSessionSeconds", Int64(Limits.endedSessionSeconds)),
        ("environmentsPerProject", Int64(Limits.environmentsPerProject)),
        ("evaluatedFlags", Int64(Limits.evaluatedFlags)),
        ("expandedFlagBytes", Int64(Limits.expandedFlagBytes)),
        ("experimentAttributes", Int64(Limits.experimentAttributes)),
        ("experimentKeyBytes", Int64(Limits.experimentKeyBytes)),
        ("experimentsPerRule", Int64(Limits.experimentsPerRule)),
        ("findings", Int64(Limits.findings)),
        ("flagBytes", Int64(Limits.flagBytes)),
        ("flagKeyBytes", Int64(Limits.flagKeyBytes)),
        ("flagReferenceDepth", Int64(Limits.flagReferenceDepth)),
        ("flagRuleBytes", Int64(Limits.flagRuleBytes)),
        ("flagUsageClientBytes", Int64(Limits.flagUsageClientBytes)),
        ("flagUsageClients", Int64(Limits.flagUsageClients)),
        ("flagUsageCount", Int64(Limits.flagUsageCount)),
        ("flagUsageCounts", Int64(Limits.flagUsageCounts)),
        ("flagUsageDays", Int64(Limits.flagUsageDays)),
        ("flagUsageHoursShown", Int64(Limits.flagUsageHoursShown)),
        ("flagUsageMeters", Int64(Limits.flagUsageMeters)),
        ("flagUsageRepeatSeconds", Int64(Limits.flagUsageRepeatSeconds)),
        ("flagUsageReportBytes", Int64(Limits.flagUsageReportBytes)),
        ("flagUsageReportSeconds", Int64(Limits.flagUsageReportSeconds)),
        ("flagUsageReports", Int64(Limits.flagUsageReports)),
        ("flagUsageRows", Int64(Limits.flagUsageRows)),
        ("flagUsageSkewSeconds", Int64(Limits.flagUsageSkewSeconds)),
        ("flagVersions", Int64(Limits.flagVersions)),
        ("flagsPerProject", Int64(Limits.flagsPerProject)),
        ("freezesPerEnvironment", Int64(Limits.freezesPerEnvironment)),
        ("grantsPerToken", Int64(Limits.grantsPerToken)),
        ("groupChanges", Int64(Limits.groupChanges)),
        ("groupsPerIdentity", Int64(Limits.groupsPerIdentity)),
        ("grpcMessageBytes", Int64(Limits.grpcMessageBytes)),
        ("grpcStreamsPerConnection", Int64(Limits.grpcStreamsPerConnection)),
        ("idempotencyKeyBytes", Int64(Limits.idempotencyKeyBytes)),
        ("idempotencySeconds", Int64(Limits.idempotencySeconds)),
        ("inheritanceDepth", Int64(Limits.inheritanceDepth)),
        ("keyBytes", Int64(Limits.keyBytes)),
        ("keySegments", Int64(Limits.keySegments)),
        ("killHookBodyBytes", Int64(Limits.killHookBodyBytes)),
        ("killHookFlags", Int64(Limits.killHookFlags)),
        ("killHookGraceSeconds", Int64(Limits.killHookGraceSeconds)),
        ("killHookPullsPerMinute", Int64(Limits.killHookPullsPerMinute)),
        ("killHookReasonBytes", Int64(Limits.killHookReasonBytes)),
        ("killHookSkewSeconds", Int64(Limits.killHookSkewSeconds)),
        ("layersPerEnvironment", Int64(Limits.layersPerEnvironment)),
        ("ledgerPagesRead", Int64(Limits.ledgerPagesRead)),
        ("listedContexts", Int64(Limits.listedContexts)),
        ("listedNames", Int64(Limits.listedNames)),
        ("membersPerGroup", Int64(Limits.membersPerGroup)),
        ("messageBytes", Int64(Limits.messageBytes)),
        ("minimumRevisionWaitSeconds", Int64(Limits.minimumRevisionWaitSeconds)),
        ("nameBytes", Int64(Limits.nameBytes)),
        ("numberDigits", Int64(Limits.numberDigits)),
        ("numberExponent", Int64(Limits.numberExponent)),
        ("openChangeRequests", Int64(Limits.openChangeRequests)),
        ("operationsPerChange", Int64(Limits.operationsPerChange)),
        ("pageBytes", Int64(Limits.pageBytes)),
        ("pageSize", Int64(Limits.pageSize)),
        ("pageSizeDefault", Int64(Limits.pageSizeDefault)),
        ("parentsPerEnvironment", Int64(Limits.parentsPerEnvironment)),
        ("pastStatesCached", Int64(Limits.pastStatesCached)),
        ("permissionsPerRole", Int64(Limits.permissionsPerRole)),
        ("prerequisitesPerFlag", Int64(Limits.prerequisitesPerFlag)),
        ("projects", Int64(Limits.projects)),
        ("queuedChanges", Int64(Limits.queuedChanges)),
        ("quota", Limits.quota),
        ("referenceDefaultDepth", Int64(Limits.referenceDefaultDepth)),
        ("referenceDepth", Int64(Limits.referenceDepth)),
        ("renderedDocumentBytes", Int64(Limits.renderedDocumentBytes)),
        ("renderedValueBytes", Int64(Limits.renderedValueBytes)),
        ("requestBodyBytes", Int64(Limits.requestBodyBytes)),
        ("requestBodyDepth", Int64(Limits.requestBodyDepth)),
        ("requestSeconds", Int64(Limits.requestSeconds)),
        ("resolvedSettingsPerProject", Int64(Limits.resolvedSettingsPerProject)),
        ("rolloutQuestions", Int64(Limits.rolloutQuestions)),
        ("rolloutSilenceSeconds", Int64(Limits.rolloutSilenceSeconds)),
        ("schemaBytes", Int64(Limits.schemaBytes)),
        ("schemasPerProject", Int64(Limits.schemasPerProject)),
        ("searchBytes", Int64(Limits.searchBytes)),
        ("segmentBytes", Int64(Limits.segmentBytes)),
        ("segmentsPerProject", Int64(Limits.segmentsPerProject)),
        ("sessions", Int64(Limits.sessions)),
        ("settingsPerEnvironment", Int64(Limits.settingsPerEnvironment)),
        ("staleServingSeconds", Int64(Limits.staleServingSeconds)),
        ("stepsPerRollout", Int64(Limits.stepsPerRollout)),
        ("tagBytes", Int64(Limits.tagBytes)),
        ("tagsPerKey", Int64(Limits.tagsPerKey)),
        ("targetingRules", Int64(Limits.targetingRules)),
        ("tokenSeconds", Limits.tokenSeconds),
        ("tokens", Int64(Limits.tokens)),
        ("validatorAnswerBytes", Int64(Limits.validatorAnswerBytes)),
        ("validatorsPerProject", Int64(Limits.validatorsPerProject)),
        ("valueBytes", Int64(Limits.valueBytes)),
        ("valueDepth", Int64(Limits.valueDepth)),
        ("variantsPerFlag", Int64(Limits.variantsPerFlag)),
        ("watchBacklog", Int64(Limits.watchBacklog)),
        ("watchHeartbeatSeconds", Int64(Limits.watchHeartbeatSeconds)),
        ("watchResumeRevisions", Int64(Limits.watchResumeRevisions)),
        ("watchers", Int64(Limits.watchers)),
    ]
}
