import ArgumentParser

/// What is done with the arguments before they are parsed.
enum Arguments {
    /// `cfg set KEY -5` means the number: moved behind `--`, for otherwise a dash begins an option.
    static func prepared(_ arguments: [String]) -> [String] {
        guard arguments.first == "set", !arguments.contains("--"),
            let index = arguments.lastIndex(where: isNegativeNumber), !hasValueOption(arguments[..<index])
        else { return arguments }
        var prepared = arguments
        let number = prepared.remove(at: index)
        return prepared + ["--", number]
    }

    /// Whether the last of them is an option, whose value the next would be.
    private static func hasValueOption(_ arguments: ArraySlice<String>) -> Bool {
        guard let last = arguments.last, last.hasPrefix("-") else { return false }
        return !["--string", "--json", "--literal", "--dry-run"].contains(last)
    }

    private static func isNegativeNumber(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count > 1 && bytes[0] == UInt8(ascii: "-") && (0x30...0x39).contains(bytes[1])
    }

    /// What a first argument that is no command may have been meant for; nil where it is one, or an option.
    static func unknownCommand(_ arguments: [String], among commands: [any ParsableCommand.Type]) -> (
        name: String, guess: String?
    )? {
        guard let name = arguments.first, !name.hasPrefix("-"), name != "help" else { return nil }
        let known = commands.flatMap { [$0._commandName] + $0.configuration.aliases }
        guard !known.contains(name) else { return nil }
        let near = known.map { (name: $0, distance: distance($0, name)) }.min { $0.distance < $1.distance }
        return (name, near.flatMap { $0.distance <= 2 ? $0.name : nil })
    }

    /// Insertions, removals and replacements from one to the other (Levenshtein).
    static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a.utf8.prefix(40)), Array(b.utf8.prefix(40)))
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let replaced = diagonal + (x == y ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
            }
        }
        return row[b.count]
    }
}
