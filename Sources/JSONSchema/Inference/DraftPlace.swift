import ExactJSON

/// Where in the documents values stand, and what the names on the way say of them.
struct DraftPlace {
    /// That of the member; elements of an array and members of a map have the name of the whole.
    let name: MemberName
    /// The name of the object around it.
    let parent: MemberName
    /// Whether a name on the way is that of a secret.
    let isSecret: Bool
    let depth: Int

    static let root = DraftPlace(name: MemberName(""), parent: MemberName(""), isSecret: false, depth: 0)

    func member(_ name: String) -> DraftPlace {
        let name = MemberName(name)
        return DraftPlace(name: name, parent: self.name, isSecret: isSecret || name.saysSecret, depth: depth + 1)
    }

    /// The elements, or the members of a map.
    var inside: DraftPlace { DraftPlace(name: name, parent: parent, isSecret: isSecret, depth: depth + 1) }

    /// The distinct texts in their order, where the name says that there are few to choose from, at least two occur more
    /// than once, and all look like such words.
    func words(of texts: [String]) -> [String]? {
        guard !isSecret, name.saysChoice || name.saysFormat && parent.saysLog else { return nil }
        var counts: [JSONValue: Int] = [:]
        for text in texts { counts[.string(text), default: 0] += 1 }
        guard counts.count <= 10, counts.values.count(where: { $0 > 1 }) >= 2 else { return nil }
        let words = counts.keys.compactMap(\.stringValue).sorted { $0.precedesInUTF16($1) }
        return words.allSatisfy(Self.isWord) ? words : nil
    }

    private static func isWord(_ text: String) -> Bool {
        (1...24).contains(text.utf8.count)
            && text.utf8.allSatisfy { ByteClass.letterOrDigit.contains($0) || $0 == 0x2D || $0 == 0x5F }
    }

    /// Whether the members' names are data: they look it, or are numbered, or are three or more that differ from object
    /// to object as settings that are optional would not. The values must be of one shape, but under the name of a secret
    /// one such name will do, for it may be the secret. The settings themselves, at the root, are never a map.
    func isMap(_ members: [SeenMember], of objects: [JSONObject]) -> Bool {
        if depth == 0 { return false }
        let names = members.map { MemberName($0.name) }
        if isSecret, names.contains(where: \.looksLikeData) { return true }
        guard SeenValues(members.flatMap(\.values)).haveOneShape else { return false }
        if names.allSatisfy(\.looksLikeData) { return true }
        guard members.count >= 3 else { return false }
        if let first = names.first?.withoutDigits, names.allSatisfy({ $0.withoutDigits == first }) { return true }
        let common = members.count { $0.values.count == objects.count }
        return common * 2 <= members.count && objects.allSatisfy { $0.count < members.count }
            && !names.contains(where: \.isUsual)
    }
}
