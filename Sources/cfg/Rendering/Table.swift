/// Rows under a heading, each column as wide as its widest cell.
struct Table {
    struct Column {
        var title: String
        var isNumber = false
        /// Cut where the table is wider than the terminal.
        var isFlexible = false
        var style: ((String) -> String)?
    }

    private let columns: [Column]
    private var rows: [[String]] = []
    private static let gap = 2
    private static let flexibleMin = 12

    init(_ columns: [Column]) {
        self.columns = columns
    }

    mutating func add(_ cells: String...) { rows.append(cells.map { SafeText.line($0) }) }

    var isEmpty: Bool { rows.isEmpty }

    /// - Parameter width: cells of the terminal; nil to cut nothing.
    func text(width: Int?, style: Style) -> String {
        var widths = columns.indices.map { index in
            max(Columns.width(of: columns[index].title), rows.map { Columns.width(of: $0[index]) }.max() ?? 0)
        }
        if let width { fit(&widths, into: width) }
        var text = line(columns.map(\.title), widths) { cell, _ in style.bold(cell) }
        for row in rows { text += line(row, widths) { cell, index in columns[index].style?(cell) ?? cell } }
        return text
    }

    private func fit(_ widths: inout [Int], into width: Int) {
        var excess = widths.reduce(0, +) + Self.gap * (columns.count - 1) - width
        for index in columns.indices.reversed() where excess > 0 && columns[index].isFlexible {
            let cut = max(0, min(excess, widths[index] - Self.flexibleMin))
            widths[index] -= cut
            excess -= cut
        }
    }

    private func line(_ cells: [String], _ widths: [Int], _ style: (String, Int) -> String) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            let shown = Columns.cut(cell, to: widths[index])
            // Spaces are outside the colour, and none stand at the end of a line.
            let padding = String(repeating: " ", count: widths[index] - Columns.width(of: shown))
            let isLast = index == cells.count - 1
            line +=
                columns[index].isNumber ? padding + style(shown, index) : style(shown, index) + (isLast ? "" : padding)
            if !isLast { line += String(repeating: " ", count: Self.gap) }
        }
        while line.hasSuffix(" ") { line.removeLast() }
        return line + "\n"
    }
}
