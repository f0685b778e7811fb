import ExactJSON

/// A name that is identified by its bytes, where `String` would take two Unicode spellings for one.
struct ExactName: Hashable, Sendable {
    let text: String

    @inline(__always)
    init(_ text: String) {
        self.text = text
    }

    static func == (left: ExactName, right: ExactName) -> Bool { left.text.hasSameBytes(as: right.text) }
    func hash(into hasher: inout Hasher) { text.hashBytes(into: &hasher) }
}

extension String {
    func startsWithBytes(of part: String) -> Bool {
        utf8.starts(with: part.utf8)
    }

    func endsWithBytes(of part: String) -> Bool {
        utf8.count >= part.utf8.count && utf8.suffix(part.utf8.count).elementsEqual(part.utf8)
    }

    /// Whether the other's bytes occur in this one's.
    func containsBytes(of part: String) -> Bool {
        var text = self
        var part = part
        return text.withUTF8 { text in
            part.withUTF8 { part in
                guard let first = part.first else { return true }
                guard text.count >= part.count else { return false }
                for start in 0...(text.count - part.count) where text[start] == first {
                    if (1..<part.count).allSatisfy({ text[start + $0] == part[$0] }) { return true }
                }
                return false
            }
        }
    }
}
