import Synchronization

/// Ids of requests: the client's own where it is sound, otherwise one that is unique.
final class RequestIDs: Sendable {
    private let prefix: String
    private let count = Atomic<UInt64>(0)

    private static let bytesMax = 128

    init() {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        prefix = String(repeating: "0", count: 16 - digits.count) + digits + "-"
    }

    func next() -> String {
        prefix + String(count.wrappingAdd(1, ordering: .relaxed).newValue, radix: 16)
    }

    /// The given id where it is 1 to 128 of `A-Z a-z 0-9 . _ -`.
    func id(from given: String?) -> String {
        guard let given, Self.isSound(given) else { return next() }
        return given
    }

    static func isSound(_ id: String) -> Bool {
        let bytes = id.utf8
        return (1...bytesMax).contains(bytes.count)
            && bytes.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
    }
}
