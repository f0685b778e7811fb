extension JSONValue {
    /// JSON Merge Patch (RFC 7396): members of an object patch replace those of the target, `null` removes; any other
    /// patch replaces the target whole.
    package func merging(patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var kept = (objectValue ?? JSONObject()).members[...]
        var merged: [JSONObject.Member] = []
        merged.reserveCapacity(kept.count)
        // Both are in order: one walk along the two.
        for change in changes.members {
            while let member = kept.first, member.name.precedesInUTF16(change.name) {
                merged.append(member)
                kept.removeFirst()
            }
            var old = JSONValue.null
            if let member = kept.first, member.name.hasSameBytes(as: change.name) {
                old = member.value
                kept.removeFirst()
            }
            if !change.value.isNull {
                merged.append(JSONObject.Member(name: change.name, value: old.merging(patch: change.value)))
            }
        }
        merged.append(contentsOf: kept)
        return .object(JSONObject(sorted: merged))
    }
}
