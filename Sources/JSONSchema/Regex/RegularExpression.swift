/// A regular expression of ECMA-262, compiled once and asked many times whether it matches somewhere in a text.
///
/// Patterns without backreferences and lookaround take time in proportion to the text; the others backtrack within a
/// limit. A reference, so that one count is all it costs to hold while it matches.
final class RegularExpression: Sendable {
    enum Outcome: Sendable {
        case match
        case noMatch
        /// The steps allowed did not suffice to tell.
        case tooCostly
    }

    private enum Method: Sendable {
        case automaton(RegexAutomaton)
        case simulation
        case backtracking
    }

    let pattern: String
    private let program: RegexProgram
    private let method: Method

    /// Steps of the program, and entries of the automaton's table if there is one.
    var size: (instructions: Int, entries: Int) {
        if case .automaton(let automaton) = method { return (program.instructions.count, automaton.entryCount) }
        return (program.instructions.count, 0)
    }

    /// Whether the text is a pattern, found out without preparing to match it.
    static func isPattern(_ text: String, limits: SchemaLimits = .standard) -> Bool {
        (try? RegexParser.parse(text, limits: limits)) != nil
    }

    init(_ pattern: String, limits: SchemaLimits = .standard) throws(RegexError) {
        self.pattern = pattern
        let (syntax, groupCount) = try RegexParser.parse(pattern, limits: limits)
        program = try RegexProgram(syntax, groupCount: groupCount, limits: limits)
        if program.needsBacktracking {
            method = .backtracking
        } else if let automaton = RegexAutomaton(program, limits: limits) {
            method = .automaton(automaton)
        } else {
            method = .simulation
        }
    }

    /// Whether the pattern matches somewhere in the text. Steps taken are subtracted from those given.
    func match(_ bytes: UnsafeBufferPointer<UInt8>, steps: inout Int) -> Outcome {
        switch method {
        case .automaton(let automaton):
            return automaton.matches(bytes) ? .match : .noMatch
        case .simulation:
            var simulation = RegexSimulation(program, bytes, steps: steps)
            let isMatch = simulation.matches()
            steps = simulation.steps
            return steps < 0 ? .tooCostly : isMatch ? .match : .noMatch
        case .backtracking:
            var backtracking = RegexBacktracking(program, bytes, steps: steps)
            let isMatch = backtracking.matches()
            steps = backtracking.steps
            return steps < 0 ? .tooCostly : isMatch ? .match : .noMatch
        }
    }
}
