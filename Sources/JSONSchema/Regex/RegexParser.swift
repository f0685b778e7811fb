/// Reads the pattern grammar of ECMA-262 (section 22.2.1) with the `u` flag, as JSON Schema asks. Beyond it, two
/// habits of patterns written without that flag are admitted: escaped punctuation (`\-`, `\_`) and lone braces and
/// brackets that close nothing (Annex B.1.2).
struct RegexParser {
    let scalars: [Unicode.Scalar]
    var position = 0
    private let limits: SchemaLimits
    private var depth = 0
    private var groupCount = 0
    private var groupNames: [String: Int] = [:]
    private var numberedReferences: [(group: Int, offset: Int)] = []
    private let allNames: [String: Int]

    static func parse(
        _ text: String, limits: SchemaLimits
    ) throws(RegexError) -> (syntax: RegexSyntax, groupCount: Int) {
        let scalars = Array(text.unicodeScalars)
        guard scalars.count <= limits.maxPatternLength else {
            throw RegexError(
                offset: limits.maxPatternLength,
                message: "The pattern has \(scalars.count) characters; at most \(limits.maxPatternLength) are read.")
        }
        // A name may be referred to before its group, so that the names are collected first.
        var scout = RegexParser(scalars, limits, names: [:], isScout: true)
        _ = try scout.pattern()
        var parser = RegexParser(scalars, limits, names: scout.groupNames, isScout: false)
        return (try parser.pattern(), parser.groupCount)
    }

    private let isScout: Bool

    private init(_ scalars: [Unicode.Scalar], _ limits: SchemaLimits, names: [String: Int], isScout: Bool) {
        self.scalars = scalars
        self.limits = limits
        self.allNames = names
        self.isScout = isScout
    }

    private mutating func pattern() throws(RegexError) -> RegexSyntax {
        let syntax = try alternatives()
        if let scalar = next {
            throw fault("\"\(scalar)\" closes nothing here; remove it or write it as \"\\\(scalar)\".")
        }
        for reference in numberedReferences where reference.group > groupCount {
            throw RegexError(
                offset: reference.offset,
                message: "\\\(reference.group) refers to a group, and the pattern has \(groupCount).")
        }
        return syntax
    }

    private mutating func alternatives() throws(RegexError) -> RegexSyntax {
        depth += 1
        defer { depth -= 1 }
        guard depth <= limits.maxPatternDepth else {
            throw fault("Groups are nested deeper than \(limits.maxPatternDepth) here; make the pattern flatter.")
        }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .alternation(branches)
    }

    private mutating func sequence() throws(RegexError) -> RegexSyntax {
        var parts: [RegexSyntax] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            parts.append(try term())
        }
        switch parts.count {
        case 0: return .empty
        case 1: return parts[0]
        default: return .sequence(parts)
        }
    }

    private mutating func term() throws(RegexError) -> RegexSyntax {
        let start = position
        let firstGroup = groupCount + 1
        let syntax = try atom()
        guard let bounds = try quantifier() else { return syntax }
        switch syntax {
        case .start, .end, .wordBoundary, .look:
            throw RegexError(offset: start, message: "What is repeated here matches no text; remove the quantifier.")
        default:
            break
        }
        let isLazy = take("?")
        return .repetition(
            syntax, minimum: bounds.minimum, maximum: bounds.maximum, isLazy: isLazy,
            captures: firstGroup..<groupCount + 1)
    }

    private mutating func atom() throws(RegexError) -> RegexSyntax {
        let start = position
        guard let scalar = advance() else { return .empty }
        switch scalar {
        case "^": return .start
        case "$": return .end
        case ".": return .scalar(ScalarSet.lineTerminator.inverted)
        case "[": return .scalar(try characterClass())
        case "(": return try group()
        case "\\": return try escape()
        case "*", "+", "?":
            throw RegexError(
                offset: start,
                message: "\"\(scalar)\" has nothing before it to repeat; write \"\\\(scalar)\" for the character.")
        case "{":
            position = start
            if (try? quantifier()) != nil {
                throw RegexError(offset: start, message: "The braces have nothing before them to repeat.")
            }
            position = start + 1
            return .scalar(ScalarSet([0x7B...0x7B]))
        default:
            return .scalar(ScalarSet([scalar.value...scalar.value]))
        }
    }

    private mutating func group() throws(RegexError) -> RegexSyntax {
        let start = position - 1
        var capture: Int?
        var look: (isBehind: Bool, isNegated: Bool)?
        if take("?") {
            switch (advance(), next) {
            case (":", _): break
            case ("=", _): look = (false, false)
            case ("!", _): look = (false, true)
            case ("<", "="):
                position += 1
                look = (true, false)
            case ("<", "!"):
                position += 1
                look = (true, true)
            case ("<", _):
                groupCount += 1
                capture = groupCount
                let name = try groupName()
                guard groupNames.updateValue(groupCount, forKey: name) == nil else {
                    throw RegexError(offset: start, message: "Two groups are named \"\(name)\"; rename one.")
                }
            default:
                throw RegexError(
                    offset: start,
                    message: "ECMAScript has no such group; write (?:…), (?=…), (?!…), (?<=…), (?<!…) or (?<name>…).")
            }
        } else {
            groupCount += 1
            capture = groupCount
        }
        let inner = try alternatives()
        guard take(")") else {
            throw RegexError(offset: start, message: "The group that opens here is not closed; add \")\".")
        }
        if let look { return .look(inner, isBehind: look.isBehind, isNegated: look.isNegated) }
        return capture.map { .capture(inner, group: $0) } ?? inner
    }

    /// Up to the closing `>`, which is stepped over.
    private mutating func groupName() throws(RegexError) -> String {
        let start = position
        var name = String.UnicodeScalarView()
        while let scalar = advance() {
            if scalar == ">", !name.isEmpty { return String(name) }
            let isStart = scalar == "$" || scalar == "_" || scalar.properties.isIDStart
            guard isStart || (!name.isEmpty && scalar.properties.isIDContinue) else { break }
            name.append(scalar)
        }
        throw RegexError(
            offset: start, message: "A group's name is an identifier between \"<\" and \">\", as in (?<year>…).")
    }

    private mutating func quantifier() throws(RegexError) -> (minimum: Int, maximum: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard next == "{" else { return nil }
        let start = position
        position += 1
        guard let minimum = decimal() else {
            position = start
            return nil
        }
        var maximum: Int? = minimum
        if take(",") { maximum = decimal() }
        guard take("}") else {
            position = start
            return nil
        }
        if let maximum, maximum < minimum {
            throw RegexError(offset: start, message: "The bounds {\(minimum),\(maximum)} are the wrong way round.")
        }
        return (minimum, maximum)
    }

    /// A decimal number; from 10^9 upwards only its size is kept.
    mutating func decimal() -> Int? {
        var value: Int?
        while let scalar = next, ("0"..."9").contains(scalar) {
            value = min((value ?? 0) * 10 + Int(scalar.value - 0x30), 1_000_000_000)
            position += 1
        }
        return value
    }

    private mutating func escape() throws(RegexError) -> RegexSyntax {
        let start = position - 1
        switch next {
        case "b":
            position += 1
            return .wordBoundary(isNegated: false)
        case "B":
            position += 1
            return .wordBoundary(isNegated: true)
        case "k":
            position += 1
            guard take("<") else {
                throw RegexError(offset: start, message: "\\k names a group, as in \\k<year>.")
            }
            let name = try groupName()
            if isScout { return .empty }
            guard let group = allNames[name] else {
                throw RegexError(offset: start, message: "No group is named \"\(name)\".")
            }
            return .backreference(group: group)
        case .some(let scalar) where ("1"..."9").contains(scalar):
            let group = decimal() ?? 0
            numberedReferences.append((group, start))
            return .backreference(group: group)
        default:
            return .scalar(try characterEscape(inClass: false))
        }
    }

    var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    mutating func advance() -> Unicode.Scalar? {
        guard let scalar = next else { return nil }
        position += 1
        return scalar
    }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    func fault(_ message: String) -> RegexError { RegexError(offset: position, message: message) }
}
