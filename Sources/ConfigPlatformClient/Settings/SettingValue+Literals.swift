import ConfigPlatformModel

extension SettingValue {
    /// A text.
    public init(_ string: String) { self.init(JSONValue.string(string)) }
    /// A whole number.
    public init(_ int: Int) { self.init(JSONValue.int(int)) }
    /// `true` or `false`.
    public init(_ bool: Bool) { self.init(JSONValue.bool(bool)) }
    /// A number; nil for infinities and NaN.
    public init?(_ double: Double) {
        guard let number = JSONNumber(double) else { return nil }
        self.init(JSONValue.number(number))
    }
    /// An array.
    public init(_ array: [SettingValue]) { self.init(JSONValue.array(array.map(\.json))) }
    /// An object.
    public init(_ object: [String: SettingValue]) {
        var members = JSONObject()
        for (name, value) in object { members[name] = .some(value.json) }
        self.init(JSONValue.object(members))
    }
}

extension SettingValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A text.
    public init(stringLiteral value: String) { self.init(value) }
    /// A whole number.
    public init(integerLiteral value: Int) { self.init(value) }
    /// A number; null where it is beyond all doubles.
    public init(floatLiteral value: Double) { self = SettingValue(value) ?? SettingValue(JSONValue.null) }
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self.init(value) }
    /// An array.
    public init(arrayLiteral elements: SettingValue...) { self.init(elements) }
    /// An object; of two members of one name the later counts.
    public init(dictionaryLiteral elements: (String, SettingValue)...) {
        self.init(Dictionary(elements) { _, later in later })
    }
}
