public import Foundation

/// Evaluates flags: a ``FlagClient`` by the newest flags it has, a ``FlagSnapshot`` always by the same ones.
///
/// Evaluations happen in this process, wait for nothing and never throw. What cannot be evaluated is the default that was given, and
/// the `…Details` say why.
public protocol FlagReader: Sendable {
    /// The flags as they are now. Two flags that are read from one snapshot always belong together.
    var snapshot: FlagSnapshot { get }
}

extension FlagReader {
    /// A boolean flag.
    ///
    /// - Parameters:
    ///   - key: The flag's key.
    ///   - fallback: The value where the flag has none: it is off, is not there, is of another type, or cannot be evaluated.
    ///   - context: For whom or what, laid over the contexts of the program, of the transaction and of the client.
    ///   - options: Hooks for this evaluation alone.
    public func boolean(
        _ key: String, default fallback: Bool, context: FlagContext? = nil, options: FlagEvaluationOptions? = nil
    ) -> Bool {
        snapshot.value(key, fallback, context, options, .boolean)
    }

    /// A boolean flag, with how it came to its value.
    public func booleanDetails(
        _ key: String, default fallback: Bool, context: FlagContext? = nil, options: FlagEvaluationOptions? = nil
    ) -> FlagDetails<Bool> {
        snapshot.details(key, fallback, context, options, .boolean)
    }

    /// A flag of texts.
    public func string(
        _ key: String, default fallback: String, context: FlagContext? = nil, options: FlagEvaluationOptions? = nil
    ) -> String {
        snapshot.value(key, fallback, context, options, .string)
    }

    /// A flag of texts, with how it came to its value.
    public func stringDetails(
        _ key: String, default fallback: String, context: FlagContext? = nil, options: FlagEvaluationOptions? = nil
    ) -> FlagDetails<String> {
        snapshot.details(key, fallback, context, options, .string)
    }

    /// A flag of whole numbers.
    public func integer(
        _ key: String, default fallback: Int, context: FlagContext? = nil, options: FlagEvaluationOptions? = nil
    ) -> Int {
        snapshot.value(key, fallback, context, options, .integer)
    }

    /// A flag of whole numbers, with how it came to its value.
    public func integerDetails(
        _ key: String, default fallback: Int, context: FlagContext? = nil, options: FlagEvaluationOptions? = nil
    ) -> FlagDetails<Int> {
        snapshot.details(key, fallback, context, options, .integer)
    }

    /// A flag of numbers, whole or not.
    public func double(
        _ key: String, default fallback: Double, context: FlagContext? = nil, options: FlagEvaluationOptions? = nil
    ) -> Double {
        snapshot.value(key, fallback, context, options, .double)
    }

    /// A flag of numbers, with how it came to its value.
    public func doubleDetails(
        _ key: String, default fallback: Double, context: FlagContext? = nil, options: FlagEvaluationOptions? = nil
    ) -> FlagDetails<Double> {
        snapshot.details(key, fallback, context, options, .double)
    }

    /// A flag of objects or lists.
    public func object(
        _ key: String, default fallback: SettingValue, context: FlagContext? = nil,
        options: FlagEvaluationOptions? = nil
    ) -> SettingValue {
        snapshot.value(key, fallback, context, options, .object)
    }

    /// A flag of objects or lists, with how it came to its value.
    public func objectDetails(
        _ key: String, default fallback: SettingValue, context: FlagContext? = nil,
        options: FlagEvaluationOptions? = nil
    ) -> FlagDetails<SettingValue> {
        snapshot.details(key, fallback, context, options, .object)
    }

    /// A flag of objects or lists as a type of yours. A value that is none of that type counts as a type mismatch.
    public func object<Value: Codable & Sendable>(
        _ key: String, default fallback: Value, context: FlagContext? = nil, options: FlagEvaluationOptions? = nil,
        using decoder: JSONDecoder = JSONDecoder()
    ) -> Value {
        objectDetails(key, default: fallback, context: context, options: options, using: decoder).value
    }

    /// A flag of objects or lists as a type of yours, with how it came to its value.
    public func objectDetails<Value: Codable & Sendable>(
        _ key: String, default fallback: Value, context: FlagContext? = nil, options: FlagEvaluationOptions? = nil,
        using decoder: JSONDecoder = JSONDecoder()
    ) -> FlagDetails<Value> {
        snapshot.details(key, fallback, context, options, .decoded(by: decoder))
    }
}
