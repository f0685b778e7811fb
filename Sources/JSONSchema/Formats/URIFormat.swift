/// The grammars of RFC 3986 and, with `allowsUnicode`, RFC 3987.
struct URIFormat {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let allowsUnicode: Bool

    private typealias Part = Slice<UnsafeBufferPointer<UInt8>>

    init(_ bytes: UnsafeBufferPointer<UInt8>, allowsUnicode: Bool) {
        self.bytes = bytes
        self.allowsUnicode = allowsUnicode
    }

    func isAbsolute() -> Bool {
        guard let colon = bytes.firstIndex(of: 0x3A), isScheme(bytes[..<colon]) else { return false }
        return isHierarchy(bytes[(colon + 1)...])
    }

    func isReference() -> Bool {
        if isAbsolute() { return true }
        // In the first segment of a relative path a colon would have ended a scheme.
        let firstSegment = bytes.prefix { !ByteClass.segmentEnd.contains($0) }
        return !firstSegment.contains(0x3A) && isHierarchy(bytes[...])
    }

    private func isScheme(_ part: Part) -> Bool {
        guard let first = part.first, ByteClass.letter.contains(first) else { return false }
        return part.allSatisfy(ByteClass.scheme.contains)
    }

    /// `[//authority] path [?query] [#fragment]`.
    private func isHierarchy(_ part: Part) -> Bool {
        var rest = part
        if let hash = rest.firstIndex(of: 0x23) {
            guard isText(rest[(hash + 1)...], ByteClass.fragment) else { return false }
            rest = rest[..<hash]
        }
        if let mark = rest.firstIndex(of: 0x3F) {
            guard isText(rest[(mark + 1)...], ByteClass.fragment, allowsPrivateUse: true) else { return false }
            rest = rest[..<mark]
        }
        if rest.starts(with: [0x2F, 0x2F]) {
            rest = rest.dropFirst(2)
            let end = rest.firstIndex(of: 0x2F) ?? rest.endIndex
            guard isAuthority(rest[..<end]) else { return false }
            rest = rest[end...]
        }
        return isText(rest, ByteClass.path)
    }

    private func isAuthority(_ part: Part) -> Bool {
        var rest = part
        if let at = rest.firstIndex(of: 0x40) {
            guard isText(rest[..<at], ByteClass.userInformation) else { return false }
            rest = rest[(at + 1)...]
        }
        let port: Part
        if rest.first == 0x5B {
            guard let close = rest.firstIndex(of: 0x5D), isLiteral(rest[(rest.startIndex + 1)..<close]) else {
                return false
            }
            port = rest[(close + 1)...]
        } else {
            let colon = rest.firstIndex(of: 0x3A) ?? rest.endIndex
            guard isText(rest[..<colon], ByteClass.registeredName) else { return false }
            port = rest[colon...]
        }
        return port.isEmpty || (port.first == 0x3A && port.dropFirst().allSatisfy(ByteClass.digit.contains))
    }

    /// An address in square brackets: IPv6, or `v1.…` of a later version.
    private func isLiteral(_ part: Part) -> Bool {
        guard let first = part.first, first | 0x20 == 0x76 else { return AddressFormat.isIPv6(part) }
        let rest = part.dropFirst()
        guard let dot = rest.firstIndex(of: 0x2E) else { return false }
        let (version, address) = (rest[..<dot], rest[(dot + 1)...])
        return !version.isEmpty && version.allSatisfy(ByteClass.hexDigit.contains)
            && !address.isEmpty && address.allSatisfy(ByteClass.userInformation.contains)
    }

    private func isText(_ part: Part, _ allowed: ByteClass, allowsPrivateUse: Bool = false) -> Bool {
        var index = part.startIndex
        while index < part.endIndex {
            let byte = part[index]
            if byte == 0x25 {
                guard index + 2 < part.endIndex, ByteClass.hexDigit.contains(part[index + 1]),
                    ByteClass.hexDigit.contains(part[index + 2])
                else { return false }
                index += 3
            } else if byte < 0x80 {
                guard allowed.contains(byte) else { return false }
                index += 1
            } else {
                guard allowsUnicode else { return false }
                let value = UTF8Text.scalar(bytes, at: &index)
                guard Self.isUniversal(value) || (allowsPrivateUse && Self.isPrivateUse(value)) else { return false }
            }
        }
        return true
    }

    /// `ucschar` of RFC 3987.
    static func isUniversal(_ value: UInt32) -> Bool {
        switch value {
        case 0xA0...0xD7FF, 0xF900...0xFDCF, 0xFDF0...0xFFEF: true
        case 0x1_0000...0xE_FFFD: value & 0xFFFF <= 0xFFFD && !(0xE_0000...0xE_0FFF).contains(value)
        default: false
        }
    }

    /// `iprivate` of RFC 3987.
    static func isPrivateUse(_ value: UInt32) -> Bool {
        switch value {
        case 0xE000...0xF8FF, 0xF_0000...0xF_FFFD, 0x10_0000...0x10_FFFD: true
        default: false
        }
    }
}
