import ConfigPlatformFlags

/// What a flag came to, and why: OpenFeature's evaluation details.
public struct FlagDetails<Value: Sendable>: Sendable {
    /// The flag's value, or the default that was given.
    public let value: Value
    /// The flag's key, as it was asked for.
    public let flagKey: String
    /// The name of the variant whose value it is; nil where it is the default.
    public let variant: String?
    /// Why it is this one.
    public let reason: FlagReason
    /// What went wrong; nil where nothing did. Then the value is the default.
    public let errorCode: FlagErrorCode?
    /// The same in words.
    public let errorMessage: String?
    /// What the flag's definition says of itself: booleans, numbers and texts.
    public let flagMetadata: [String: SettingValue]

    func with<Other: Sendable>(_ value: Other) -> FlagDetails<Other> {
        FlagDetails<Other>(
            value: value, flagKey: flagKey, variant: variant, reason: reason, errorCode: errorCode,
            errorMessage: errorMessage, flagMetadata: flagMetadata)
    }
}

extension FlagDetails: Equatable where Value: Equatable {}

/// Why a flag came to its value. The list is open.
public struct FlagReason: RawRepresentable, Hashable, Sendable {
    /// As OpenFeature writes it, such as `TARGETING_MATCH`.
    public let rawValue: String

    /// Takes any text; see the constants for those this client gives.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The flag has no rules.
    public static let `static` = FlagReason(rawValue: "STATIC")
    /// No rule matched.
    public static let `default` = FlagReason(rawValue: "DEFAULT")
    /// A rule matched.
    public static let targetingMatch = FlagReason(rawValue: "TARGETING_MATCH")
    /// The flag is off: the value is the default that was given.
    public static let disabled = FlagReason(rawValue: "DISABLED")
    /// Something went wrong; see ``FlagDetails/errorCode``.
    public static let error = FlagReason(rawValue: "ERROR")

    init(_ reason: Resolution.Reason) { self.init(rawValue: reason.rawValue) }
}

/// What went wrong in an evaluation. The list is open.
public struct FlagErrorCode: RawRepresentable, Hashable, Sendable {
    /// As OpenFeature writes it, such as `FLAG_NOT_FOUND`.
    public let rawValue: String

    /// Takes any text; see the constants for those this client gives.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The client has no flags yet.
    public static let providerNotReady = FlagErrorCode(rawValue: "PROVIDER_NOT_READY")
    /// The client has no flags, and will have none before its token or its place is another.
    public static let providerFatal = FlagErrorCode(rawValue: "PROVIDER_FATAL")
    /// There is no flag of that key, or it is archived.
    public static let flagNotFound = FlagErrorCode(rawValue: "FLAG_NOT_FOUND")
    /// The flag's definition cannot be read.
    public static let parseError = FlagErrorCode(rawValue: "PARSE_ERROR")
    /// The flag's value is of another type than was asked for.
    public static let typeMismatch = FlagErrorCode(rawValue: "TYPE_MISMATCH")
    /// The rules need a targeting key.
    public static let targetingKeyMissing = FlagErrorCode(rawValue: "TARGETING_KEY_MISSING")
    /// The context cannot be read.
    public static let invalidContext = FlagErrorCode(rawValue: "INVALID_CONTEXT")
    /// Anything else: a rule that comes to no variant, a hook that failed.
    public static let general = FlagErrorCode(rawValue: "GENERAL")

    init(_ code: Resolution.ErrorCode) { self.init(rawValue: code.rawValue) }
}

/// Why an evaluation failed: what `error` hooks are told, and what a hook throws to say which code its failure has.
public struct FlagError: Error, Hashable, Sendable {
    /// Which kind of failure.
    public let code: FlagErrorCode
    /// In words.
    public let message: String

    /// A failure.
    public init(_ code: FlagErrorCode, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension FlagError: CustomStringConvertible {
    /// The code and the message.
    public var description: String { "\(code.rawValue): \(message)" }
}
