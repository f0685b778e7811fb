/// A key whose value differs between two documents, with its value in each (canonical JSON); nil where it has none.
package struct ValueDifference: Hashable, Sendable {
    package let key: ConfigKey
    package let before: [UInt8]?
    package let after: [UInt8]?

    package init(key: ConfigKey, before: [UInt8]?, after: [UInt8]?) {
        self.key = key
        self.before = before
        self.after = after
    }
}

extension ResolvedEnvironment {
    /// The differences between what was read and what is read, in key order.
    ///
    /// - Parameter touched: the only keys that were written in some layer, where that is known; nil to compare everything.
    package static func differences(
        from before: ResolvedEnvironment?, to after: ResolvedEnvironment?, touched: Set<ConfigKey>? = nil
    ) -> [ValueDifference] {
        let old = before?.contents
        let new = after?.contents
        guard let touched, let old, let new else { return fullDifferences(from: old, to: new) }
        return new.changedKeys(since: old, touched: touched).sorted().compactMap { key in
            let (before, after) = (old.value(of: key), new.value(of: key))
            return before == after ? nil : ValueDifference(key: key, before: before, after: after)
        }
    }

    private static func fullDifferences(from old: Contents?, to new: Contents?) -> [ValueDifference] {
        var result: [ValueDifference] = []
        var left = old?.settings.makeIterator()
        var right = new?.settings.makeIterator()
        var a = left?.next()
        var b = right?.next()
        while a != nil || b != nil {
            let order: Int =
                if let a, let b { ConfigKey.compare(a.key.path, b.key.path) } else { a == nil ? 1 : -1 }
            let before = order <= 0 ? a.flatMap { setting in old?.value(of: setting) } : nil
            let after = order >= 0 ? b.flatMap { setting in new?.value(of: setting) } : nil
            if before != after, let key = (order <= 0 ? a : b)?.key {
                result.append(ValueDifference(key: key, before: before, after: after))
            }
            if order <= 0 { a = left?.next() }
            if order >= 0 { b = right?.next() }
        }
        return result
    }
}
