import ExactJSON

/// Reads what LaunchDarkly's rules ask of a context, for one flag or segment.
struct LaunchDarklyClauses {
    private let taken: FlagImport
    /// Of whose clauses they are.
    private let key: String
    private let segments: LaunchDarklySegments

    init(_ taken: FlagImport, key: String, _ segments: LaunchDarklySegments) {
        self.taken = taken
        self.key = key
        self.segments = segments
    }

    /// All clauses together; nil, with a notice, where one of them cannot be said.
    func all(_ json: JSONValue?, at place: JSONPointer) -> ForeignCondition? {
        var conditions: [ForeignCondition] = []
        for (index, clause) in (json?.arrayValue ?? []).enumerated() {
            guard let condition = condition(clause, at: place.appending(index)) else { return nil }
            conditions.append(condition)
        }
        return .all(conditions)
    }

    /// An attribute of a context of that kind; nil, with a notice, where it cannot be named.
    func path(of attribute: String, kind: String?, at place: JSONPointer) -> AttributePath? {
        var parts = [attribute]
        if attribute.hasPrefix("/"), let pointer = try? JSONPointer(parsing: attribute) { parts = pointer.tokens }
        if parts.contains(where: { $0.contains(".") }) {
            taken.noteOnce(
                .warning,
                "The attribute '\(InvalidFlagItem.shown(attribute))' has a dot in its name, which is read as a path: put it inside an object in the context.",
                at: place)
        }
        let isUser = kind.map { $0.isEmpty || $0.hasSameBytes(as: "user") } ?? true
        var text = parts.joined(separator: ".")
        if isUser {
            if attribute.hasSameBytes(as: "key") { return .targetingKey }
        } else if let kind {
            text = kind + "." + text
            taken.noteOnce(
                .warning,
                "What is asked of contexts of the kind '\(InvalidFlagItem.shown(kind))' is asked of the object '\(InvalidFlagItem.shown(kind))' in the context: put their key there as 'key', and their attributes.",
                at: place)
        }
        do throws(InvalidFlagItem) {
            return try AttributePath(parsing: text)
        } catch {
            taken.note(.error, error.faults[0].message, key: key, at: place)
            return nil
        }
    }

    private func refuse(_ message: String, at place: JSONPointer) -> ForeignCondition? {
        taken.note(.error, message, key: key, at: place)
        return nil
    }

    private func condition(_ clause: JSONValue, at place: JSONPointer) -> ForeignCondition? {
        let symbol = clause["op"]?.stringValue ?? ""
        let values = clause["values"]?.arrayValue ?? []
        let isNegated = clause["negate"] == .bool(true)
        if symbol.hasSameBytes(as: "segmentMatch") {
            guard let condition = segmentMatch(values, at: place) else { return nil }
            return isNegated ? .not(condition) : condition
        }
        let kind = clause["contextKind"]?.stringValue
        guard let attribute = clause["attribute"]?.stringValue, !attribute.isEmpty else {
            return refuse("A clause names no attribute.", at: place)
        }
        if attribute.hasSameBytes(as: "kind") {
            return refuse("What kind a context is cannot be asked: contexts here have no kinds.", at: place)
        }
        guard let path = path(of: attribute, kind: kind, at: place) else { return nil }
        guard let test = test(symbol, path, values, at: place) else { return nil }
        guard isNegated else { return test }
        // Of an attribute that is absent no clause holds, negated or not.
        return path == .targetingKey ? .not(test) : .all([.test(path, .exists), .not(test)])
    }

    private func segmentMatch(_ values: [JSONValue], at place: JSONPointer) -> ForeignCondition? {
        var conditions: [ForeignCondition] = []
        for value in values {
            guard let text = value.stringValue else { continue }
            guard let name = segments.name(of: text) else {
                return refuse(
                    "The segment '\(InvalidFlagItem.shown(text))' is neither in the file nor here, or was left out.",
                    at: place)
            }
            conditions.append(.plain(.segment(name, isNegated: false)))
        }
        return .any(conditions)
    }

    private func test(
        _ symbol: String, _ path: AttributePath, _ values: [JSONValue], at place: JSONPointer
    ) -> ForeignCondition? {
        let texts = values.filter { $0.stringValue?.isEmpty == false }
        let numbers = values.compactMap(\.numberValue)
        if texts.count < values.count, ["startsWith", "endsWith", "contains"].contains(symbol),
            values.contains("")
        {
            // Every text begins with, ends with and contains the empty one.
            return .test(path, .exists)
        }
        switch symbol {
        case "in":
            let scalars = values.filter { $0.stringValue != nil || $0.numberValue != nil || $0.boolValue != nil }
            if scalars.count < values.count {
                taken.note(
                    .warning, "Values that are objects, lists or null are left out: nothing here is equal to them.",
                    key: key, at: place)
            }
            if path != .targetingKey {
                taken.noteOnce(
                    .warning,
                    "Of an attribute that is a list a clause holds there if it holds for any element; here 'equals' looks at the list as a whole. Use 'contains' for lists.",
                    at: place)
            }
            return .equals(path, scalars)
        case "startsWith": return texts.isEmpty ? .never : .test(path, .startsWith(texts))
        case "endsWith": return texts.isEmpty ? .never : .test(path, .endsWith(texts))
        case "contains": return texts.isEmpty ? .never : .test(path, .contains(texts))
        case "matches":
            var conditions: [ForeignCondition] = []
            for text in values.compactMap(\.stringValue) {
                guard let condition = LiteralPattern.condition(text, of: path) else {
                    return refuse(
                        "Regular expressions cannot be evaluated by flagd, and '\(InvalidFlagItem.shown(text))' says more than a beginning, an end or a part of a text.",
                        at: place)
                }
                conditions.append(condition)
            }
            return .any(conditions)
        case "lessThan": return .any(numbers.map { .test(path, .number(.lessThan, $0)) })
        case "lessThanOrEqual": return .any(numbers.map { .test(path, .number(.atMost, $0)) })
        case "greaterThan": return .any(numbers.map { .test(path, .number(.greaterThan, $0)) })
        case "greaterThanOrEqual": return .any(numbers.map { .test(path, .number(.atLeast, $0)) })
        case "before", "after": return times(symbol == "before", path, values, at: place)
        case "semVerEqual": return versions(.versionEquals, path, values, at: place)
        case "semVerLessThan": return versions(.versionBelow, path, values, at: place)
        case "semVerGreaterThan": return versions(.versionAbove, path, values, at: place)
        default:
            return refuse("The operator '\(InvalidFlagItem.shown(symbol))' is not known here.", at: place)
        }
    }

    private func times(
        _ isBefore: Bool, _ path: AttributePath, _ values: [JSONValue], at place: JSONPointer
    ) -> ForeignCondition? {
        var conditions: [ForeignCondition] = []
        for value in values {
            if let number = value.numberValue {
                conditions.append(.test(path, .number(isBefore ? .lessThan : .greaterThan, number)))
            } else if let time = value.stringValue.flatMap({ FlagTime(reading: $0) }) {
                conditions.append(.test(path, .time(isBefore ? .before : .after, .time(time))))
            }
        }
        taken.noteOnce(
            .warning,
            "Times are compared as they are written: with a text the attribute is to be a time in UTC such as \"2026-12-24T18:00:00Z\", with a number one in milliseconds; and 'after' a time includes it.",
            at: place)
        return .any(conditions)
    }

    private func versions(
        _ relation: AttributeTest.VersionRelation, _ path: AttributePath, _ values: [JSONValue], at place: JSONPointer
    ) -> ForeignCondition? {
        // What is no version equals none and comes before none.
        let versions = values.compactMap { $0.stringValue.flatMap { try? SemanticVersion(parsing: $0) } }
        if versions.count < values.count {
            taken.note(.warning, "Values that are no versions are left out.", key: key, at: place)
        }
        return .any(versions.map { .test(path, .version(relation, [$0])) })
    }
}

/// Segments of LaunchDarkly, under the names that they have here.
final class LaunchDarklySegments {
    private let taken: FlagImport
    private var names: [ExactName: SegmentName] = [:]
    private var isRead: Set<ExactName> = []

    init(_ taken: FlagImport, _ keys: [(key: String, pointer: JSONPointer)]) {
        self.taken = taken
        for (key, pointer) in keys where names[ExactName(key)] == nil {
            names[ExactName(key)] = taken.segmentName(for: key, at: pointer)
        }
    }

    /// Of a segment in the file, or else of one that is here already.
    func name(of key: String) -> SegmentName? {
        if let name = names[ExactName(key)] { return refused.contains(name) ? nil : name }
        guard let name = try? SegmentName(parsing: key), taken.order.segment(name) != nil else { return nil }
        return name
    }

    private var refused: Set<SegmentName> = []

    private static let members: Set<String> = [
        "key", "name", "description", "included", "excluded", "includedContexts", "excludedContexts", "rules",
        "unbounded", "deleted",
    ]

    func read(_ key: String, _ json: JSONObject, at pointer: JSONPointer) {
        guard let name = names[ExactName(key)] else { return }
        guard isRead.insert(ExactName(key)).inserted else {
            taken.note(.error, "The file has this segment twice; the second is left out.", key: key, at: pointer)
            return
        }
        taken.leaveOut(json, besides: Self.members, of: "segments", at: pointer)
        guard json["unbounded"] != .bool(true) else {
            taken.note(
                .error, "Who is in this segment is not in the file but kept by LaunchDarkly; the segment is left out.",
                key: key, at: pointer)
            refused.insert(name)
            return
        }
        let clauses = LaunchDarklyClauses(taken, key: key, self)
        var segment = ForeignSegment()
        segment.description = [json["description"], json["name"]].compactMap { $0?.stringValue }.first { !$0.isEmpty }
        segment.include = Self.texts(json["included"])
        segment.exclude = Self.texts(json["excluded"])
        for (name, isIncluded) in [("includedContexts", true), ("excludedContexts", false)] {
            for (index, target) in (json[name]?.arrayValue ?? []).enumerated() {
                let place = pointer.appending(name).appending(index)
                let values = Self.texts(target["values"])
                guard !values.isEmpty,
                    let path = clauses.path(of: "key", kind: target["contextKind"]?.stringValue, at: place)
                else { continue }
                if path == .targetingKey {
                    if isIncluded { segment.include += values } else { segment.exclude += values }
                } else {
                    let condition = ForeignCondition.equals(path, values.map { .string($0) })
                    if isIncluded { segment.rules.append(condition) } else { segment.excluded.append(condition) }
                }
            }
        }
        for (index, rule) in (json["rules"]?.arrayValue ?? []).enumerated() {
            let place = pointer.appending("rules").appending(index)
            guard let condition = clauses.all(rule["clauses"], at: place.appending("clauses")),
                let share = self.share(rule, of: key, clauses, at: place)
            else {
                taken.note(
                    .error, "A rule of the segment is left out, so that whom it was for is not in the segment.",
                    key: key, at: place)
                continue
            }
            segment.rules.append(.all([condition, share]))
        }
        if !taken.add(segment: name, segment.body, from: key, at: pointer) { refused.insert(name) }
    }

    private func share(
        _ rule: JSONValue, of key: String, _ clauses: LaunchDarklyClauses, at place: JSONPointer
    ) -> ForeignCondition? {
        guard let weight = rule["weight"], !weight.isNull else { return .always }
        guard let parts = weight.int64Value, (0...ForeignCondition.wholeShare).contains(parts),
            let by = clauses.path(
                of: rule["bucketBy"]?.stringValue ?? "key", kind: rule["rolloutContextKind"]?.stringValue, at: place)
        else { return nil }
        taken.note(
            .warning, "The percentage is kept, but people move: flagd's buckets are others than LaunchDarkly's.",
            key: key, at: place)
        return .share(parts, by: by, seed: key)
    }

    private static func texts(_ json: JSONValue?) -> [String] {
        (json?.arrayValue ?? []).compactMap(\.stringValue).filter { !$0.isEmpty }
    }
}
