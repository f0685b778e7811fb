import ConfigPlatformFlags
import ConfigPlatformModel
import SwiftProtobuf

extension FlagContext {
    /// Throws `limit-exceeded` for one with more attributes than there may be.
    init(_ attributes: Google_Protobuf_Struct) throws(Problem) {
        guard attributes.fields.count <= Limits.contextAttributes else {
            throw Problem(
                .limitExceeded,
                "A context has at most \(Limits.contextAttributes) attributes; this one has \(attributes.fields.count)."
            )
        }
        self.init(JSONObject(attributes))
    }
}

extension JSONObject {
    /// What a `google.protobuf.Struct` says. Infinities and NaN, which JSON cannot say, are null.
    fileprivate init(_ fields: Google_Protobuf_Struct) {
        self.init(uniqueMembers: fields.fields.map { ($0.key, JSONValue($0.value)) })
    }
}

extension JSONValue {
    fileprivate init(_ value: Google_Protobuf_Value) {
        switch value.kind {
        case .boolValue(let value): self = .bool(value)
        case .numberValue(let number): self = JSONNumber(number).map { .number($0) } ?? .null
        case .stringValue(let text): self = .string(text)
        case .structValue(let fields): self = .object(JSONObject(fields))
        case .listValue(let list): self = .array(list.values.map { JSONValue($0) })
        case .nullValue, nil: self = .null
        }
    }
}

extension Google_Protobuf_Struct {
    /// Numbers become doubles, the only ones that a `Struct` has.
    init(_ object: JSONObject) {
        self.init()
        fields.reserveCapacity(object.count)
        for member in object.members { fields[member.name] = Google_Protobuf_Value(member.value) }
    }
}

extension Google_Protobuf_Value {
    fileprivate init(_ value: JSONValue) {
        self.init()
        switch value {
        case .null: kind = .nullValue(.nullValue)
        case .bool(let value): kind = .boolValue(value)
        case .number(let number): kind = .numberValue(number.double)
        case .string(let text): kind = .stringValue(text)
        case .array(let elements):
            var list = Google_Protobuf_ListValue()
            list.values = elements.map { Google_Protobuf_Value($0) }
            kind = .listValue(list)
        case .object(let object): kind = .structValue(Google_Protobuf_Struct(object))
        }
    }
}
