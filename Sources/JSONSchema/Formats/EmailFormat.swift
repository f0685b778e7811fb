/// Mailboxes of RFC 5321 section 4.1.2 and, international, RFC 6531 section 3.3.
enum EmailFormat {
    /// Octets of a local part (RFC 5321 section 4.5.3.1.1).
    private static let maxLocalBytes = 64

    static func accepts(_ bytes: UnsafeBufferPointer<UInt8>, isInternational: Bool) -> Bool {
        guard let at = bytes.lastIndex(of: 0x40) else { return false }
        let local = bytes[..<at]
        guard !local.isEmpty, local.count <= maxLocalBytes, isLocalPart(local, isInternational) else { return false }
        let domain = bytes[(at + 1)...]
        if domain.first == 0x5B {
            guard domain.last == 0x5D, domain.count > 2 else { return false }
            return isAddress(domain.dropFirst().dropLast())
        }
        if isInternational {
            return HostnameFormat.isMailDomain(String(decoding: domain, as: UTF8.self))
        }
        return HostnameFormat.isHostname(UnsafeBufferPointer(rebasing: domain))
    }

    private static func isLocalPart(_ part: Slice<UnsafeBufferPointer<UInt8>>, _ isInternational: Bool) -> Bool {
        if part.first == 0x22 {
            guard part.count >= 2, part.last == 0x22 else { return false }
            return isQuoted(part.dropFirst().dropLast(), isInternational)
        }
        // Atoms with single dots between.
        var previous: UInt8 = 0x2E
        for byte in part {
            if byte == 0x2E {
                if previous == 0x2E { return false }
            } else if !ByteClass.atom.contains(byte), !isInternational || byte < 0x80 {
                return false
            }
            previous = byte
        }
        return previous != 0x2E
    }

    private static func isQuoted(_ part: Slice<UnsafeBufferPointer<UInt8>>, _ isInternational: Bool) -> Bool {
        var rest = part
        while let byte = rest.popFirst() {
            switch byte {
            case 0x5C:
                guard let escaped = rest.popFirst(), (0x20...0x7E).contains(escaped) else { return false }
            case 0x22, ..<0x20, 0x7F: return false
            case 0x80...: if !isInternational { return false }
            default: break
            }
        }
        return true
    }

    private static func isAddress(_ part: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let tag = part.prefix(5).map { $0 | 0x20 }
        return tag == Array("ipv6:".utf8).map { $0 | 0x20 }
            ? AddressFormat.isIPv6(part.dropFirst(5)) : AddressFormat.isIPv4(part)
    }
}
