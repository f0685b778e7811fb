import ExactJSON
import Testing

@testable import ConfigPlatformFlags

/// A file as it was taken in, ready to be evaluated.
struct Imported {
    let flags: ImportedFlags
    private let set: FlagSet

    init(_ format: FlagFormat, _ text: String, _ order: FlagImportOrder = FlagImportOrder()) throws {
        try self.init(format, JSONValue(parsing: text), order)
    }

    init(_ format: FlagFormat, _ json: JSONValue, _ order: FlagImportOrder = FlagImportOrder()) throws {
        let flags = try format.read(json, order)
        self.flags = flags
        set = try FlagSet(document: .object(Self.document(of: flags)))
    }

    static func document(of flags: ImportedFlags) throws -> JSONObject {
        let lowering = FlagLowering(
            flag: { key in flags.flags[key].map { FlagItems(flag: $0, rule: flags.rules[key]) } },
            segment: { flags.segments[$0] })
        for key in flags.flags.keys { #expect(lowering.violations(of: key).isEmpty) }
        for name in flags.segments.keys { #expect(lowering.violations(of: name).isEmpty) }
        return try lowering.document(of: flags.flags.keys.sorted())
    }

    /// The value for a context; nil where it is the caller's default.
    func value(_ key: String, _ context: JSONObject, at seconds: Int64 = 1_790_000_000) -> JSONValue? {
        set.resolve(key, FlagContext(context), as: nil, at: seconds).variant?.value
    }

    func rule(_ key: String) throws -> JSONValue? { flags.rules[try FlagKey(parsing: key)]?.json }

    func flag(_ key: String) throws -> JSONValue? { flags.flags[try FlagKey(parsing: key)]?.json }

    func segment(_ name: String) throws -> JSONValue? { flags.segments[try SegmentName(parsing: name)]?.json }

    /// Messages about one key, of that severity.
    func said(_ severity: FlagNotice.Severity, of key: String?) -> [String] {
        flags.notices.filter { $0.severity == severity && $0.key == key }.map(\.message)
    }

    /// How many of 1,000 users get the value.
    func share(of value: JSONValue?, _ key: String, _ attribute: String = "targetingKey", _ others: JSONObject = [:])
        -> Int
    {
        (0..<1_000).filter { number in
            var context = others
            context[attribute] = .string("user-\(number)")
            return self.value(key, context) == value
        }.count
    }
}

func user(_ key: String, _ attributes: JSONObject = [:]) -> JSONObject {
    var context = attributes
    context["targetingKey"] = .string(key)
    return context
}
