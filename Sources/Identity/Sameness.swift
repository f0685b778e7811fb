extension String {
    /// Byte for byte. `==` of strings takes some for the same that issuers tell apart.
    func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}

/// Whether the bytes are the same, in a time that depends on their number only.
func isEqualInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
}
