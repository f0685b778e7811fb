import ConfigPlatformClient

/// Differences as lines: `~ checkout.timeout  2000 → 2500`, `+` for what is new and `-` for what is gone.
struct DifferenceText {
    struct Line {
        let label: String
        let before: OwnValue
        let after: OwnValue
    }

    let style: Style
    /// Cells of the terminal; nil where lines may be of any length.
    let width: Int?
    private static let labelMax = 48

    func text(_ differences: [ValueDifferenceView], indent: Int = 0) -> String {
        text(differences.map { Line(label: $0.key, before: $0.before, after: $0.after) }, indent: indent)
    }

    func text(_ lines: [Line], indent: Int = 0) -> String {
        let labelWidth = min(Self.labelMax, lines.map { Columns.width(of: SafeText.line($0.label)) }.max() ?? 0)
        return lines.map { text($0, labelWidth, String(repeating: " ", count: indent)) }.joined()
    }

    private func text(_ line: Line, _ labelWidth: Int, _ margin: String) -> String {
        let label = SafeText.line(line.label)
        let (before, after) = (ValueText.inline(line.before), ValueText.inline(line.after))
        let sign: String
        let values: String
        let color: (String) -> String
        switch (line.before, line.after) {
        case (.absent, _): (sign, values, color) = ("+", after, style.green)
        case (_, .absent): (sign, values, color) = ("-", before, style.red)
        default: (sign, values, color) = ("~", "\(before) → \(after)", style.yellow)
        }
        let head = values.isEmpty ? label : Columns.padded(label, to: labelWidth)
        let whole = "\(sign) \(head)" + (values.isEmpty ? "" : "  \(values)")
        guard let width, sign == "~", Columns.width(of: margin + whole) > width else {
            return margin + color(whole) + "\n"
        }
        // Too long for one line: what differs is never cut off.
        return margin + color("\(sign) \(label)") + "\n" + margin + "    " + style.red("- \(before)") + "\n" + margin
            + "    "
            + style.green("+ \(after)") + "\n"
    }
}
