/// What a statement does to the transaction it is executed in.
enum TransactionEffect {
    case begins
    case commits
    case rollsBack
    case none

    init(sql: String) {
        let words = sql.prefix(64).split(whereSeparator: { $0.isWhitespace || $0 == ";" }).prefix(3)
            .map { $0.uppercased() }
        switch words.first {
        case "BEGIN", "START": self = .begins
        case "COMMIT", "END": self = .commits
        case "ROLLBACK", "ABORT": self = words.contains("TO") ? .none : .rollsBack
        default: self = .none
        }
    }
}

/// Follows the commands of a batch to tell what may have been committed when its answers are missing.
struct CommitWatch {
    private var isInTransaction: Bool
    private var commitsAwaited = 0
    private var hasCommitted = false
    private var hasImplicitCommit = false

    init(isInTransaction: Bool) { self.isInTransaction = isInTransaction }

    /// Notes that a command was sent.
    mutating func send(_ effect: TransactionEffect) {
        switch effect {
        case .begins: isInTransaction = true
        case .commits:
            isInTransaction = false
            commitsAwaited += 1
        case .rollsBack: isInTransaction = false
        // Outside a transaction the server commits when it reaches the end of the batch, after it answered the command.
        case .none: if !isInTransaction { hasImplicitCommit = true }
        }
    }

    /// Notes that the server confirmed a command.
    mutating func confirm(_ effect: TransactionEffect) {
        guard case .commits = effect else { return }
        commitsAwaited -= 1
        hasCommitted = true
    }

    /// `hasFailed`: the server reported an error in the batch, so it skipped all that follows and committed nothing more.
    func mayHaveCommitted(hasFailed: Bool) -> Bool {
        hasCommitted || (!hasFailed && (commitsAwaited > 0 || hasImplicitCommit))
    }
}
