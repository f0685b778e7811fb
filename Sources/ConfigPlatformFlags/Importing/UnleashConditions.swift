import ExactJSON

/// Reads the constraints of Unleash's strategies and segments.
struct UnleashConditions {
    let taken: FlagImport
    /// The feature's name, or the segment's.
    let key: String

    /// What of a context Unleash calls by a name of its own.
    func path(_ field: String, at place: JSONPointer) -> AttributePath? {
        if field.hasSameBytes(as: "userId") { return .targetingKey }
        if field.hasSameBytes(as: "currentTime") { return .timestamp }
        if field.contains(".") {
            taken.noteOnce(
                .warning,
                "The context field '\(InvalidFlagItem.shown(field))' has a dot in its name, which is read as a path: put it inside an object in the context.",
                at: place)
        }
        do throws(InvalidFlagItem) {
            return try AttributePath(parsing: field)
        } catch {
            taken.note(.error, error.faults[0].message, key: key, at: place)
            return nil
        }
    }

    /// All constraints together; nil, with a notice, where one cannot be said.
    func all(_ json: JSONValue?, at place: JSONPointer) -> ForeignCondition? {
        var conditions: [ForeignCondition] = []
        for (index, constraint) in (json?.arrayValue ?? []).enumerated() {
            let place = place.appending(index)
            guard let field = constraint["contextName"]?.stringValue, let path = path(field, at: place),
                let condition = self.condition(constraint, path, at: place)
            else { return nil }
            conditions.append(constraint["inverted"] == .bool(true) ? .not(condition) : condition)
        }
        return .all(conditions)
    }

    private func refuse(_ message: String, at place: JSONPointer) -> ForeignCondition? {
        taken.note(.error, message, key: key, at: place)
        return nil
    }

    private func condition(
        _ constraint: JSONValue, _ path: AttributePath, at place: JSONPointer
    ) -> ForeignCondition? {
        let symbol = constraint["operator"]?.stringValue ?? ""
        let values = (constraint["values"]?.arrayValue ?? []).compactMap { $0.stringValue?.trimmed }.filter {
            !$0.isEmpty
        }
        let value = constraint["value"].flatMap {
            $0.stringValue?.trimmed ?? $0.numberValue.map { JSONValue.number($0).canonicalText }
        }
        switch symbol {
        case "IN": return .equals(path, values.flatMap(\.asWritten))
        case "NOT_IN": return .not(.equals(path, values.flatMap(\.asWritten)))
        case "STR_STARTS_WITH", "STR_ENDS_WITH", "STR_CONTAINS":
            if constraint["caseInsensitive"] == .bool(true), values.contains(where: \.hasCase) {
                return refuse(
                    "Texts cannot be compared without regard to case by flagd. Put the attribute into the context in lower case, and compare with that.",
                    at: place)
            }
            if values.isEmpty { return .never }
            let texts = values.map { JSONValue.string($0) }
            return .test(
                path,
                symbol.hasSameBytes(as: "STR_STARTS_WITH")
                    ? .startsWith(texts)
                    : symbol.hasSameBytes(as: "STR_ENDS_WITH") ? .endsWith(texts) : .contains(texts))
        case "NUM_EQ", "NUM_GT", "NUM_GTE", "NUM_LT", "NUM_LTE":
            guard let number = value.flatMap({ try? JSONNumber(parsing: $0) }), number.double.isFinite else {
                return refuse("'\(InvalidFlagItem.shown(value ?? ""))' is no number.", at: place)
            }
            switch symbol {
            case "NUM_EQ": return .equals(path, [.number(number), .string(JSONValue.number(number).canonicalText)])
            case "NUM_GT": return .test(path, .number(.greaterThan, number))
            case "NUM_GTE": return .test(path, .number(.atLeast, number))
            case "NUM_LT": return .test(path, .number(.lessThan, number))
            default: return .test(path, .number(.atMost, number))
            }
        case "DATE_AFTER", "DATE_BEFORE":
            guard let time = value.flatMap({ FlagTime(reading: $0) }) else {
                return refuse("'\(InvalidFlagItem.shown(value ?? ""))' is no time.", at: place)
            }
            taken.noteOnce(
                .information,
                "Dates are compared with the time of the evaluation, in whole seconds; after a moment includes it.",
                at: place)
            let order: AttributeTest.TimeOrder = symbol.hasSameBytes(as: "DATE_AFTER") ? .after : .before
            return .test(.timestamp, .time(order, .time(time)))
        case "SEMVER_EQ", "SEMVER_GT", "SEMVER_LT":
            guard let version = value.flatMap({ try? SemanticVersion(parsing: $0) }) else {
                return refuse("'\(InvalidFlagItem.shown(value ?? ""))' is no version.", at: place)
            }
            let relation: AttributeTest.VersionRelation =
                symbol.hasSameBytes(as: "SEMVER_EQ")
                ? .versionEquals : symbol.hasSameBytes(as: "SEMVER_GT") ? .versionAbove : .versionBelow
            return .test(path, .version(relation, [version]))
        default:
            return refuse("The operator '\(InvalidFlagItem.shown(symbol))' is not known here.", at: place)
        }
    }
}

extension String {
    fileprivate var hasCase: Bool { unicodeScalars.contains { $0.properties.isCased } }
}

/// One strategy: whom it enables the feature for.
struct UnleashStrategy {
    /// Conditions other than the share.
    let condition: ForeignCondition
    let share: Share?
    /// Where the strategy has variants of its own.
    let variants: [JSONValue]
    let seed: String
    let place: JSONPointer

    struct Share {
        let parts: Int64
        let by: AttributePath
        let seed: String
    }

    /// Everybody whom it is for.
    var whole: ForeignCondition {
        .all([condition, share.map { .share($0.parts, by: $0.by, seed: $0.seed) } ?? .always])
    }

    /// Nil, with a notice, where it cannot be said.
    init?(
        _ json: JSONValue, segments: [Int64: SegmentName], referred: [Int64], _ conditions: UnleashConditions,
        at place: JSONPointer
    ) {
        let taken = conditions.taken
        let key = conditions.key
        let name = json["name"]?.stringValue ?? json["strategyName"]?.stringValue ?? ""
        if json["disabled"] == .bool(true) {
            taken.note(.information, "A strategy that is disabled is left out.", key: key, at: place)
            return nil
        }
        func refuse(_ message: String) {
            taken.note(
                .error, "\(message) The strategy is left out, so that it enables the feature for nobody.", key: key,
                at: place)
        }
        guard let constrained = conditions.all(json["constraints"], at: place.appending("constraints")) else {
            refuse("One of its constraints cannot be kept.")
            return nil
        }
        var all = [constrained]
        for id in (json["segments"]?.arrayValue ?? []).compactMap(\.int64Value) + referred {
            guard let segment = segments[id] else {
                refuse("Its segment \(id) is not in the file, or was left out.")
                return nil
            }
            all.append(.plain(.segment(segment, isNegated: false)))
        }
        let parameters = json["parameters"]
        func text(_ name: String) -> String? {
            parameters?[name]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        }
        let group = text("groupId") ?? key
        var share: Share?
        func setShare(_ percent: String, by stickiness: String) -> Bool {
            guard let parts = ForeignCondition.share(ofPercent: parameters?[percent]) else {
                refuse("'\(percent)' is no percentage.")
                return false
            }
            guard let by = Self.path(stickiness, conditions, at: place) else { return false }
            guard parts > 0, parts < ForeignCondition.wholeShare else {
                let isSticky = !stickiness.hasSameBytes(as: "default") && !stickiness.hasSameBytes(as: "random")
                all.append(parts == 0 ? .never : isSticky ? .test(by, .exists) : .always)
                return true
            }
            taken.note(
                .warning, "The percentage is kept, but people move: flagd's buckets are others than Unleash's.",
                key: key, at: place)
            share = Share(parts: parts, by: by, seed: group)
            return true
        }
        switch name {
        case "default": break
        case "userWithId":
            all.append(.equals(.targetingKey, (text("userIds") ?? "").listed.map { .string($0) }))
        case "flexibleRollout":
            guard setShare("rollout", by: text("stickiness") ?? "default") else { return nil }
        case "gradualRolloutUserId": guard setShare("percentage", by: "userId") else { return nil }
        case "gradualRolloutSessionId": guard setShare("percentage", by: "sessionId") else { return nil }
        case "gradualRolloutRandom": guard setShare("percentage", by: "random") else { return nil }
        case "remoteAddress":
            guard let path = conditions.path("remoteAddress", at: place) else { return nil }
            all.append(Self.addresses((text("IPs") ?? "").listed, path, conditions, at: place))
        case "applicationHostname":
            taken.noteOnce(
                .warning,
                "A client's host name is not known here: put it into the context as 'hostname', in lower case.",
                at: place)
            guard let path = conditions.path("hostname", at: place) else { return nil }
            all.append(.equals(path, (text("hostNames") ?? "").lowercased().listed.map { .string($0) }))
        default:
            refuse("The strategy '\(InvalidFlagItem.shown(name))' is not known here.")
            return nil
        }
        if let object = json.objectValue {
            taken.leaveOut(
                object,
                besides: [
                    "name", "strategyName", "id", "featureName", "environment", "projectId", "parameters",
                    "constraints", "segments", "variants", "disabled", "sortOrder", "createdAt", "title",
                ], of: "strategies", at: place)
        }
        condition = .all(all)
        self.share = share
        variants = json["variants"]?.arrayValue ?? []
        seed = group
        self.place = place
    }

    /// What a share goes by.
    static func path(_ stickiness: String, _ conditions: UnleashConditions, at place: JSONPointer) -> AttributePath? {
        switch stickiness {
        case "default":
            conditions.taken.noteOnce(
                .warning,
                "A share goes by the targeting key; without one a context gets none, where there the session or chance decided.",
                at: place)
            return .targetingKey
        case "random":
            conditions.taken.noteOnce(
                .warning, "A share at random becomes one by the targeting key: who has one always gets the same.",
                at: place)
            return .targetingKey
        default: return conditions.path(stickiness, at: place)
        }
    }

    private static func addresses(
        _ texts: [String], _ path: AttributePath, _ conditions: UnleashConditions, at place: JSONPointer
    ) -> ForeignCondition {
        var blocks: [AddressBlock] = []
        var others: [JSONValue] = []
        for text in texts {
            do throws(InvalidFlagItem) {
                blocks.append(try AddressBlock(parsing: text))
            } catch {
                if text.contains("/") {
                    conditions.taken.note(
                        .error, "\(error.faults[0].message) It is left out of the addresses.", key: conditions.key,
                        at: place)
                } else {
                    others.append(.string(text))
                }
            }
        }
        return .any([blocks.isEmpty ? .never : .test(path, .address(blocks)), .equals(path, others)])
    }
}
