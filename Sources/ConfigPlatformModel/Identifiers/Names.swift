/// The name of a project: 1–63 bytes of `a-z 0-9 . _ -`, the first of them a letter or a digit. Immutable.
package struct ProjectName: Hashable, Sendable, Comparable {
    package let rawValue: String

    package init(parsing text: some StringProtocol) throws(InvalidIdentifier) {
        rawValue = try NameRule.parse(text, what: "project", allowsAt: false)
    }

    /// The name under which the ledger keeps what belongs to the platform as a whole. No project can have it.
    package static let platform = ProjectName(trusted: "_platform")

    /// A name as the ledger has it.
    package init(stored text: some StringProtocol) throws(InvalidIdentifier) {
        self = text == Self.platform.rawValue ? .platform : try ProjectName(parsing: text)
    }

    private init(trusted: String) { rawValue = trusted }

    package static func < (a: Self, b: Self) -> Bool { a.rawValue.precedesInUTF16(b.rawValue) }

    package static func == (a: Self, b: Self) -> Bool { a.rawValue.hasSameBytes(as: b.rawValue) }

    package func hash(into hasher: inout Hasher) { rawValue.hashBytes(into: &hasher) }
}

/// The name of an environment: 1–63 bytes of `a-z 0-9 . _ @ -`, the first of them a letter or a digit. Immutable.
///
/// `@` is for layers that stand for a service and a profile, such as `billing@docker`.
package struct EnvironmentName: Hashable, Sendable, Comparable {
    package let rawValue: String

    package init(parsing text: some StringProtocol) throws(InvalidIdentifier) {
        rawValue = try NameRule.parse(text, what: "environment", allowsAt: true)
    }

    package static func < (a: Self, b: Self) -> Bool { a.rawValue.precedesInUTF16(b.rawValue) }

    package static func == (a: Self, b: Self) -> Bool { a.rawValue.hasSameBytes(as: b.rawValue) }

    package func hash(into hasher: inout Hasher) { rawValue.hashBytes(into: &hasher) }
}

/// Who does something: a kind and a name, such as `token:deploy-bot` or `system:bootstrap`. 1–200 bytes of printable ASCII.
package struct Principal: Hashable, Sendable, Comparable {
    package let rawValue: String

    package init(parsing text: some StringProtocol) throws(InvalidIdentifier) {
        let text = String(text)
        guard (1...200).contains(text.utf8.count), text.hasOnlyBytes(where: { (0x21...0x7E).contains($0) }) else {
            throw InvalidIdentifier(
                "'\(InvalidIdentifier.shown(text))' is not a principal: use 1 to 200 printable ASCII characters without spaces."
            )
        }
        rawValue = text
    }

    package static func token(_ name: TokenName) -> Principal { Principal(trusted: "token:" + name.rawValue) }
    package static let system = Principal(trusted: "system")
    /// Under which it is known which reports of usage were counted.
    package static let flagUsage = Principal(trusted: "system:flag-usage")

    init(trusted: String) { rawValue = trusted }

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// The name of an access token: the rule of a project's name.
package struct TokenName: Hashable, Sendable {
    package let rawValue: String

    package init(parsing text: some StringProtocol) throws(InvalidIdentifier) {
        rawValue = try NameRule.parse(text, what: "token", allowsAt: true)
    }
}

/// The name of a schema: the rule of a project's name.
package struct SchemaName: Hashable, Sendable, Comparable {
    package let rawValue: String

    package init(parsing text: some StringProtocol) throws(InvalidIdentifier) {
        rawValue = try NameRule.parse(text, what: "schema", allowsAt: false)
    }

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// The name of an external validator: the rule of a project's name.
package struct ValidatorName: Hashable, Sendable, Comparable {
    package let rawValue: String

    package init(parsing text: some StringProtocol) throws(InvalidIdentifier) {
        rawValue = try NameRule.parse(text, what: "validator", allowsAt: false)
    }

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// The name of a kill hook: the rule of a project's name.
package struct KillHookName: Hashable, Sendable, Comparable {
    package let rawValue: String

    package init(parsing text: some StringProtocol) throws(InvalidIdentifier) {
        rawValue = try NameRule.parse(text, what: "kill hook", allowsAt: false)
    }

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

enum NameRule {
    static func parse(
        _ text: some StringProtocol, what: String, allowsAt: Bool
    ) throws(InvalidIdentifier) -> String {
        let text = String(text)
        func isAlphanumeric(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
        guard text.utf8.count <= Limits.nameBytes, let first = text.utf8.first, isAlphanumeric(first),
            text.hasOnlyBytes(where: {
                isAlphanumeric($0) || $0 == 0x2D || $0 == 0x5F || $0 == 0x2E || (allowsAt && $0 == 0x40)
            })
        else {
            let others = allowsAt ? "'.', '_', '@' or '-'" : "'.', '_' or '-'"
            throw InvalidIdentifier(
                "'\(InvalidIdentifier.shown(text))' is not a name for \("aeiou".contains(what.prefix(1)) ? "an" : "a") \(what): use 1 to "
                    + "\(Limits.nameBytes) lower-case letters, digits, \(others), beginning with a letter or a digit.")
        }
        return text
    }
}

extension String {
    /// Walked along as bytes in memory: as a generic sequence it takes a dozen calls a byte.
    @inline(__always)
    fileprivate func hasOnlyBytes(where isAllowed: (UInt8) -> Bool) -> Bool {
        var text = self
        return text.withUTF8 { $0.allSatisfy(isAllowed) }
    }
}
