/// A pattern as a deterministic automaton, built whole beforehand: one look into a table for each scalar of the text.
struct RegexAutomaton: Sendable {
    private static let rejected: UInt16 = 0
    private static let matched: UInt16 = 1

    private let classes: ScalarClasses
    /// For each state its successor by each class.
    private var table: [UInt16] = []
    private var acceptsAtEnd: [Bool] = [false, true]
    private var start: UInt16 = 0

    var entryCount: Int { table.count }

    /// Nil where the pattern needs more states than are kept, or steps an automaton cannot take.
    init?(_ program: RegexProgram, limits: SchemaLimits) {
        guard !program.needsBacktracking, !program.hasWordBoundary, let classes = ScalarClasses(program.sets) else {
            return nil
        }
        self.classes = classes
        var closure = ThreadClosure(program)
        var states: [[Int]: UInt16] = [:]
        var pending: [[Int]] = []
        var work = 0
        table = Array(repeating: Self.rejected, count: classes.count)
        table += Array(repeating: Self.matched, count: classes.count)

        func state(_ threads: [Int], _ table: inout [UInt16], _ acceptsAtEnd: inout [Bool], atStart: Bool) -> UInt16? {
            if closure.isMatch { return Self.matched }
            if threads.isEmpty { return Self.rejected }
            // The state at the start is told apart by its threads alone only where it is not entered again.
            let key = atStart ? threads + [-1] : threads
            if let known = states[key] { return known }
            guard acceptsAtEnd.count < limits.maxAutomatonStates,
                table.count + classes.count <= limits.maxAutomatonEntries
            else { return nil }
            let number = UInt16(acceptsAtEnd.count)
            states[key] = number
            acceptsAtEnd.append(closure.matchesAtEnd(threads, isAtStart: atStart))
            table += Array(repeating: Self.rejected, count: classes.count)
            pending.append(threads)
            return number
        }

        let again = program.isAnchoredAtStart ? [] : [0]
        let first = closure.expand([0], isAtStart: true)
        guard let start = state(first, &table, &acceptsAtEnd, atStart: true) else { return nil }
        self.start = start
        var index = 0
        while index < pending.count {
            let threads = pending[index]
            for scalarClass in 0..<classes.count {
                var seeds: [Int] = []
                for thread in threads {
                    if case .scalar(let set, _) = program.instructions[thread],
                        classes.membership[set][scalarClass]
                    {
                        seeds.append(thread + 1)
                    }
                }
                work += threads.count
                guard work <= limits.maxAutomatonWork else { return nil }
                let successor = closure.expand(seeds + again, isAtStart: false)
                work += closure.visitedCount
                guard let number = state(successor, &table, &acceptsAtEnd, atStart: false) else { return nil }
                table[(index + 2) * classes.count + scalarClass] = number
            }
            index += 1
        }
    }

    func matches(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        table.withUnsafeBufferPointer { table in
            classes.withASCII { ascii in
                var state = start
                var position = 0
                let count = classes.count
                while position < bytes.count {
                    if state <= Self.matched { return state == Self.matched }
                    let byte = bytes[position]
                    let scalarClass: Int
                    if byte < 0x80 {
                        scalarClass = Int(ascii[Int(byte)])
                        position &+= 1
                    } else {
                        scalarClass = classes.of(UTF8Text.scalar(bytes, at: &position))
                    }
                    state = table[Int(state) &* count &+ scalarClass]
                }
                return acceptsAtEnd[Int(state)]
            }
        }
    }
}

/// Follows the steps of a program that take no text.
struct ThreadClosure {
    private let program: RegexProgram
    private var visited: [Bool]
    private var stack: [Int] = []
    /// Whether the last expansion came to a match.
    private(set) var isMatch = false
    /// Places the last expansion came to.
    private(set) var visitedCount = 0

    init(_ program: RegexProgram) {
        self.program = program
        visited = Array(repeating: false, count: program.instructions.count)
    }

    /// The places, in order, from which text must be taken or the end be reached.
    mutating func expand(_ seeds: [Int], isAtStart: Bool) -> [Int] {
        expand(seeds, isAtStart: isAtStart, isAtEnd: false)
    }

    mutating func matchesAtEnd(_ threads: [Int], isAtStart: Bool) -> Bool {
        _ = expand(threads, isAtStart: isAtStart, isAtEnd: true)
        return isMatch
    }

    private mutating func expand(_ seeds: [Int], isAtStart: Bool, isAtEnd: Bool) -> [Int] {
        var found: [Int] = []
        var touched: [Int] = []
        isMatch = false
        stack = seeds
        while let place = stack.popLast() {
            if visited[place] { continue }
            visited[place] = true
            touched.append(place)
            switch program.instructions[place] {
            case .scalar: found.append(place)
            case .split(let preferred, let other): stack += [other, preferred]
            case .jump(let target): stack.append(target)
            case .start: if isAtStart { stack.append(place + 1) }
            case .end: if isAtEnd { stack.append(place + 1) } else { found.append(place) }
            case .match: isMatch = true
            case .save, .reset, .requireProgress: stack.append(place + 1)
            case .wordBoundary, .backreference, .look: break
            }
        }
        for place in touched { visited[place] = false }
        visitedCount = touched.count
        return found.sorted()
    }
}
