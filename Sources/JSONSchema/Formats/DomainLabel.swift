/// Labels of international domain names as Unicode (RFC 5891 section 5.4, RFC 5892, RFC 5893).
enum DomainLabel {
    static func isValid(_ label: [Unicode.Scalar]) -> Bool {
        guard let first = label.first, first != "-", label.last != "-" else { return false }
        if label.count >= 4, label[2] == "-", label[3] == "-" { return false }
        switch first.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: return false
        default: break
        }
        return label.indices.allSatisfy { isPermitted(label, $0) }
    }

    private static func isPermitted(_ label: [Unicode.Scalar], _ index: Int) -> Bool {
        let scalar = label[index]
        let previous = index > 0 ? label[index - 1] : nil
        let next = index + 1 < label.count ? label[index + 1] : nil
        // The contextual rules of RFC 5892 appendix A.
        switch scalar.value {
        case 0x200C: return isAfterVirama(previous) || joins(label, index)
        case 0x200D: return isAfterVirama(previous)
        case 0xB7: return previous == "l" && next == "l"
        case 0x375: return next.map { greek.contains($0.value) } ?? false
        case 0x5F3, 0x5F4: return previous.map { hebrew.contains($0.value) } ?? false
        case 0x30FB: return label.contains { japanese.contains($0.value) }
        case 0x660...0x669: return !label.contains { (0x6F0...0x6F9).contains($0.value) }
        case 0x6F0...0x6F9: return !label.contains { (0x660...0x669).contains($0.value) }
        default: return isProtocolValid(scalar)
        }
    }

    /// PVALID as RFC 5892 section 3 derives it; capital ASCII letters are let through, for host names do not tell case.
    private static func isProtocolValid(_ scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        if value < 0x80 { return value == 0x2D || ByteClass.letterOrDigit.contains(UInt8(value)) }
        switch value {
        case 0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007: return true
        case 0x640, 0x7FA, 0x302E, 0x302F, 0x3031...0x3035, 0x303B: return false
        // Old Hangul jamo and the ignorable blocks.
        case 0x1100...0x11FF, 0xA960...0xA97C, 0xD7B0...0xD7FB, 0x20D0...0x20FF, 0x1_D100...0x1_D24F: return false
        default: break
        }
        let properties = scalar.properties
        if properties.changesWhenNFKCCaseFolded || properties.isDefaultIgnorableCodePoint || properties.isWhitespace
            || properties.isNoncharacterCodePoint
        {
            return false
        }
        switch properties.generalCategory {
        case .lowercaseLetter, .uppercaseLetter, .otherLetter, .decimalNumber, .modifierLetter, .nonspacingMark,
            .spacingMark:
            return true
        default:
            return false
        }
    }

    private static func isAfterVirama(_ previous: Unicode.Scalar?) -> Bool {
        previous?.properties.canonicalCombiningClass == .virama
    }

    /// `(L|D) T* ZWNJ T* (R|D)` around the index.
    private static func joins(_ label: [Unicode.Scalar], _ index: Int) -> Bool {
        guard let before = label[..<index].last(where: { !isTransparent($0) }),
            let after = label[(index + 1)...].first(where: { !isTransparent($0) })
        else { return false }
        return JoiningType.leftOrDual.contains(before.value) && JoiningType.rightOrDual.contains(after.value)
    }

    private static func isTransparent(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: true
        case .format: scalar.value != 0x200C && scalar.value != 0x200D
        default: false
        }
    }

    static func isRightToLeft(_ value: UInt32) -> Bool {
        value >= 0x590
            && (BidirectionalClass.rightToLeft.contains(value) || BidirectionalClass.arabicNumber.contains(value))
    }

    /// RFC 5893 section 2.
    static func satisfiesBidiRule(_ label: [Unicode.Scalar]) -> Bool {
        guard let first = label.first else { return false }
        let kinds = label.map(Kind.init)
        let last = kinds.last { $0 != .nonspacingMark }
        switch Kind(first) {
        case .rightToLeft:
            return !kinds.contains(.leftToRight)
                && (last == .rightToLeft || last == .europeanNumber || last == .arabicNumber)
                && !(kinds.contains(.europeanNumber) && kinds.contains(.arabicNumber))
        case .leftToRight:
            return !kinds.contains(.rightToLeft) && !kinds.contains(.arabicNumber)
                && (last == .leftToRight || last == .europeanNumber)
        case .europeanNumber, .arabicNumber, .nonspacingMark, .neutral:
            return false
        }
    }

    private enum Kind {
        case leftToRight, rightToLeft, europeanNumber, arabicNumber, nonspacingMark, neutral

        init(_ scalar: Unicode.Scalar) {
            let value = scalar.value
            if BidirectionalClass.rightToLeft.contains(value) {
                self = .rightToLeft
            } else if BidirectionalClass.arabicNumber.contains(value) {
                self = .arabicNumber
            } else if BidirectionalClass.europeanNumber.contains(value) {
                self = .europeanNumber
            } else if BidirectionalClass.neutral.contains(value) {
                self = .neutral
            } else if scalar.properties.generalCategory == .nonspacingMark {
                self = .nonspacingMark
            } else {
                self = .leftToRight
            }
        }
    }

    private static let greek = UnicodeScript.scalars(named: "Greek") ?? .empty
    private static let hebrew = UnicodeScript.scalars(named: "Hebrew") ?? .empty
    private static let japanese = ["Hiragana", "Katakana", "Han"]
        .compactMap(UnicodeScript.scalars(named:)).reduce(ScalarSet.empty) { $0.union($1) }
}
