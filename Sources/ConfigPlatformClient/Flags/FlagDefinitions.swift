import ConfigPlatformFlags
import ConfigPlatformModel
import Synchronization

/// The flags of an environment, compiled, as one revision has them. Immutable; made from those before, of which all are kept that
/// are the same.
final class FlagDefinitions: FollowedContent {
    let flags: FlagSet
    /// In the places that `flags` has them in.
    private let entries: [FlagEntry]
    /// Definitions that this version of the client cannot compile.
    private let unusable: [ExactName: JSONValue]
    private let metadata: JSONObject
    /// The definitions of `$evaluators`. Some may have been altered since that no flag refers to; see `users`.
    private let rules: JSONObject
    private let evaluators: Evaluators
    /// How many flags refer to a rule. What changes tell of is only what flags refer to, so nothing else is known to be true.
    private let users: [ExactName: Int]
    private let tag = Mutex<String?>(nil)

    private init(
        _ entries: [FlagEntry], _ flags: FlagSet? = nil, unusable: [ExactName: JSONValue], metadata: JSONObject,
        rules: JSONObject, evaluators: Evaluators, users: [ExactName: Int]? = nil
    ) {
        self.entries = entries
        self.flags = flags ?? FlagSet(entries.lazy.map(\.flag), metadata: metadata)
        self.unusable = unusable
        self.metadata = metadata
        self.rules = rules
        self.evaluators = evaluators
        self.users = users ?? entries.reduce(into: [:]) { users, entry in entry.addReferences(to: &users) }
    }

    static let empty = FlagDefinitions(
        [], unusable: [:], metadata: JSONObject(), rules: JSONObject(), evaluators: Evaluators())

    static var noun: String { "flags" }
    static var fileTitle: String { "configplatform-last-known-good-flags" }
    static var snapshotMember: String { "definition" }

    static func reading(_ place: FollowedPlace) -> ServerRequest {
        ServerRequest(.get, in: place.project, "environments", place.environment.rawValue, "flag-set")
    }

    static func watching(_ place: FollowedPlace) -> ServerRequest {
        ServerRequest(.get, in: place.project, "environments", place.environment.rawValue, "flag-set", "watch")
    }

    @inline(__always)
    func entry(_ key: String) -> FlagEntry? { flags.index(of: key).map { entries[$0] } }

    /// Whether there is a flag of that key, which however cannot be compiled.
    func isUnusable(_ key: String) -> Bool { unusable[ExactName(key)] != nil }

    // MARK: Reading

    static func read(_ json: JSONValue, after known: FlagDefinitions) -> FlagDefinitions? {
        guard case .object(let document) = json, case .object(let flags)? = document["flags"],
            let rules = optionalObject(document["$evaluators"]), let metadata = optionalObject(document["metadata"])
        else { return nil }
        let evaluators = Evaluators(rules)
        let isSameMetadata = metadata == known.metadata
        var entries: [FlagEntry] = []
        entries.reserveCapacity(flags.count)
        var unusable: [ExactName: JSONValue] = [:]
        for member in flags.members {
            // What is wrong with a flag may be that a rule was not known before.
            if isSameMetadata, let entry = known.entry(member.name), .object(entry.flag.definition) == member.value,
                entry.flag.faults.isEmpty,
                entry.flag.references.allSatisfy({ known.rules[$0] == rules[$0] })
            {
                entries.append(entry)
            } else if let entry = FlagEntry(member.name, member.value, evaluators, metadata) {
                entries.append(entry)
            } else {
                unusable[ExactName(member.name)] = member.value
            }
        }
        return FlagDefinitions(
            entries, unusable: unusable, metadata: metadata, rules: rules, evaluators: evaluators)
    }

    /// Empty where there is none; nil where there is something else.
    private static func optionalObject(_ json: JSONValue?) -> JSONObject? {
        switch json {
        case nil, .null?: JSONObject()
        case .object(let object)?: object
        default: nil
        }
    }

    // MARK: Changing

    private struct Altered {
        let key: String
        let before: FlagEntry?
        let definition: JSONValue?
    }

    func altered(by change: JSONValue) throws(MalformedChange) -> AlteredContent<FlagDefinitions> {
        guard let changes = change["changes"]?.arrayValue else { throw MalformedChange() }
        var altered: [Altered] = []
        for change in changes {
            guard let key = change["key"]?.stringValue else { throw MalformedChange() }
            if change["shared"]?.arrayValue?.isEmpty == false {
                return .reload("a rule that flags share is another one")
            }
            let entry = entry(key)
            guard change["before"] == entry.map({ .object($0.flag.definition) }) ?? unusable[ExactName(key)] else {
                return .reload("a change is one of another flag than the one that is known")
            }
            altered.append(Altered(key: key, before: entry, definition: change["after"]))
        }
        var users = users
        for alteration in altered { alteration.before?.removeReferences(from: &users) }
        var entries: [(Altered, FlagEntry?)] = []
        var unusable = unusable
        for alteration in altered {
            let entry = alteration.definition.flatMap { FlagEntry(alteration.key, $0, evaluators, metadata) }
            // A rule is known as it is now if a flag refers to it that has not changed, or if this one has done so before: had it
            // become another, the change would have said so.
            let isKnown = entry?.flag.references.allSatisfy { name in
                users[ExactName(name)] != nil || alteration.before?.flag.references.contains(name) == true
            }
            // References to nothing are among the faults.
            guard isKnown ?? true, entry?.flag.faults.isEmpty ?? true else {
                return .reload("a flag refers to a rule that is not known")
            }
            unusable[ExactName(alteration.key)] = entry == nil ? alteration.definition : .none
            entries.append((alteration, entry))
        }
        for (_, entry) in entries { entry?.addReferences(to: &users) }
        let (all, set) = replacing(entries)
        return .content(
            FlagDefinitions(
                all, set, unusable: unusable, metadata: metadata, rules: rules, evaluators: evaluators, users: users),
            entityTag: nil)
    }

    /// - Returns: The set too, where it could be made from the present one.
    private func replacing(_ altered: [(Altered, FlagEntry?)]) -> ([FlagEntry], FlagSet?) {
        var all = entries
        if altered.allSatisfy({ $0.before != nil && $1 != nil }) {
            var replaced: [(index: Int, flag: Flag)] = []
            for case (let alteration, let entry?) in altered {
                guard let index = flags.index(of: alteration.key) else { continue }
                all[index] = entry
                replaced.append((index, entry.flag))
            }
            return (all, flags.replacing(replaced))
        }
        let keys = Set(altered.map { ExactName($0.0.key) })
        all.removeAll { keys.contains(ExactName($0.flag.key)) }
        all += altered.compactMap(\.1)
        return (all, nil)
    }

    // MARK: As a whole

    var bytes: [UInt8] {
        var members = entries.map { ($0.flag.key, JSONValue.object($0.flag.definition)) }
        members += unusable.map { ($0.key.text, $0.value) }
        // Where one cannot be compiled, nobody knows to what it refers.
        let used = rules.members.filter { !unusable.isEmpty || users[ExactName($0.name)] != nil }
        var document: JSONObject = [
            "$evaluators": .object(JSONObject(uniqueMembers: used.map { ($0.name, $0.value) })),
            "flags": .object(JSONObject(uniqueMembers: members)),
        ]
        if !metadata.isEmpty { document["metadata"] = .object(metadata) }
        return JSONValue.object(document).canonicalBytes()
    }

    var entityTag: String {
        if let known = tag.withLock({ $0 }) { return known }
        let made = Self.entityTag(of: bytes)
        tag.withLock { $0 = made }
        return made
    }

    /// The keys of flags that are others, or not there on one side, in order.
    static func differences(_ before: FlagDefinitions, _ after: FlagDefinitions) -> [String] {
        if before === after { return [] }
        var keys: [String] = []
        for (index, entry) in after.entries.enumerated() {
            // In the same place, most of the time.
            if index < before.entries.count, before.entries[index] === entry { continue }
            if before.entry(entry.flag.key) !== entry { keys.append(entry.flag.key) }
        }
        for entry in before.entries where after.entry(entry.flag.key) == nil { keys.append(entry.flag.key) }
        for (name, definition) in after.unusable where before.unusable[name] != definition {
            if before.entry(name.text) == nil { keys.append(name.text) }
        }
        for name in before.unusable.keys where !after.isUnusable(name.text) && after.entry(name.text) == nil {
            keys.append(name.text)
        }
        return Set(keys).sorted()
    }
}

/// A flag that is evaluated, and what it came to so far.
final class FlagEntry: Sendable {
    let flag: Flag
    private let tally = AtomicLazyReference<FlagTally>()

    /// Nil where the definition cannot be compiled.
    init?(_ key: String, _ definition: JSONValue, _ evaluators: Evaluators, _ metadata: JSONObject) {
        guard case .object(let definition) = definition,
            let flag = try? Flag(key: key, definition: definition, evaluators: evaluators, metadata: metadata)
        else { return nil }
        self.flag = flag
    }

    /// Counts an evaluation; the first one of a flag makes room for its counts.
    @inline(__always)
    func count(_ resolution: Resolution, in counts: FlagUsageCounts) {
        (tally.load() ?? firstTally(in: counts)).count(resolution)
    }

    private func firstTally(in counts: FlagUsageCounts) -> FlagTally {
        let made = FlagTally(flag)
        let tally = tally.storeIfNil(made)
        if tally === made { counts.add(made) }
        return tally
    }

    func addReferences(to users: inout [ExactName: Int]) {
        for name in flag.references { users[ExactName(name), default: 0] += 1 }
    }

    func removeReferences(from users: inout [ExactName: Int]) {
        for name in flag.references {
            let left = users[ExactName(name), default: 0] - 1
            users[ExactName(name)] = left > 0 ? left : nil
        }
    }
}
