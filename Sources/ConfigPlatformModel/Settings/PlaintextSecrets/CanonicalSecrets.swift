/// Walks a value in canonical JSON without reading it into memory and tells whether any part has a sign of a secret.
///
/// It finds the same as the walk over the value itself. Where the bytes are no canonical JSON it says yes.
struct CanonicalSecrets {
    private var index = 0

    static func mayBeIn(_ bytes: Span<UInt8>, under name: SecretName) -> Bool {
        var walk = CanonicalSecrets()
        return walk.value(bytes, name, isReference: false)
    }

    /// Reads the value that begins at the index.
    private mutating func value(_ bytes: Span<UInt8>, _ name: SecretName, isReference: Bool) -> Bool {
        guard index < bytes.count else { return true }
        switch bytes[index] {
        case UInt8(ascii: "\""):
            guard let (range, isEscaped) = string(bytes) else { return true }
            if isReference { return false }
            if !isEscaped { return SecretSign(bytes.extracting(range), under: name) != nil }
            let text = Self.unescaped(bytes.extracting(range))
            return SecretSign(text.span, under: name) != nil
        case UInt8(ascii: "["):
            return elements(bytes, name)
        case UInt8(ascii: "{"):
            return members(bytes, name)
        case UInt8(ascii: "-"), 0x30...0x39:
            skipScalar(bytes)
            return SecretSign(numberUnder: name) != nil
        default:
            skipScalar(bytes)
            return false
        }
    }

    private mutating func elements(_ bytes: Span<UInt8>, _ name: SecretName) -> Bool {
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "]") {
            if value(bytes, name, isReference: false) { return true }
            if index < bytes.count, bytes[index] == UInt8(ascii: ",") { index += 1 }
        }
        index += 1
        return index > bytes.count
    }

    private mutating func members(_ bytes: Span<UInt8>, _ name: SecretName) -> Bool {
        index += 1
        var named: SecretName?
        while index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
            guard let (range, isEscaped) = string(bytes), index < bytes.count, bytes[index] == UInt8(ascii: ":") else {
                return true
            }
            index += 1
            let label = bytes.extracting(range)
            var inner =
                isEscaped ? name.appending(Self.unescaped(label).span) : name.appending(label)
            if let named, PlaintextSecret.isPairValue(label), inner.saying == .nothing { inner = named }
            let start = index
            if value(bytes, inner, isReference: PlaintextSecret.isReferenceName(label)) { return true }
            if PlaintextSecret.isPairName(label), bytes[start] == UInt8(ascii: "\"") {
                named = Self.name(writtenIn: bytes.extracting(start + 1..<index - 1))
            }
            if index < bytes.count, bytes[index] == UInt8(ascii: ",") { index += 1 }
        }
        guard index < bytes.count, bytes[index] == UInt8(ascii: "}") else { return true }
        index += 1
        return false
    }

    private static func name(writtenIn text: Span<UInt8>) -> SecretName {
        text.contains(UInt8(ascii: "\\"))
            ? SecretName().appending(unescaped(text).span) : SecretName().appending(text)
    }

    /// Reads the string that begins at the index: what stands between its quotes, and whether any of it is escaped.
    private mutating func string(_ bytes: Span<UInt8>) -> (Range<Int>, isEscaped: Bool)? {
        let start = index + 1
        var isEscaped = false
        index = start
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                index += 1
                return (start..<index - 1, isEscaped)
            }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                index += 1
            }
            index += 1
        }
        return nil
    }

    private mutating func skipScalar(_ bytes: Span<UInt8>) {
        index += 1
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"): return
            default: index += 1
            }
        }
    }

    /// Canonical JSON escapes quotes, backslashes and control characters only.
    private static func unescaped(_ text: Span<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            guard text[index] == UInt8(ascii: "\\"), index + 1 < text.count else {
                result.append(text[index])
                index += 1
                continue
            }
            switch text[index + 1] {
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "u"):
                // `\u00xy`
                var byte = UInt8(0)
                for offset in 4..<6 where index + offset < text.count {
                    let digit = text[index + offset]
                    byte = byte << 4 | (digit < 0x3A ? digit & 0x0F : digit & 0x0F + 9)
                }
                result.append(byte)
                index += 4
            case let byte: result.append(byte)
            }
            index += 2
        }
        return result
    }
}
