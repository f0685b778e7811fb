/// Settings in key order, persistent: a copy shares all but what is altered afterwards.
///
/// Chunks of at most 64 settings under one spine, so that altering one of N costs a copy of a chunk and of N/32 references.
package struct SettingIndex: Sendable {
    private var chunks: [[StoredSetting]] = []
    package private(set) var count = 0
    private var unsetCount = 0

    private static let chunkMax = 64

    package init() {}

    /// An index of settings that are already in key order, without two of one key.
    init(sorted settings: [StoredSetting]) {
        count = settings.count
        unsetCount = settings.count { $0.body.content == .unset }
        chunks = stride(from: 0, to: settings.count, by: Self.chunkMax / 2).map { start in
            Array(settings[start..<Swift.min(start + Self.chunkMax / 2, settings.count)])
        }
    }

    package var isEmpty: Bool { count == 0 }

    /// Whether any of the settings masks its key.
    var hasUnset: Bool { unsetCount > 0 }

    package subscript(key: ConfigKey) -> StoredSetting? {
        guard let chunk = chunkIndex(for: key) else { return nil }
        let position = Self.lowerBound(of: key, in: chunks[chunk])
        guard position < chunks[chunk].count, chunks[chunk][position].key == key else { return nil }
        return chunks[chunk][position]
    }

    /// The first setting whose key is not below `key`.
    package func first(notBelow key: ConfigKey) -> StoredSetting? {
        guard let chunk = chunkIndex(for: key) else { return chunks.first?.first }
        let position = Self.lowerBound(of: key, in: chunks[chunk])
        if position < chunks[chunk].count { return chunks[chunk][position] }
        return chunk + 1 < chunks.count ? chunks[chunk + 1][0] : nil
    }

    /// Adds the setting, in place of one of the same key.
    mutating func put(_ setting: StoredSetting) {
        if setting.body.content == .unset { unsetCount += 1 }
        guard let chunk = chunkIndex(for: setting.key) else {
            count += 1
            if chunks.isEmpty {
                chunks.append([setting])
            } else {
                chunks[0].insert(setting, at: 0)
                splitIfNeeded(0)
            }
            return
        }
        let position = Self.lowerBound(of: setting.key, in: chunks[chunk])
        if position < chunks[chunk].count, chunks[chunk][position].key == setting.key {
            if chunks[chunk][position].body.content == .unset { unsetCount -= 1 }
            chunks[chunk][position] = setting
        } else {
            chunks[chunk].insert(setting, at: position)
            count += 1
            splitIfNeeded(chunk)
        }
    }

    mutating func remove(_ key: ConfigKey) {
        guard let chunk = chunkIndex(for: key) else { return }
        let position = Self.lowerBound(of: key, in: chunks[chunk])
        guard position < chunks[chunk].count, chunks[chunk][position].key == key else { return }
        count -= 1
        if chunks[chunk][position].body.content == .unset { unsetCount -= 1 }
        if chunks[chunk].count == 1 {
            chunks.remove(at: chunk)
        } else {
            chunks[chunk].remove(at: position)
        }
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

    private mutating func splitIfNeeded(_ chunk: Int) {
        guard chunks[chunk].count > Self.chunkMax else { return }
        let half = chunks[chunk].count / 2
        let upper = Array(chunks[chunk][half...])
        chunks[chunk].removeSubrange(half...)
        chunks.insert(upper, at: chunk + 1)
    }

    /// The last chunk whose first key is not above `key`.
    private func chunkIndex(for key: ConfigKey) -> Int? {
        let index = Self.firstIndex(in: chunks) { ConfigKey.compare($0[0].key.path, key.path) > 0 }
        return index == 0 ? nil : index - 1
    }

    private static func lowerBound(of key: ConfigKey, in chunk: [StoredSetting]) -> Int {
        firstIndex(in: chunk) { ConfigKey.compare($0.key.path, key.path) >= 0 }
    }

    /// The first index from which on all elements satisfy the predicate; those before do not.
    @inline(__always)
    private static func firstIndex<Element>(in elements: [Element], where isAfter: (borrowing Element) -> Bool) -> Int {
        elements.withUnsafeBufferPointer { elements in
            var low = 0
            var high = elements.count
            while low < high {
                let middle = (low + high) / 2
                if isAfter(elements[middle]) { high = middle } else { low = middle + 1 }
            }
            return low
        }
    }
}

extension SettingIndex: Sequence {
    package struct Iterator: IteratorProtocol {
        private let chunks: [[StoredSetting]]
        private var chunk = 0
        private var position = 0

        fileprivate init(_ chunks: [[StoredSetting]]) { self.chunks = chunks }

        package mutating func next() -> StoredSetting? {
            guard chunk < chunks.count else { return nil }
            let setting = chunks[chunk][position]
            position += 1
            if position == chunks[chunk].count {
                chunk += 1
                position = 0
            }
            return setting
        }
    }

    package func makeIterator() -> Iterator { Iterator(chunks) }
    package var underestimatedCount: Int { count }
}
