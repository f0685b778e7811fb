/// A regular expression of ECMA-262 as a tree.
indirect enum RegexSyntax: Sendable {
    /// Matches the empty text.
    case empty
    /// One scalar of a set.
    case scalar(ScalarSet)
    case sequence([RegexSyntax])
    case alternation([RegexSyntax])
    case repetition(RegexSyntax, minimum: Int, maximum: Int?, isLazy: Bool, captures: Range<Int>)
    /// Groups are numbered from 1 in the order of their opening brackets.
    case capture(RegexSyntax, group: Int)
    case start
    case end
    case wordBoundary(isNegated: Bool)
    case backreference(group: Int)
    case look(RegexSyntax, isBehind: Bool, isNegated: Bool)

    /// Whether every match begins where the text does.
    var isAnchoredAtStart: Bool {
        switch self {
        case .start: true
        case .sequence(let parts): parts.first?.isAnchoredAtStart ?? false
        case .alternation(let branches): branches.allSatisfy(\.isAnchoredAtStart)
        case .capture(let inner, _): inner.isAnchoredAtStart
        case .repetition(let inner, let minimum, _, _, _): minimum > 0 && inner.isAnchoredAtStart
        case .empty, .scalar, .end, .wordBoundary, .backreference, .look: false
        }
    }
}

/// Why and where a text is no regular expression.
struct RegexError: Error, Sendable, Hashable {
    /// From 0, in Unicode scalars.
    let offset: Int
    /// A sentence: what is wrong and how to mend it.
    let message: String
}
