package import ExactJSON

/// The body of a rollout's item: a plan that gives one variant to more and more of those whom no rule matched, and how far it has come.
///
/// ```
/// { "variant": NAME, "by"?: ATTRIBUTE, "seed"?: text, "steps": [ STEP, … ], "guard"?: GUARD, "window"?: {"from"?: time, "until"?: time},
///   "state"?: "running" | "paused" | "completed" | "reverted", "step"?: index, "stepBegan"?: time, "note"?: text }
/// STEP  = { "percent": 0…100, "at"?: time | "afterSeconds"?: integer, "segments"?: [NAME, …], "when"?: [CONDITION, …] }
/// GUARD = { "prometheus": {"url", "query"} | "webhook": {"url"}, "above": number | "below": number,
///           "intervalSeconds"?: 5…86400, "bakeSeconds"?: 0…2592000, "failures"?: 1…100 }
/// ```
/// Nobody who got the variant loses it by a later step, unless that one's percentage is lower: the variant has the first buckets of
/// 100,000, and who got it whole by a step gets it whole by all that follow.
package struct FlagRolloutBody: FlagItemValue {
    package let variant: VariantName
    /// Contexts without it have no part in the percentage.
    package let by: AttributePath
    /// What makes this rollout independent of others; nil for the flag's key.
    package let seed: String?
    /// 1 to ``FlagLimits/steps``.
    package let steps: [Step]
    package let guardrail: Guardrail?
    package let window: Window?
    package let state: State
    /// Index of the present one.
    package let step: Int
    /// Nil where the present step has not been begun: a first step with a time of its own then waits for that.
    package let stepBegan: FlagTime?
    /// Why it is as it is.
    package let note: String?

    package enum State: String, CaseIterable, Sendable {
        case running
        /// Stays at its step.
        case paused
        /// Stays at its last step.
        case completed
        /// Gives nobody the variant.
        case reverted
    }

    package struct Step: Hashable, Sendable {
        /// Of everybody else, in thousandths of a percent: 0 to 100,000.
        package let share: Int
        package let begins: Beginning
        /// Who is in one of them gets the variant whole.
        package let segments: [SegmentName]
        /// Of whom all of these hold gets the variant whole; none where empty.
        package let conditions: [Condition]
    }

    package enum Beginning: Hashable, Sendable {
        /// The first step with the plan, the others by hand.
        case byHand
        case at(FlagTime)
        /// Since the step before began.
        case after(seconds: Int64)
    }

    /// What stops the plan and reverts it: a number that is asked for while it runs.
    package struct Guardrail: Hashable, Sendable {
        package let source: Source
        package let bound: Bound
        package let intervalSeconds: Int64
        /// How long a step must have been good before the next may begin.
        package let bakeSeconds: Int64
        /// Bad answers in a row that revert.
        package let failures: Int64

        package enum Source: Sendable {
            case prometheus(url: String, query: String)
            case webhook(url: String)
        }

        package enum Bound: Hashable, Sendable {
            /// Bad is what is above.
            case above(JSONNumber)
            case below(JSONNumber)

            package func isBroken(by value: Double) -> Bool {
                switch self {
                case .above(let limit): value > limit.double
                case .below(let limit): value < limit.double
                }
            }
        }

        package static func == (left: Self, right: Self) -> Bool { left.json == right.json }
        package func hash(into hasher: inout Hasher) { json.hash(into: &hasher) }
    }

    /// From one moment on, and before another, the variant is given at all.
    package struct Window: Hashable, Sendable {
        package let from: FlagTime?
        package let until: FlagTime?
    }

    package init(parsing json: JSONValue) throws(InvalidFlagItem) {
        try json.checkSize(FlagLimits.ruleBytes, of: "the rollout")
        let faults = FlagItemFaults()
        self = try faults.check(Self(json, faults))
    }

    package static let members = [
        "by", "guard", "note", "seed", "state", "step", "stepBegan", "steps", "variant", "window",
    ]

    private init?(_ json: JSONValue, _ faults: FlagItemFaults) {
        guard
            let reader = FlagItemReader(json, at: .root, what: "a rollout", allowed: Self.members, faults: faults)
        else { return nil }
        if !reader.has("variant") { faults.add("'variant' is missing: what the rollout gives.", at: .root) }
        let variant = reader.variant("variant")
        by = reader.attribute("by") ?? .targetingKey
        seed = reader.text("seed", bytes: FlagLimits.seedBytes, emptyIsAbsent: false)
        steps = reader.list("steps", of: "steps", upTo: FlagLimits.steps) { json, pointer in
            Step(json, at: pointer(), faults)
        }
        let listed = reader.members["steps"]?.arrayValue
        if listed?.isEmpty ?? !reader.has("steps") {
            faults.add("'steps' lists at least one step, such as {\"percent\": 5}.", at: .root)
        }
        if let first = steps.first, case .after = first.begins, steps.count == listed?.count {
            faults.add(
                "The first step has no step before it; give it 'at', or neither.",
                at: JSONPointer(tokens: ["steps", "0", "afterSeconds"]))
        }
        guardrail = reader.members["guard"].flatMap { Guardrail($0, at: JSONPointer(tokens: ["guard"]), faults) }
        window = reader.members["window"].flatMap { Window($0, at: JSONPointer(tokens: ["window"]), faults) }
        state = reader.choice("state", of: State.self) ?? .running
        step = Int(reader.integer("step", in: 0...Int64(max(1, listed?.count ?? 1)) - 1) ?? 0)
        stepBegan = reader.time("stepBegan")
        note = reader.text("note", bytes: FlagLimits.descriptionBytes)
        guard let variant else { return nil }
        self.variant = variant
    }

    private init(_ other: Self, state: State, step: Int, stepBegan: FlagTime?, note: String?) {
        variant = other.variant
        by = other.by
        seed = other.seed
        steps = other.steps
        guardrail = other.guardrail
        window = other.window
        self.state = state
        self.step = step
        self.stepBegan = stepBegan
        self.note = note
    }

    /// The same plan at another point. The step must be one of its own.
    package func moved(to state: State, step: Int, began stepBegan: FlagTime?, note: String?) -> FlagRolloutBody {
        precondition(steps.indices.contains(step), "a rollout stands at one of its steps")
        return FlagRolloutBody(self, state: state, step: step, stepBegan: stepBegan, note: note)
    }

    package var json: JSONValue {
        var members: JSONObject = [
            "variant": .string(variant.rawValue), "steps": .array(steps.map(\.json)),
        ]
        if by != .targetingKey { members["by"] = .string(by.rawValue) }
        members["seed"] = seed.map { .string($0) }
        members["guard"] = guardrail?.json
        members["window"] = window?.json
        if state != .running { members["state"] = .string(state.rawValue) }
        if step != 0 { members["step"] = .int(step) }
        members["stepBegan"] = stepBegan.map { .string($0.text) }
        members["note"] = note.map { .string($0) }
        return .object(members)
    }
}

extension FlagRolloutBody {
    package static func == (left: Self, right: Self) -> Bool { left.json == right.json }
    package func hash(into hasher: inout Hasher) { json.hash(into: &hasher) }
}

extension FlagRolloutBody.Step {
    fileprivate init?(_ json: JSONValue, at pointer: JSONPointer, _ faults: FlagItemFaults) {
        guard
            let reader = FlagItemReader(
                json, at: pointer, what: "a step", allowed: ["afterSeconds", "at", "percent", "segments", "when"],
                faults: faults)
        else { return nil }
        guard let percent = reader.members["percent"] else {
            faults.add("'percent' is missing: 0 to 100, of those whom no rule matched.", at: pointer)
            return nil
        }
        guard let share = Percentage.thousandths(percent) else {
            reader.add("'percent' is a number from 0 to 100 with at most three decimals.", at: "percent")
            return nil
        }
        self.share = share
        segments = reader.identifiers(
            "segments", of: "segments", upTo: FlagLimits.stepSegments, remedy: "the name of a segment"
        ) { text throws(InvalidFlagItem) in try SegmentName(parsing: text) }
        conditions = Condition.list(reader, "when")
        switch (reader.has("at"), reader.has("afterSeconds")) {
        case (false, false): begins = .byHand
        case (true, true):
            faults.add("A step begins 'at' a time or 'afterSeconds', not both; leave one of them out.", at: pointer)
            return nil
        case (true, false):
            guard let time = reader.time("at") else { return nil }
            begins = .at(time)
        case (false, true):
            guard let seconds = reader.integer("afterSeconds", in: 0...FlagLimits.stepSeconds) else { return nil }
            begins = .after(seconds: seconds)
        }
    }

    fileprivate var json: JSONValue {
        var members: JSONObject = ["percent": Percentage.json(thousandths: share)]
        switch begins {
        case .byHand: break
        case .at(let time): members["at"] = .string(time.text)
        case .after(let seconds): members["afterSeconds"] = .int(seconds)
        }
        if !segments.isEmpty { members["segments"] = .array(segments.map { .string($0.rawValue) }) }
        if !conditions.isEmpty { members["when"] = .array(conditions.map(\.json)) }
        return .object(members)
    }
}

extension FlagRolloutBody.Guardrail {
    fileprivate init?(_ json: JSONValue, at pointer: JSONPointer, _ faults: FlagItemFaults) {
        guard
            let reader = FlagItemReader(
                json, at: pointer, what: "a guard",
                allowed: [
                    "above", "bakeSeconds", "below", "failures", "intervalSeconds", "prometheus", "webhook",
                ], faults: faults)
        else { return nil }
        intervalSeconds = reader.integer("intervalSeconds", in: FlagLimits.guardIntervalSeconds) ?? 60
        bakeSeconds = reader.integer("bakeSeconds", in: FlagLimits.bakeSeconds) ?? 0
        failures = reader.integer("failures", in: FlagLimits.guardFailures) ?? 1
        let bounds = ["above", "below"].filter { reader.has($0) }
        let sources = ["prometheus", "webhook"].filter { reader.has($0) }
        if bounds.count != 1 { faults.add("Of 'above' and 'below' a guard has exactly one.", at: pointer) }
        if sources.count != 1 { faults.add("Of 'prometheus' and 'webhook' a guard has exactly one.", at: pointer) }
        guard bounds.count == 1, sources.count == 1, let source = Self.source(reader, sources[0]) else { return nil }
        guard let limit = reader.members[bounds[0]]?.numberValue, limit.double.isFinite else {
            reader.add("'\(bounds[0])' is a number.", at: bounds[0])
            return nil
        }
        self.source = source
        bound = bounds[0] == "above" ? .above(limit) : .below(limit)
    }

    private static func source(_ guardrail: FlagItemReader, _ name: String) -> Source? {
        let isPrometheus = name == "prometheus"
        guard let json = guardrail.members[name],
            let reader = FlagItemReader(
                json, at: guardrail.pointer.appending(name), what: "'\(name)'",
                allowed: isPrometheus ? ["query", "url"] : ["url"], faults: guardrail.faults)
        else { return nil }
        for member in isPrometheus ? ["query", "url"] : ["url"] where !reader.has(member) {
            reader.faults.add("'\(member)' is missing.", at: reader.pointer)
        }
        let url = reader.text("url", bytes: FlagLimits.urlBytes, emptyIsAbsent: false)
        if let url, !isWebAddress(url) {
            reader.add("'url' begins with http:// or https://, names a host and holds no space.", at: "url")
            return nil
        }
        guard isPrometheus else { return url.map { .webhook(url: $0) } }
        let query = reader.text("query", bytes: FlagLimits.queryBytes, emptyIsAbsent: false)
        if query?.isEmpty == true { reader.add("'query' is what Prometheus is asked, in PromQL.", at: "query") }
        guard let url, let query else { return nil }
        return .prometheus(url: url, query: query)
    }

    private static func isWebAddress(_ text: String) -> Bool {
        guard let scheme = ["http://", "https://"].first(where: { text.utf8.starts(with: $0.utf8) }) else {
            return false
        }
        let rest = text.utf8.dropFirst(scheme.utf8.count)
        guard let first = rest.first else { return false }
        return ![UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains(first)
            && rest.allSatisfy { (0x21...0x7E).contains($0) }
    }

    fileprivate var json: JSONValue {
        var members = JSONObject()
        switch source {
        case .prometheus(let url, let query):
            members["prometheus"] = ["query": .string(query), "url": .string(url)]
        case .webhook(let url): members["webhook"] = ["url": .string(url)]
        }
        switch bound {
        case .above(let limit): members["above"] = .number(limit)
        case .below(let limit): members["below"] = .number(limit)
        }
        if intervalSeconds != 60 { members["intervalSeconds"] = .int(intervalSeconds) }
        if bakeSeconds != 0 { members["bakeSeconds"] = .int(bakeSeconds) }
        if failures != 1 { members["failures"] = .int(failures) }
        return .object(members)
    }
}

extension FlagRolloutBody.Window {
    fileprivate init?(_ json: JSONValue, at pointer: JSONPointer, _ faults: FlagItemFaults) {
        guard
            let reader = FlagItemReader(
                json, at: pointer, what: "a window", allowed: ["from", "until"], faults: faults)
        else { return nil }
        from = reader.time("from")
        until = reader.time("until")
        if !reader.has("from"), !reader.has("until") {
            faults.add("A window has 'from', 'until' or both.", at: pointer)
        }
        if let from, let until, from >= until {
            reader.add("The window ends before it begins; 'until' is a later time than 'from'.", at: "until")
        }
    }

    fileprivate var json: JSONValue {
        var members = JSONObject()
        members["from"] = from.map { .string($0.text) }
        members["until"] = until.map { .string($0.text) }
        return .object(members)
    }
}
