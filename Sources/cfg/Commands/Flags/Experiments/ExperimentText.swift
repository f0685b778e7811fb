import ConfigPlatformClient
import ConfigPlatformModel

/// An experiment for people.
struct ExperimentText {
    let style: Style
    let width: Int?
    let now: Timestamp?

    func whole(_ view: ExperimentView) -> String {
        var text = "\(style.bold(SafeText.line(view.experiment))) by \(SafeText.line(view.by))"
        if view.logPercent < 100 { text += ", \(Self.number(view.logPercent, digits: 3)) % of the units written down" }
        if let first = view.firstAt, let last = view.lastAt { text += ", seen \(shown(first)) to \(shown(last))" }
        var table = Table([
            .init(title: "VARIANT", isFlexible: true), .init(title: "ASKED", isNumber: true),
            .init(title: "UNITS", isNumber: true), .init(title: "SHARE", isNumber: true),
            .init(title: "EXPOSURES", isNumber: true),
        ])
        let weights = view.variants.reduce(0.0) { $0 + Double($1.weight) }
        for variant in view.variants {
            table.add(
                variant.name, "\(Self.number(Double(variant.weight) / max(weights, 1) * 100, digits: 2)) %",
                String(variant.units), variant.share.map { "\(Self.number($0 * 100, digits: 2)) %" } ?? "",
                String(variant.exposures))
        }
        text += "\n" + table.text(width: width, style: style) + verdict(view) + "\n"
        if view.unitsOfSeveralVariants > 0 {
            text += style.yellow("\(view.unitsOfSeveralVariants) units got more than one variant.") + "\n"
        }
        if view.isFull { text += "No more units are kept; those that are not known yet are left out.\n" }
        if view.otherVersions > 0 {
            text += "The experiment had \(view.otherVersions) other splits, whose units are not counted here.\n"
        }
        return text
    }

    private func verdict(_ view: ExperimentView) -> String {
        let freedom = "\(view.degreesOfFreedom) degree\(view.degreesOfFreedom == 1 ? "" : "s") of freedom"
        let statistic = view.statistic.map { "χ² = \(Self.number($0, digits: 3)), \(freedom), p = " } ?? "p = "
        let test = statistic + Self.probability(view.probability)
        switch view.verdict {
        case "asExpected": return style.green("as expected") + " (\(test))"
        case "mismatch": return style.red("mismatch: not what the split asks for") + " (\(test))"
        case "tooFew": return "too few units to judge (\(view.units))"
        default: return SafeText.line(view.verdict) + " (\(test))"
        }
    }

    private func shown(_ time: String) -> String {
        (try? Timestamp(parsing: time)).map { TimeText.shown($0.text, now: now) } ?? SafeText.line(time)
    }

    private static func probability(_ value: Double) -> String {
        value < 0.0001 ? "less than 0.0001" : number(value, digits: 4)
    }

    /// Rounded, without zeros at the end.
    private static func number(_ value: Double, digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int64(rounded)) : String(rounded)
    }
}
