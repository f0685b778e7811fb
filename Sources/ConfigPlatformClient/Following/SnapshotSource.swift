public import Foundation

/// Where what a client serves came from.
public enum SnapshotSource: Sendable, Hashable {
    /// There is nothing yet.
    case none
    /// From the file of an earlier run; the platform has not been reached since.
    case lastKnownGood
    /// From the platform.
    case platform
}

/// Whether what a client has is what the platform has.
public enum ClientStatus: Hashable, Sendable {
    /// Neither the platform nor a failure to reach it has been met yet.
    case starting
    /// What the client has is the platform's, or will be within a moment.
    case following
    /// The platform cannot be followed: what the client has is true as of `since`. Until then it was the platform's;
    /// what has been written there meanwhile is not in it. Attempts go on.
    case stale(since: Date, reason: ConfigPlatformError)
    /// The client was shut down.
    case ended
}
