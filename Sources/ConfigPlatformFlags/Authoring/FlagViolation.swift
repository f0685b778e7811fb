package import ExactJSON

/// What is wrong with an item beside the others: it names what is not there, leads back to itself, or comes to what flagd cannot say.
package struct FlagViolation: Error, Hashable, Sendable {
    /// The item at fault.
    package let item: Item
    /// Within the item's body.
    package let pointer: JSONPointer
    /// A sentence: what is wrong and how to mend it. It names neither the item nor the place.
    package let message: String

    package enum Item: Hashable, Sendable {
        case flag(FlagKey)
        case rule(FlagKey)
        case rollout(FlagKey)
        case kill(FlagKey)
        case segment(SegmentName)
    }

    package init(_ item: Item, at pointer: JSONPointer, _ message: String) {
        self.item = item
        self.pointer = pointer
        self.message = message
    }
}

extension FlagViolation.Item: CustomStringConvertible {
    package var description: String {
        switch self {
        case .flag(let key): "Flag '\(InvalidFlagItem.shown(key.rawValue))'"
        case .rule(let key): "Rule of flag '\(InvalidFlagItem.shown(key.rawValue))'"
        case .rollout(let key): "Rollout of flag '\(InvalidFlagItem.shown(key.rawValue))'"
        case .kill(let key): "Kill of flag '\(InvalidFlagItem.shown(key.rawValue))'"
        case .segment(let name): "Segment '\(name)'"
        }
    }
}

extension FlagViolation: CustomStringConvertible {
    package var description: String {
        pointer == .root
            ? "\(item): \(message)" : "\(item), at \(InvalidFlagItem.shown(pointer.text)): \(message)"
    }
}
