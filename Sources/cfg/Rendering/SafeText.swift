/// Text of others, as it may be shown: a setting, a message or a name must not be able to move the cursor, to recolour
/// what follows or to pretend to be a further line.
enum SafeText {
    /// On one line: every control character as `\u{1B}` is written in Swift.
    static func line(_ text: String) -> String { escaped(text) { _ in false } }

    /// Line ends and tabs stay.
    static func block(_ text: String) -> String { escaped(text) { $0 == "\n" || $0 == "\t" } }

    private static func escaped(_ text: String, _ isAllowed: (Unicode.Scalar) -> Bool) -> String {
        guard text.unicodeScalars.contains(where: { isUnsafe($0) && !isAllowed($0) }) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isUnsafe(scalar), !isAllowed(scalar) {
                result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// C0, DEL and C1 controls, line separators, and what turns the direction of text round.
    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
