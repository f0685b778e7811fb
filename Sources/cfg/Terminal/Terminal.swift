import Foundation

/// What the standard streams are connected to.
struct Terminal: Sendable {
    var isOutputTerminal: Bool
    var isErrorTerminal: Bool
    var isInputTerminal: Bool
    /// Cells in a line; nil where the output is no terminal.
    var columns: Int?
    /// Whether the output, or errors, may be coloured, if they are a terminal.
    var allowsColor: Bool

    static let current = Terminal(variables: ProcessInfo.processInfo.environment)

    private init(variables: [String: String]) {
        isOutputTerminal = isatty(STDOUT_FILENO) == 1
        isErrorTerminal = isatty(STDERR_FILENO) == 1
        isInputTerminal = isatty(STDIN_FILENO) == 1
        allowsColor = Self.allowsColor(variables)
        if isOutputTerminal {
            var size = winsize()
            let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col >= 20
            columns = isKnown ? Int(size.ws_col) : 80
        }
    }

    /// No colour where `NO_COLOR` (no-color.org) says so, or the terminal knows none.
    static func allowsColor(_ variables: [String: String]) -> Bool {
        variables["NO_COLOR", default: ""].isEmpty && variables["TERM"] != "dumb"
    }

    var outputStyle: Style { Style(isColored: isOutputTerminal && allowsColor) }
    var errorStyle: Style { Style(isColored: isErrorTerminal && allowsColor) }
}
