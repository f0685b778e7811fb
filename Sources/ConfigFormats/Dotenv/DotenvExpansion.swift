import ConfigPlatformModel

/// Takes the content of a dotenv value apart into text and references.
///
/// Read as references are `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME-default}`; a default may hold further ones and ends at the
/// first brace that closes none of them, as shells have it. `\$` is a dollar sign, and `$${` a literal `${`.
struct DotenvExpansion {
    private let bytes: [UInt8]
    private let hasEscapes: Bool
    private let expands: Bool
    private var position = 0
    private(set) var remarks: [(severity: ImportNotice.Severity, message: String)] = []
    /// Where a `${` has been found to begin no reference.
    private var failures: Set<Int> = []

    private static let depthMax = 8
    /// Each costs reading on to the end; after so many, further `${` are text.
    private static let failuresMax = 64

    /// - Parameter hasEscapes: whether `\n` and its like are escapes, as they are between double quotes.
    init(_ bytes: [UInt8], hasEscapes: Bool, expands: Bool) {
        self.bytes = bytes
        self.hasEscapes = hasEscapes
        self.expands = expands
    }

    mutating func parts() -> [DotenvPart] {
        parts(insideDefault: false, depth: 0)
    }

    private mutating func parts(insideDefault: Bool, depth: Int) -> [DotenvPart] {
        var parts: [DotenvPart] = []
        var text: [UInt8] = []
        func flush() {
            if !text.isEmpty { parts.append(.text(String(decoding: text, as: UTF8.self))) }
            text = []
        }
        while position < bytes.count {
            let byte = bytes[position]
            if insideDefault, byte == UInt8(ascii: "}") { break }
            if byte == UInt8(ascii: "\\"), let escape = escape() {
                text += escape
            } else if byte == UInt8(ascii: "$"), expands {
                if let reference = dollar(into: &text, depth: depth) {
                    flush()
                    parts.append(reference)
                }
            } else {
                text.append(byte)
                position += 1
            }
        }
        flush()
        return parts
    }

    /// What the escape that begins here stands for; nil where the backslash stands for itself.
    private mutating func escape() -> [UInt8]? {
        guard let next = peek(1) else { return nil }
        if next == UInt8(ascii: "$") {
            position += 2
            return [next]
        }
        guard hasEscapes else { return nil }
        let result: UInt8
        switch next {
        case UInt8(ascii: "n"): result = 0x0A
        case UInt8(ascii: "r"): result = 0x0D
        case UInt8(ascii: "t"): result = 0x09
        case UInt8(ascii: "a"): result = 0x07
        case UInt8(ascii: "b"): result = 0x08
        case UInt8(ascii: "f"): result = 0x0C
        case UInt8(ascii: "v"): result = 0x0B
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"), UInt8(ascii: "`"): result = next
        default: return nil
        }
        position += 2
        return [result]
    }

    /// At a `$`: the reference that it begins, or nil when it was taken as text.
    private mutating func dollar(into text: inout [UInt8], depth: Int) -> DotenvPart? {
        let start = position
        switch peek(1) {
        case UInt8(ascii: "$"):
            remark(.warning, "$$ was read as text, before '{' as one dollar sign; some readers expand what follows it.")
            text += peek(2) == UInt8(ascii: "{") ? [UInt8(ascii: "$"), UInt8(ascii: "{")] : Array("$$".utf8)
            position += peek(2) == UInt8(ascii: "{") ? 3 : 2
            return nil
        case UInt8(ascii: "{"):
            if depth < Self.depthMax, failures.count < Self.failuresMax, !failures.contains(start),
                let reference = braced(depth: depth)
            {
                return reference
            }
            position = start
            if depth < Self.depthMax { failures.insert(start) }
            remark(.warning, "A ${ that begins no ${NAME}, ${NAME:-default} or ${NAME-default} was read as text.")
        case UInt8(ascii: "("):
            remark(.warning, "$( ) was read as text; commands are not run.")
        case let next? where DotenvScanner.isNameStart(next):
            position += 1
            let name = name()
            return .reference(name: name, default: nil, isForEmptyToo: false, written: "$" + name)
        default:
            break
        }
        text.append(bytes[position])
        position += 1
        return nil
    }

    private mutating func braced(depth: Int) -> DotenvPart? {
        let start = position
        position += 2
        let nameStart = position
        while let byte = peek(0), byte != UInt8(ascii: "-"), DotenvScanner.isNameByte(byte) { position += 1 }
        guard position > nameStart, !name(from: nameStart).hasSuffix(".") else { return nil }
        let name = name(from: nameStart)
        var fallback: [DotenvPart]?
        var isForEmptyToo = false
        switch peek(0) {
        case UInt8(ascii: ":") where peek(1) == UInt8(ascii: "-"):
            position += 2
            isForEmptyToo = true
            fallback = parts(insideDefault: true, depth: depth + 1)
        case UInt8(ascii: "-"):
            position += 1
            fallback = parts(insideDefault: true, depth: depth + 1)
        case UInt8(ascii: ":") where peek(1) == UInt8(ascii: "?"), UInt8(ascii: "?"):
            while let byte = peek(0), byte != UInt8(ascii: "}") { position += 1 }
            remark(
                .information, "The message of ${\(name):?…} was left out; a missing '\(name)' is refused in any case.")
        default:
            break
        }
        guard peek(0) == UInt8(ascii: "}") else { return nil }
        position += 1
        return .reference(
            name: name, default: fallback, isForEmptyToo: isForEmptyToo,
            written: String(decoding: bytes[start..<position], as: UTF8.self))
    }

    /// The `NAME` of a `$NAME`: letters, digits and `_`.
    private mutating func name() -> String {
        let start = position
        while let byte = peek(0), DotenvScanner.isNameStart(byte) || (0x30...0x39).contains(byte) { position += 1 }
        return name(from: start)
    }

    private func name(from start: Int) -> String {
        String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func remark(_ severity: ImportNotice.Severity, _ message: String) {
        guard !remarks.contains(where: { $0.message == message }) else { return }
        remarks.append((severity, message))
    }

    private func peek(_ distance: Int) -> UInt8? {
        position + distance < bytes.count ? bytes[position + distance] : nil
    }
}
