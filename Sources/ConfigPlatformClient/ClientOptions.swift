public import Logging

extension ConfigPlatformClient {
    /// How a client behaves. Every value has a default that serves most programs.
    public struct Options: Sendable {
        /// Where what is last known to be good is kept, so that the program starts and runs while the platform is down.
        /// The file is replaced as a whole, is readable by its owner only, and its folder must exist; settings and flags
        /// need one each. Nil to keep none.
        public var lastKnownGoodFile: String?
        /// Certificate authorities in PEM form, the only ones that are then trusted. Nil for those of the system.
        public var certificateAuthorityFile: String?
        /// How long to wait for a connection.
        public var connectTimeout: Duration
        /// How long to wait for an answer to ``ConfigPlatformClient/ConfigPlatformClient/refresh()``.
        public var requestTimeout: Duration
        /// How often the platform says that it lives. After three times as long without a byte the connection is given
        /// up.
        public var heartbeatInterval: Duration
        /// What the wait before the second attempt to connect is drawn from; it doubles with each further one. The
        /// platform may ask for another.
        public var retryBase: Duration
        /// What no wait exceeds, except where the platform asks for a longer one.
        public var retryCap: Duration
        /// How long ``ConfigPlatformClient/ConfigPlatformClient/waitUntilReady(timeout:)`` prefers to wait for the
        /// platform when it could already answer from the file.
        public var freshnessWait: Duration
        /// Where the client says that it follows, that it lost the platform, and that a file was refused.
        public var logger: Logger

        /// Options with the defaults.
        public init(
            lastKnownGoodFile: String? = nil, certificateAuthorityFile: String? = nil,
            connectTimeout: Duration = .seconds(5), requestTimeout: Duration = .seconds(30),
            heartbeatInterval: Duration = .seconds(15), retryBase: Duration = .milliseconds(500),
            retryCap: Duration = .seconds(30), freshnessWait: Duration = .seconds(2),
            logger: Logger = Logger(label: "ConfigPlatformClient")
        ) {
            self.lastKnownGoodFile = lastKnownGoodFile
            self.certificateAuthorityFile = certificateAuthorityFile
            self.connectTimeout = connectTimeout
            self.requestTimeout = requestTimeout
            self.heartbeatInterval = heartbeatInterval
            self.retryBase = retryBase
            self.retryCap = retryCap
            self.freshnessWait = freshnessWait
            self.logger = logger
        }
    }

    /// Whether what the client has is what the platform has.
    public typealias Status = ClientStatus
}
