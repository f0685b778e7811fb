import Foundation

/// What a client needs of the world besides the network: the time, a way to wait, and chance.
struct Surroundings: Sendable {
    var now: @Sendable () -> Date
    var sleep: @Sendable (Duration) async throws -> Void
    /// From 0 up to 1.
    var fraction: @Sendable () -> Double

    static let real = Surroundings(
        now: { Date() }, sleep: { try await Task.sleep(for: $0) }, fraction: { Double.random(in: 0..<1) })
}
