/// Choices drawn from the bytes of an input, so that a small change of the bytes is a small change of what is made of them.
/// Where they are used up every choice is the first.
struct InputBytes {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) {
        rest = Array(bytes)[...]
    }

    var isEmpty: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func int(below bound: Int) -> Int {
        bound <= 256 ? Int(byte()) % bound : (Int(byte()) << 8 | Int(byte())) % bound
    }

    mutating func chance(oneIn count: Int) -> Bool { Int(byte()) % count == count - 1 }

    mutating func element<Element>(of elements: [Element]) -> Element { elements[int(below: elements.count)] }

    /// Up to so many bytes as they are.
    mutating func text(atMost count: Int) -> String {
        let length = int(below: count + 1)
        defer { rest = rest.dropFirst(length) }
        return String(decoding: rest.prefix(length), as: UTF8.self)
    }

    /// All that is left.
    mutating func remainder() -> [UInt8] {
        defer { rest = [] }
        return Array(rest)
    }
}
