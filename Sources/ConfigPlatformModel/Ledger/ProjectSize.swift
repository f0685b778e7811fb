/// How much a project has of what configures something: everything but who may do what and change requests (``Kind/isAccess``).
package struct ProjectSize: Hashable, Sendable {
    package private(set) var items: Int
    /// Of their bodies in canonical JSON and of their keys in UTF-8.
    package private(set) var bytes: Int

    package init(items: Int = 0, bytes: Int = 0) {
        self.items = items
        self.bytes = bytes
    }

    /// - Parameter bytes: of the body.
    mutating func add(_ key: String, bytes: Int) {
        items += 1
        self.bytes += key.utf8.count + bytes
    }

    /// - Parameter bytes: of the body.
    mutating func remove(_ key: String, bytes: Int) {
        items -= 1
        self.bytes -= key.utf8.count + bytes
    }

    /// Counts what an effect leaves in the place of what stood there.
    ///
    /// - Parameter standing: bytes of the body that stood there; nil where there was none.
    mutating func count(_ effect: Effect, inPlaceOf standing: Int?) {
        if let standing { remove(effect.address.key, bytes: standing) }
        if let body = effect.body { add(effect.address.key, bytes: body.count) }
    }

    /// Takes away what ends with an environment, besides its own item.
    mutating func remove(_ settings: SettingIndex, _ flags: OwnFlags) {
        for setting in settings { remove(setting.key.text, bytes: setting.body.byteCount) }
        for rule in flags.rules { remove(rule.order, bytes: rule.byteCount) }
        for rollout in flags.rollouts { remove(rollout.order, bytes: rollout.byteCount) }
        for kill in flags.kills { remove(kill.order, bytes: kill.byteCount) }
    }
}
