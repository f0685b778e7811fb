import ExactJSON

/// What another platform asks of a context: a condition, or what only JsonLogic can ask.
indirect enum ForeignCondition {
    case plain(Condition)
    case logic(JSONValue)
    /// Of none: never.
    case any([ForeignCondition])
    /// Of none: always.
    case all([ForeignCondition])
    case not(ForeignCondition)

    static var always: ForeignCondition { .all([]) }
    static var never: ForeignCondition { .any([]) }

    static func test(_ attribute: AttributePath, _ test: AttributeTest) -> ForeignCondition {
        .plain(.attribute(attribute, test, isNegated: false))
    }

    /// Any of these values; none: never.
    static func equals(_ attribute: AttributePath, _ values: [JSONValue]) -> ForeignCondition {
        var parts: [ForeignCondition] = []
        var rest = values[...]
        while !rest.isEmpty {
            parts.append(.test(attribute, .equals(Array(rest.prefix(FlagLimits.values)))))
            rest = rest.dropFirst(FlagLimits.values)
        }
        return .any(parts)
    }

    /// A share of contexts, of 100,000. Those without the attribute are not in it.
    static func share(_ parts: Int64, by attribute: AttributePath, seed: String) -> ForeignCondition {
        guard parts > 0 else { return .never }
        guard parts < wholeShare else { return .test(attribute, .exists) }
        let variable = LogicTree.variable(attribute)
        let fractional = LogicTree.operation(
            "fractional",
            [
                LogicTree.operation("cat", [.string(seed), variable]), ["in", .int(parts)],
                ["out", .int(wholeShare - parts)],
            ])
        return .logic(
            LogicTree.operation(
                "and",
                [
                    LogicTree.operation("!==", [variable, .null]), LogicTree.operation("===", [fractional, "in"]),
                ]))
    }

    static let wholeShare: Int64 = 100_000

    /// Percent as a share of 100,000; nil where it is none.
    static func share(ofPercent value: JSONValue?) -> Int64? {
        let number: Double? =
            switch value {
            case .number(let number)?: number.double
            case .string(let text)?: (try? JSONNumber(parsing: text.trimmed))?.double
            default: nil
            }
        guard let number, (0...100).contains(number) else { return nil }
        return Int64((number * 1_000).rounded())
    }

    /// The same without parts that are always or never so, and without lists of one.
    var simplified: ForeignCondition {
        switch self {
        case .plain, .logic: return self
        case .not(let inner):
            let inner = inner.simplified
            return inner.isAlways ? .never : inner.isNever ? .always : .not(inner)
        case .all(let list):
            let parts = list.map(\.simplified)
            if parts.contains(where: \.isNever) { return .never }
            let rest = parts.filter { !$0.isAlways }
            return rest.count == 1 ? rest[0] : .all(rest)
        case .any(let list):
            let parts = list.map(\.simplified)
            if parts.contains(where: \.isAlways) { return .always }
            let rest = parts.filter { !$0.isNever }
            return rest.count == 1 ? rest[0] : .any(rest)
        }
    }

    var isAlways: Bool { if case .all(let list) = self { list.isEmpty } else { false } }
    var isNever: Bool { if case .any(let list) = self { list.isEmpty } else { false } }

    /// Nil where only JsonLogic can say it. Of what is simplified.
    var condition: Condition? {
        func all(_ list: [ForeignCondition]) -> [Condition]? {
            let conditions = list.compactMap(\.condition)
            return list.isEmpty || conditions.count < list.count ? nil : conditions
        }
        return switch self {
        case .plain(let condition): condition
        case .logic: nil
        case .any(let list): all(list).map { .any($0) }
        case .all(let list): all(list).map { .all($0) }
        case .not(let inner): inner.condition?.negated
        }
    }

    /// As the list of a rule; nil where only JsonLogic can say it. Of what is simplified.
    var conditions: [Condition]? {
        guard case .all(let list) = self else { return condition.map { [$0] } }
        let conditions = list.compactMap(\.condition)
        return conditions.count == list.count ? conditions : nil
    }

    var logic: JSONValue {
        switch self {
        case .plain(let condition): condition.logic
        case .logic(let logic): logic
        case .any(let list): list.isEmpty ? false : LogicTree.operation("or", list.map(\.logic))
        case .all(let list): list.isEmpty ? true : LogicTree.operation("and", list.map(\.logic))
        case .not(let inner): LogicTree.operation("!", [inner.logic])
        }
    }
}

/// A rule as another platform has it.
struct ForeignRule {
    var name: String?
    var condition: ForeignCondition
    /// Nil for the default variant, although later rules might serve another.
    var serve: Serve?

    init(_ name: String? = nil, when condition: ForeignCondition, serve: Serve?) {
        self.name = name.flatMap { (1...FlagLimits.ruleNameBytes).contains($0.utf8.count) ? $0 : nil }
        self.condition = condition
        self.serve = serve
    }
}

extension [ForeignRule] {
    /// Structured rules where all of them can be said so, otherwise JsonLogic.
    func targeting(in key: FlagKey) -> FlagRuleBody.Targeting {
        let rules = map { ForeignRule($0.name, when: $0.condition.simplified, serve: $0.serve) }
            .filter { !$0.condition.isNever }
        let structured = rules.compactMap { rule -> TargetingRule? in
            guard let serve = rule.serve, let conditions = rule.condition.conditions else { return nil }
            return TargetingRule(name: rule.name, when: conditions, serve: serve)
        }
        if structured.count == rules.count,
            (try? FlagRuleBody(parsing: FlagRuleBody(targeting: .rules(structured)).json)) != nil
        {
            return .rules(structured)
        }
        var arguments: [JSONValue] = []
        for rule in rules {
            arguments += [rule.condition.logic, rule.serve?.logic(in: key) ?? .null]
            if rule.condition.isAlways { break }
        }
        return .logic(JSONObject(uniqueMembers: [("if", .array(arguments))]))
    }
}

/// A segment as another platform has it.
struct ForeignSegment {
    var description: String?
    var include: [String] = []
    var exclude: [String] = []
    /// Who is not in it either.
    var excluded: [ForeignCondition] = []
    /// Who fits any of these is in it.
    var rules: [ForeignCondition] = []

    /// The body of its item: structured where it can be said so, otherwise JsonLogic.
    var body: JSONObject {
        var body = JSONObject()
        body["description"] = description.flatMap { $0.isEmpty ? nil : .string($0) }
        let rules = rules.map(\.simplified).filter { !$0.isNever }
        let lists = excluded.isEmpty ? rules.compactMap(\.conditions).filter { !$0.isEmpty } : []
        if excluded.isEmpty, lists.count == rules.count {
            var structured = body
            if !include.isEmpty { structured["include"] = .array(include.map { .string($0) }) }
            if !exclude.isEmpty { structured["exclude"] = .array(exclude.map { .string($0) }) }
            if !lists.isEmpty { structured["rules"] = .array(lists.map { ["when": .array($0.map(\.json))] }) }
            if (try? SegmentBody(parsing: .object(structured))) != nil { return structured }
        }
        func listed(_ texts: [String]) -> [ForeignCondition] {
            texts.isEmpty ? [] : [.equals(.targetingKey, texts.map { .string($0) })]
        }
        let outside = (listed(exclude) + excluded).map { ForeignCondition.not($0) }
        let logic = ForeignCondition.all(outside + [.any(listed(include) + rules)]).simplified.logic
        body["targeting"] = logic.objectValue.map { .object($0) } ?? LogicTree.operation("!!", [logic])
        return body
    }
}

extension String {
    var trimmed: String {
        let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        var rest = unicodeScalars.drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return String(String.UnicodeScalarView(rest))
    }

    /// The parts of a list with commas, without spaces around them; empty ones left out.
    var listed: [String] {
        split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
    }

    /// The values that, written as texts, read like this: the text itself, and the number or boolean that it spells.
    var asWritten: [JSONValue] {
        var values: [JSONValue] = [.string(self)]
        if hasSameBytes(as: "true") || hasSameBytes(as: "false") { values.append(.bool(hasSameBytes(as: "true"))) }
        if let number = try? JSONNumber(parsing: self), JSONValue.number(number).canonicalText.hasSameBytes(as: self) {
            values.append(.number(number))
        }
        return values
    }
}

extension FlagTime {
    /// Also a date alone, which is the beginning of that day in UTC.
    init?(reading text: String) {
        guard let time = (try? FlagTime(parsing: text)) ?? (try? FlagTime(parsing: text + "T00:00:00Z")) else {
            return nil
        }
        self = time
    }
}

/// Regular expressions that say no more than a structured condition can: texts, with anchors and alternatives.
enum LiteralPattern {
    /// Nil where the pattern says more.
    static func condition(
        _ pattern: String, of attribute: AttributePath, isAnchoredAtStart: Bool = false
    ) -> ForeignCondition? {
        var rest = Array(pattern.unicodeScalars)[...]
        var fromStart = isAnchoredAtStart
        var toEnd = false
        if rest.first == "^" {
            fromStart = true
            rest = rest.dropFirst()
        }
        if rest.last == "$", rest.dropLast().last != "\\" {
            toEnd = true
            rest = rest.dropLast()
        }
        if rest.starts(with: [".", "*"]) {
            fromStart = false
            rest = rest.dropFirst(2)
        }
        if rest.count >= 2, rest.suffix(2).elementsEqual([".", "*"]), rest.dropLast(2).last != "\\" {
            toEnd = false
            rest = rest.dropLast(2)
        }
        var isGroup = false
        if rest.first == "(", rest.last == ")" {
            rest = rest.dropFirst().dropLast()
            if rest.starts(with: ["?", ":"]) { rest = rest.dropFirst(2) }
            isGroup = true
        }
        let alternatives = rest.split(separator: "|", omittingEmptySubsequences: false)
        // Outside a group an anchor belongs to the alternative that it stands in.
        guard alternatives.count == 1 || isGroup || !(fromStart || toEnd) else { return nil }
        let texts = alternatives.compactMap(literal)
        guard texts.count == alternatives.count else { return nil }
        let values = texts.map { JSONValue.string($0) }
        if texts.contains("") {
            guard texts.count == 1 else { return nil }
            return fromStart && toEnd ? .equals(attribute, values) : .test(attribute, .exists)
        }
        switch (fromStart, toEnd) {
        case (true, true): return .equals(attribute, values)
        case (true, false): return .test(attribute, .startsWith(values))
        case (false, true): return .test(attribute, .endsWith(values))
        case (false, false): return .test(attribute, .contains(values))
        }
    }

    private static func literal(_ scalars: ArraySlice<Unicode.Scalar>) -> String? {
        var text = String.UnicodeScalarView()
        var rest = scalars
        while let scalar = rest.popFirst() {
            if scalar == "\\" {
                // Before a letter or a digit it is a class or a mark.
                guard let next = rest.popFirst(), next.isASCII, !next.properties.isAlphabetic,
                    next.properties.numericType == nil
                else { return nil }
                text.append(next)
            } else if ".*+?[](){}|^$".unicodeScalars.contains(scalar) {
                return nil
            } else {
                text.append(scalar)
            }
        }
        return String(text)
    }
}
