import ConfigPlatformFlags
import ConfigPlatformModel

/// The flags of an environment as one revision has them, evaluated for as long as it is kept.
///
/// ```swift
/// let flags = client.snapshot
/// if flags.boolean("new-checkout", default: false, context: user) { … flags.string("checkout-theme", default: "plain", context: user) … }
/// ```
public struct FlagSnapshot: FlagReader {
    let definitions: FlagDefinitions
    let surface: FlagSurface

    /// Itself.
    public var snapshot: FlagSnapshot { self }

    /// The keys of all flags, in order.
    public var keys: [String] { definitions.flags.sorted.map(\.key) }

    // MARK: Evaluating

    /// Most evaluations: no hooks, and at most the context they were given.
    func value<Value>(
        _ key: String, _ fallback: Value, _ context: FlagContext?, _ options: FlagEvaluationOptions?,
        _ form: FlagForm<Value>
    ) -> Value {
        guard options == nil, surface.isPlain else { return details(key, fallback, context, options, form).value }
        guard let entry = definitions.entry(key) else { return fallback }
        let evaluated = (context ?? .empty).evaluated
        let seconds = surface.seconds()
        let resolution = entry.flag.resolve(evaluated, as: form.type, at: seconds)
        note(entry, resolution, evaluated, at: seconds)
        guard let variant = resolution.variant else { return fallback }
        return form.value(variant.value) ?? fallback
    }

    func details<Value>(
        _ key: String, _ fallback: Value, _ context: FlagContext?, _ options: FlagEvaluationOptions?,
        _ form: FlagForm<Value>
    ) -> FlagDetails<Value> {
        let context = surface.merged(context)
        let hooks = surface.hooks + (options?.hooks ?? [])
        guard !hooks.isEmpty else { return resolve(key, fallback, context, form) }
        let session = FlagHookSession(
            hooks, options?.hookHints ?? [:],
            FlagHookContext(
                flagKey: key, valueKind: form.kind, defaultValue: form.shown(fallback), context: context,
                project: surface.place.project.rawValue, environment: surface.place.environment.rawValue,
                data: FlagHookData()))
        return session.run(fallback, form.shown) { resolve(key, fallback, $0, form) }
    }

    private func resolve<Value>(
        _ key: String, _ fallback: Value, _ context: FlagContext, _ form: FlagForm<Value>
    ) -> FlagDetails<Value> {
        guard let entry = definitions.entry(key) else { return missing(key, fallback) }
        let seconds = surface.seconds()
        let resolution = entry.flag.resolve(context.evaluated, as: form.type, at: seconds)
        note(entry, resolution, context.evaluated, at: seconds)
        let metadata = entry.metadata
        func failed(_ code: FlagErrorCode, _ message: String) -> FlagDetails<Value> {
            FlagDetails(
                value: fallback, flagKey: key, variant: nil, reason: .error, errorCode: code, errorMessage: message,
                flagMetadata: metadata)
        }
        if let error = resolution.error {
            return failed(FlagErrorCode(error), Self.message(error, key, form.kind))
        }
        guard let variant = resolution.variant else {
            return FlagDetails(
                value: fallback, flagKey: key, variant: nil, reason: FlagReason(resolution.reason), errorCode: nil,
                errorMessage: nil, flagMetadata: metadata)
        }
        guard let value = form.value(variant.value) else {
            return failed(.typeMismatch, Self.message(.typeMismatch, key, form.kind))
        }
        return FlagDetails(
            value: value, flagKey: key, variant: variant.name, reason: FlagReason(resolution.reason), errorCode: nil,
            errorMessage: nil, flagMetadata: metadata)
    }

    @inline(__always)
    private func note(
        _ entry: FlagEntry, _ resolution: Resolution, _ context: ConfigPlatformFlags.FlagContext, at seconds: Int64
    ) {
        if let counts = surface.counts { entry.count(resolution, in: counts) }
        if resolution.experiment >= 0 {
            surface.assignments?.note(entry.flag, resolution, context, at: seconds)
        }
    }

    private func missing<Value>(_ key: String, _ fallback: Value) -> FlagDetails<Value> {
        let (code, message): (FlagErrorCode, String) =
            if definitions === FlagDefinitions.empty, let unready = surface.unready() {
                unready
            } else if definitions.isUnusable(key) {
                (.parseError, "The definition of the flag '\(key)' cannot be read by this version of the client.")
            } else {
                (
                    .flagNotFound,
                    "There is no flag '\(key)' in \(surface.place.project)/\(surface.place.environment), or it is archived."
                )
            }
        return FlagDetails(
            value: fallback, flagKey: key, variant: nil, reason: .error, errorCode: code, errorMessage: message,
            flagMetadata: [:])
    }

    private static func message(_ code: Resolution.ErrorCode, _ key: String, _ kind: FlagValueKind) -> String {
        switch code {
        case .flagNotFound: "There is no flag '\(key)'."
        case .parseError: "The rules of the flag '\(key)' have an operator or a reference that there is none of."
        case .typeMismatch: "The flag '\(key)' came to a value that is no \(kind.rawValue)."
        case .targetingKeyMissing: "The flag '\(key)' needs a targeting key."
        case .invalidContext: "The context cannot be read."
        case .general: "The rules of the flag '\(key)' came to none of its variants, or could not be evaluated."
        }
    }
}

extension FlagEntry {
    /// What the flag's definition says of itself, for who looks at it.
    var metadata: [String: SettingValue] {
        Dictionary(flag.metadata.members.map { ($0.name, SettingValue($0.value)) }) { _, later in later }
    }
}
