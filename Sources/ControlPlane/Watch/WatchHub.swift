import ConfigPlatformModel
import Metrics
import Store
import Synchronization

/// All watches of this replica. Works out what a revision means to an environment once, for all who follow it, and only if somebody does.
final class WatchHub: Sendable {
    private struct Place: Hashable {
        let topic: WatchTopic
        let project: ProjectName
        let environment: EnvironmentName?
    }

    private struct State {
        var subscriptions: [Place: [UInt64: WatchSubscription]] = [:]
        /// How many subscriptions each project has.
        var counts: [ProjectName: Int] = [:]
        var count = 0
        var nextID: UInt64 = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let watchers = Gauge(label: "cfg_watchers")

    /// A watch of an environment, or of all of a project's, which follows when its replay is through.
    ///
    /// - Parameter quota: how many watches the project may have here; nil for as many as there may be.
    func subscribe(
        to topic: WatchTopic, of environment: EnvironmentName?, of project: ProjectName, atMost quota: Int64?,
        from token: RevisionToken, replay: WatchReplay
    ) throws(Problem) -> WatchSubscription {
        let answer = state.withLock { state -> Result<WatchSubscription, Problem> in
            guard state.count < Limits.watchers, !state.isClosed else {
                return .failure(
                    Problem(
                        .tooManyRequests,
                        "This server has as many watchers as it may (\(Limits.watchers)); try another replica, or later.",
                        retryAfterSeconds: 10))
            }
            let watching = state.counts[project] ?? 0
            if let quota, Int64(watching) >= quota {
                return .failure(
                    Problem(
                        .tooManyRequests,
                        "Project '\(project.rawValue)' has a quota of \(quota) watchers of one server, and has as many here. End one, try "
                            + "another replica, or ask whoever administers the platform for a larger quota.",
                        violations: [Violation("More than the quota of \(quota) watchers.", keyword: "quota")],
                        retryAfterSeconds: 10))
            }
            state.count += 1
            state.counts[project] = watching + 1
            state.nextID += 1
            watchers.record(state.count)
            let subscription = WatchSubscription(
                id: state.nextID, topic: topic, project: project, environment: environment, from: token,
                replay: replay
            ) { [weak self] in self?.remove($0) }
            let place = Place(topic: topic, project: project, environment: environment)
            state.subscriptions[place, default: [:]][subscription.id] = subscription
            return .success(subscription)
        }
        return try answer.get()
    }

    /// Gives every watch what the step means to it.
    func deliver(_ step: Published.Step, before: PlatformState) {
        if state.withLock({ $0.subscriptions.isEmpty }) { return }
        let project = step.change.project
        for topic in WatchTopic.allCases {
            let touched = topic.environments(step.touched)
            let followed = state.withLock { state in
                let followsAll =
                    state.subscriptions[Place(topic: topic, project: project, environment: nil)]?.isEmpty == false
                return touched.filter {
                    followsAll
                        || state.subscriptions[Place(topic: topic, project: project, environment: $0)]?.isEmpty == false
                }
            }
            let events = followed.sorted().compactMap { environment in
                topic.event(of: step, in: environment, before: before.projects[project]).map { (environment, $0) }
            }
            for (environment, event) in events {
                for subscription in receivers(topic, project, environment) { subscription.push(event) }
            }
            let ofAll = receivers(topic, project, nil)
            if ofAll.isEmpty { continue }
            for event in WatchEvent.parts(of: events.map(\.1)) {
                for subscription in ofAll { subscription.push(event) }
            }
        }
    }

    /// Tells all watches how far they have seen.
    func beat(at token: RevisionToken) {
        let event = WatchEvent.bare(.heartbeat, in: nil, of: nil, at: token)
        let all = state.withLock { $0.subscriptions.values.flatMap { Array($0.values) } }
        for subscription in all { subscription.push(event) }
    }

    /// Ends every watch.
    func close() {
        let all = state.withLock { state in
            state.isClosed = true
            return state.subscriptions.values.flatMap { Array($0.values) }
        }
        for subscription in all { subscription.end() }
    }

    private func receivers(
        _ topic: WatchTopic, _ project: ProjectName, _ environment: EnvironmentName?
    ) -> [WatchSubscription] {
        let place = Place(topic: topic, project: project, environment: environment)
        return state.withLock { $0.subscriptions[place].map { Array($0.values) } ?? [] }
    }

    private func remove(_ subscription: WatchSubscription) {
        state.withLock { state in
            let place = Place(
                topic: subscription.topic, project: subscription.project, environment: subscription.environment)
            guard state.subscriptions[place]?.removeValue(forKey: subscription.id) != nil else { return }
            if state.subscriptions[place]?.isEmpty == true { state.subscriptions[place] = nil }
            state.count -= 1
            let watching = (state.counts[subscription.project] ?? 0) - 1
            state.counts[subscription.project] = watching > 0 ? watching : nil
            watchers.record(state.count)
        }
    }
}
