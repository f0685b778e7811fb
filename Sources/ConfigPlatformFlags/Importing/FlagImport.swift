import ExactJSON

/// Takes what a reader finds, piece by piece, and sees to it that the pieces fit one another.
final class FlagImport {
    let order: FlagImportOrder
    private(set) var flags: [FlagKey: FlagBody] = [:]
    private var rules: [FlagKey: FlagRuleBody] = [:]
    private var segments: [SegmentName: SegmentBody] = [:]
    private var flagPlaces: [FlagKey: JSONPointer] = [:]
    private var segmentPlaces: [SegmentName: (original: String, pointer: JSONPointer)] = [:]
    private var segmentNames: Set<SegmentName> = []
    private var notices: [FlagNotice] = []
    private var omitted = 0
    private var omittedErrors = 0
    private var said: Set<String> = []
    private var leftOut: [String: (names: Set<String>, first: JSONPointer)] = [:]

    init(_ order: FlagImportOrder) {
        self.order = order
    }

    // MARK: Notices

    func note(
        _ severity: FlagNotice.Severity, _ message: String, key: String? = nil, at pointer: JSONPointer = .root
    ) {
        guard notices.count < FlagImportLimits.notices else {
            omitted += 1
            if severity == .error { omittedErrors += 1 }
            return
        }
        notices.append(FlagNotice(severity, message, key: key, at: pointer))
    }

    /// Says something that holds for the file as a whole, where it first shows.
    func noteOnce(_ severity: FlagNotice.Severity, _ message: String, at pointer: JSONPointer = .root) {
        if said.insert(message).inserted { note(severity, message, at: pointer) }
    }

    /// Remembers which members of an object have no place here; they are told together at the end.
    func leaveOut(_ object: JSONObject, besides known: Set<String>, of what: String, at pointer: JSONPointer) {
        for member in object.members where !known.contains(member.name) {
            switch member.value {
            case .null, .array([]): continue
            case .object(let object) where object.isEmpty: continue
            default: break
            }
            leftOut[what, default: ([], pointer.appending(member.name))].names.insert(member.name)
        }
    }

    // MARK: Pieces

    /// A flag's definition. What is optional in it and cannot be kept is left out with a notice; nil, with one, where it cannot be taken.
    func add(flag text: String, _ body: JSONObject, at pointer: JSONPointer) -> FlagKey? {
        let key: FlagKey
        do throws(InvalidFlagItem) {
            key = try FlagKey(parsing: text)
        } catch {
            note(.error, "\(error.faults[0].message) The flag is left out.", key: text, at: pointer)
            return nil
        }
        guard flags[key] == nil else {
            note(.error, "The file has this flag twice; the second is left out.", key: text, at: pointer)
            return nil
        }
        guard flags.count < FlagImportLimits.flags else {
            note(
                .error, "The file has more than \(FlagImportLimits.flags) flags; this one is left out.", key: text,
                at: pointer)
            return nil
        }
        var body = body
        for isLast in [false, true] {
            do throws(InvalidFlagItem) {
                flags[key] = try FlagBody(parsing: .object(body))
                flagPlaces[key] = pointer
                return key
            } catch {
                guard !isLast, trim(&body, error.faults, key: text, at: pointer) else {
                    note(.error, "The flag is left out. \(error.message)", key: text, at: pointer)
                    return nil
                }
            }
        }
        return nil
    }

    /// Takes out the optional members that are at fault; false where others are.
    private func trim(
        _ body: inout JSONObject, _ faults: [InvalidFlagItem.Fault], key: String, at pointer: JSONPointer
    ) -> Bool {
        let optional = ["description", "owner", "tags", "metadata", "purpose"]
        guard
            faults.allSatisfy({ fault in
                fault.pointer.tokens.first.map { name in optional.contains { $0.hasSameBytes(as: name) } } ?? false
            })
        else { return false }
        for fault in faults {
            let tokens = fault.pointer.tokens
            note(.warning, "\(fault.message) '\(tokens.joined(separator: "/"))' is left out.", key: key, at: pointer)
            if tokens.count == 2, var inner = body[tokens[0]]?.objectValue {
                inner[tokens[1]] = nil
                body[tokens[0]] = .object(inner)
            } else {
                body[tokens[0]] = nil
            }
        }
        return true
    }

    /// What the environment says of a flag that was added. Where that cannot be kept the flag is disabled, with a notice.
    func add(rule: FlagRuleBody, of key: FlagKey, at pointer: JSONPointer) {
        do throws(InvalidFlagItem) {
            rules[key] = try FlagRuleBody(parsing: rule.json)
        } catch {
            disable(key, because: error.message, at: pointer)
        }
    }

    /// Keeps the flag, and leaves its callers to their own defaults.
    func disable(_ key: FlagKey, because reason: String, at pointer: JSONPointer) {
        note(
            .error, "\(reason) The flag is kept DISABLED, so that callers get their own default.", key: key.rawValue,
            at: pointer)
        rules[key] = FlagRuleBody(isEnabled: false, defaultVariant: rules[key]?.defaultVariant ?? .ofCaller)
    }

    /// A name for a segment that nothing else in the file has: what it is called, if that may be.
    func segmentName(for text: String, prefix: String = "segment", key: String? = nil, at pointer: JSONPointer)
        -> SegmentName
    {
        var bytes = text.utf8.map { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || byte == 0x2D || byte == 0x5F ? byte : UInt8(ascii: "-")
        }
        bytes = Array(bytes.drop { $0 == 0x2D || $0 == 0x5F }.prefix(FlagLimits.segmentNameBytes - 8))
        while bytes.last == 0x2D { bytes.removeLast() }
        let stem = bytes.isEmpty ? prefix : String(decoding: bytes, as: UTF8.self)
        if let name = try? SegmentName(parsing: text), segmentNames.insert(name).inserted { return name }
        var number = 1
        while true {
            let candidate = number == 1 ? stem : "\(stem)-\(number)"
            if let name = try? SegmentName(parsing: candidate), segmentNames.insert(name).inserted {
                note(
                    .information, "As a segment it is called '\(name)' here.", key: key ?? text, at: pointer)
                return name
            }
            number += 1
        }
    }

    @discardableResult
    func add(segment name: SegmentName, _ body: JSONObject, from original: String, at pointer: JSONPointer) -> Bool {
        do throws(InvalidFlagItem) {
            guard segments.count < FlagImportLimits.flags else {
                throw InvalidFlagItem("The file has more than \(FlagImportLimits.flags) segments.")
            }
            segments[name] = try SegmentBody(parsing: .object(body))
            segmentPlaces[name] = (original, pointer)
            return true
        } catch {
            note(.error, "The segment is left out. \(error.message)", key: original, at: pointer)
            return false
        }
    }

    func has(_ name: SegmentName) -> Bool { segments[name] != nil }

    // MARK: The whole

    func finish() -> ImportedFlags {
        settleSegments()
        settleRules()
        for (what, found) in leftOut.sorted(by: { $0.key < $1.key }) {
            let names = found.names.sorted().map { InvalidFlagItem.shown($0) }
            note(
                .information,
                "Of \(what) these members are not carried over, here and wherever else they stand: \(names.prefix(32).joined(separator: ", "))\(names.count > 32 ? ", …" : "").",
                at: found.first)
        }
        var all = notices
        if omitted > 0 {
            all.append(
                FlagNotice(
                    omittedErrors > 0 ? .error : .warning,
                    "There are \(omitted) further notices; \(omittedErrors) of them are of what was not carried over."))
        }
        return ImportedFlags(flags: flags, rules: rules, segments: segments, notices: all)
    }

    private func lowering() -> FlagLowering {
        FlagLowering(
            flag: { [self] key in
                let standing = order.flag(key)
                guard let flag = flags[key] else { return standing }
                return FlagItems(
                    flag: flag, rule: rules[key] ?? standing?.rule, rollout: standing?.rollout, kill: standing?.kill)
            },
            segment: { [self] name in segments[name] ?? order.segment(name) })
    }

    /// Leaves out segments that do not fit, until those that are left do.
    private func settleSegments() {
        while true {
            let lowering = lowering()
            var refused: [(SegmentName, FlagViolation)] = []
            for name in segments.keys.sorted() {
                if let violation = lowering.violations(of: name).first { refused.append((name, violation)) }
            }
            if refused.isEmpty { return }
            for (name, violation) in refused {
                segments[name] = nil
                let place = segmentPlaces[name]
                note(
                    .error, "The segment is left out. \(violation.message)", key: place?.original ?? name.rawValue,
                    at: place?.pointer ?? .root)
            }
        }
    }

    /// Disables flags whose rules do not fit, until those that are left do.
    private func settleRules() {
        while true {
            let lowering = lowering()
            var refused: [(FlagKey, String)] = []
            for key in rules.keys.sorted() {
                // A rollout or a kill that stands already is not the file's.
                if let violation = lowering.violations(of: key).first(where: { $0.item == .rule(key) }) {
                    let place =
                        violation.pointer == .root ? "" : "At \(InvalidFlagItem.shown(violation.pointer.text)): "
                    refused.append((key, place + violation.message))
                } else if let fault = fault(of: key, lowering) {
                    refused.append((key, fault))
                }
            }
            if refused.isEmpty { return }
            for (key, reason) in refused { disable(key, because: reason, at: flagPlaces[key] ?? .root) }
        }
    }

    /// Why the targeting as it was written would not be evaluated.
    private func fault(of key: FlagKey, _ lowering: FlagLowering) -> String? {
        guard case .logic? = rules[key]?.targeting, let lowered = try? lowering.definition(of: key),
            let evaluators = try? lowering.evaluators(lowered.shared),
            let flag = try? Flag(
                key: key.rawValue, definition: lowered.definition, evaluators: Evaluators(evaluators)),
            let fault = flag.faults.first
        else { return nil }
        return "At \(InvalidFlagItem.shown(fault.pointer.text)): it \(fault.message)."
    }
}

extension FlagType {
    /// The type that admits all of these; nil where there is none. Whole numbers are doubles where that is known of the flag.
    init?(admitting values: some Sequence<JSONValue>, known: FlagType?) {
        let values = Array(values)
        let candidates: [FlagType] = known == .double ? [.double] : []
        guard
            let type = (candidates + [.boolean, .string, .integer, .double, .object]).first(where: { type in
                values.allSatisfy(type.admits)
            })
        else { return nil }
        self = type
    }
}

/// Gives variants names that are theirs alone.
struct VariantNaming {
    private var taken: Set<VariantName> = []

    /// What it is called elsewhere, else what its value reads as, else its number.
    mutating func name(_ preferred: String?, _ value: JSONValue, _ index: Int) -> VariantName {
        let spelled: String? =
            switch value {
            case .bool(let flag): flag ? "true" : "false"
            case .number, .string: (value.stringValue ?? value.canonicalText).isPlainName
            case .null, .array, .object: nil
            }
        for text in [preferred?.isPlainName, spelled] {
            if let text, let name = try? VariantName(parsing: text), taken.insert(name).inserted { return name }
        }
        var number = index
        while true {
            if let name = try? VariantName(parsing: "variation-\(number)"), taken.insert(name).inserted { return name }
            number += 1
        }
    }
}

extension String {
    /// Nil where it is no name to call a variant: empty, long, or with control characters.
    fileprivate var isPlainName: String? {
        (1...64).contains(utf8.count) && !unicodeScalars.contains { $0.properties.generalCategory == .control }
            ? self : nil
    }
}
