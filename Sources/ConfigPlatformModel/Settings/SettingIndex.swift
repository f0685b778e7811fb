/// Settings in key order, persistent: a copy shares all but what is altered afterwards.
package struct SettingIndex: Sendable {
    private var settings = OrderedItems<StoredSetting>()
    private var unsetCount = 0

    package init() {}

    /// An index of settings that are already in key order, without two of one key.
    init(sorted settings: [StoredSetting]) {
        unsetCount = settings.count { $0.body.content == .unset }
        self.settings = OrderedItems(sorted: settings)
    }

    package var count: Int { settings.count }
    package var isEmpty: Bool { settings.isEmpty }

    /// Whether any of the settings masks its key.
    var hasUnset: Bool { unsetCount > 0 }

    package subscript(key: ConfigKey) -> StoredSetting? { settings[key.path] }

    /// The first setting whose key is not below `key`.
    package func first(notBelow key: ConfigKey) -> StoredSetting? { settings.first(notBelow: key.path) }

    /// Adds the setting; gives the one of the same key that it takes the place of.
    @discardableResult
    mutating func put(_ setting: StoredSetting) -> StoredSetting? {
        if setting.body.content == .unset { unsetCount += 1 }
        let standing = settings.put(setting)
        if standing?.body.content == .unset { unsetCount -= 1 }
        return standing
    }

    /// Takes the setting out, and gives it.
    @discardableResult
    mutating func remove(_ key: ConfigKey) -> StoredSetting? {
        let standing = settings.remove(key.path)
        if standing?.body.content == .unset { unsetCount -= 1 }
        return standing
    }

    /// This index with `layer` laid over it: its settings win, and its unset keys are taken out.
    func overlaid(with layer: SettingIndex) -> SettingIndex {
        if layer.isEmpty { return self }
        // A lowest layer is shared by all that read it.
        if isEmpty, !layer.hasUnset { return layer }
        if layer.count * 8 < count {
            var result = self
            for setting in layer {
                if setting.body.content == .unset { result.remove(setting.key) } else { result.put(setting) }
            }
            return result
        }
        var merged: [StoredSetting] = []
        merged.reserveCapacity(count + layer.count)
        var below = makeIterator()
        var waiting = below.next()
        for setting in layer {
            while let candidate = waiting {
                let order = ConfigKey.compare(candidate.key.path, setting.key.path)
                if order > 0 { break }
                if order < 0 { merged.append(candidate) }
                waiting = below.next()
                if order == 0 { break }
            }
            if setting.body.content != .unset { merged.append(setting) }
        }
        while let candidate = waiting {
            merged.append(candidate)
            waiting = below.next()
        }
        return SettingIndex(sorted: merged)
    }
}

extension StoredSetting: OrderedItem {
    package var order: String { key.path }
}

extension SettingIndex: Sequence {
    package func makeIterator() -> OrderedItems<StoredSetting>.Iterator { settings.makeIterator() }
    package var underestimatedCount: Int { count }
}
