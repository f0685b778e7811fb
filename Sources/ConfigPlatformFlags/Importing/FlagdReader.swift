import ExactJSON

/// Reads definition files of flagd.
struct FlagdReader {
    private let taken: FlagImport
    private let fractions: JSONFractions

    init(_ taken: FlagImport, _ fractions: JSONFractions) {
        self.taken = taken
        self.fractions = fractions
    }

    func read(_ json: JSONValue) throws(InvalidFlagItem) {
        guard case .object(let root) = json, let flags = root["flags"],
            flags.objectValue != nil || flags.arrayValue != nil
        else {
            throw InvalidFlagItem(
                "This is no definition of flagd: it has no 'flags', an object by key or a list of flags with a 'key' each."
            )
        }
        taken.leaveOut(root, besides: ["$schema", "flags", "$evaluators", "metadata"], of: "the file", at: .root)
        let shared = setMetadata(root["metadata"])
        let evaluators = EvaluatorNames(root["$evaluators"], taken)
        let place = JSONPointer(tokens: ["flags"])
        switch flags {
        case .object(let flags):
            for member in flags.members {
                read(member.name, member.value, at: place.appending(member.name), shared, evaluators)
            }
        case .array(let list):
            for (index, flag) in list.enumerated() {
                guard let key = flag["key"]?.stringValue else {
                    taken.note(.error, "The flag has no 'key' and is left out.", at: place.appending(index))
                    continue
                }
                read(key, flag, at: place.appending(index), shared, evaluators)
            }
        default: break
        }
        evaluators.addSegments()
    }

    private func setMetadata(_ json: JSONValue?) -> JSONObject {
        guard let json, !json.isNull else { return JSONObject() }
        let place = JSONPointer(tokens: ["metadata"])
        guard case .object(let metadata) = json else {
            taken.note(.error, "The file's metadata is no object and is left out.", at: place)
            return JSONObject()
        }
        if !metadata.isEmpty {
            taken.note(
                .information, "Metadata of the file as a whole is kept as that of each of its flags.", at: place)
        }
        return metadata
    }

    private static let members: Set<String> = [
        "key", "state", "variants", "defaultVariant", "targeting", "metadata", "description",
    ]

    private func read(
        _ text: String, _ json: JSONValue, at place: JSONPointer, _ shared: JSONObject, _ evaluators: EvaluatorNames
    ) {
        guard case .object(let flag) = json else {
            taken.note(.error, "The flag is no object and is left out.", key: text, at: place)
            return
        }
        taken.leaveOut(flag, besides: Self.members, of: "flags", at: place)
        guard case .object(let variants)? = flag["variants"], !variants.isEmpty else {
            taken.note(.error, "The flag has no variants and is left out.", key: text, at: place)
            return
        }
        let known = (try? FlagKey(parsing: text)).flatMap { taken.order.flag($0)?.flag.type }
        // Who writes 0.0 means a flag of doubles, unless it is known to be one of integers.
        let isWrittenAsDoubles = variants.members.contains { variant in
            fractions.contains(place.appending("variants").appending(variant.name))
        }
        guard
            let type = FlagType(
                admitting: variants.values, known: isWrittenAsDoubles && known != .integer ? .double : known)
        else {
            taken.note(
                .error,
                "Its variants are of different types, or lists, or null; a flag is all booleans, texts, numbers or objects. The flag is left out.",
                key: text, at: place.appending("variants"))
            return
        }
        var body: JSONObject = ["type": .string(type.rawValue), "variants": .object(variants)]
        if let description = flag["description"], !description.isNull { body["description"] = description }
        let metadata = self.metadata(flag["metadata"], shared, key: text, at: place)
        if !metadata.isEmpty { body["metadata"] = .object(metadata) }
        guard let key = taken.add(flag: text, body, at: place) else { return }
        let defaultVariant = self.defaultVariant(flag["defaultVariant"], of: variants, key: text, at: place)
        var isEnabled = true
        switch flag["state"] {
        case .string("ENABLED")?: break
        case .string("DISABLED")?: isEnabled = false
        default:
            taken.add(rule: FlagRuleBody(defaultVariant: defaultVariant), of: key, at: place)
            taken.disable(key, because: "Its state is neither \"ENABLED\" nor \"DISABLED\".", at: place)
            return
        }
        let targeting = self.targeting(
            flag["targeting"], of: key, variants, at: place.appending("targeting"), evaluators)
        taken.add(
            rule: FlagRuleBody(
                isEnabled: isEnabled, defaultVariant: defaultVariant, targeting: targeting ?? .rules([])),
            of: key, at: place)
        if targeting == nil {
            taken.disable(
                key, because: "Its targeting is no JsonLogic, an object such as {\"if\": […]}.",
                at: place.appending("targeting"))
        }
    }

    private func metadata(
        _ json: JSONValue?, _ shared: JSONObject, key: String, at place: JSONPointer
    ) -> JSONObject {
        var metadata = shared
        switch json {
        case nil, .null?: break
        case .object(let own)?: for member in own.members { metadata[member.name] = member.value }
        default:
            taken.note(
                .warning, "Its metadata is no object and is left out.", key: key, at: place.appending("metadata"))
        }
        return metadata
    }

    private func defaultVariant(
        _ json: JSONValue?, of variants: JSONObject, key: String, at place: JSONPointer
    ) -> FlagRuleBody.DefaultVariant {
        let name: String
        switch json {
        case nil, .null?, .string("")?: return .ofCaller
        case .string(let text)?: name = text
        case .bool(let value)?: name = value ? "true" : "false"
        default: name = json?.canonicalText ?? ""
        }
        if variants[name] != nil, let variant = try? VariantName(parsing: name) { return .variant(variant) }
        taken.note(
            .error,
            "Its default variant '\(InvalidFlagItem.shown(name))' is none of its variants and is left out; where it would be served callers get their own default, as they did.",
            key: key, at: place.appending("defaultVariant"))
        return .ofCaller
    }

    /// Nil where it is none.
    private func targeting(
        _ json: JSONValue?, of key: FlagKey, _ variants: JSONObject, at place: JSONPointer, _ evaluators: EvaluatorNames
    ) -> FlagRuleBody.Targeting? {
        switch json {
        case nil, .null?, .bool(false)?, .string("")?, .array([])?: return .rules([])
        case .object(let logic)?:
            if logic.isEmpty { return .rules([]) }
            let (kept, absent) = AbsentVariants.kept(in: evaluators.naming(.object(logic)), of: variants)
            let named = kept.objectValue ?? logic
            if !absent.isEmpty {
                taken.note(
                    .warning,
                    "Its targeting names what is none of its variants: \(absent.sorted().map { "'\(InvalidFlagItem.shown($0))'" }.joined(separator: ", ")). Whoever it comes to gets an error and the caller's default, as they did.",
                    key: key.rawValue, at: place)
            }
            // Targeting that never serves anything still makes the reason DEFAULT and not STATIC.
            guard let rules = try? FlagLifting.rules(of: named, in: key), !rules.isEmpty,
                (try? FlagRuleBody(parsing: FlagRuleBody(targeting: .rules(rules)).json)) != nil
            else { return .logic(named) }
            var isLoose = false
            LogicWalk { isLoose = isLoose || $0.name == "==" || $0.name == "!=" }.walk(.object(named), at: .root)
            if isLoose {
                taken.noteOnce(
                    .information,
                    "'==' between an attribute and a text is kept as 'equals': a list of just that text is no longer taken for the text.",
                    at: place)
            }
            return .rules(rules)
        default: return nil
        }
    }
}

/// Results of targeting that are no variants of the flag. A platform's rule may not name such, for that is a mistake when it is written; flagd
/// finds out when it evaluates. What a file means is kept by having the name put together by an operator.
private enum AbsentVariants {
    static func kept(in logic: JSONValue, of variants: JSONObject) -> (logic: JSONValue, absent: Set<String>) {
        var absent: Set<String> = []
        let kept = kept(logic, variants, &absent)
        return (kept, absent)
    }

    /// Looks where ``LogicWalk/results(of:at:)`` does.
    private static func kept(_ logic: JSONValue, _ variants: JSONObject, _ absent: inout Set<String>) -> JSONValue {
        let text: String?
        switch logic {
        case .string(let name): text = name
        case .bool(let value): text = value ? "true" : "false"
        default: text = nil
        }
        if let text {
            if variants[text] != nil { return logic }
            absent.insert(text)
            return ["cat": [.string(text)]]
        }
        guard let (name, arguments, isList) = LogicTree.operation(logic) else { return logic }
        var changed = arguments
        switch name {
        case "if", "?:":
            for index in arguments.indices where index % 2 == 1 || index == arguments.count - 1 {
                changed[index] = kept(arguments[index], variants, &absent)
            }
        case "fractional":
            for index in arguments.indices {
                guard case .array(var share) = arguments[index], let variant = share.first else { continue }
                share[0] = kept(variant, variants, &absent)
                changed[index] = .array(share)
            }
        default: return logic
        }
        guard isList else {
            return .object(JSONObject(uniqueMembers: [(name, changed[0])]))
        }
        return LogicTree.operation(name, changed)
    }
}

/// What becomes of the rules among `$evaluators`: segments, or, where one is no group of contexts, part of each flag that refers to it.
private final class EvaluatorNames {
    private let taken: FlagImport
    private var logics: [ExactName: JSONValue] = [:]
    private var segments: [ExactName: SegmentName] = [:]
    private var used: Set<ExactName> = []
    private var open: Set<ExactName> = []

    init(_ json: JSONValue?, _ taken: FlagImport) {
        self.taken = taken
        guard let json, !json.isNull else { return }
        let place = JSONPointer(tokens: ["$evaluators"])
        guard case .object(let evaluators) = json else {
            taken.note(.error, "'$evaluators' is no object and is left out.", at: place)
            return
        }
        for member in evaluators.members { logics[ExactName(member.name)] = member.value }
        for member in evaluators.members {
            let name = ExactName(member.name)
            switch SharedRule(named: member.name) {
            case .segment(let segment)? where isGroup(member.value):
                segments[name] = taken.segmentName(for: segment.rawValue, at: place.appending(member.name))
            case nil where isGroup(member.value):
                segments[name] = taken.segmentName(for: member.name, at: place.appending(member.name))
            default:
                taken.note(
                    .information, "It is no group of contexts and is written into each rule that refers to it.",
                    key: member.name, at: place.appending(member.name))
            }
        }
    }

    /// Whether it is the same for every flag, as a segment must be.
    private func isGroup(_ logic: JSONValue) -> Bool {
        guard case .object(let object) = logic, !object.isEmpty,
            let segment = try? SegmentBody(parsing: ["targeting": logic])
        else { return false }
        return segment.dependencesOnFlag.isEmpty
    }

    /// The rule with references to segments in place of those to evaluators. One that there is none of stays, and is found out later.
    func naming(_ logic: JSONValue) -> JSONValue {
        LogicTree.replacingReferences(logic) { text in
            let name = ExactName(text)
            if let segment = self.segments[name] {
                self.used.insert(name)
                return SharedRule.segment(segment).reference
            }
            guard let logic = self.logics[name], self.open.insert(name).inserted else { return nil }
            defer { self.open.remove(name) }
            return self.naming(logic)
        }
    }

    func addSegments() {
        let place = JSONPointer(tokens: ["$evaluators"])
        for (name, segment) in segments.sorted(by: { $0.value < $1.value }) {
            guard let logic = logics[name] else { continue }
            taken.add(segment: segment, body(naming(logic)), from: name.text, at: place.appending(name.text))
        }
    }

    /// Structured where it comes back as the same JsonLogic, for a rule may also use it for its value.
    private func body(_ logic: JSONValue) -> JSONObject {
        if let condition = try? FlagLifting.condition(of: logic) {
            let structured: JSONObject = ["rules": [["when": [condition.json]]]]
            if let segment = try? SegmentBody(parsing: .object(structured)), .object(segment.logic) == logic {
                return structured
            }
        }
        return ["targeting": logic]
    }
}
