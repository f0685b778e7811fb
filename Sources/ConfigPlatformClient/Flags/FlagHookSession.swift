/// The hooks of one evaluation, each with what it keeps.
final class FlagHookSession {
    private let hooks: [any FlagHook]
    private let data: [FlagHookData]
    private let hints: [String: FlagAttribute]
    private var context: FlagHookContext

    /// - Parameter hooks: from the least specific to the most.
    init(_ hooks: [any FlagHook], _ hints: [String: FlagAttribute], _ context: FlagHookContext) {
        self.hooks = hooks
        self.hints = hints
        self.context = context
        data = hooks.map { _ in FlagHookData() }
    }

    func run<Value>(
        _ fallback: Value, _ shown: (Value) -> SettingValue, _ resolve: (FlagContext) -> FlagDetails<Value>
    ) -> FlagDetails<Value> {
        var details: FlagDetails<Value>
        do {
            for index in hooks.indices {
                if let added = try hooks[index].before(context(for: index), hints: hints) {
                    context.context = context.context.merging(added)
                }
            }
            details = resolve(context.context)
            if let code = details.errorCode {
                fail(FlagError(code, details.errorMessage ?? ""))
            } else {
                let told = details.with(shown(details.value))
                for index in hooks.indices.reversed() {
                    try hooks[index].after(context(for: index), told, hints: hints)
                }
            }
        } catch {
            let known = error as? FlagError
            details = FlagDetails(
                value: fallback, flagKey: context.flagKey, variant: nil, reason: .error,
                errorCode: known?.code ?? .general, errorMessage: known?.message ?? "\(error)", flagMetadata: [:])
            fail(error)
        }
        let told = details.with(shown(details.value))
        for index in hooks.indices.reversed() {
            try? hooks[index].finally(context(for: index), told, hints: hints)
        }
        return details
    }

    private func fail(_ error: any Error) {
        for index in hooks.indices.reversed() { try? hooks[index].error(context(for: index), error, hints: hints) }
    }

    private func context(for index: Int) -> FlagHookContext {
        var own = context
        own.data = data[index]
        return own
    }
}
