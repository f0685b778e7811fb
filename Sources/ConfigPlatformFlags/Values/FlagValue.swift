package import ExactJSON

/// A value as rules see it: an attribute of a context, a literal of a rule, what an operator gives.
///
/// Unlike `JSONValue` it has integers and doubles of the machine, because rules compute with them; what a flag's variants hold
/// is never made of it, and stays exact.
package enum FlagValue: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case list([FlagValue])
    case object(FlagObject)
}

/// Named values, without duplicates, found by a hash of the name that is made when they are put together.
package struct FlagObject: Sendable {
    package struct Member: Sendable {
        package let name: String
        let hash: UInt64
        package internal(set) var value: FlagValue
    }

    package private(set) var members: [Member] = []

    package init() {}

    init(members: [Member]) {
        self.members = members
    }

    package init(_ object: JSONObject) {
        members.reserveCapacity(object.count)
        for member in object.members {
            members.append(
                Member(name: member.name, hash: Self.hash(of: member.name), value: FlagValue(member.value)))
        }
    }

    package var count: Int { members.count }

    /// Setting nil removes the member.
    package subscript(name: String) -> FlagValue? {
        get {
            index(of: name, hash: Self.hash(of: name)).map { members[$0].value }
        }
        set {
            let hash = Self.hash(of: name)
            switch (newValue, index(of: name, hash: hash)) {
            case (let value?, let index?): members[index].value = value
            case (let value?, nil): members.append(Member(name: name, hash: hash, value: value))
            case (nil, let index?): members.remove(at: index)
            case (nil, nil): break
            }
        }
    }

    @inline(__always)
    func index(of name: String, hash: UInt64) -> Int? {
        var index = 0
        let count = members.count
        while index < count {
            if members[index].hash == hash, members[index].name.hasSameBytes(as: name) { return index }
            index &+= 1
        }
        return nil
    }

    /// Of the name's bytes. It only finds candidates; bytes decide.
    static func hash(of name: String) -> UInt64 { ExactName.quickHash(of: name) }
}

extension FlagValue {
    package init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .number(let number):
            if let integer = number.int64 {
                self = .integer(integer)
            } else {
                self = .double(number.double)
            }
        case .string(let text): self = .string(text)
        case .array(let elements): self = .list(elements.map { FlagValue($0) })
        case .object(let object): self = .object(FlagObject(object))
        }
    }

    /// As JSON. Infinities and NaN, which JSON cannot say, are null.
    package var json: JSONValue {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .int(value)
        case .double(let value): JSONNumber(value).map { .number($0) } ?? .null
        case .string(let text): .string(text)
        case .list(let elements): .array(elements.map(\.json))
        case .object(let object): .object(object.json)
        }
    }
}

extension FlagObject {
    package var json: JSONObject {
        JSONObject(uniqueMembers: members.map { ($0.name, $0.value.json) })
    }
}
