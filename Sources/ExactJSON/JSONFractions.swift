/// Where a text writes a whole number as programs write a double: `0.0`, `1e3`. A ``JSONNumber`` is what it is worth and does not know.
package struct JSONFractions: Sendable {
    package let places: Set<JSONPointer>

    package static let none = JSONFractions(places: [])

    package init(places: Set<JSONPointer>) {
        self.places = places
    }

    /// - Parameter text: JSON that was read without error; of anything else some places are missed.
    package init(in text: [UInt8]) {
        var scan = FractionScan(text)
        scan.value(at: .root)
        places = scan.places
    }

    package func contains(_ place: JSONPointer) -> Bool { places.contains(place) }
}

/// Goes over a text once. It may nest as deep as the parser lets it.
private struct FractionScan {
    private let text: [UInt8]
    private var position = 0
    private(set) var places: Set<JSONPointer> = []

    init(_ text: [UInt8]) {
        self.text = text
    }

    private var byte: UInt8? { position < text.count ? text[position] : nil }

    private mutating func skipSpaces() {
        while let byte, byte <= 0x20 { position += 1 }
    }

    mutating func value(at place: @autoclosure () -> JSONPointer) {
        skipSpaces()
        switch byte {
        case UInt8(ascii: "{"): object(at: place())
        case UInt8(ascii: "["): list(at: place())
        case UInt8(ascii: "\""): _ = string()
        default:
            var isFraction = false
            while let byte, byte > 0x20, byte != 0x2C, byte != 0x5D, byte != 0x7D {
                isFraction = isFraction || byte == 0x2E || byte | 0x20 == 0x65
                position += 1
            }
            // The words true and false have an e too.
            if isFraction, let last = text[..<position].last, (0x30...0x39).contains(last) { places.insert(place()) }
        }
    }

    private mutating func object(at place: JSONPointer) {
        position += 1
        while true {
            skipSpaces()
            guard byte == UInt8(ascii: "\"") else { break }
            let quoted = string()
            skipSpaces()
            guard byte == UInt8(ascii: ":") else { return }
            position += 1
            value(at: place.appending(Self.name(quoted)))
            guard next() else { break }
        }
        position += 1
    }

    private mutating func list(at place: JSONPointer) {
        position += 1
        skipSpaces()
        var index = 0
        while let byte, byte != UInt8(ascii: "]") {
            value(at: place.appending(index))
            index += 1
            guard next() else { break }
        }
        position += 1
    }

    /// Whether another member or element follows.
    private mutating func next() -> Bool {
        skipSpaces()
        guard byte == UInt8(ascii: ",") else { return false }
        position += 1
        return true
    }

    /// With its quotation marks.
    private mutating func string() -> ArraySlice<UInt8> {
        let start = position
        position += 1
        while let byte, byte != UInt8(ascii: "\"") { position += byte == UInt8(ascii: "\\") ? 2 : 1 }
        position += 1
        return text[start..<min(position, text.count)]
    }

    private static func name(_ quoted: ArraySlice<UInt8>) -> String {
        guard quoted.contains(UInt8(ascii: "\\")) else {
            return String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self)
        }
        return (try? JSONValue(parsing: quoted))?.stringValue ?? ""
    }
}

extension JSONNumber {
    /// Appends the canonical text, with a fraction where it would else read as an integer.
    package func writeDouble(into bytes: inout [UInt8]) {
        let start = bytes.count
        writeCanonical(into: &bytes)
        if !bytes[start...].contains(where: { $0 == 0x2E || $0 == 0x65 }) { bytes.append(contentsOf: [0x2E, 0x30]) }
    }
}
