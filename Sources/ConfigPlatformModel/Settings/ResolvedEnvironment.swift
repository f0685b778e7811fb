import Synchronization

/// What programs of one environment read: its layers laid over one another, references replaced. Immutable; worked out when first
/// asked for, and from its predecessor where there is one, so that a change costs what it touches.
package final class ResolvedEnvironment: Sendable {
    package let name: EnvironmentName
    /// Lowest first; the environment itself last.
    package let layers: [EnvironmentState]

    private struct State {
        var contents: Contents?
        var predecessor: (contents: Contents, touched: Set<ConfigKey>)?
        var document: Document?
    }
    private let state: Mutex<State>

    /// - Parameter predecessor: what was read before the keys `touched` may have changed in some layer; nil to start from the layers.
    init(name: EnvironmentName, layers: [EnvironmentState], predecessor: ResolvedEnvironment?, touched: Set<ConfigKey>)
    {
        self.name = name
        self.layers = layers
        let known = predecessor?.state.withLock { state -> (contents: Contents, touched: Set<ConfigKey>)? in
            if let contents = state.contents { return (contents, touched) }
            return state.predecessor.map { ($0.contents, $0.touched.union(touched)) }
        }
        state = Mutex(State(predecessor: known ?? nil))
    }

    private init(_ whole: ResolvedEnvironment, contents: Contents) {
        name = whole.name
        layers = whole.layers
        state = Mutex(State(contents: contents))
    }

    /// The environment as somebody sees it who may not read every key of it.
    package func restricted(to isVisible: (ConfigKey) -> Bool) -> ResolvedEnvironment {
        ResolvedEnvironment(self, contents: contents.restricted(to: isVisible))
    }

    /// The environment's settings after inheritance, and the values of those that hold references.
    package var contents: Contents {
        state.withLock { state in
            if let contents = state.contents { return contents }
            let contents =
                if let (previous, touched) = state.predecessor, touched.count * 4 < previous.settings.count + 64 {
                    previous.updated(touched, layers: layers)
                } else {
                    Contents(layers: layers)
                }
            state.contents = contents
            state.predecessor = nil
            return contents
        }
    }

    /// Whether it is known by now, is small, and refers nowhere to the key, nor by it: then another value there is quickly worked out.
    func isQuicklyUpdated(at key: ConfigKey) -> Bool {
        state.withLockIfAvailable { state in
            guard let contents = state.contents else { return false }
            return contents.settings.count <= 4_096 && !contents.concernsReferences(key)
        } ?? false
    }

    /// The resolved document as programs get it.
    package var document: Document {
        let contents = contents
        return state.withLock { state in
            if let document = state.document { return document }
            let document = Document(contents)
            state.document = document
            return document
        }
    }

    package struct Document: Sendable {
        /// Canonical JSON (RFC 8785), nested by segment.
        package let bytes: [UInt8]
        /// SHA-256 of ``bytes``.
        package let digest: Digest
        /// Strong entity tag: `"` + the first 32 digits of the digest + `"`.
        package let entityTag: String

        init(_ contents: Contents) {
            bytes = contents.encodedDocument()
            digest = Digest.of(bytes)
            entityTag = "\"\(digest.hexadecimal.prefix(32))\""
        }
    }

    package struct Contents: Sendable {
        /// The setting that wins for each key that has a value.
        package let settings: SettingIndex
        /// What references make of the live ones among them, in canonical JSON.
        package let rendered: [ConfigKey: [UInt8]]
        /// Live settings whose references cannot be resolved. Empty in every committed state.
        let faults: [ConfigKey: ReferenceResolution.Fault]
        private let liveKeys: Set<ConfigKey>
        private let referencedKeys: Set<ConfigKey>

        init(layers: [EnvironmentState]) {
            var settings = SettingIndex()
            for layer in layers { settings = settings.overlaid(with: layer.own) }
            self.init(settings: settings, liveKeys: Set(settings.lazy.filter { $0.body.content == .live }.map(\.key)))
        }

        private init(settings: SettingIndex, liveKeys: Set<ConfigKey>) {
            self.settings = settings
            self.liveKeys = liveKeys
            var resolution = ReferenceResolution(settings)
            var rendered: [ConfigKey: [UInt8]] = [:]
            var faults: [ConfigKey: ReferenceResolution.Fault] = [:]
            var referenced: Set<ConfigKey> = []
            // In key order, so that of several faults every replica reports the same.
            for key in liveKeys.sorted() {
                guard let setting = settings[key] else { continue }
                if let json = setting.body.json { referenced.formUnion(ReferenceText.keys(in: json)) }
                do throws(ReferenceResolution.Fault) {
                    rendered[key] = try resolution.resolved(setting).bytes
                } catch {
                    faults[key] = error
                }
            }
            self.rendered = rendered
            self.faults = faults
            referencedKeys = referenced
        }

        private init(
            settings: SettingIndex, rendered: [ConfigKey: [UInt8]], faults: [ConfigKey: ReferenceResolution.Fault],
            liveKeys: Set<ConfigKey>, referencedKeys: Set<ConfigKey>
        ) {
            self.settings = settings
            self.rendered = rendered
            self.faults = faults
            self.liveKeys = liveKeys
            self.referencedKeys = referencedKeys
        }

        fileprivate func updated(_ touched: Set<ConfigKey>, layers: [EnvironmentState]) -> Contents {
            var settings = settings
            var liveKeys = liveKeys
            var concernsReferences = false
            // Who has no layers but itself reads what it has, and need not copy it.
            let isOwn = layers.count == 1 && !layers[0].own.hasUnset
            if isOwn { settings = layers[0].own }
            for key in touched {
                let winner = Self.winner(of: key, in: layers)
                concernsReferences = concernsReferences || self.concernsReferences(key)
                if let winner {
                    if !isOwn { settings.put(winner) }
                    if winner.body.content == .live {
                        liveKeys.insert(key)
                        concernsReferences = true
                    } else {
                        liveKeys.remove(key)
                    }
                } else {
                    if !isOwn { settings.remove(key) }
                    liveKeys.remove(key)
                }
            }
            guard concernsReferences else {
                return Contents(
                    settings: settings, rendered: rendered, faults: faults, liveKeys: liveKeys,
                    referencedKeys: referencedKeys)
            }
            return Contents(settings: settings, liveKeys: liveKeys)
        }

        fileprivate func restricted(to isVisible: (ConfigKey) -> Bool) -> Contents {
            var settings = SettingIndex(sorted: self.settings.filter { isVisible($0.key) })
            if settings.count == self.settings.count { settings = self.settings }
            return Contents(
                settings: settings, rendered: rendered.filter { isVisible($0.key) },
                faults: faults.filter { isVisible($0.key) }, liveKeys: liveKeys.filter(isVisible),
                referencedKeys: referencedKeys)
        }

        fileprivate func concernsReferences(_ key: ConfigKey) -> Bool {
            liveKeys.contains(key) || referencedKeys.contains(key)
        }

        private static func winner(of key: ConfigKey, in layers: [EnvironmentState]) -> StoredSetting? {
            for layer in layers.reversed() {
                if let setting = layer.own[key] { return setting.body.content == .unset ? nil : setting }
            }
            return nil
        }

        /// The resolved value of a setting of this document, in canonical JSON.
        package func value(of setting: StoredSetting) -> [UInt8] {
            setting.body.content == .live ? rendered[setting.key] ?? setting.body.value : setting.body.value
        }

        package func value(of key: ConfigKey) -> [UInt8]? { settings[key].map(value(of:)) }

        /// The keys among which `self` and `previous` may differ, when only `touched` were written in some layer.
        func changedKeys(since previous: Contents, touched: Set<ConfigKey>) -> Set<ConfigKey> {
            touched.union(liveKeys).union(previous.liveKeys)
        }

        /// Every key that lies below another, after the nearest of those, in key order; none in a committed state. At most
        /// ``Problem/violationsMax``.
        func prefixConflicts() -> [(above: ConfigKey, below: ConfigKey)] {
            var open: [ConfigKey] = []
            var conflicts: [(above: ConfigKey, below: ConfigKey)] = []
            for setting in settings {
                while let last = open.last, !last.isStrictPrefix(of: setting.key) { open.removeLast() }
                if let last = open.last {
                    conflicts.append((last, setting.key))
                    if conflicts.count == Problem.violationsMax { break }
                }
                open.append(setting.key)
            }
            return conflicts
        }

        /// Whether the key has a value, and a key above or below it has one too.
        func hasPrefixConflict(at key: ConfigKey) -> Bool {
            guard settings[key] != nil else { return false }
            if let next = settings.first(notBelow: key.subtreeLowerBound), key.isStrictPrefix(of: next.key) {
                return true
            }
            return key.strictPrefixes.contains { settings[$0] != nil }
        }
    }
}
