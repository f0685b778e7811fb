package import ConfigPlatformModel

/// How often a flag came to what in one hour for one client. What is known of it can be lost without loss of anything that was decided.
package struct FlagUsageRow: Hashable, Sendable {
    package struct Key: Hashable, Sendable {
        package let project: ProjectName
        package let environment: EnvironmentName
        package let flag: String
        /// Hours since 1970.
        package let hour: Int64
        package let client: String
        /// Empty where the caller's default was the value.
        package let variant: String
        /// As OpenFeature writes it.
        package let reason: String

        package init(
            project: ProjectName, environment: EnvironmentName, flag: String, hour: Int64, client: String,
            variant: String, reason: String
        ) {
            self.project = project
            self.environment = environment
            self.flag = flag
            self.hour = hour
            self.client = client
            self.variant = variant
            self.reason = reason
        }
    }

    package let key: Key
    package let count: Int64
    package let lastAt: Timestamp

    package init(_ key: Key, count: Int64, lastAt: Timestamp) {
        self.key = key
        self.count = count
        self.lastAt = lastAt
    }
}

/// What is known of one flag's use in one environment as one variant.
package struct FlagUsageSummary: Hashable, Sendable {
    package let flag: String
    package let environment: EnvironmentName
    /// Empty where the caller's default was the value.
    package let variant: String
    /// Since the hour that was asked for.
    package let recentCount: Int64
    package let lastAt: Timestamp

    package init(
        flag: String, environment: EnvironmentName, variant: String, recentCount: Int64, lastAt: Timestamp
    ) {
        self.flag = flag
        self.environment = environment
        self.variant = variant
        self.recentCount = recentCount
        self.lastAt = lastAt
    }
}
