/// Follows all the ways a program can go through a text at once (Thompson's simulation): time in proportion to the
/// text's length times the program's.
struct RegexSimulation {
    private let program: RegexProgram
    private let bytes: UnsafeBufferPointer<UInt8>
    /// Steps that may still be taken; negative when they did not suffice.
    private(set) var steps: Int
    private var isListed: [Bool]
    private var stack: [Int] = []

    init(_ program: RegexProgram, _ bytes: UnsafeBufferPointer<UInt8>, steps: Int) {
        self.program = program
        self.bytes = bytes
        self.steps = steps
        isListed = Array(repeating: false, count: program.instructions.count)
    }

    mutating func matches() -> Bool {
        var threads: [Int] = []
        var next: [Int] = []
        var position = 0
        while true {
            if position == 0 || !program.isAnchoredAtStart { threads.append(0) }
            if threads.isEmpty { return false }
            guard let expanded = expand(threads, at: position) else { return true }
            guard steps >= 0, position < bytes.count else { return false }
            let value = UTF8Text.scalar(bytes, at: &position)
            next.removeAll(keepingCapacity: true)
            for place in expanded {
                if case .scalar(let set, _) = program.instructions[place], program.sets[set].contains(value) {
                    next.append(place + 1)
                }
            }
            swap(&threads, &next)
        }
    }

    /// The places that take text next; nil where one way has come to a match.
    private mutating func expand(_ seeds: [Int], at position: Int) -> [Int]? {
        var found: [Int] = []
        var touched: [Int] = []
        defer { for place in touched { isListed[place] = false } }
        stack = seeds
        while let place = stack.popLast() {
            if isListed[place] { continue }
            isListed[place] = true
            touched.append(place)
            steps -= 1
            if steps < 0 { return [] }
            switch program.instructions[place] {
            case .scalar: found.append(place)
            case .split(let preferred, let other): stack += [other, preferred]
            case .jump(let target): stack.append(target)
            case .start: if position == 0 { stack.append(place + 1) }
            case .end: if position == bytes.count { stack.append(place + 1) }
            case .wordBoundary(let isNegated):
                if UTF8Text.isWordBoundary(bytes, at: position) != isNegated { stack.append(place + 1) }
            case .match: return nil
            case .save, .reset, .requireProgress: stack.append(place + 1)
            case .backreference, .look: break
            }
        }
        return found
    }
}
