package import ConfigPlatformModel

/// What the platform takes from outside: time, time zones and chance. Tests give their own.
package struct World: Sendable {
    package let now: @Sendable () -> Timestamp
    /// That many unpredictable bytes.
    package let randomBytes: @Sendable (Int) -> [UInt8]
    package let offsets: UTCOffsets

    package init(
        now: @escaping @Sendable () -> Timestamp, randomBytes: @escaping @Sendable (Int) -> [UInt8],
        offsets: UTCOffsets = .none
    ) {
        self.now = now
        self.randomBytes = randomBytes
        self.offsets = offsets
    }
}
