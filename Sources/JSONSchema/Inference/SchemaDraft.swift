package import ExactJSON

/// A first schema for configuration that has none: JSON Schema 2020-12, which each of the documents it was drafted from
/// satisfies, `format` asserted or not, and which a person goes on to edit. The same documents give the same draft.
///
/// It says what all the values at a place bear out: their types, the members that are never missing, that there are no
/// others, one format that every text has, the range of what is called a port, and the words of what is called a level,
/// a mode and the like. An object whose names are data is a map: one schema for all its members. No value is copied into
/// the draft but those words, and none from under a name such as `password` or `token`.
package struct SchemaDraft: Sendable {
    /// Arrays and objects inside one another that are described; what is deeper has its types only.
    package static let maxDepth = 64
    /// Places that are described; of further ones nothing is said.
    package static let maxPlaces = 20_000

    package let schema: JSONValue

    /// The documents are those of all the environments, in any order. With none the draft allows everything.
    package init(of documents: [JSONValue]) {
        var drafting = Drafting(placesLeft: Self.maxPlaces)
        var schema = drafting.schema(of: documents, at: .root)
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        self.schema = .object(schema)
    }
}

/// One draft in the making.
private struct Drafting {
    var placesLeft: Int

    mutating func schema(of values: [JSONValue], at place: DraftPlace) -> JSONObject {
        guard placesLeft > 0 else { return [:] }
        placesLeft -= 1
        let seen = SeenValues(values)
        var schema = JSONObject()
        switch seen.types.count {
        case 0: return schema
        case 1: schema["type"] = .string(seen.types[0])
        default: schema["type"] = .array(seen.types.map { .string($0) })
        }
        if place.name.saysPort, let range = Self.portRange(seen.numbers) {
            schema["minimum"] = .int(range.lowerBound)
            schema["maximum"] = .int(range.upperBound)
        }
        if seen.types == ["string"], let words = place.words(of: seen.texts) {
            schema["enum"] = .array(words.map { .string($0) })
        } else if let format = Format.common(to: seen.texts) {
            schema["format"] = .string(format.rawValue)
        }
        guard place.depth < SchemaDraft.maxDepth else { return schema }
        if !seen.elements.isEmpty {
            schema["items"] = .object(self.schema(of: seen.elements, at: place.inside))
        }
        describeMembers(of: seen.objects, at: place, in: &schema)
        return schema
    }

    /// An object that is always empty is left open: nothing is known of it.
    private mutating func describeMembers(
        of objects: [JSONObject], at place: DraftPlace, in schema: inout JSONObject
    ) {
        let members = SeenMember.all(of: objects)
        if members.isEmpty { return }
        if place.isMap(members, of: objects) {
            let values = members.flatMap(\.values)
            schema["additionalProperties"] = .object(self.schema(of: values, at: place.inside))
            return
        }
        guard members.count <= placesLeft else { return }
        placesLeft -= members.count
        var properties: [(String, JSONValue)] = []
        for member in members {
            placesLeft += 1
            properties.append((member.name, .object(self.schema(of: member.values, at: place.member(member.name)))))
        }
        schema["properties"] = .object(JSONObject(uniqueMembers: properties))
        schema["additionalProperties"] = false
        let required = members.filter { $0.values.count == objects.count }
        if !required.isEmpty { schema["required"] = .array(required.map { .string($0.name) }) }
    }

    /// 1 to 65535, from 0 where that was seen; nil where the numbers are no ports.
    private static func portRange(_ numbers: [JSONNumber]) -> ClosedRange<Int>? {
        if numbers.isEmpty { return nil }
        var lowest: Int64 = 1
        for number in numbers {
            guard let port = number.int64, (0...65_535).contains(port) else { return nil }
            lowest = min(lowest, port)
        }
        return Int(lowest)...65_535
    }
}

extension Format {
    /// Those a draft may name, no two of which a text can have.
    private static let drafted: [Format] = [.dateTime, .date, .duration, .email, .ipv4, .ipv6, .uri, .uuid]

    /// The format that each of the texts has, if there is one; none of no texts.
    fileprivate static func common(to texts: [String]) -> Format? {
        guard let first = texts.first, let format = drafted.first(where: { $0.plainlyHas(first) }) else { return nil }
        return texts.allSatisfy(format.plainlyHas) ? format : nil
    }

    /// Stricter than the format itself: a name and a version with `@` between are no address, and only what has `//`
    /// behind its scheme is taken for a URI.
    private func plainlyHas(_ text: String) -> Bool {
        guard accepts(text) else { return false }
        let bytes = text.utf8
        switch self {
        case .email:
            let domain = bytes.suffix(from: bytes.lastIndex(of: 0x40) ?? bytes.startIndex)
            guard let dot = domain.lastIndex(of: 0x2E) else { return false }
            return domain.suffix(from: dot).dropFirst().first.map(ByteClass.letter.contains) ?? false
        case .uri:
            guard let colon = bytes.firstIndex(of: 0x3A) else { return false }
            return bytes.suffix(from: colon).starts(with: "://".utf8)
        default:
            return true
        }
    }
}
