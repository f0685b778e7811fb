package import ConfigPlatformFlags

/// A committed item of flags. Immutable, and shared by every state and every environment in which it shows.
package final class StoredFlagItem<Body: Hashable & Sendable>: OrderedItem {
    package let place: FlagPlace
    /// The revision that last wrote it.
    package let revision: Revision
    package let body: Body
    /// Bytes of the body in canonical JSON.
    let byteCount: Int

    init(_ place: FlagPlace, _ body: Body, revision: Revision, byteCount: Int) {
        self.place = place
        self.body = body
        self.revision = revision
        self.byteCount = byteCount
    }

    fileprivate convenience init(_ place: FlagPlace, _ body: Body, _ written: WrittenFlagItem) {
        self.init(place, body, revision: written.revision, byteCount: written.byteCount)
    }

    /// The key of the flag that it is or is about, or the segment's name.
    package var order: String { place.key }
}

/// What an item of flags says, the revision that wrote it, and the bytes of its body in canonical JSON.
private typealias WrittenFlagItem = (body: FlagItemBody, revision: Revision, byteCount: Int)

package typealias StoredFlag = StoredFlagItem<FlagBody>
package typealias StoredSegment = StoredFlagItem<SegmentBody>
package typealias StoredRule = StoredFlagItem<FlagRuleBody>
package typealias StoredRollout = StoredFlagItem<FlagRolloutBody>
package typealias StoredKill = StoredFlagItem<FlagKillBody>

/// What one environment itself says of flags.
package struct OwnFlags: Sendable {
    package private(set) var rules = OrderedItems<StoredRule>()
    package private(set) var rollouts = OrderedItems<StoredRollout>()
    package private(set) var kills = OrderedItems<StoredKill>()

    package init() {}

    package var count: Int { rules.count + rollouts.count + kills.count }
    package var isEmpty: Bool { count == 0 }

    /// Whether it says anything of the flag.
    func says(of key: FlagKey) -> Bool {
        rules[key.rawValue] != nil || rollouts[key.rawValue] != nil || kills[key.rawValue] != nil
    }

    /// The flags of which it says something, in no order.
    var keys: Set<FlagKey> {
        var keys = Set(rules.compactMap(\.place.flag))
        keys.formUnion(rollouts.lazy.compactMap(\.place.flag))
        keys.formUnion(kills.lazy.compactMap(\.place.flag))
        return keys
    }

    /// Gives the bytes of the item that this takes the place of, or ends; nil where there was none.
    @discardableResult
    fileprivate mutating func set(_ place: FlagPlace, _ item: WrittenFlagItem?) -> Int? {
        switch (place, item?.body) {
        case (.rule, .rule(let body)?): rules.put(StoredRule(place, body, item!))?.byteCount
        case (.rule(let key, _), nil): rules.remove(key.rawValue)?.byteCount
        case (.rollout, .rollout(let body)?): rollouts.put(StoredRollout(place, body, item!))?.byteCount
        case (.rollout(let key, _), nil): rollouts.remove(key.rawValue)?.byteCount
        case (.kill, .kill(let body)?): kills.put(StoredKill(place, body, item!))?.byteCount
        case (.kill(let key, _), nil): kills.remove(key.rawValue)?.byteCount
        default: preconditionFailure("\(place) is said by another kind of item")
        }
    }
}

/// The flags and segments of a project, and what names them. Immutable values: a copy shares all but what is altered afterwards.
package struct ProjectFlags: Sendable {
    package private(set) var flags = OrderedItems<StoredFlag>()
    package private(set) var segments = OrderedItems<StoredSegment>()
    /// The segments with what they name.
    private(set) var resolvedSegments = OrderedItems<ResolvedSegment>()
    /// What flags came to, shared by all environments and by the states that follow one another.
    let pool = ResolvedFlagPool()
    /// The rollouts that are running, in any environment, by their places.
    package private(set) var running: [FlagPlace: StoredRollout] = [:]
    /// Who names each flag as a prerequisite, in any environment.
    private var flagUsers = OrderedItems<NameUsers>()
    /// Who names each segment, in any environment.
    private var segmentUsers = OrderedItems<NameUsers>()

    package init() {}

    package subscript(key: FlagKey) -> StoredFlag? { flags[key.rawValue] }
    package subscript(name: SegmentName) -> StoredSegment? { segments[name.rawValue] }

    package var isEmpty: Bool { flags.isEmpty && segments.isEmpty }

    /// Who names the flag as a prerequisite, in any environment, in order of key.
    func users(of key: FlagKey) -> [FlagKey] {
        (flagUsers[key.rawValue]?.counts.keys.map { $0 } ?? []).compactMap(\.flag).sorted()
    }

    /// Flags whose rules or rollouts name the segment, in any environment, and segments that name it, in order.
    package func users(of name: SegmentName) -> (flags: [FlagKey], segments: [SegmentName]) {
        let users: [NameUser] = users(of: name)
        return (users.compactMap(\.flag), users.compactMap(\.segment))
    }

    /// Who names the segment, in any environment.
    func users(of name: SegmentName) -> [NameUser] {
        (segmentUsers[name.rawValue]?.counts.keys.map { $0 } ?? []).sorted { $0.order < $1.order }
    }

    /// These flags and all that may come to something else where they, or these segments, do.
    func dependents(of flags: Set<FlagKey>, _ segments: Set<SegmentName>) -> Set<FlagKey> {
        var found = flags
        var open = Array(flags)
        var named = segments
        var openSegments = Array(segments)
        while let name = openSegments.popLast() {
            for user in segmentUsers[name.rawValue]?.counts.keys.map({ $0 }) ?? [] {
                switch user {
                case .flag(let key): if found.insert(key).inserted { open.append(key) }
                case .segment(let other): if named.insert(other).inserted { openSegments.append(other) }
                }
            }
        }
        while let key = open.popLast() {
            for case .flag(let user) in flagUsers[key.rawValue]?.counts.keys.map({ $0 }) ?? []
            where found.insert(user).inserted {
                open.append(user)
            }
        }
        return found
    }

    func segments(namedBy rule: StoredRule?, _ rollout: StoredRollout?) -> [ResolvedSegment] {
        let names = (rule?.body.namedSegments ?? []) + (rollout?.body.namedSegments ?? [])
        return Set(names).sorted().compactMap { resolvedSegments[$0.rawValue] }
    }

    /// These segments and all that name them, directly or through others.
    func namingSegments(_ written: Set<SegmentName>) -> Set<SegmentName> {
        var found = written
        var open = Array(written)
        while let name = open.popLast() {
            for case .segment(let user) in segmentUsers[name.rawValue]?.counts.keys.map({ $0 }) ?? []
            where found.insert(user).inserted {
                open.append(user)
            }
        }
        return found
    }

    /// Works out anew what those that were written, and all that name them, come to.
    fileprivate mutating func resolveSegments(_ written: Set<SegmentName>) {
        let stale = namingSegments(written)
        for name in stale { resolvedSegments.remove(name.rawValue) }
        for name in stale.sorted() { _ = resolveSegment(name, below: 0) }
    }

    private mutating func resolveSegment(_ name: SegmentName, below depth: Int) -> ResolvedSegment? {
        if let known = resolvedSegments[name.rawValue] { return known }
        // No committed state nests them deeper, or in a circle.
        guard let segment = self[name], depth <= FlagLimits.referenceDepth else { return nil }
        let nested = segment.body.namedSegments.sorted().compactMap { resolveSegment($0, below: depth + 1) }
        let resolved = ResolvedSegment(name, segment, nested)
        resolvedSegments.put(resolved)
        return resolved
    }

    /// Gives the bytes of the item that this takes the place of, or ends; nil where there was none.
    @discardableResult
    fileprivate mutating func set(_ place: FlagPlace, _ item: WrittenFlagItem?) -> Int? {
        switch (place, item?.body) {
        case (.flag, .flag(let body)?): flags.put(StoredFlag(place, body, item!))?.byteCount
        case (.flag(let key), nil): flags.remove(key.rawValue)?.byteCount
        case (.segment, .segment(let body)?): segments.put(StoredSegment(place, body, item!))?.byteCount
        case (.segment(let name), nil): segments.remove(name.rawValue)?.byteCount
        default: preconditionFailure("\(place) is another kind of item")
        }
    }

    /// Notes whether a rollout runs.
    fileprivate mutating func note(_ rollout: StoredRollout?, at place: FlagPlace) {
        guard case .rollout = place else { return }
        let running = rollout?.body.state == .running ? rollout : nil
        if running == nil, self.running[place] == nil { return }
        self.running[place] = running
    }

    /// Counts what an item names.
    fileprivate mutating func count(_ names: NamedInFlags, by user: NameUser, _ step: Int) {
        for key in names.flags { Self.count(key.rawValue, by: user, step, in: &flagUsers) }
        for name in names.segments { Self.count(name.rawValue, by: user, step, in: &segmentUsers) }
    }

    private static func count(_ name: String, by user: NameUser, _ step: Int, in users: inout OrderedItems<NameUsers>) {
        var counts = users[name]?.counts ?? [:]
        let count = (counts[user] ?? 0) + step
        counts[user] = count > 0 ? count : nil
        if counts.isEmpty { users.remove(name) } else { users.put(NameUsers(name, counts)) }
    }
}

/// What names flags and segments.
enum NameUser: Hashable {
    /// Its rule or its rollout, in some environment.
    case flag(FlagKey)
    case segment(SegmentName)

    var flag: FlagKey? { if case .flag(let key) = self { key } else { nil } }
    var segment: SegmentName? { if case .segment(let name) = self { name } else { nil } }

    fileprivate var order: String {
        switch self {
        case .flag(let key): "flag " + key.rawValue
        case .segment(let name): "segment " + name.rawValue
        }
    }
}

/// Who names one flag or one segment, and in how many items.
private final class NameUsers: OrderedItem {
    let order: String
    let counts: [NameUser: Int]

    init(_ name: String, _ counts: [NameUser: Int]) {
        order = name
        self.counts = counts
    }
}

/// The flags of a project while the effects of a change are applied to it.
struct FlagDraft {
    private(set) var project: ProjectFlags
    /// What environments say themselves, those that alter.
    private(set) var own: [EnvironmentName: OwnFlags] = [:]
    private var writtenFlags: Set<FlagKey> = []
    private var writtenSegments: Set<SegmentName> = []
    private var writtenOwn: [EnvironmentName: Set<FlagKey>] = [:]

    init(_ project: ProjectFlags) { self.project = project }

    /// Gives the bytes of the item that the effect is on, as it stood; nil where there was none.
    mutating func apply(
        _ effect: Effect, at revision: Revision, _ environments: [EnvironmentName: EnvironmentState]
    ) throws -> Int? {
        let address = effect.address
        let place = try FlagPlace(address.kind, key: address.key, environment: address.environment)
        let body = try effect.flagItem ?? effect.body.map { try FlagItemBody(address.kind, stored: $0) }
        let item = body.map { (body: $0, revision: revision, byteCount: effect.body?.count ?? 0) }
        switch place {
        case .flag(let key):
            writtenFlags.insert(key)
            return project.set(place, item)
        case .segment(let name):
            if let standing = project[name] { project.count(standing.body.named, by: .segment(name), -1) }
            let standing = project.set(place, item)
            if case .segment(let body)? = body { project.count(body.named, by: .segment(name), 1) }
            writtenSegments.insert(name)
            return standing
        case .rule(let key, let environment), .rollout(let key, let environment), .kill(let key, let environment):
            guard let state = environments[environment] else {
                throw UnreadableRecord("an effect on a flag in an environment that does not exist: \(address.shown)")
            }
            var said = own[environment] ?? state.flags
            project.count(said.named(at: place), by: .flag(key), -1)
            let standing = said.set(place, item)
            project.count(said.named(at: place), by: .flag(key), 1)
            project.note(said.rollouts[key.rawValue], at: place)
            own[environment] = said
            writtenOwn[environment, default: []].insert(key)
            return standing
        }
    }

    /// Forgets what ends with an environment, and gives it.
    mutating func end(_ environment: EnvironmentName, _ state: EnvironmentState?) -> OwnFlags {
        let said = own[environment] ?? state?.flags ?? OwnFlags()
        project.forget(said)
        own[environment] = nil
        writtenOwn[environment] = nil
        return said
    }

    /// Once every effect is applied.
    mutating func finish() {
        if !writtenSegments.isEmpty { project.resolveSegments(writtenSegments) }
    }

    /// For each environment in which flags may come to something else, their keys; without those that are worked out anew.
    func touched(
        _ environments: [EnvironmentName: EnvironmentState], _ layering: Layering, since previous: ProjectState?,
        besides relayered: Set<EnvironmentName>
    ) -> [EnvironmentName: Set<FlagKey>] {
        func all(of flags: Set<FlagKey>, _ segments: Set<SegmentName>) -> Set<FlagKey> {
            guard !flags.isEmpty || !segments.isEmpty else { return [] }
            let found = project.dependents(of: flags, segments)
            return previous.map { found.union($0.flags.dependents(of: flags, segments)) } ?? found
        }
        var touched: [EnvironmentName: Set<FlagKey>] = [:]
        let everywhere = all(of: writtenFlags, writtenSegments)
        if !everywhere.isEmpty {
            for name in environments.keys where !relayered.contains(name) { touched[name] = everywhere }
        }
        for (name, keys) in writtenOwn {
            let keys = all(of: keys, [])
            for reader in layering.readers[name] ?? [] where !relayered.contains(reader) {
                touched[reader, default: []].formUnion(keys)
            }
        }
        return touched
    }

    /// What flags come to in each environment.
    func resolved(
        _ environments: [EnvironmentName: EnvironmentState], _ layering: Layering, _ touched: Touched,
        _ previous: ProjectState?
    ) -> [EnvironmentName: ResolvedFlags] {
        var resolved = previous?.resolvedFlags ?? [:]
        func layers(_ name: EnvironmentName) -> [EnvironmentState] {
            (layering.layers[name] ?? []).compactMap { environments[$0] }
        }
        for name in touched.relayered {
            resolved[name] =
                environments[name] == nil
                ? nil
                : ResolvedFlags(environment: name, project, layers: layers(name), predecessor: nil, touched: [])
        }
        for (name, keys) in touched.flags {
            resolved[name] = ResolvedFlags(
                environment: name, project, layers: layers(name), predecessor: resolved[name], touched: keys)
        }
        return resolved
    }
}

/// The flags of a project as the store folds them, in any order.
struct FlagBuilder {
    private var items: [(place: FlagPlace, written: WrittenFlagItem)] = []
    private var own: [EnvironmentName: OwnFlags]?

    mutating func add(_ address: ItemAddress, _ body: [UInt8], _ revision: Revision) throws {
        let place = try FlagPlace(address.kind, key: address.key, environment: address.environment)
        let item = try FlagItemBody(address.kind, stored: body)
        items.append((place: place, written: (body: item, revision: revision, byteCount: body.count)))
    }

    /// What the environment says itself, to be asked of each environment once.
    mutating func takeOwn(of environment: EnvironmentName) -> OwnFlags {
        if own == nil {
            var all: [EnvironmentName: OwnFlags] = [:]
            for (place, written) in items {
                if let environment = place.environment {
                    all[environment, default: OwnFlags()].set(place, written)
                }
            }
            own = all
        }
        return own?.removeValue(forKey: environment) ?? OwnFlags()
    }

    /// The project's flags, once every environment has taken its own. Throws ``UnreadableRecord`` where one is left over.
    func finished() throws -> ProjectFlags {
        if let environment = own?.keys.min() {
            throw UnreadableRecord("a flag's item of an environment that does not exist: \(environment.rawValue)")
        }
        var project = ProjectFlags()
        for (place, written) in items {
            if place.environment == nil { project.set(place, written) }
            switch (place, written.body) {
            case (.segment(let name), .segment(let body)): project.count(body.named, by: .segment(name), 1)
            case (.rule(let key, _), .rule(let body)): project.count(body.named, by: .flag(key), 1)
            case (.rollout(let key, _), .rollout(let body)):
                project.count(body.named, by: .flag(key), 1)
                project.note(StoredRollout(place, body, written), at: place)
            default: break
            }
        }
        project.resolveSegments(Set(project.segments.compactMap { $0.place.segment }))
        return project
    }
}

extension ProjectFlags {
    fileprivate mutating func forget(_ own: OwnFlags) {
        for rollout in own.rollouts { note(nil, at: rollout.place) }
        for rule in own.rules { if let key = rule.place.flag { count(rule.body.named, by: .flag(key), -1) } }
        for rollout in own.rollouts {
            if let key = rollout.place.flag { count(rollout.body.named, by: .flag(key), -1) }
        }
    }
}

extension OwnFlags {
    /// What the item there names; nothing where there is none.
    fileprivate func named(at place: FlagPlace) -> NamedInFlags {
        switch place {
        case .rule(let key, _): rules[key.rawValue]?.body.named ?? NamedInFlags()
        case .rollout(let key, _): rollouts[key.rawValue]?.body.named ?? NamedInFlags()
        default: NamedInFlags()
        }
    }
}

/// The flags and segments that an item names.
struct NamedInFlags {
    var flags: [FlagKey] = []
    var segments: [SegmentName] = []
}

extension FlagRuleBody {
    var named: NamedInFlags { NamedInFlags(flags: namedFlags, segments: namedSegments) }
}

extension FlagRolloutBody {
    var named: NamedInFlags { NamedInFlags(segments: namedSegments) }
}

extension SegmentBody {
    var named: NamedInFlags { NamedInFlags(segments: namedSegments) }
}

extension ProjectState {
    /// The flag's item there; nil where there is none.
    package func flagItem(_ place: FlagPlace) -> (body: FlagItemBody, revision: Revision)? {
        func own(_ environment: EnvironmentName) -> OwnFlags? { environments[environment]?.flags }
        switch place {
        case .flag(let key): return flags[key].map { (.flag($0.body), $0.revision) }
        case .segment(let name): return flags[name].map { (.segment($0.body), $0.revision) }
        case .rule(let key, let environment):
            return own(environment)?.rules[key.rawValue].map { (.rule($0.body), $0.revision) }
        case .rollout(let key, let environment):
            return own(environment)?.rollouts[key.rawValue].map { (.rollout($0.body), $0.revision) }
        case .kill(let key, let environment):
            return own(environment)?.kills[key.rawValue].map { (.kill($0.body), $0.revision) }
        }
    }
}
