@testable import JSONSchema

/// A pattern and a text: what the automaton says, the simulation and backtracking say too.
func fuzzRegex(_ bytes: [UInt8]) {
    var input = InputBytes(bytes)
    let kind = input.byte()
    let pattern: String
    if kind & 1 == 1 {
        pattern = input.text(atMost: 60)
    } else {
        var making = PatternMaking(input)
        pattern = making.pattern(depth: 4)
        input = making.input
    }
    let text = input.remainder()
    do throws(RegexError) {
        let outcome = match(try RegularExpression(pattern), text)
        require(RegularExpression.isPattern(pattern), "no pattern: \(pattern)")
        // An empty lookahead at the end and a word boundary on either side of it choose the other ways.
        for tail in ["(?:)(?=)", "(?:\\b|\\B)"] {
            guard let other = try? RegularExpression("(?:\(pattern))\(tail)") else { continue }
            let second = match(other, text)
            require(
                outcome == second || outcome == .tooCostly || second == .tooCostly,
                "\(pattern) with \(String(decoding: text, as: UTF8.self)): \(outcome), with \(tail) \(second)")
        }
    } catch {
        require((0...pattern.unicodeScalars.count).contains(error.offset), "place: \(error)")
    }
}

private func match(_ expression: RegularExpression, _ text: [UInt8]) -> RegularExpression.Outcome {
    // A text is UTF-8, whatever the input was.
    String(decoding: text, as: UTF8.self).utf8.withContiguousStorageIfAvailable { bytes in
        var steps = SchemaLimits.standard.maxPatternSteps
        return expression.match(bytes, steps: &steps)
    } ?? .noMatch
}

/// The checks of every format.
func fuzzFormats(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    let accepting = Set(Format.allCases.filter { $0.accepts(text) })
    func require(_ format: Format, implies other: Format) {
        if accepting.contains(format), !accepting.contains(other) { fatalError("\(text) is \(format), not \(other)") }
    }
    require(.uri, implies: .uriReference)
    require(.uri, implies: .iri)
    require(.iri, implies: .iriReference)
    require(.uriReference, implies: .iriReference)
    if accepting.contains(.regex) { _ = try? RegularExpression(text) }
}

private struct PatternMaking {
    var input: InputBytes
    private var groups = 0

    init(_ input: InputBytes) {
        self.input = input
    }

    private static let atoms = [
        "a", "b", "c", ".", "\\d", "\\w", "\\s", "\\D", "\\W", "\\S", "[a-c]", "[^a]", "[]", "[^]", "\\p{L}", "\\P{Lu}",
        "\u{E9}", "\u{1F432}", "\\u{1F432}", "\\x61", "\\cJ", "\\0", "-", "^", "$", "\\b", "\\B", "\\uD83D\\uDC32",
        "[\\b\\w-]",
    ]
    private static let repetitions = [
        "*", "+", "?", "{2}", "{0}", "{1,3}", "{2,}", "*?", "+?", "??", "{0,2}?", "{3,20}",
    ]

    mutating func pattern(depth: Int) -> String {
        var pattern = ""
        for _ in 0...input.int(below: 4) {
            if input.isEmpty { break }
            pattern += term(depth: depth)
            if input.chance(oneIn: 3) { pattern += input.element(of: Self.repetitions) }
            if input.chance(oneIn: 8) { pattern += "|" }
        }
        return pattern
    }

    private mutating func term(depth: Int) -> String {
        switch input.int(below: depth > 0 ? 12 : 5) {
        case 0...4: return input.element(of: Self.atoms)
        case 5:
            groups += 1
            return "(\(pattern(depth: depth - 1)))"
        case 6: return "(?:\(pattern(depth: depth - 1)))"
        case 7: return "(?=\(pattern(depth: depth - 1)))"
        case 8: return "(?!\(pattern(depth: depth - 1)))"
        case 9: return "(?<=\(pattern(depth: depth - 1)))"
        case 10: return "(?<!\(pattern(depth: depth - 1)))"
        default: return groups > 0 ? "\\\(1 + input.int(below: groups))" : "(?:)"
        }
    }
}
