/// What a schema may cost to compile and to apply.
package struct SchemaLimits: Sendable {
    /// Arrays and objects inside one another in a schema document.
    package var maxSchemaDepth = 256
    /// Subschemas of one compiled schema, those of the documents it refers to included.
    package var maxSubschemas = 50_000
    /// Subschemas applied inside one another, references included. The validator recurses this deep.
    package var maxEvaluationDepth = 256
    /// Subschemas applied in one validation; the steps of patterns count towards it too.
    package var maxEvaluationSteps = 20_000_000
    /// The same of saying what is wrong with a value, or what annotations it has: for each subschema applied a step, and
    /// one for each name on the way to it. What says everything takes more time and memory than a verdict.
    package var maxExplanationSteps = 5_000_000
    /// Violations reported; further ones are left out, and that is said. At least 1.
    package var maxViolations = 1_000

    /// Characters of a pattern.
    package var maxPatternLength = 16_384
    /// Groups inside one another in a pattern.
    package var maxPatternDepth = 100
    /// Steps of a compiled pattern, bounded repetitions written out.
    package var maxPatternInstructions = 20_000
    /// The same of all the patterns of a schema.
    package var maxPatternInstructionsInAll = 400_000
    /// Steps of matching one pattern against one text; a pattern that backtracks beyond is reported as too costly.
    package var maxPatternSteps = 1_000_000

    /// Beyond any of these a pattern is not made an automaton but simulated, more slowly.
    var maxAutomatonStates = 2_048
    var maxAutomatonEntries = 65_536
    var maxAutomatonWork = 1_000_000
    /// Entries of all the automata of a schema; further patterns are simulated.
    var maxAutomatonEntriesInAll = 4_194_304

    package static let standard = SchemaLimits()

    package init() {}

    /// Takes what a pattern has cost from what all the patterns of a schema may.
    mutating func use(_ size: (instructions: Int, entries: Int)) {
        maxPatternInstructionsInAll -= size.instructions
        maxPatternInstructions = min(maxPatternInstructions, maxPatternInstructionsInAll)
        maxAutomatonEntriesInAll -= size.entries
        maxAutomatonEntries = min(maxAutomatonEntries, maxAutomatonEntriesInAll)
    }
}
