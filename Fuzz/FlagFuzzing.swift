import ConfigPlatformModel

@testable import ConfigPlatformFlags

private let present: Int64 = 1_790_000_000

// MARK: - Definitions

/// A definition of flagd and a context, written in the input with a zero byte between or made of its bytes: compiled and evaluated within the
/// steps that an evaluation may take, the same each time and however it is asked for.
func fuzzFlags(_ bytes: [UInt8]) {
    var input = InputBytes(bytes)
    let kind = input.byte()
    let document: JSONValue
    var contexts: [JSONObject] = []
    if kind & 1 == 1 {
        let parts = input.remainder().split(separator: 0, omittingEmptySubsequences: false).prefix(3)
        let values = parts.compactMap { try? JSONValue(parsing: $0) }
        guard values.count == parts.count, let first = values.first else { return }
        document = first
        contexts = values.dropFirst().compactMap(\.objectValue)
    } else {
        var making = LogicMaking(input)
        document = making.document()
        contexts = [making.context()]
    }
    let bucketing = kind & 2 == 2 ? Bucketing.text : .cbor
    do throws(InvalidFlagDefinition) {
        let set = try FlagSet(document: document, bucketing: bucketing)
        for flag in set.sorted.prefix(2) {
            for context in contexts.prefix(1) + [JSONObject()] { evaluate(flag, FlagContext(context), document) }
        }
    } catch {
        require(!error.message.isEmpty, "no message: \(error)")
    }
    take(document)
}

private func evaluate(_ flag: Flag, _ context: FlagContext, _ document: JSONValue) {
    func name() -> String { "'\(flag.key)' of \(document) for \(JSONValue.object(context.attributes.json))" }
    let found = flag.resolve(context, as: nil, at: present)
    require((found.error == nil) == (found.reason != .error), "\(name()): \(found)")
    require(found.error == nil || found.variant == nil, "\(name()): \(found)")
    if let variant = found.variant {
        require(flag.variant(named: variant.name)?.value == variant.value, "\(name()): \(found)")
    }
    func isSame(_ other: Resolution) -> Bool {
        other.error == found.error && other.reason == found.reason && other.variant?.name == found.variant?.name
    }
    let explained = flag.explain(context, as: nil, at: present)
    require(isSame(explained.resolution), "\(name()): \(found), explained \(explained.resolution)")
    guard let type = found.variant?.type else { return }
    require(isSame(flag.resolve(context, as: type, at: present)), "\(name()) as \(type)")
}

/// What an import makes of the document can be said to every client: it is lowered, and compiles without a fault.
private func take(_ document: JSONValue) {
    let text = document.canonicalBytes()
    guard let file = try? FlagFormat.flagd.read(document, fractions: JSONFractions(in: text)) else { return }
    let lowering = FlagLowering(
        flag: { key in file.flags[key].map { FlagItems(flag: $0, rule: file.rules[key]) } },
        segment: { file.segments[$0] })
    for key in file.flags.keys {
        let violations = lowering.violations(of: key)
        require(violations.isEmpty, "\(violations) after the import of \(document)")
    }
    do throws(FlagViolation) {
        let lowered = JSONValue.object(try lowering.document(of: file.flags.keys.sorted()))
        guard let set = try? FlagSet(document: lowered) else { fatalError("\(lowered) is no definition") }
        for flag in set.sorted { require(flag.faults.isEmpty, "\(flag.faults) in \(lowered)") }
    } catch {
        fatalError("\(error) after the import of \(document)")
    }
}

// MARK: - Rules

/// What people write, in the input or made of its bytes, with contexts: a body that is read reads back as itself; what it is lowered to is
/// lifted again or that is refused at a place in it; and what is lifted means the same and stays as it is.
func fuzzRules(_ bytes: [UInt8]) {
    var input = InputBytes(bytes)
    let kind = input.byte()
    let body: JSONValue
    var contexts: [JSONObject] = []
    if kind & 1 == 1 {
        let parts = input.remainder().split(separator: 0, omittingEmptySubsequences: false).prefix(4)
        let values = parts.compactMap { try? JSONValue(parsing: $0) }
        guard values.count == parts.count, let first = values.first else { return }
        body = first
        contexts = values.dropFirst().compactMap(\.objectValue)
    } else {
        var making = LogicMaking(input)
        body = making.ruleBody()
        contexts = [making.context(), making.context()]
    }
    guard let key = try? FlagKey(parsing: "the flag") else { return }
    do throws(InvalidFlagItem) {
        let rule = try FlagRuleBody(parsing: body)
        guard let again = try? FlagRuleBody(parsing: rule.json), again == rule, again.json == rule.json else {
            fatalError("\(body) does not read back as \(rule.json)")
        }
        switch rule.targeting {
        case .rules(let rules):
            check(FlagLowering.logic(of: rules, in: key) ?? [:], key, contexts)
        case .logic(let logic): check(logic, key, contexts)
        }
    } catch {
        for fault in error.faults { require(isPlace(fault.pointer, in: body), "\(fault) in \(body)") }
    }
}

private func check(_ logic: JSONObject, _ key: FlagKey, _ contexts: [JSONObject]) {
    do throws(InvalidFlagItem) {
        let lifted = try FlagLifting.rules(of: logic, in: key)
        let lowered = FlagLowering.logic(of: lifted, in: key) ?? [:]
        guard let again = try? FlagLifting.rules(of: lowered, in: key) else {
            fatalError("\(JSONValue.object(lowered)), of \(JSONValue.object(logic)), is not lifted again")
        }
        require(again == lifted, "\(JSONValue.object(logic)): \(lifted.map(\.json)), then \(again.map(\.json))")
        var isLoose = false
        LogicWalk { isLoose = isLoose || $0.name == "==" || $0.name == "!=" }.walk(.object(logic), at: .root)
        // Between an attribute and a text it is lifted as `equals`, by which a list of the text is not the text.
        if isLoose { return }
        guard let written = flag(logic, key), let said = flag(lowered, key) else {
            fatalError("\(JSONValue.object(logic)) or \(JSONValue.object(lowered)) does not compile")
        }
        for context in contexts {
            let expected = written.resolve(FlagContext(context), as: nil, at: present)
            let found = said.resolve(FlagContext(context), as: nil, at: present)
            require(
                found.variant?.name == expected.variant?.name && found.error == expected.error,
                "\(JSONValue.object(logic)) comes to \(expected), \(JSONValue.object(lowered)) to \(found), for \(context)"
            )
        }
    } catch {
        let whole = JSONValue.object(logic)
        require(!error.faults.isEmpty, "no fault of \(whole)")
        for fault in error.faults { require(isPlace(fault.pointer, in: whole), "\(fault) in \(whole)") }
    }
}

private func flag(_ logic: JSONObject, _ key: FlagKey) -> Flag? {
    let variants = JSONObject(uniqueMembers: LogicMaking.variants.map { ($0, .string($0)) })
    let definition: JSONObject = [
        "state": "ENABLED", "variants": .object(variants), "targeting": .object(logic),
    ]
    return try? Flag(key: key.rawValue, definition: definition, evaluators: Evaluators(LogicMaking.segments))
}

/// In the document, or a member that is missing there.
private func isPlace(_ pointer: JSONPointer, in json: JSONValue) -> Bool {
    pointer.tokens.isEmpty || json[pointer] != nil || json[JSONPointer(tokens: Array(pointer.tokens.dropLast()))] != nil
}

// MARK: - Making

/// Definitions, rules and contexts that meet one another, made of bytes.
private struct LogicMaking {
    private var input: InputBytes

    init(_ input: InputBytes) {
        self.input = input
    }

    static let variants = ["on", "off", "true", "false", "1", "other"]
    static let segments: JSONObject = [
        "segment:beta": ["===": [["var": "user.beta"], true]],
        "segment:staff": ["in": [["var": "user.id"], ["u1", "u2"]]],
    ]
    private static let attributes = [
        "country", "user.id", "user.beta", "age", "tags", "tags.0", "version", "ip", "since", "targetingKey",
        "$flagd.timestamp", "$flagd.flagKey", "", "a.b.c", "user",
    ]
    private static let texts = [
        "DE", "D", "", "u1", "u2", "é", "e\u{301}", "1", "01", "true", "null", "1.2.3", "2.0.0-rc.1", "10.0.0.1",
        "10.0.0.0/8", "2001:db8::/32", "::1", "2026-01-01T00:00:00Z", "1999-12-31T23:59:60.5+01:00", "^1.2.0", ">=",
        "~",
        "segment:beta", "segment:none", "$ref", "on", "off",
    ]
    private static let numbers: [JSONValue] = [
        0, 1, -1, 2, 0.5, -0.5, 100, 1e300, 9_223_372_036_854_775_807, -9_223_372_036_854_775_807, 2_147_483_647, 1e-9,
    ]
    private static let operators =
        Operator.all.keys.sorted() + [
            "fractional", "map", "filter", "reduce", "all", "some", "none", "$ref", "nothing",
        ]

    private mutating func list(_ range: ClosedRange<Int>, _ make: (inout LogicMaking) -> JSONValue) -> JSONValue {
        let count = range.lowerBound + input.int(below: range.count)
        return .array((0..<count).map { _ in make(&self) })
    }

    private mutating func text() -> JSONValue {
        .string(input.chance(oneIn: 8) ? input.text(atMost: 12) : input.element(of: Self.texts))
    }

    private mutating func number() -> JSONValue {
        input.chance(oneIn: 4) ? .int(Int(input.byte()) - 128) : input.element(of: Self.numbers)
    }

    mutating func value(depth: Int) -> JSONValue {
        switch input.int(below: depth > 0 ? 9 : 6) {
        case 0: return .null
        case 1: return .bool(input.chance(oneIn: 2))
        case 2: return number()
        case 3...5: return text()
        case 6, 7: return list(0...4) { $0.value(depth: depth - 1) }
        default:
            var object = JSONObject()
            for _ in 0..<input.int(below: 4) {
                object[input.element(of: ["id", "beta", "0", "a", "b", "c", ""])] = value(depth: depth - 1)
            }
            return .object(object)
        }
    }

    mutating func context() -> JSONObject {
        var context = JSONObject()
        for name in ["country", "user", "age", "tags", "version", "ip", "since", "targetingKey", "a", "$flagd"]
        where !input.chance(oneIn: 3) {
            context[name] = value(depth: 3)
        }
        return context
    }

    // MARK: Definitions

    mutating func document() -> JSONValue {
        var evaluators = Self.segments
        for name in ["shared", "self"] where input.chance(oneIn: 2) { evaluators[name] = logic(depth: 4) }
        let flag = { (me: inout LogicMaking) -> JSONValue in
            var variants = JSONObject()
            for name in Self.variants where !me.input.chance(oneIn: 3) {
                variants[name] = me.input.chance(oneIn: 3) ? me.value(depth: 2) : me.number()
            }
            var definition: JSONObject = ["state": "ENABLED", "variants": .object(variants)]
            if !me.input.chance(oneIn: 3) {
                definition["defaultVariant"] = .string(me.input.element(of: Self.variants))
            }
            if !me.input.chance(oneIn: 6) { definition["targeting"] = me.logic(depth: 6) }
            if me.input.chance(oneIn: 4) { definition["metadata"] = me.value(depth: 1) }
            return .object(definition)
        }
        return [
            "flags": ["a": flag(&self), "b": flag(&self)], "$evaluators": .object(evaluators),
        ]
    }

    private mutating func logic(depth: Int) -> JSONValue {
        if depth == 0 || input.isEmpty { return leaf() }
        switch input.int(below: 8) {
        case 0: return leaf()
        case 1: return ["var": .string(input.element(of: Self.attributes))]
        default: break
        }
        let name = input.element(of: Self.operators)
        switch name {
        case "$ref":
            return ["$ref": .string(input.element(of: ["segment:beta", "segment:staff", "shared", "self", "none"]))]
        case "fractional" where !input.chance(oneIn: 4):
            var shares = list(1...4) { me in [.string(me.input.element(of: Self.variants)), me.number()] }
            if input.chance(oneIn: 2) {
                shares = .array([logic(depth: depth - 1)] + (shares.arrayValue ?? []))
            }
            return ["fractional": shares]
        case "map", "filter", "all", "some", "none":
            return .object([name: [list(0...6) { $0.value(depth: 2) }, logic(depth: depth - 1)]])
        case "reduce":
            return ["reduce": [list(0...6) { $0.value(depth: 1) }, logic(depth: depth - 1), leaf()]]
        default:
            if input.chance(oneIn: 8) { return .object([name: logic(depth: depth - 1)]) }
            return .object([name: list(0...4) { $0.logic(depth: depth - 1) }])
        }
    }

    private mutating func leaf() -> JSONValue {
        input.chance(oneIn: 2) ? .string(input.element(of: Self.variants)) : value(depth: 1)
    }

    // MARK: Rules

    mutating func ruleBody() -> JSONValue {
        if input.chance(oneIn: 4) { return ["targeting": logic(depth: 5)] }
        var body: JSONObject = ["rules": list(0...5) { $0.rule() }]
        if input.chance(oneIn: 8) { body["state"] = "DISABLED" }
        if input.chance(oneIn: 4) { body["defaultVariant"] = .string(input.element(of: Self.variants)) }
        return .object(body)
    }

    private mutating func rule() -> JSONValue {
        let variant = { (me: inout LogicMaking) -> JSONValue in .string(me.input.element(of: Self.variants)) }
        var serve = variant(&self)
        if input.chance(oneIn: 3) {
            var split: JSONObject = [
                "split": list(1...4) { me in ["variant": variant(&me), "weight": .int(me.input.int(below: 5))] }
            ]
            if input.chance(oneIn: 2) { split["by"] = .string(input.element(of: Self.attributes)) }
            if input.chance(oneIn: 2) { split["seed"] = text() }
            serve = .object(split)
        }
        return ["when": list(0...3) { $0.condition(depth: 3) }, "serve": serve]
    }

    private mutating func condition(depth: Int) -> JSONValue {
        var condition: JSONObject
        switch input.int(below: depth > 0 ? 8 : 5) {
        case 5:
            return ["any": list(1...3) { $0.condition(depth: depth - 1) }]
        case 6:
            return ["all": list(1...3) { $0.condition(depth: depth - 1) }]
        case 7:
            condition = ["segment": .string(input.element(of: ["beta", "staff"]))]
        default:
            let names = AttributeTest.Operator.allCases.map(\.rawValue)
            let name = input.element(of: names)
            condition = ["attribute": .string(input.element(of: Self.attributes)), "operator": .string(name)]
            if name != "exists" { condition["values"] = list(1...3) { me in me.operand(of: name) } }
        }
        if input.chance(oneIn: 3) { condition["negate"] = true }
        return .object(condition)
    }

    /// Mostly what the operator takes.
    private mutating func operand(of name: String) -> JSONValue {
        if input.chance(oneIn: 12) { return value(depth: 1) }
        switch name {
        case "lessThan", "atMost", "greaterThan", "atLeast": return number()
        case "before", "after":
            return input.element(of: ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.25+01:00", 1_767_225_600, 0.5])
        case "ipIn":
            return .string(input.element(of: ["10.0.0.0/8", "10.0.0.1", "2001:db8::/32", "192.168.4.0/23", "::1"]))
        case let version where version.hasPrefix("version"):
            return .string(input.element(of: ["1.2.3", "2.0.0-rc.1", "0.0.1+b", "10.0.0"]))
        default: return text()
        }
    }
}
