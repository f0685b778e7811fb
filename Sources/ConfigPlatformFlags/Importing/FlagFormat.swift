package import ExactJSON

/// A file format in which flags come in from elsewhere.
package enum FlagFormat: String, CaseIterable, Hashable, Sendable {
    /// Definition files of flagd, and what ``FlagLowering`` makes: `flags`, `$evaluators`, `metadata`.
    case flagd
    /// The flags and segments of LaunchDarkly's API, one or `{"items": […]}`, or what its programs are sent: `{"flags": {…}, "segments": {…}}`.
    case launchdarkly
    /// Exports of Unleash, or the features that its clients are sent.
    case unleash
    /// Environment documents of Flagsmith.
    case flagsmith

    /// As it is called in sentences.
    package var title: String {
        switch self {
        case .flagd: "flagd"
        case .launchdarkly: "LaunchDarkly"
        case .unleash: "Unleash"
        case .flagsmith: "Flagsmith"
        }
    }

    /// The format that a file's name announces: `demo.flagd.json`, `flagd.json`, `shop.launchdarkly.json`. Folders before the name and the
    /// case of letters do not matter.
    package init?(fileName: String) {
        let name = fileName.split(separator: "/", omittingEmptySubsequences: false).last?.lowercased() ?? ""
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts.last == "json", let format = FlagFormat(rawValue: String(parts[parts.count - 2]))
        else { return nil }
        self = format
    }

    /// The format that a document shows itself to be; nil where it shows none, or might be settings.
    package init?(recognizing json: JSONValue) {
        func holds(_ names: String...) -> Bool { names.allSatisfy { json[$0] != nil } }
        func first(_ value: JSONValue?) -> JSONValue? { value?.objectValue?.values.first ?? value?.arrayValue?.first }
        if json["$schema"]?.stringValue?.hasPrefix("https://flagd.dev/schema/") == true {
            self = .flagd
        } else if let flag = first(json["flags"]), flag["variants"]?.objectValue != nil, flag["state"] != nil {
            self = .flagd
        } else if holds("feature_states", "project") {
            self = .flagsmith
        } else if let features = json["features"]?.arrayValue,
            holds("featureStrategies")
                || features.first.map({ $0["strategies"] != nil && $0["enabled"] != nil }) == true
        {
            self = .unleash
        } else if let flag = holds("variations") ? json : first(json["flags"]) ?? first(json["items"]),
            flag["variations"]?.arrayValue != nil, flag["key"] != nil
        {
            self = .launchdarkly
        } else {
            return nil
        }
    }

    /// Reads a whole file. What it cannot carry over is among the notices; nothing is left out without one.
    ///
    /// At most ``FlagImportLimits/flags`` flags and as many segments. Throws where the file is none of this format, or where it is of
    /// several environments and it does not show which is meant.
    ///
    /// - Parameter fractions: where the file writes whole numbers as doubles.
    package func read(
        _ json: JSONValue, _ order: FlagImportOrder = FlagImportOrder(), fractions: JSONFractions = .none
    ) throws(InvalidFlagItem) -> ImportedFlags {
        let taken = FlagImport(order)
        switch self {
        case .flagd: try FlagdReader(taken, fractions).read(json)
        case .launchdarkly: try LaunchDarklyReader(taken).read(json)
        case .unleash: try UnleashReader(taken).read(json)
        case .flagsmith: try FlagsmithReader(taken).read(json)
        }
        return taken.finish()
    }
}

/// What is wanted of a file, and what it comes to stand beside.
package struct FlagImportOrder: Sendable {
    /// Of the environments that the file has: this one. Where it has no such, the file cannot be taken.
    package var environment: String?
    /// The environment that is meant where nothing else is said, if the file has it.
    package var likelyEnvironment: String?
    /// Flags that are there already, with what the environment says of them.
    package var flag: @Sendable (FlagKey) -> FlagItems?
    package var segment: @Sendable (SegmentName) -> SegmentBody?

    package init(
        environment: String? = nil, likelyEnvironment: String? = nil,
        flag: @escaping @Sendable (FlagKey) -> FlagItems? = { _ in nil },
        segment: @escaping @Sendable (SegmentName) -> SegmentBody? = { _ in nil }
    ) {
        self.environment = environment
        self.likelyEnvironment = likelyEnvironment
        self.flag = flag
        self.segment = segment
    }

    /// The one that is meant of those that a file has; nil where it has none.
    func environment(among names: [String]) throws(InvalidFlagItem) -> String? {
        if let environment {
            guard names.contains(where: { $0.hasSameBytes(as: environment) }) else {
                throw InvalidFlagItem(
                    "The file has no environment '\(InvalidFlagItem.shown(environment))'; it has: \(FlagBody.listed(names))."
                )
            }
            return environment
        }
        if let likelyEnvironment, names.contains(where: { $0.hasSameBytes(as: likelyEnvironment) }) {
            return likelyEnvironment
        }
        guard names.count <= 1 else {
            throw InvalidFlagItem(
                "The file has several environments: \(FlagBody.listed(names)). Say which one's rules are to be taken.")
        }
        return names.first
    }
}

/// What a file came to.
package struct ImportedFlags: Sendable {
    package var flags: [FlagKey: FlagBody] = [:]
    /// Of the one environment. Each is of a flag in ``flags``.
    package var rules: [FlagKey: FlagRuleBody] = [:]
    package var segments: [SegmentName: SegmentBody] = [:]
    package var notices: [FlagNotice] = []
}

/// Something to know about what a file says of a flag or of a segment.
package struct FlagNotice: Hashable, Sendable {
    package enum Severity: String, Hashable, Sendable {
        /// Nothing is lost; how something was understood.
        case information
        /// Carried, but somebody may get another variant than before.
        case warning
        /// Not carried.
        case error
    }

    package let severity: Severity
    /// The flag's key, or the segment's name in the file; nil for what is about the file as a whole.
    package let key: String?
    /// In the file.
    package let pointer: JSONPointer
    /// A sentence. It names neither the key nor the place.
    package let message: String

    package init(_ severity: Severity, _ message: String, key: String? = nil, at pointer: JSONPointer = .root) {
        self.severity = severity
        self.key = key
        self.pointer = pointer
        self.message = message
    }
}

/// What a file may cost its reader, beside ``FlagLimits``.
package enum FlagImportLimits {
    package static let flags = 100_000
    /// Notices kept of a file; further ones are counted.
    package static let notices = 1_000
    /// Keys that a rule lists itself; more of them become a segment.
    static let keysInRule = 1_000
}
