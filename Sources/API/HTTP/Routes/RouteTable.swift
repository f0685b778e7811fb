/// All routes of the API.
package enum RouteTable {
    package static let base = "/api/v1"

    package static let all: [Route] =
        StatusRoutes.all + ProjectRoutes.all + EnvironmentRoutes.all + SettingRoutes.all + DefinitionRoutes.all
        + SchemaRoutes.all + ValidatorRoutes.all
        + ChangeRoutes.all + ComparisonRoutes.all + FileRoutes.all + WatchRoutes.all + TokenRoutes.all + AuditRoutes.all
        + AccessRoutes.all + ChangeRequestRoutes.all + SignInRoutes.all + FlagRoutes.all + SegmentRoutes.all
        + EnvironmentFlagRoutes.all + RolloutRoutes.all + EvaluationRoutes.all + SimulationRoutes.all
        + FlagSetRoutes.all + FlagUsageRoutes.all + ExperimentRoutes.all + KillHookRoutes.all + OFREPRoutes.all
}
