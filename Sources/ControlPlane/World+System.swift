import ConfigPlatformModel
import Foundation

extension World {
    /// The machine's clock, its time zones, and its source of unpredictable bytes.
    package static let system = World(
        now: {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
        },
        randomBytes: { count in
            [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
                // At most so many at once: getentropy(3).
                for start in stride(from: 0, to: count, by: 256) {
                    let part = UnsafeMutableBufferPointer(rebasing: bytes[start..<min(start + 256, count)])
                    precondition(
                        getentropy(part.baseAddress!, part.count) == 0, "the system gives no unpredictable bytes")
                }
                initialized = count
            }
        },
        offsets: UTCOffsets { zone, time in
            TimeZone(identifier: zone).map {
                Int64($0.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time.microseconds / 1_000_000))))
            }
        })
}
