/// Scenarios of a Gherkin feature file, outlines written out: one for each row of examples.
package struct GherkinScenario: Sendable {
    package let feature: String
    package let name: String
    package let tags: Set<String>
    package let steps: [Step]

    package struct Step: Sendable {
        /// Without `Given`, `When` and the like.
        package let text: String
        package let table: [[String]]
    }

    package var testDescription: String { "\(feature): \(name)" }

    /// Reads a file as far as feature files of OpenFeature go: tags, background, scenarios, outlines with examples, tables of steps.
    package static func all(in text: String, file: String) -> [GherkinScenario] {
        var reader = Reader(file: file)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            reader.read(line.trimmingSpaces)
        }
        reader.endScenario()
        return reader.scenarios
    }

    private struct Reader {
        let file: String
        var scenarios: [GherkinScenario] = []
        private var pendingTags: Set<String> = []
        private var featureTags: Set<String> = []
        private var background: [Step] = []
        private var isBackground = false
        private var name: String?
        private var tags: Set<String> = []
        private var steps: [Step] = []
        private var examples: [(tags: Set<String>, rows: [[String]])] = []
        private var isExamples = false

        init(file: String) {
            self.file = file
        }

        mutating func read(_ line: String) {
            if line.isEmpty || line.hasPrefix("#") { return }
            if line.hasPrefix("@") {
                pendingTags.formUnion(line.split(separator: " ").map { String($0.dropFirst()) })
            } else if line.hasPrefix("Feature:") {
                featureTags = takeTags()
            } else if line.hasPrefix("Background:") {
                isBackground = true
            } else if line.hasPrefix("Scenario Outline:") || line.hasPrefix("Scenario:") {
                endScenario()
                isBackground = false
                tags = takeTags()
                name = line.drop { $0 != ":" }.dropFirst().description.trimmingSpaces
            } else if line.hasPrefix("Examples:") || line.hasPrefix("Scenarios:") {
                isExamples = true
                examples.append((takeTags(), []))
            } else if line.hasPrefix("|") {
                let cells = Self.cells(line)
                if isExamples {
                    examples[examples.count - 1].rows.append(cells)
                } else if let last = steps.popLast() {
                    steps.append(Step(text: last.text, table: last.table + [cells]))
                }
            } else if let keyword = ["Given ", "When ", "Then ", "And ", "But "].first(where: line.hasPrefix) {
                let step = Step(text: String(line.dropFirst(keyword.count)).trimmingSpaces, table: [])
                if isBackground { background.append(step) } else { steps.append(step) }
            }
        }

        private mutating func takeTags() -> Set<String> {
            defer { pendingTags = [] }
            return pendingTags
        }

        mutating func endScenario() {
            defer { (name, steps, examples, isExamples) = (nil, [], [], false) }
            guard let name else { return }
            let all = background + steps
            if examples.isEmpty {
                scenarios.append(
                    GherkinScenario(feature: file, name: name, tags: featureTags.union(tags), steps: all))
                return
            }
            for block in examples {
                guard let header = block.rows.first else { continue }
                for row in block.rows.dropFirst() {
                    let filled = all.map { step in
                        Step(
                            text: Self.fill(step.text, header, row),
                            table: step.table.map { $0.map { Self.fill($0, header, row) } })
                    }
                    scenarios.append(
                        GherkinScenario(
                            feature: file, name: name + " · " + row.joined(separator: " · "),
                            tags: featureTags.union(tags).union(block.tags), steps: filled))
                }
            }
        }

        private static func fill(_ text: String, _ header: [String], _ row: [String]) -> String {
            var filled = ""
            var rest = text[...]
            while let open = rest.firstIndex(of: "<") {
                filled += rest[..<open]
                rest = rest[open...]
                if let close = rest.firstIndex(of: ">"),
                    let column = header.firstIndex(of: String(rest[rest.index(after: open)..<close])),
                    column < row.count
                {
                    filled += row[column]
                    rest = rest[rest.index(after: close)...]
                } else {
                    filled.append(rest.removeFirst())
                }
            }
            return filled + rest
        }

        private static func cells(_ line: String) -> [String] {
            var cells: [String] = []
            var cell = ""
            var isEscaped = false
            for character in line.dropFirst() {
                if isEscaped {
                    if character != "|", character != "\\" { cell.append("\\") }
                    cell.append(character)
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else if character == "|" {
                    cells.append(cell.trimmingSpaces)
                    cell = ""
                } else {
                    cell.append(character)
                }
            }
            return cells
        }
    }
}

extension StringProtocol {
    fileprivate var trimmingSpaces: String {
        var text = Substring(self)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

extension GherkinScenario.Step {
    /// The texts in quotation marks, in order. The last reaches to the end of the step, and may itself hold such marks; a backslash before
    /// one is left out.
    package var quoted: [String] {
        var found: [String] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "\"") {
            rest = rest[rest.index(after: open)...]
            guard let close = rest.firstIndex(of: "\"") else { break }
            let after = rest[rest.index(after: close)...]
            // Another text in quotation marks follows only after words of the step.
            if after.contains("\""), after.hasPrefix(" ") || after.hasPrefix(",") {
                found.append(String(rest[..<close]))
                rest = after
            } else {
                let end = rest.lastIndex(of: "\"") ?? close
                found.append(String(rest[..<end].replacing("\\\"", with: "\"")))
                break
            }
        }
        return found
    }
}
