/// Finding the name that was probably meant.
enum Spelling {
    /// Longest name that is compared, in scalars.
    private static let maxLength = 64
    private static let maxCandidates = 256

    /// The nearest of the candidates, if it is near: at most one slip in three letters.
    static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
        let letters = Array(name.lowercased().unicodeScalars)
        guard (2...maxLength).contains(letters.count) else { return nil }
        var best: (name: String, distance: Int)?
        for candidate in candidates.prefix(maxCandidates)
        where !candidate.isEmpty && candidate.utf8.count <= 4 * maxLength {
            let other = Array(candidate.lowercased().unicodeScalars)
            let allowed = max(1, min(letters.count, other.count) / 3)
            guard abs(other.count - letters.count) <= allowed else { continue }
            let distance = distance(letters, other)
            if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.name
    }

    /// Insertions, deletions, substitutions and exchanges of neighbours (optimal string alignment).
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in 1...max(left.count, 1) where row <= left.count {
            var current = [row]
            for column in 1...max(right.count, 1) where column <= right.count {
                let isSame = left[row - 1] == right[column - 1]
                var cost = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (isSame ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    cost = min(cost, beforeLast[column - 2] + 1)
                }
                current.append(cost)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
