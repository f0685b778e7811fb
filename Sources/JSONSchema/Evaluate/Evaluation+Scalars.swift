import ExactJSON

extension Evaluation {
    func acceptsNumber(_ node: Program.Node, _ number: JSONNumber) -> Bool {
        for index in Int(node.numberStart)..<Int(node.stringStart) {
            guard accepts(number, tables.instructions[index]) else { return false }
        }
        return true
    }

    @inline(__always)
    private func accepts(_ number: JSONNumber, _ instruction: Instruction) -> Bool {
        switch instruction {
        case .lowerBound(let bound, let exact, let isExclusive):
            guard let value = number.int64 else { return isAbove(number, exact, isExclusive) }
            return isExclusive ? value > bound : value >= bound
        case .upperBound(let bound, let exact, let isExclusive):
            guard let value = number.int64 else { return isBelow(number, exact, isExclusive) }
            return isExclusive ? value < bound : value <= bound
        case .exactLowerBound(let exact, let isExclusive):
            return isAbove(number, exact, isExclusive)
        case .exactUpperBound(let exact, let isExclusive):
            return isBelow(number, exact, isExclusive)
        case .multipleOf(let divisor):
            return number.isMultiple(of: tables.numbers[Int(divisor)])
        default:
            return true
        }
    }

    private func isAbove(_ number: JSONNumber, _ bound: Int32, _ isExclusive: Bool) -> Bool {
        let bound = tables.numbers[Int(bound)]
        return isExclusive ? bound < number : !(number < bound)
    }

    private func isBelow(_ number: JSONNumber, _ bound: Int32, _ isExclusive: Bool) -> Bool {
        let bound = tables.numbers[Int(bound)]
        return isExclusive ? number < bound : !(bound < number)
    }

    mutating func acceptsString(_ node: Program.Node, _ text: String) -> Bool {
        for index in Int(node.stringStart)..<Int(node.arrayStart) {
            let isAccepted: Bool
            switch tables.instructions[index] {
            case .minLength(let limit):
                let bytes = text.utf8.count
                isAccepted = bytes >= limit && (bytes >= limit &* 4 || text.withBytes(UTF8Text.scalarCount) >= limit)
            case .maxLength(let limit):
                isAccepted = text.utf8.count <= limit || text.withBytes(UTF8Text.scalarCount) <= limit
            case .pattern(let pattern):
                isAccepted = text.withBytes { matches(pattern, $0) }
            case .format(let format):
                isAccepted = format.accepts(text)
            default:
                isAccepted = true
            }
            guard isAccepted else { return false }
        }
        return true
    }

    /// A pattern that proves too costly leaves no verdict.
    mutating func matches(_ pattern: Int32, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let allowed = min(limits.maxPatternSteps, steps)
        var rest = allowed
        let outcome = tables.patterns[Int(pattern)].match(bytes, steps: &rest)
        steps &-= allowed &- max(rest, 0) &+ 1
        if outcome == .tooCostly { isExhausted = true }
        return outcome == .match
    }
}
