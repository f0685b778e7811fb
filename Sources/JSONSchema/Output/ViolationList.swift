import ExactJSON

/// Makes a list a person can read of the tree of what went wrong: of alternatives of which none fits, only the one
/// that comes closest is told.
struct ViolationList {
    let program: Program
    private(set) var all: [Violation] = []

    init(program: Program) {
        self.program = program
    }

    mutating func add(_ unit: OutputUnit) {
        guard !unit.isValid else { return }
        if let error = unit.error {
            all.append(violation(unit, error))
        } else if unit.keyword == "anyOf" || unit.keyword == "oneOf" {
            addAlternatives(unit)
        } else {
            for child in unit.children { add(child) }
        }
    }

    private mutating func addAlternatives(_ unit: OutputUnit) {
        let branches = unit.children.map { branch in
            var list = ViolationList(program: program)
            list.add(branch)
            return list.all
        }
        if branches.allSatisfy(\.isEmpty) { return }
        if branches.count == 1 {
            all += branches[0]
            return
        }
        if let message = Alternatives.common(branches) {
            all.append(violation(unit, message))
            return
        }
        let closest = Alternatives.closest(branches, to: unit.instanceLocation)
        let title = program.title(of: unit.children[closest].node).map { " (\(Wording.quoted($0)))" } ?? ""
        let introduction = "fits none of \(branches.count) alternatives; the closest is number \(closest + 1)\(title)"
        if branches[closest].count == 1, branches[closest][0].instanceLocation == unit.instanceLocation {
            all.append(violation(unit, introduction + ": " + branches[closest][0].message))
        } else {
            all.append(
                violation(
                    unit, introduction + ", for which \(Alternatives.amount(branches[closest].count)) to be mended"))
            all += branches[closest]
        }
    }

    private func violation(_ unit: OutputUnit, _ message: String) -> Violation {
        Violation(
            instanceLocation: unit.instanceLocation, keywordLocation: unit.keywordLocation,
            absoluteKeywordLocation: unit.absoluteKeywordLocation, keyword: unit.keyword, message: message)
    }
}

/// Choosing among alternatives that do not fit.
enum Alternatives {
    /// One sentence where every alternative wants another type or another constant: `must be a string or an array`.
    static func common(_ branches: [[Violation]]) -> String? {
        guard let first = branches.first?.first,
            branches.allSatisfy({
                $0.count == 1 && $0[0].keyword == first.keyword && $0[0].instanceLocation == first.instanceLocation
            }), ["type", "const"].contains(first.keyword)
        else { return nil }
        var wanted: [String] = []
        var found = ""
        for branch in branches {
            let message = branch[0].message
            guard message.hasPrefix("must be "), let semicolon = message.firstRange(of: "; found ") else { return nil }
            let want = String(message[message.index(message.startIndex, offsetBy: 8)..<semicolon.lowerBound])
            if !wanted.contains(want) { wanted.append(want) }
            if found.isEmpty || message[semicolon.lowerBound...].utf8.count > found.utf8.count {
                found = String(message[semicolon.lowerBound...])
            }
        }
        return "must be \(Wording.list(wanted, "or"))\(found)"
    }

    /// The alternative that gets furthest into the value: one that refuses its type or a constant that tells the
    /// alternatives apart comes behind the others, then the fewer violations the closer.
    static func closest(_ branches: [[Violation]], to location: JSONPointer) -> Int {
        var best = 0
        var bestRank = (Int.max, Int.max)
        for (position, violations) in branches.enumerated() where !violations.isEmpty {
            var mismatches = 0
            for violation in violations {
                let depth = violation.instanceLocation.tokens.count - location.tokens.count
                switch violation.keyword {
                case "type" where depth == 0, "": mismatches += 4
                case "const" where depth <= 1, "enum" where depth == 0: mismatches += 3
                case "enum" where depth == 1, "required" where depth == 0: mismatches += 1
                case "additionalProperties" where depth == 1, "unevaluatedProperties" where depth == 1: mismatches += 1
                default: break
                }
            }
            let rank = (mismatches, violations.count)
            if rank < bestRank {
                best = position
                bestRank = rank
            }
        }
        return best
    }

    static func amount(_ count: Int) -> String { count == 1 ? "one thing is" : "\(count) things are" }
}
