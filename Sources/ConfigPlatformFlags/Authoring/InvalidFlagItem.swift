package import ExactJSON

/// Why a body is not that of a flag, a segment, a rule, a rollout or a kill: everything that was found, each with its place.
package struct InvalidFlagItem: Error, Hashable, Sendable {
    package struct Fault: Hashable, Sendable {
        /// Within the body, or within the text where it is one.
        package let pointer: JSONPointer
        /// A sentence: what is wrong and how to mend it. It does not name the place.
        package let message: String

        package init(_ message: String, at pointer: JSONPointer = .root) {
            self.pointer = pointer
            self.message = message
        }
    }

    /// At least one, at most ``FlagLimits/faults``.
    package let faults: [Fault]

    package init(_ faults: [Fault]) {
        precondition(!faults.isEmpty, "an item is refused for a reason")
        self.faults = Array(faults.prefix(FlagLimits.faults))
    }

    package init(_ message: String, at pointer: JSONPointer = .root) {
        self.init([Fault(message, at: pointer)])
    }

    package var pointer: JSONPointer { faults[0].pointer }

    /// All of it in one text, each fault with its place.
    package var message: String { faults.map(\.description).joined(separator: " ") }

    /// The text as it may be shown in a message: at most 80 scalars, those replaced that could steer a terminal or turn the text round.
    static func shown(_ text: some StringProtocol) -> String {
        let safe = text.unicodeScalars.prefix(80).map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
            default: String(scalar)
            }
        }
        return safe.joined() + (text.unicodeScalars.count > 80 ? "…" : "")
    }
}

extension InvalidFlagItem.Fault: CustomStringConvertible {
    package var description: String {
        pointer == .root ? message : "At \(InvalidFlagItem.shown(pointer.text)): \(message)"
    }
}

extension InvalidFlagItem: CustomStringConvertible {
    package var description: String { message }
}
