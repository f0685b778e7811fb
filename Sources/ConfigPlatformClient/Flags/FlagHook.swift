/// Something that looks on while flags are evaluated, or has a say in it: OpenFeature's hooks. Stages that are not written do
/// nothing.
///
/// `before` runs in the order API, client, evaluation; the others the other way round. Hooks of one place run in the order in which
/// they were added, or in the reverse of it. They run on the thread that evaluates, which waits for them.
public protocol FlagHook: Sendable {
    /// Before the flag is evaluated. What it returns is laid over the context, for the hooks that follow and for the
    /// evaluation; what it throws makes the value the default.
    func before(_ context: FlagHookContext, hints: [String: FlagAttribute]) throws -> FlagContext?
    /// After it came to a value. What it throws makes the value the default.
    func after(_ context: FlagHookContext, _ details: FlagDetails<SettingValue>, hints: [String: FlagAttribute]) throws
    /// After something went wrong: in `before`, in `after`, or in the evaluation, which gives a ``FlagError``.
    func error(_ context: FlagHookContext, _ error: any Error, hints: [String: FlagAttribute]) throws
    /// After all of it, whatever came of it.
    func finally(_ context: FlagHookContext, _ details: FlagDetails<SettingValue>, hints: [String: FlagAttribute])
        throws
}

extension FlagHook {
    /// Nothing.
    public func before(_ context: FlagHookContext, hints: [String: FlagAttribute]) throws -> FlagContext? { nil }
    /// Nothing.
    public func after(
        _ context: FlagHookContext, _ details: FlagDetails<SettingValue>, hints: [String: FlagAttribute]
    ) throws {}
    /// Nothing.
    public func error(_ context: FlagHookContext, _ error: any Error, hints: [String: FlagAttribute]) throws {}
    /// Nothing.
    public func finally(
        _ context: FlagHookContext, _ details: FlagDetails<SettingValue>, hints: [String: FlagAttribute]
    ) throws {}
}

/// The evaluation that a hook is called in.
public struct FlagHookContext {
    /// The flag's key.
    public let flagKey: String
    /// What type of value was asked for.
    public let valueKind: FlagValueKind
    /// The default that was given.
    public let defaultValue: SettingValue
    /// For whom or what, all contexts laid over one another.
    public internal(set) var context: FlagContext
    /// The project whose flags these are.
    public let project: String
    /// The environment whose flags these are.
    public let environment: String
    /// What evaluates: `ConfigPlatform`.
    public var providerName: String { FlagClient.providerName }
    /// Kept between the stages of one hook in one evaluation, and shown to nobody else.
    public internal(set) var data: FlagHookData
}

/// What a hook keeps between its stages.
public final class FlagHookData {
    private var values: [String: Any] = [:]

    init() {}

    /// A value of any type; nil where there is none. Setting nil removes it.
    public subscript(name: String) -> Any? {
        get { values[name] }
        set { values[name] = newValue }
    }
}

/// What type a flag's value is asked as.
public enum FlagValueKind: String, Hashable, Sendable, CaseIterable {
    /// `true` or `false`.
    case boolean
    /// A text.
    case string
    /// A whole number.
    case integer
    /// A number.
    case double
    /// An object or a list.
    case object
}

/// What one evaluation does besides evaluating.
public struct FlagEvaluationOptions: Sendable {
    /// Hooks for this evaluation, besides those of the API and the client.
    public var hooks: [any FlagHook]
    /// Told to every hook.
    public var hookHints: [String: FlagAttribute]

    /// Options; with none of them an evaluation is an ordinary one.
    public init(hooks: [any FlagHook] = [], hookHints: [String: FlagAttribute] = [:]) {
        self.hooks = hooks
        self.hookHints = hookHints
    }
}
