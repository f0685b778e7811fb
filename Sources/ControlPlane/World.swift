package import ConfigPlatformModel

/// What the platform takes from outside: time and chance. Tests give their own.
package struct World: Sendable {
    package let now: @Sendable () -> Timestamp
    /// That many unpredictable bytes.
    package let randomBytes: @Sendable (Int) -> [UInt8]

    package init(now: @escaping @Sendable () -> Timestamp, randomBytes: @escaping @Sendable (Int) -> [UInt8]) {
        self.now = now
        self.randomBytes = randomBytes
    }
}
