/// What somebody may do to a resource. The raw values are part of the wire and of items: they are added to, never changed.
package enum Action: String, CaseIterable, Hashable, Sendable {
    /// See what there is.
    case read
    /// Alter settings, what is said of them, schemas, environments.
    case write
    /// Approve changes of others, where the environment's protection counts the approval.
    case approve
    /// See a secret's value.
    case reveal
    /// Give a secret or a credential a new value.
    case rotate
    /// Evaluate flags.
    case evaluate
    /// Decide who may do what, and what guards an environment; begin and end projects.
    case administer
    /// Read what everybody did.
    case audit
    /// Take the rights of an operator at once, in an emergency, for a while.
    case breakGlass = "break-glass"
    /// Override a flag in an environment at once, whatever its rules say.
    case kill
}

/// A set of actions.
package struct ActionSet: Hashable, Sendable {
    private var bits: UInt16 = 0

    package init(_ actions: some Sequence<Action>) {
        for action in actions { bits |= Self.bit(action) }
    }

    package static let all = ActionSet(Action.allCases)

    package func contains(_ action: Action) -> Bool { bits & Self.bit(action) != 0 }

    package func intersects(_ other: ActionSet) -> Bool { bits & other.bits != 0 }

    package func isSubset(of other: ActionSet) -> Bool { bits & ~other.bits == 0 }

    /// In order of declaration.
    package var actions: [Action] { Action.allCases.filter(contains) }

    private static func bit(_ action: Action) -> UInt16 {
        switch action {
        case .read: 1
        case .write: 2
        case .approve: 4
        case .reveal: 8
        case .rotate: 16
        case .evaluate: 32
        case .administer: 64
        case .audit: 128
        case .breakGlass: 256
        case .kill: 512
        }
    }
}
