/// The shape of a kind of token: what it begins with, and how many of which characters follow.
struct TokenShape {
    let reason: PlaintextSecret.Reason
    /// With its article: `a GitHub token`.
    let name: String
    /// What the shape alone does not tell.
    let proof: Proof
    private let pieces: [Piece]
    /// The text it begins with, at most eight bytes of it, in the order of a little-endian integer.
    let head: UInt64
    let headMask: UInt64

    enum Proof: Sendable {
        case none
        /// It must look drawn by chance.
        case chance
        /// In base64 it must read as a name and a password.
        case namePassword
    }

    private enum Piece {
        case literal([UInt8])
        /// One character.
        case one(ByteSet)
        /// As many as there are, which must be so many.
        case run(ByteSet, ClosedRange<Int>)
    }

    /// Longest run of characters that is taken for a token.
    private static let runMax = 4_096

    /// A pattern is literal text but for `[…]`, one character of a set, and `[…]{n}`, `[…]{n,m}`, `[…]{n,}`, a whole run of them.
    init(_ reason: PlaintextSecret.Reason, _ name: String, _ pattern: String, _ proof: Proof) {
        self.reason = reason
        self.name = name
        self.proof = proof
        var pieces: [Piece] = []
        var rest = Substring(pattern)
        while !rest.isEmpty {
            guard rest.first == "[" else {
                let text = rest.prefix { $0 != "[" }
                pieces.append(.literal(Array(text.utf8)))
                rest = rest.dropFirst(text.count)
                continue
            }
            let set = ByteSet(rest.dropFirst().prefix { $0 != "]" })
            rest = rest.drop { $0 != "]" }.dropFirst()
            guard rest.first == "{" else {
                pieces.append(.one(set))
                continue
            }
            let bounds = rest.dropFirst().prefix { $0 != "}" }.split(separator: ",", omittingEmptySubsequences: false)
            rest = rest.drop { $0 != "}" }.dropFirst()
            let least = Int(bounds[0])!
            pieces.append(.run(set, least...(bounds.count == 1 ? least : Int(bounds[1]) ?? Self.runMax)))
        }
        self.pieces = pieces
        var head: UInt64 = 0
        var mask: UInt64 = 0
        if case .literal(let text) = pieces[0] {
            for (index, byte) in text.prefix(8).enumerated() {
                head |= UInt64(byte) << UInt64(8 * index)
                mask |= 0xFF << UInt64(8 * index)
            }
        }
        self.head = head
        self.headMask = mask
    }

    func matches(_ text: Span<UInt8>, at start: Int) -> Bool {
        var index = start
        for piece in pieces {
            switch piece {
            case .literal(let literal):
                guard index + literal.count <= text.count else { return false }
                for byte in literal {
                    guard text[index] == byte else { return false }
                    index += 1
                }
            case .one(let set):
                guard index < text.count, set.contains(text[index]) else { return false }
                index += 1
            case .run(let set, let bounds):
                let first = index
                while index < text.count, index - first <= bounds.upperBound, set.contains(text[index]) { index += 1 }
                guard bounds.contains(index - first) else { return false }
            }
        }
        if index < text.count, ByteSet.alphanumeric.contains(text[index]) { return false }
        switch proof {
        case .none: return true
        case .chance: return Randomness.isDrawn(text.extracting(start..<index))
        case .namePassword: return Self.isNamePassword(text.extracting(start + 6..<index))
        }
    }

    /// Whether base64 reads as `name:password` in visible ASCII.
    private static func isNamePassword(_ text: Span<UInt8>) -> Bool {
        var bits: UInt32 = 0
        var have = 0
        var colons = 0
        for index in text.indices {
            let digit: UInt32
            switch text[index] {
            case let byte where 0x41...0x5A ~= byte: digit = UInt32(byte - 0x41)
            case let byte where 0x61...0x7A ~= byte: digit = UInt32(byte - 0x61 + 26)
            case let byte where 0x30...0x39 ~= byte: digit = UInt32(byte - 0x30 + 52)
            case UInt8(ascii: "+"): digit = 62
            case UInt8(ascii: "/"): digit = 63
            default: continue
            }
            bits = bits << 6 | digit
            have += 6
            if have >= 8 {
                have -= 8
                let byte = UInt8(truncatingIfNeeded: bits >> UInt32(have))
                guard 0x20...0x7E ~= byte else { return false }
                if byte == UInt8(ascii: ":") { colons += 1 }
            }
        }
        return colons > 0
    }

    /// What the second character can be.
    var seconds: ByteSet {
        switch pieces[0] {
        case .literal(let text):
            text.count > 1 ? ByteSet(String(decoding: text[1...1], as: UTF8.self)) : secondPiece
        case .one: secondPiece
        case .run(let set, _): set
        }
    }

    private var secondPiece: ByteSet {
        switch pieces[1] {
        case .literal(let text): ByteSet(String(decoding: text[0...0], as: UTF8.self))
        case .one(let set), .run(let set, _): set
        }
    }

    func canStart(with byte: UInt8) -> Bool {
        switch pieces[0] {
        case .literal(let text): text[0] == byte
        case .one(let set), .run(let set, _): set.contains(byte)
        }
    }
}
