package import ConfigPlatformFlags
import Synchronization

/// What flags come to in one environment: its layers laid over one another, kind by kind. Immutable; worked out when first asked for, and
/// from its predecessor where there is one, so that a change costs what it touches.
package final class ResolvedFlags: Sendable {
    package let environment: EnvironmentName
    private let project: ProjectFlags
    /// What each layer itself says, lowest first, without those that say nothing.
    private let layers: [OwnFlags]

    private struct State {
        var contents: OrderedItems<ResolvedFlag>?
        var predecessor: (contents: OrderedItems<ResolvedFlag>, touched: Set<FlagKey>)?
        /// Those that were asked for one by one before all were.
        var known: [FlagKey: ResolvedFlag] = [:]
        var compiled: [Flag]?
        var document: Document?
        var portable: [UInt8]?
    }
    private let state: Mutex<State>

    /// - Parameter predecessor: what flags came to before those `touched` may have altered; nil to start from the layers.
    init(
        environment: EnvironmentName, _ project: ProjectFlags, layers: [EnvironmentState], predecessor: ResolvedFlags?,
        touched: Set<FlagKey>
    ) {
        self.environment = environment
        self.project = project
        self.layers = layers.map(\.flags).filter { !$0.isEmpty }
        let known = predecessor?.state.withLock { state -> (OrderedItems<ResolvedFlag>, Set<FlagKey>)? in
            if let contents = state.contents { return (contents, touched) }
            return state.predecessor.map { ($0.contents, $0.touched.union(touched)) }
        }
        state = Mutex(State(predecessor: known ?? nil))
    }

    /// The flag as it stands here, archived ones too; nil where the project has none of that key.
    package subscript(key: FlagKey) -> ResolvedFlag? {
        state.withLock { state in
            if let contents = state.contents { return contents[key.rawValue] }
            if let (contents, touched) = state.predecessor, !touched.contains(key) { return contents[key.rawValue] }
            if let known = state.known[key] { return known }
            var resolution = FlagResolution(project, layers, known: state.known, state.predecessor)
            let flag = resolution.flag(key)
            state.known = resolution.known
            return flag
        }
    }

    /// The flags of which some layer says something, in order of key.
    ///
    /// - Parameter touched: the only ones that are of interest; nil for all.
    func keysSaidOf(among touched: Set<FlagKey>?) -> [FlagKey] {
        let said = layers.reduce(0) { $0 + $1.count }
        if said == 0 { return [] }
        if let touched, touched.count <= said {
            return touched.filter { key in layers.contains { $0.says(of: key) } }.sorted()
        }
        var keys: Set<FlagKey> = []
        for layer in layers { keys.formUnion(layer.keys) }
        return keys.filter { touched?.contains($0) ?? true }.sorted()
    }

    /// All of them, archived ones too, in order of key.
    package var contents: OrderedItems<ResolvedFlag> {
        state.withLock { state in
            if let contents = state.contents { return contents }
            var resolution = FlagResolution(project, layers, known: state.known, state.predecessor)
            var contents: OrderedItems<ResolvedFlag>
            if let (previous, touched) = state.predecessor, touched.count * 4 < previous.count + 64 {
                contents = previous
                for key in touched {
                    if let flag = resolution.flag(key) { contents.put(flag) } else { contents.remove(key.rawValue) }
                }
            } else {
                contents = OrderedItems(
                    sorted: project.flags.compactMap { $0.place.flag.flatMap { resolution.flag($0) } })
            }
            state.contents = contents
            state.predecessor = nil
            state.known = [:]
            return contents
        }
    }

    /// The flag, ready to be evaluated: compiled when first asked for. Nil where there is none, and for one that is archived.
    package func compiled(_ key: FlagKey) -> Flag? { self[key]?.compiled }

    /// All that are not archived, ready to be evaluated, in order of key.
    package var compiled: [Flag] {
        if let known = state.withLock({ $0.compiled }) { return known }
        let made = contents.compactMap(\.compiled)
        state.withLock { $0.compiled = made }
        return made
    }

    /// All that are not archived, in flagd's format.
    package var document: Document {
        let contents = contents
        return state.withLock { state in
            if let document = state.document { return document }
            let document = Document(contents)
            state.document = document
            return document
        }
    }

    /// The same for clients that put shared rules in by their text, once each: rules that refer to others have those put in. `metadata` names
    /// the set of flags.
    ///
    /// - Parameter name: of the set, the same each time.
    package func portableDocument(named name: String) -> [UInt8] {
        if let known = state.withLock({ $0.portable }) { return known }
        var shared: [String: [UInt8]] = [:]
        var flags: [UInt8] = []
        for flag in contents {
            guard let portable = flag.portable else { continue }
            for (name, bytes) in portable.shared where shared[name] == nil { shared[name] = bytes }
            Document.write(flag.key.rawValue, portable.bytes, into: &flags)
        }
        let bytes = Document.written(shared, flags, metadata: ["flagSetId": .string(name)])
        state.withLock { $0.portable = bytes }
        return bytes
    }

    package struct Document: Sendable {
        /// `{"$evaluators": {…}, "flags": {…}}` in canonical JSON: the segments that the flags name, and the flags.
        package let bytes: [UInt8]
        /// SHA-256 of ``bytes``.
        package let digest: Digest
        /// Strong entity tag: `"` + the first 32 digits of the digest + `"`.
        package let entityTag: String

        fileprivate init(_ contents: OrderedItems<ResolvedFlag>) {
            var shared: [String: [UInt8]] = [:]
            var flags: [UInt8] = []
            for flag in contents {
                guard let lowered = flag.lowered else { continue }
                for rule in lowered.shared where shared[rule.rule.name] == nil { shared[rule.rule.name] = rule.bytes }
                Self.write(flag.key.rawValue, lowered.bytes, into: &flags)
            }
            let out = Self.written(shared, flags, metadata: nil)
            bytes = out
            digest = Digest.of(out)
            entityTag = "\"\(digest.hexadecimal.prefix(32))\""
        }

        /// - Parameters:
        ///   - flags: members, each with a comma after it.
        ///   - metadata: of the set; where there is none, `$evaluators` are there even if there are none.
        fileprivate static func written(
            _ shared: [String: [UInt8]], _ flags: [UInt8], metadata: JSONValue?
        ) -> [UInt8] {
            var out: [UInt8] = []
            out.reserveCapacity(flags.count + shared.values.reduce(256) { $0 + $1.count + 128 })
            out.append(UInt8(ascii: "{"))
            if !shared.isEmpty || metadata == nil {
                out.append(contentsOf: Array("\"$evaluators\":{".utf8))
                for (name, bytes) in shared.sorted(by: { $0.key.precedesInUTF16($1.key) }) {
                    write(name, bytes, into: &out)
                }
                if !shared.isEmpty { out.removeLast() }
                out.append(contentsOf: Array("},".utf8))
            }
            out.append(contentsOf: Array("\"flags\":{".utf8))
            out.append(contentsOf: flags)
            if !flags.isEmpty { out.removeLast() }
            out.append(UInt8(ascii: "}"))
            if let metadata {
                out.append(contentsOf: Array(",\"metadata\":".utf8))
                metadata.writeCanonical(into: &out)
            }
            out.append(UInt8(ascii: "}"))
            return out
        }

        /// `"name":value,`
        fileprivate static func write(_ name: String, _ bytes: [UInt8], into out: inout [UInt8]) {
            JSONText.appendString(name, into: &out)
            out.append(UInt8(ascii: ":"))
            out.append(contentsOf: bytes)
            out.append(UInt8(ascii: ","))
        }
    }
}

/// Finds what counts for flags in one environment.
private struct FlagResolution {
    private let project: ProjectFlags
    private let layers: [OwnFlags]
    private let predecessor: (contents: OrderedItems<ResolvedFlag>, touched: Set<FlagKey>)?
    private(set) var known: [FlagKey: ResolvedFlag]
    private var depth = 0

    init(
        _ project: ProjectFlags, _ layers: [OwnFlags], known: [FlagKey: ResolvedFlag],
        _ predecessor: (contents: OrderedItems<ResolvedFlag>, touched: Set<FlagKey>)?
    ) {
        self.project = project
        self.layers = layers
        self.known = known
        self.predecessor = predecessor
    }

    mutating func flag(_ key: FlagKey) -> ResolvedFlag? {
        if let flag = known[key] { return flag }
        if let (contents, touched) = predecessor, !touched.contains(key) { return contents[key.rawValue] }
        guard let flag = project[key] else { return nil }
        let rule = winner { $0.rules[key.rawValue] }
        let rollout = winner { $0.rollouts[key.rawValue] }
        var prerequisites: [ResolvedFlag] = []
        // No committed state nests them deeper, or in a circle.
        if let rule, !rule.body.prerequisites.isEmpty, depth <= FlagLimits.referenceDepth {
            depth += 1
            for prerequisite in rule.body.namedFlags.sorted() {
                if let flag = self.flag(prerequisite) { prerequisites.append(flag) }
            }
            depth -= 1
        }
        let resolved = project.pool.flag(
            FlagInputs(
                key: key, flag: flag, rule: rule, rollout: rollout, kill: winner { $0.kills[key.rawValue] },
                prerequisites: prerequisites, segments: project.segments(namedBy: rule, rollout)))
        known[key] = resolved
        return resolved
    }

    private func winner<Item>(_ item: (OwnFlags) -> Item?) -> Item? {
        for layer in layers.reversed() {
            if let item = item(layer) { return item }
        }
        return nil
    }
}

/// A flag that comes to something else: its definition before and afterwards in canonical JSON, nil where it is not there or archived.
package struct FlagDifference: Hashable, Sendable {
    package let key: FlagKey
    package let before: [UInt8]?
    package let after: [UInt8]?
    /// Rules among `$evaluators` that both refer to and that are others, by name: segments, and prerequisites.
    package let shared: [SharedRule]
    /// Whether programs may be given another value: whoever asks for a flag that is DISABLED, archived or not there keeps their own default.
    let isServed: Bool
    /// Of all of it: what is approved.
    private let digest: Digest

    init(key: FlagKey, before: ResolvedFlag.Lowered?, after: ResolvedFlag.Lowered?) {
        self.key = key
        self.before = before?.bytes
        self.after = after?.bytes
        isServed = [before, after].contains { $0?.definition["state"] == "ENABLED" }
        func digests(_ lowered: ResolvedFlag.Lowered?) -> [SharedRule: Digest] {
            Dictionary(uniqueKeysWithValues: (lowered?.shared ?? []).map { ($0.rule, $0.digest) })
        }
        let (old, new) = (digests(before), digests(after))
        shared = new.filter { rule, digest in old[rule].map { $0 != digest } ?? false }.keys
            .sorted { $0.name.precedesInUTF16($1.name) }
        var told: [UInt8] = []
        for lowered in [before, after] {
            for rule in lowered?.shared ?? [] {
                JSONText.appendString(rule.rule.name, into: &told)
                told.append(contentsOf: rule.digest.hexadecimal.utf8)
            }
            told.append(UInt8(ascii: ";"))
        }
        digest = Digest.of(told)
    }

    /// `{"after":…,"before":…,"key":…,"shared":[…]}`, without the members that have no value.
    package func write(into out: inout [UInt8]) {
        out.append(UInt8(ascii: "{"))
        for (name, value) in [("after", after), ("before", before)] {
            guard let value else { continue }
            JSONText.appendString(name, into: &out)
            out.append(UInt8(ascii: ":"))
            out.append(contentsOf: value)
            out.append(UInt8(ascii: ","))
        }
        out.append(contentsOf: Array("\"key\":".utf8))
        JSONText.appendString(key.rawValue, into: &out)
        if !shared.isEmpty {
            out.append(contentsOf: Array(",\"shared\":[".utf8))
            for (index, rule) in shared.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                JSONText.appendString(rule.name, into: &out)
            }
            out.append(UInt8(ascii: "]"))
        }
        out.append(UInt8(ascii: "}"))
    }

    /// The same with the digest of everything that the definitions refer to.
    func writeImpact(into out: inout [UInt8]) {
        out.append(contentsOf: Array("{\"difference\":".utf8))
        write(into: &out)
        out.append(contentsOf: Array(",\"refersTo\":\"\(digest.hexadecimal)\"}".utf8))
    }
}

extension ResolvedFlags {
    /// The flags that come to something else than before, in order of key.
    ///
    /// - Parameter touched: the only ones that can, where that is known; nil to compare all.
    package static func differences(
        from before: ResolvedFlags?, to after: ResolvedFlags?, touched: Set<FlagKey>? = nil
    ) -> [FlagDifference] {
        func difference(_ key: FlagKey, _ old: ResolvedFlag?, _ new: ResolvedFlag?) -> FlagDifference? {
            if let old, let new, old.isSame(as: new) { return nil }
            let (old, new) = (old?.lowered, new?.lowered)
            return old == nil && new == nil ? nil : FlagDifference(key: key, before: old, after: new)
        }
        if let touched { return touched.sorted().compactMap { difference($0, before?[$0], after?[$0]) } }
        if before == nil || after == nil {
            return (before ?? after)?.contents.compactMap { flag in
                before == nil ? difference(flag.key, nil, flag) : difference(flag.key, flag, nil)
            } ?? []
        }
        let (old, new) = (before?.contents ?? OrderedItems(), after?.contents ?? OrderedItems())
        var keys = Set(old.map(\.key))
        keys.formUnion(new.map(\.key))
        return keys.sorted().compactMap { difference($0, old[$0.rawValue], new[$0.rawValue]) }
    }
}
