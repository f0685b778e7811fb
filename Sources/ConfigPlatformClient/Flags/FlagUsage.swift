import ConfigPlatformFlags
import ConfigPlatformModel
import Foundation
import Logging
import Synchronization

/// Whether, how often and under which name a client tells the platform how often its flags came to what.
///
/// Of flags without an experiment only numbers are told. Where a rule has an experiment, its units (targeting keys, most of the time) are told
/// too, with the variant each got and the attributes that the experiment names; nothing else of a context ever leaves the program.
public struct FlagUsageReporting: Sendable {
    /// The program's name among those that the platform has usage of: 1 to 256 bytes.
    public var client: String
    /// How often it is told, besides at the end of every hour and when the client is shut down.
    public var interval: Duration
    /// Whether the units of experiments are told as well.
    public var tellsAssignments: Bool

    /// - Parameters:
    ///   - client: The program's name; nil for that of its process.
    ///   - interval: How often it is told.
    ///   - tellsAssignments: Whether the units of experiments are told as well.
    public init(client: String? = nil, interval: Duration = .seconds(60), tellsAssignments: Bool = true) {
        self.client = client ?? ProcessInfo.processInfo.processName
        self.interval = interval
        self.tellsAssignments = tellsAssignments
    }
}

/// The tallies of all flags that a client has evaluated.
final class FlagUsageCounts: Sendable {
    private let tallies = Mutex<[FlagTally]>([])

    func add(_ tally: FlagTally) { tallies.withLock { $0.append(tally) } }

    /// What was counted since it was last asked. Tallies of flags that nobody can evaluate any more are told of for the last time.
    func take() -> [FlagUsageCount: Int] {
        tallies.withLock { tallies in
            var counts: [FlagUsageCount: Int] = [:]
            var kept: [FlagTally] = []
            for index in tallies.indices {
                // Asked before it is read: who still holds it may still count.
                let isOver = isKnownUniquelyReferenced(&tallies[index])
                for count in tallies[index].take() {
                    let name = FlagUsageCount(
                        flag: tallies[index].flag.key, variant: count.variant, reason: count.reason)
                    counts[name, default: 0] += count.count
                }
                if !isOver { kept.append(tallies[index]) }
            }
            tallies = kept
            return counts
        }
    }
}

/// What is counted together.
struct FlagUsageCount: Hashable, Sendable {
    let flag: String
    let variant: String?
    let reason: Resolution.Reason
}

/// Tells the platform what was counted, in the background. What cannot be told is kept and told later, an hour's counts together; it is
/// lost with the program. What was told and never answered is told again as it was, under the same name, so that it counts once.
final class FlagUsageReporter: Sendable {
    struct Batch: Sendable {
        var from: Date
        var until: Date
        var counts: [FlagUsageCount: Int]
    }

    private let counts: FlagUsageCounts
    private let assignments: FlagAssignments?
    private let reporting: FlagUsageReporting
    private let place: FollowedPlace
    private let transport: Transport
    private let options: ConfigPlatformClient.Options
    private let surroundings: Surroundings
    private let waiting = Mutex<[Batch]>([])
    private struct Telling {
        /// What was told and not answered yet, or is next, in order.
        var unanswered: [ServerRequest] = []
        var named = 0
    }
    private let telling = Mutex(Telling())
    /// Tells this client's reports from those of others.
    private let identity = UUID().uuidString
    private static let hour: TimeInterval = 3_600
    /// Hours that are kept while the platform cannot be told.
    private static let batchesMax = 24
    private static let countsPerRequest = 5_000

    init(
        _ counts: FlagUsageCounts, _ assignments: FlagAssignments?, _ reporting: FlagUsageReporting,
        of place: FollowedPlace, token: AccessToken, options: ConfigPlatformClient.Options, surroundings: Surroundings
    ) throws(ConfigPlatformError) {
        guard (1...256).contains(reporting.client.utf8.count) else {
            throw ConfigPlatformError(.invalidUse, "The client's name for its usage must have 1 to 256 bytes.")
        }
        self.counts = counts
        self.assignments = assignments
        self.reporting = reporting
        self.place = place
        self.options = options
        self.surroundings = surroundings
        transport = try Transport(
            server: place.server, token: token, certificateAuthorityFile: options.certificateAuthorityFile,
            connectTimeout: options.connectTimeout, readTimeout: options.requestTimeout)
    }

    /// Tells it until the task is cancelled, and then once more.
    func run() async {
        var since = surroundings.now()
        while !Task.isCancelled {
            let untilHour = Self.hour - since.timeIntervalSince1970.truncatingRemainder(dividingBy: Self.hour)
            try? await surroundings.sleep(min(reporting.interval, .seconds(untilHour)))
            let now = surroundings.now()
            collect(from: since, until: now)
            since = now
            if !Task.isCancelled { await send() }
        }
        // What was counted while something was told when the end came.
        collect(from: since, until: surroundings.now())
        // In a task of its own, for this one has been cancelled.
        await Task { await self.send() }.value
    }

    private func collect(from: Date, until: Date) {
        let taken = counts.take()
        guard !taken.isEmpty else { return }
        func hour(_ date: Date) -> Int { Int((date.timeIntervalSince1970 / Self.hour).rounded(.down)) }
        waiting.withLock { waiting in
            if let last = waiting.last, hour(last.from) == hour(from) {
                waiting[waiting.count - 1].until = until
                waiting[waiting.count - 1].counts.merge(taken, uniquingKeysWith: +)
            } else {
                waiting.append(Batch(from: from, until: until, counts: taken))
                if waiting.count > Self.batchesMax { waiting.removeFirst() }
            }
        }
    }

    private func send() async {
        await sendCounts()
        await assignments?.tell(place, over: transport) { error in
            options.logger.debug("assignments of experiments were refused", metadata: ["reason": "\(error)"])
        }
    }

    private func sendCounts() async {
        while let request = next() {
            do {
                _ = try await transport.send(request)
            } catch let error as ConfigPlatformError where !error.isTransient {
                // It would be refused again.
                options.logger.debug("the usage of flags was refused", metadata: ["reason": "\(error)"])
            } catch {
                return
            }
            telling.withLock { _ = $0.unanswered.removeFirst() }
        }
    }

    private func next() -> ServerRequest? {
        telling.withLock { telling in
            if let first = telling.unanswered.first { return first }
            guard let batch = waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return nil }
            telling.unanswered = requests(batch, &telling.named)
            return telling.unanswered.first
        }
    }

    private func requests(_ batch: Batch, _ named: inout Int) -> [ServerRequest] {
        let names = Array(batch.counts.keys)
        return stride(from: 0, to: names.count, by: Self.countsPerRequest).map { start in
            let told = Array(names[start..<min(start + Self.countsPerRequest, names.count)])
            let counts = told.map { name -> JSONValue in
                [
                    "flag": .string(name.flag), "variant": name.variant.map { .string($0) } ?? .null,
                    "reason": .string(name.reason.rawValue), "count": .int(batch.counts[name] ?? 0),
                ]
            }
            var request = ServerRequest(
                .post, in: place.project, "environments", place.environment.rawValue, "flag-usage")
            named += 1
            request.send([
                "client": .string(reporting.client), "report": .string("\(identity)-\(named)"),
                "from": .string(Timestamp(batch.from).text),
                "until": .string(Timestamp(batch.until).text), "counts": .array(counts),
            ])
            return request
        }
    }
}
