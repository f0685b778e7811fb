import ConfigPlatformFlags
public import Foundation

/// A value of a context's attribute, of a hook's hints, or of a flag's metadata.
public enum FlagAttribute: Hashable, Sendable {
    /// `true` or `false`.
    case bool(Bool)
    /// A whole number.
    case int(Int)
    /// A number. Infinities and NaN are no number to rules.
    case double(Double)
    /// A text.
    case string(String)
    /// A moment. Rules see it as RFC 3339 in UTC, to the microsecond, which is what `before` and `after` compare.
    case date(Date)
    /// Several values in order.
    case list([FlagAttribute])
    /// Values by name.
    case structure([String: FlagAttribute])
}

extension FlagAttribute: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    public init(integerLiteral value: Int) { self = .int(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// Several values in order.
    public init(arrayLiteral elements: FlagAttribute...) { self = .list(elements) }
    /// Values by name; of two of one name the later counts.
    public init(dictionaryLiteral elements: (String, FlagAttribute)...) {
        self = .structure(Dictionary(elements) { _, later in later })
    }
}

extension FlagAttribute {
    /// As rules see it.
    var value: FlagValue {
        switch self {
        case .bool(let value): return .bool(value)
        case .int(let value): return .integer(Int64(value))
        case .double(let value): return .double(value)
        case .string(let text): return .string(text)
        case .date(let date):
            let microseconds = date.timeIntervalSince1970 * 1_000_000
            // Beyond what RFC 3339 can write there is no order of texts either.
            guard microseconds.magnitude < 0x1p62 else { return .null }
            return .string(FlagTime(microseconds: Int64(microseconds.rounded())).text)
        case .list(let elements): return .list(elements.map(\.value))
        case .structure(let members):
            var object = FlagObject()
            for (name, member) in members { object[name] = member.value }
            return .object(object)
        }
    }

    /// Nil for null.
    init?(_ value: FlagValue) {
        switch value {
        case .null: return nil
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .int(Int(value))
        case .double(let value): self = .double(value)
        case .string(let text): self = .string(text)
        case .list(let elements): self = .list(elements.compactMap { FlagAttribute($0) })
        case .object(let object):
            self = .structure(
                Dictionary(
                    object.members.compactMap { member in FlagAttribute(member.value).map { (member.name, $0) } }
                ) {
                    $1
                })
        }
    }

    /// Whether reading it back from how rules see it would give something else.
    var isAltered: Bool {
        switch self {
        case .bool, .int, .double, .string: false
        case .date: true
        case .list(let elements): elements.contains(where: \.isAltered)
        case .structure(let members): members.values.contains(where: \.isAltered)
        }
    }
}
