/// Host names of RFC 1123 section 2.1 and, international, RFC 5890 to 5893.
enum HostnameFormat {
    private static let maxBytes = 253
    private static let maxLabelBytes = 63

    /// Letters, digits and hyphens; a label that begins with `xn--` must be a valid A-label.
    static func isHostname(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard !bytes.isEmpty, bytes.count <= maxBytes else { return false }
        var start = 0
        while true {
            let end = bytes[start...].firstIndex(of: 0x2E) ?? bytes.count
            guard isLabel(bytes[start..<end]) else { return false }
            if end == bytes.count { return true }
            start = end + 1
        }
    }

    private static func isLabel(_ label: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard let first = label.first, let last = label.last, label.count <= maxLabelBytes, first != 0x2D, last != 0x2D
        else { return false }
        for byte in label where byte != 0x2D && !ByteClass.letterOrDigit.contains(byte) { return false }
        guard hasHyphensThirdAndFourth(label) else { return true }
        return decodedLabel(label) != nil
    }

    static func isInternationalHostname(_ text: String) -> Bool {
        guard let labels = labels(text) else { return false }
        let isBidirectional = labels.contains { $0.contains { DomainLabel.isRightToLeft($0.value) } }
        return labels.allSatisfy { label in
            DomainLabel.isValid(label) && (!isBidirectional || DomainLabel.satisfiesBidiRule(label))
        }
    }

    /// The domain of an international mailbox (RFC 6531 section 3.3): labels of letters, digits, hyphens and any
    /// scalars beyond ASCII, neither mapped nor checked against IDNA's tables.
    static func isMailDomain(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.count <= maxBytes else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.unicodeScalars.allSatisfy { scalar in
                    !scalar.isASCII || scalar == "-" || ByteClass.letterOrDigit.contains(UInt8(scalar.value))
                }
        }
    }

    /// The U-labels, A-labels decoded; nil where one is too long or not what its A-label says. The full stops of other
    /// writing systems divide labels too (RFC 3490 section 3.1).
    private static func labels(_ text: String) -> [[Unicode.Scalar]]? {
        let separators: Set<Unicode.Scalar> = [".", "\u{3002}", "\u{FF0E}", "\u{FF61}"]
        let parts = text.unicodeScalars.split(omittingEmptySubsequences: false) { separators.contains($0) }
        var labels: [[Unicode.Scalar]] = []
        var count = parts.count - 1
        for part in parts {
            let label = Array(part)
            if label.isEmpty { return nil }
            if label.allSatisfy(\.isASCII) {
                let bytes = label.map { UInt8($0.value) }
                count += bytes.count
                guard bytes.count <= maxLabelBytes else { return nil }
                if bytes.starts(with: Array("xn--".utf8)) {
                    guard let decoded = bytes.withUnsafeBufferPointer({ decodedLabel($0[...]) }) else { return nil }
                    labels.append(decoded)
                } else {
                    labels.append(label)
                }
            } else {
                let length = 4 + Punycode.encode(label).count
                guard length <= maxLabelBytes else { return nil }
                count += length
                labels.append(label)
            }
        }
        return count <= maxBytes ? labels : nil
    }

    /// The U-label of an A-label that is valid, so that it comes out again when encoded.
    private static func decodedLabel(_ label: Slice<UnsafeBufferPointer<UInt8>>) -> [Unicode.Scalar]? {
        let isALabel = label.prefix(2).map { $0 | 0x20 } == Array("xn".utf8)
        guard isALabel, let scalars = Punycode.decode(label.dropFirst(4)), !scalars.allSatisfy(\.isASCII) else {
            return nil
        }
        let encoded = Punycode.encode(scalars)
        guard encoded.elementsEqual(label.dropFirst(4).map { $0 | ($0 >= 0x41 && $0 <= 0x5A ? 0x20 : 0) }),
            DomainLabel.isValid(scalars)
        else { return nil }
        let isBidirectional = scalars.contains { DomainLabel.isRightToLeft($0.value) }
        return !isBidirectional || DomainLabel.satisfiesBidiRule(scalars) ? scalars : nil
    }

    private static func hasHyphensThirdAndFourth(_ label: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let start = label.startIndex
        guard label.count >= 4, label[start] | 0x20 == 0x78, label[start + 1] | 0x20 == 0x6E else { return false }
        return label[start + 2] == 0x2D && label[start + 3] == 0x2D
    }
}
