import ConfigPlatformFlags
import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// What people do with a rollout while it goes on by itself. To write, read or delete its plan is with the other parts of a flag.
enum RolloutRoutes {
    private static let item = "\(RouteTable.base)/projects/{project}/environments/{environment}/flags/{flag}/rollout"

    static let all: [Route] = Platform.RolloutOrder.allCases.map { order in
        .write(.post, "\(item)/\(order.rawValue)", body: .none, action: order.action) {
            platform, caller, request throws(Problem) in
            try plan(order, platform, caller, request)
        }
    }

    /// The message of the request is the reason. `If-Match` is about the rollout.
    private static func plan(
        _ order: Platform.RolloutOrder, _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) throws(Problem) -> PlannedWrite {
        let (project, environment) = (try request.project(), try request.environment())
        let key = try request.flagKey()
        let precondition = try Precondition(request.fields)
        let address = FlagPlace.rollout(key, environment).address(in: project)
        return PlannedWrite(
            proposal: platform.rolloutOrder(
                caller, order, of: key, in: environment, of: project, reason: try request.message()
            ) { revision throws(Problem) in
                try precondition.check(revision, address)
            })
    }
}
