import ConfigPlatformFlags
import ConfigPlatformModel
import Foundation

/// How a variant's value becomes one of Swift's, and back for hooks.
struct FlagForm<Value: Sendable>: Sendable {
    let type: FlagType
    let kind: FlagValueKind
    /// Nil where it is none of that type.
    let value: @Sendable (JSONValue) -> Value?
    let shown: @Sendable (Value) -> SettingValue
}

extension FlagForm<Bool> {
    static let boolean = FlagForm(type: .boolean, kind: .boolean, value: { $0.boolValue }, shown: { SettingValue($0) })
}

extension FlagForm<String> {
    static let string = FlagForm(type: .string, kind: .string, value: { $0.stringValue }, shown: { SettingValue($0) })
}

extension FlagForm<Int> {
    static let integer = FlagForm(
        type: .integer, kind: .integer, value: { $0.int64Value.flatMap { Int(exactly: $0) } },
        shown: { SettingValue($0) })
}

extension FlagForm<Double> {
    static let double = FlagForm(
        type: .double, kind: .double,
        value: { json in
            guard let double = json.numberValue?.double, double.isFinite else { return nil }
            return double
        },
        shown: { SettingValue($0) ?? SettingValue(.null) })
}

extension FlagForm<SettingValue> {
    static let object = FlagForm(type: .object, kind: .object, value: { SettingValue($0) }, shown: { $0 })
}

extension FlagForm where Value: Codable {
    static func decoded(by decoder: JSONDecoder) -> FlagForm {
        FlagForm(
            type: .object, kind: .object, value: { try? SettingValue($0).decode(Value.self, using: decoder) },
            shown: { value in
                let json = (try? JSONEncoder().encode(value)).flatMap { try? JSONValue(parsing: Array($0)) }
                return SettingValue(json ?? .null)
            })
    }
}
