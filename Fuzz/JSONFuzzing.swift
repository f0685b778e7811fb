import ConfigPlatformModel

/// The parser, the writers, numbers, pointers and merge patches.
func fuzzJSON(_ bytes: [UInt8]) {
    let halves = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    guard let value = parsed(Array(halves[0])) else { return }
    let canonical = value.canonicalBytes()
    guard let again = parsed(canonical) else { fatalError("the canonical text cannot be read: \(value)") }
    require(again == value && again.hashValue == value.hashValue, "canonical: \(value) became \(again)")
    require(again.canonicalBytes() == canonical, "canonical twice: \(value)")
    require(parsed(Array(value.prettyText().utf8)) == value, "pretty: \(value)")
    let patch = halves.count > 1 ? parsed(Array(halves[1])) ?? value : value
    let merged = value.merging(patch: patch)
    require(merged.merging(patch: patch) == merged, "a patch applied twice: \(value) with \(patch)")
    require(parsed(merged.canonicalBytes()) == merged, "merged: \(value) with \(patch)")
    if case .number(let left) = value, case .number(let right) = patch { compare(left, right) }
    if case .string(let text) = value { point(text, into: patch) }
}

private func parsed(_ bytes: [UInt8]) -> JSONValue? {
    do throws(JSONParseError) {
        return try JSONValue(parsing: bytes)
    } catch {
        require((0...bytes.count).contains(error.offset) && error.line > 0 && error.column > 0, "place: \(error)")
        return nil
    }
}

private func compare(_ left: JSONNumber, _ right: JSONNumber) {
    require([left < right, left == right, right < left].count { $0 } == 1, "order of \(left) and \(right)")
    if left.double < right.double { require(left < right, "\(left) and \(right) as doubles") }
    if let double = JSONNumber(left.double) { require(double.double == left.double, "\(left) as a double") }
    if right.isZero { return }
    let isMultiple = left.isMultiple(of: right)
    if let left = left.int64, let right = right.int64, right != -1 {
        require(isMultiple == left.isMultiple(of: right), "\(left) a multiple of \(right)")
    }
}

private func point(_ text: String, into value: JSONValue) {
    guard let pointer = try? JSONPointer(parsing: text) else { return }
    require(pointer.text.hasSameBytes(as: text), "pointer \(text)")
    _ = value[pointer]
}
