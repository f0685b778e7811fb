package import ConfigPlatformModel

package struct ExportOptions: Hashable, Sendable {
    package enum References: Hashable, Sendable {
        /// The values have been resolved; whatever `${` they hold stands for itself.
        case resolved
        /// The values of these keys are live: their `${…}` are written as references in the syntax of the format, and every other
        /// `${` so that it is none. Reading the file with live references gives the same settings back.
        case kept(live: Set<ConfigKey>)
    }

    package enum DotenvNames: String, CaseIterable, Hashable, Sendable {
        /// A key without dots and lower-case letters as it stands; any other in upper case, with `.` and `-` as `_`.
        case environment
        /// The segments joined by dots, as dotenv files that were imported may have spelled them.
        case asWritten
    }

    package var references: References
    package var dotenvNames: DotenvNames

    package init(references: References = .resolved, dotenvNames: DotenvNames = .environment) {
        self.references = references
        self.dotenvNames = dotenvNames
    }
}
