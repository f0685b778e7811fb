/// Tries the ways a program can go one after another, as ECMA-262 section 22.2.2 describes; for patterns with
/// backreferences or lookaround, which nothing quicker can follow. Steps are counted, for there can be exponentially
/// many ways.
struct RegexBacktracking {
    private enum Choice {
        case alternative(place: Int, position: Int)
        /// What a register held before it was written.
        case register(Int, value: Int)
    }

    private static let unset = -1

    private let program: RegexProgram
    private let bytes: UnsafeBufferPointer<UInt8>
    /// Steps that may still be taken; negative when they did not suffice.
    private(set) var steps: Int
    private var registers: [Int]
    private var choices: [Choice] = []

    init(_ program: RegexProgram, _ bytes: UnsafeBufferPointer<UInt8>, steps: Int) {
        self.program = program
        self.bytes = bytes
        self.steps = steps
        registers = Array(repeating: Self.unset, count: program.registerCount)
    }

    mutating func matches() -> Bool {
        var start = 0
        while true {
            if run(from: 0, at: start) { return true }
            if steps < 0 || start >= bytes.count || program.isAnchoredAtStart { return false }
            _ = UTF8Text.scalar(bytes, at: &start)
        }
    }

    /// Runs until a match; on failure registers and choices are as they were. Lookaround inside lookaround calls
    /// itself, as deep as the pattern's own nesting, which is limited.
    private mutating func run(from place: Int, at position: Int) -> Bool {
        let floor = choices.count
        var place = place
        var position = position
        while true {
            steps -= 1
            if steps < 0 { return false }
            var isPassed = true
            switch program.instructions[place] {
            case .scalar(let set, let isBackward):
                isPassed = step(over: program.sets[set], at: &position, isBackward: isBackward)
                place += 1
            case .split(let preferred, let other):
                choices.append(.alternative(place: other, position: position))
                place = preferred
            case .jump(let target):
                place = target
            case .save(let register):
                write(position, to: register)
                place += 1
            case .reset(let range):
                for register in range where registers[register] != Self.unset { write(Self.unset, to: register) }
                place += 1
            case .requireProgress(let register):
                isPassed = registers[register] != position
                place += 1
            case .start:
                isPassed = position == 0
                place += 1
            case .end:
                isPassed = position == bytes.count
                place += 1
            case .wordBoundary(let isNegated):
                isPassed = UTF8Text.isWordBoundary(bytes, at: position) != isNegated
                place += 1
            case .backreference(let group, let isBackward):
                isPassed = repeatGroup(group, at: &position, isBackward: isBackward)
                place += 1
            case .look(let isNegated, let next):
                isPassed = look(from: place + 1, at: position, isNegated: isNegated)
                place = next
            case .match:
                return true
            }
            if !isPassed, !goBack(to: floor, &place, &position) { return false }
        }
    }

    /// Takes the latest alternative not yet tried.
    private mutating func goBack(to floor: Int, _ place: inout Int, _ position: inout Int) -> Bool {
        while choices.count > floor {
            switch choices.removeLast() {
            case .register(let register, let value):
                registers[register] = value
            case .alternative(let otherPlace, let otherPosition):
                place = otherPlace
                position = otherPosition
                return true
            }
        }
        return false
    }

    private mutating func look(from place: Int, at position: Int, isNegated: Bool) -> Bool {
        let floor = choices.count
        let isFound = run(from: place, at: position)
        if isFound, !isNegated {
            // What was found stands; it is not searched for in another way, but its registers can be taken back.
            var kept: [Choice] = []
            for case .register(let register, let value) in choices[floor...] {
                kept.append(.register(register, value: value))
            }
            choices.replaceSubrange(floor..., with: kept)
        } else if isFound {
            while choices.count > floor {
                if case .register(let register, let value) = choices.removeLast() { registers[register] = value }
            }
        }
        return isFound != isNegated
    }

    private mutating func write(_ value: Int, to register: Int) {
        choices.append(.register(register, value: registers[register]))
        registers[register] = value
    }

    private func step(over set: ScalarSet, at position: inout Int, isBackward: Bool) -> Bool {
        if isBackward {
            guard position > 0 else { return false }
            return set.contains(UTF8Text.scalar(bytes, before: &position))
        }
        guard position < bytes.count else { return false }
        return set.contains(UTF8Text.scalar(bytes, at: &position))
    }

    /// A group that has not taken part matches the empty text.
    private func repeatGroup(_ group: Int, at position: inout Int, isBackward: Bool) -> Bool {
        let (start, end) = (registers[2 * group], registers[2 * group + 1])
        guard start != Self.unset, end != Self.unset else { return true }
        let count = end - start
        let from = isBackward ? position - count : position
        guard from >= 0, from + count <= bytes.count else { return false }
        for offset in 0..<count where bytes[start + offset] != bytes[from + offset] { return false }
        position = isBackward ? from : from + count
        return true
    }
}
