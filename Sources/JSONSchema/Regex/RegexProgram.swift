/// One step of a compiled pattern. Places are indices into the program; sets, indices into its sets.
enum RegexInstruction: Sendable {
    case scalar(set: Int, isBackward: Bool)
    case split(preferred: Int, other: Int)
    case jump(Int)
    /// Keeps the position in a register.
    case save(register: Int)
    /// Forgets what the registers of groups hold, as at the beginning of each repetition (ECMA-262 section 22.2.2.3.1).
    case reset(registers: Range<Int>)
    /// Goes no further where the position is the one in the register: a repetition that matched nothing.
    case requireProgress(register: Int)
    case start
    case end
    case wordBoundary(isNegated: Bool)
    case backreference(group: Int, isBackward: Bool)
    /// The body stands after this and ends with `match`; what follows the body is at `next`.
    case look(isNegated: Bool, next: Int)
    case match
}

/// A pattern as steps that backtracking can take one by one and that, where there is no `isBacktracking` among them,
/// can be followed all at once.
struct RegexProgram: Sendable {
    private(set) var instructions: [RegexInstruction] = []
    private(set) var sets: [ScalarSet] = []
    private(set) var registerCount: Int
    /// Whether there is a step only backtracking can take: a backreference, or looking ahead or behind.
    private(set) var needsBacktracking = false
    private(set) var hasWordBoundary = false
    let isAnchoredAtStart: Bool

    private var setIndices: [ScalarSet: Int] = [:]
    private let maxInstructions: Int

    init(_ syntax: RegexSyntax, groupCount: Int, limits: SchemaLimits) throws(RegexError) {
        maxInstructions = limits.maxPatternInstructions
        // Two registers for each group, the whole match being group 0, which is not kept but simplifies the numbers.
        registerCount = 2 * (groupCount + 1)
        isAnchoredAtStart = syntax.isAnchoredAtStart
        try add(syntax, isBackward: false)
        try emit(.match)
        setIndices = [:]
    }

    private mutating func add(_ syntax: RegexSyntax, isBackward: Bool) throws(RegexError) {
        switch syntax {
        case .empty:
            break
        case .scalar(let set):
            try emit(.scalar(set: index(of: set), isBackward: isBackward))
        case .sequence(let parts):
            for part in isBackward ? parts.reversed() : parts { try add(part, isBackward: isBackward) }
        case .alternation(let branches):
            try add(branches[...], isBackward: isBackward)
        case .capture(let inner, let group):
            try emit(.save(register: 2 * group + (isBackward ? 1 : 0)))
            try add(inner, isBackward: isBackward)
            try emit(.save(register: 2 * group + (isBackward ? 0 : 1)))
        case .start:
            try emit(.start)
        case .end:
            try emit(.end)
        case .wordBoundary(let isNegated):
            hasWordBoundary = true
            try emit(.wordBoundary(isNegated: isNegated))
        case .backreference(let group):
            needsBacktracking = true
            try emit(.backreference(group: group, isBackward: isBackward))
        case .look(let inner, let isBehind, let isNegated):
            needsBacktracking = true
            let look = instructions.count
            try emit(.look(isNegated: isNegated, next: look))
            try add(inner, isBackward: isBehind)
            try emit(.match)
            instructions[look] = .look(isNegated: isNegated, next: instructions.count)
        case .repetition(let inner, let minimum, let maximum, let isLazy, let captures):
            try addRepetition(inner, minimum, maximum, isLazy, captures, isBackward)
        }
    }

    private mutating func add(_ branches: ArraySlice<RegexSyntax>, isBackward: Bool) throws(RegexError) {
        var jumps: [Int] = []
        for branch in branches.dropLast() {
            let split = instructions.count
            try emit(.split(preferred: split + 1, other: split))
            try add(branch, isBackward: isBackward)
            jumps.append(instructions.count)
            try emit(.jump(0))
            instructions[split] = .split(preferred: split + 1, other: instructions.count)
        }
        if let last = branches.last { try add(last, isBackward: isBackward) }
        for jump in jumps { instructions[jump] = .jump(instructions.count) }
    }

    /// The body as often as it must be matched, then either a loop or as many times more as it may.
    private mutating func addRepetition(
        _ inner: RegexSyntax, _ minimum: Int, _ maximum: Int?, _ isLazy: Bool, _ captures: Range<Int>,
        _ isBackward: Bool
    ) throws(RegexError) {
        func split(into body: Int, or exit: Int) -> RegexInstruction {
            isLazy ? .split(preferred: exit, other: body) : .split(preferred: body, other: exit)
        }
        let registers = 2 * captures.lowerBound..<2 * captures.upperBound
        let isAlwaysLonger = inner.isNeverEmpty
        for _ in 0..<minimum {
            let before = instructions.count
            if !captures.isEmpty { try emit(.reset(registers: registers)) }
            try add(inner, isBackward: isBackward)
            if instructions.count == before { break }
        }
        guard maximum != minimum else { return }
        let progress = registerCount
        if !isAlwaysLonger { registerCount += 1 }
        var splits: [Int] = []
        let optional = maximum.map { $0 - minimum } ?? 1
        for _ in 0..<optional {
            let start = instructions.count
            splits.append(start)
            try emit(.match)
            if !captures.isEmpty { try emit(.reset(registers: registers)) }
            if !isAlwaysLonger { try emit(.save(register: progress)) }
            let body = instructions.count
            try add(inner, isBackward: isBackward)
            if instructions.count == body { break }
            if !isAlwaysLonger { try emit(.requireProgress(register: progress)) }
            if maximum == nil { try emit(.jump(start)) }
        }
        for start in splits { instructions[start] = split(into: start + 1, or: instructions.count) }
    }

    private mutating func emit(_ instruction: RegexInstruction) throws(RegexError) {
        guard instructions.count < maxInstructions else {
            throw RegexError(
                offset: 0,
                message: "The pattern's repetitions come to more than \(maxInstructions) steps; lower their bounds.")
        }
        instructions.append(instruction)
    }

    private mutating func index(of set: ScalarSet) -> Int {
        if let index = setIndices[set] { return index }
        sets.append(set)
        setIndices[set] = sets.count - 1
        return sets.count - 1
    }
}

extension RegexSyntax {
    /// Whether every match has at least one scalar, as far as can be told from its outside.
    fileprivate var isNeverEmpty: Bool {
        switch self {
        case .scalar: true
        case .sequence(let parts): parts.contains(where: \.isNeverEmpty)
        case .alternation(let branches): branches.allSatisfy(\.isNeverEmpty)
        case .capture(let inner, _): inner.isNeverEmpty
        case .repetition(let inner, let minimum, _, _, _): minimum > 0 && inner.isNeverEmpty
        case .empty, .start, .end, .wordBoundary, .backreference, .look: false
        }
    }
}
