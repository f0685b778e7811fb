import ConfigPlatformModel

/// What a file may cost its reader, beside the limits of the platform itself.
enum FormatLimits {
    /// Bytes of a file.
    static let fileBytes = Limits.requestBodyBytes
    /// Objects and lists inside one another: the segments of a key and then the nesting of its value.
    static let depth = Limits.keySegments + Limits.valueDepth
    /// Nodes of a YAML file as it is written.
    static let yamlNodes = 1_000_000
    /// Nodes, and bytes of text in them, that a YAML file may gain by following its aliases and merge keys: what stops a small file
    /// from unfolding into a huge document.
    static let yamlUnfoldedNodes = 100_000
    static let yamlUnfoldedBytes = 16 << 20
    /// YAML 1.2 §7.4.2: characters of a name that stands before its colon without `?`. Counted here in bytes.
    static let yamlNameBytes = 1_024
    /// Digits of a number in base 8 or 16.
    static let radixDigits = 1_000
    /// Places named when a file is refused.
    static let violations = 100
    /// Notices kept of a file; further ones are counted.
    static let noticesMax = 1_000
}
