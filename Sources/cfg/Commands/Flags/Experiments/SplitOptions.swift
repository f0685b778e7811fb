import ArgumentParser
import ConfigPlatformModel

/// A split as the last rule of a flag, and what is written down of it.
struct SplitOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A share; give it once for each. A last rule that is for everybody is replaced.",
            valueName: "variant=weight"))
    var split: [String] = []

    @Option(help: ArgumentHelp("What decides who is in which share (default targetingKey).", valueName: "attribute"))
    var by: String?

    @Option(help: ArgumentHelp("Write down which unit gets which variant, under this name.", valueName: "key"))
    var experiment: String?

    @Option(help: ArgumentHelp("Share of the units that are written down.", valueName: "0…100")) var logPercent: String?

    @Option(help: ArgumentHelp("An attribute that is written down with a unit; repeatable.", valueName: "attribute"))
    var log: [String] = []

    var isGiven: Bool { !split.isEmpty }

    func validate() throws {
        guard isGiven || (by == nil && experiment == nil && logPercent == nil && log.isEmpty) else {
            throw ValidationError("--by, --experiment, --log-percent and --log are of a split; give --split too.")
        }
        guard experiment != nil || (logPercent == nil && log.isEmpty) else {
            throw ValidationError("--log-percent and --log are of an experiment; give --experiment too.")
        }
    }

    /// Nil where no share is given.
    func rule() throws -> JSONValue? {
        guard isGiven else { return nil }
        var serve: JSONObject = ["split": .array(try split.map(Self.share))]
        serve["by"] = by.map { .string($0) }
        var rule: JSONObject = ["serve": .object(serve)]
        if let experiment {
            var plan: JSONObject = ["key": .string(experiment)]
            plan["logPercent"] = try logPercent.map(Self.percent)
            if !log.isEmpty { plan["attributes"] = .array(log.map { .string($0) }) }
            rule["experiment"] = .object(plan)
        }
        return .object(rule)
    }

    /// The rules with that one as the last.
    static func replacing(_ rules: JSONValue?, with last: JSONValue) -> [JSONValue] {
        var rules = rules?.arrayValue ?? []
        if let present = rules.last, present["when"]?.arrayValue?.isEmpty ?? true { rules.removeLast() }
        return rules + [last]
    }

    private static func share(_ text: String) throws -> JSONValue {
        // Names of variants may hold '='.
        guard let separator = text.lastIndex(of: "="), separator > text.startIndex,
            let weight = Int64(text[text.index(after: separator)...])
        else {
            throw ValidationError("--split \(InvalidIdentifier.shown(text)): write VARIANT=WEIGHT, such as on=50.")
        }
        return ["variant": .string(String(text[..<separator])), "weight": .int(weight)]
    }

    private static func percent(_ text: String) throws -> JSONValue {
        guard let value = try? JSONValue(parsing: text), value.numberValue != nil else {
            throw ValidationError("--log-percent: '\(InvalidIdentifier.shown(text))' is no number.")
        }
        return value
    }
}
