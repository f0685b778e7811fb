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
            // Eight bytes at a time: each draw is a system call.
            var generator = SystemRandomNumberGenerator()
            return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
                let bytes = UnsafeMutableRawBufferPointer(buffer)
                for start in stride(from: 0, to: count, by: 8) {
                    withUnsafeBytes(of: generator.next()) { word in
                        UnsafeMutableRawBufferPointer(rebasing: bytes[start...]).copyBytes(
                            from: word.prefix(count - start))
                    }
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
