import ExactJSON

/// A name that is identified by its bytes, where `String` would take two Unicode spellings for one.
package struct ExactName: Hashable, Sendable {
    package let text: String

    @inline(__always)
    package init(_ text: String) {
        self.text = text
    }

    package static func == (left: ExactName, right: ExactName) -> Bool { left.text.hasSameBytes(as: right.text) }
    package func hash(into hasher: inout Hasher) { text.hashBytes(into: &hasher) }
}

extension ExactName {
    /// Of the bytes, for tables whose names nobody can choose in order to slow them down, or that are too short for it to matter.
    static func quickHash(of name: String) -> UInt64 {
        var name = name
        return name.withUTF8 { bytes in
            var hash = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count)
            var index = 0
            if let base = bytes.baseAddress {
                while index &+ 8 <= bytes.count {
                    hash = mixed(hash ^ UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self))
                    index &+= 8
                }
            }
            var rest: UInt64 = 0
            while index < bytes.count {
                rest = rest << 8 | UInt64(bytes[index])
                index &+= 1
            }
            return mixed(hash ^ rest)
        }
    }

    @inline(__always)
    private static func mixed(_ value: UInt64) -> UInt64 {
        let (high, low) = value.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return high ^ low
    }
}

/// Values by name, for tables that are made once and read often.
struct NameTable<Value: Sendable>: Sendable {
    private struct Entry {
        let hash: UInt64
        let name: String
        var value: Value
    }

    private var entries: [Entry]
    /// Indices of entries, -1 where there is none; a power of two of them, at least twice as many as entries.
    private let slots: [Int32]

    /// Of two entries of one name the later counts.
    init(_ values: some Sequence<(String, Value)>) {
        var entries: [Entry] = []
        var known: [ExactName: Int] = [:]
        for (name, value) in values {
            let entry = Entry(hash: ExactName.quickHash(of: name), name: name, value: value)
            if let index = known[ExactName(name)] {
                entries[index] = entry
            } else {
                known[ExactName(name)] = entries.count
                entries.append(entry)
            }
        }
        var size = 4
        while size < entries.count * 2 { size *= 2 }
        var slots = [Int32](repeating: -1, count: size)
        for (index, entry) in entries.enumerated() {
            var slot = Int(truncatingIfNeeded: entry.hash) & (size - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = Int32(index)
        }
        self.entries = entries
        self.slots = slots
    }

    var count: Int { entries.count }
    var values: [Value] { entries.map(\.value) }

    subscript(name: String) -> Value? { index(of: name).map { entries[$0].value } }

    /// The value at an index.
    subscript(index: Int) -> Value {
        get { entries[index].value }
        set { entries[index].value = newValue }
    }

    /// Where a name is among `values`.
    @inline(__always)
    func index(of name: String) -> Int? {
        let hash = ExactName.quickHash(of: name)
        let mask = slots.count &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let index = Int(slots[slot])
            if index < 0 { return nil }
            if entries[index].hash == hash, entries[index].name.hasSameBytes(as: name) { return index }
            slot = (slot &+ 1) & mask
        }
    }
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
