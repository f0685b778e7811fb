/// How wide text is on a terminal, in cells.
enum Columns {
    static func width(of text: String) -> Int {
        text.utf8.allSatisfy { (0x20...0x7E).contains($0) } ? text.utf8.count : text.reduce(0) { $0 + width(of: $1) }
    }

    /// Two cells for what East Asian Width calls wide and for pictures, none for marks that sit on others.
    private static func width(of character: Character) -> Int {
        let scalars = character.unicodeScalars
        if scalars.contains(where: { $0.value == 0xFE0F }) || scalars.count > 1 && scalars.contains(where: isPicture) {
            return 2
        }
        return scalars.map { width(of: $0) }.max() ?? 0
    }

    private static func isPicture(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isEmojiPresentation }

    private static func width(of scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        if scalar.properties.isEmojiPresentation { return 2 }
        return wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    /// Blocks of wide and full-width characters (Unicode Standard Annex 11).
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
        0x1_7000...0x1_8CFF, 0x1_B000...0x1_B2FF, 0x2_0000...0x3_FFFD,
    ]

    static func padded(_ text: String, to width: Int, onLeft: Bool = false) -> String {
        let padding = String(repeating: " ", count: max(0, width - Self.width(of: text)))
        return onLeft ? padding + text : text + padding
    }

    /// The text in at most so many cells; what is cut off shows as `…`.
    static func cut(_ text: String, to limit: Int) -> String {
        guard width(of: text) > limit else { return text }
        var result = ""
        var used = 0
        for character in text {
            let next = width(of: character)
            guard used + next <= max(0, limit - 1) else { break }
            result.append(character)
            used += next
        }
        return result + "…"
    }
}
