/// A version of Semantic Versioning 2.0.0. Read leniently as flagd does: a leading `v`, and numbers left out (`1.2`) that are then 0.
package struct SemanticVersion: Sendable {
    /// With three numbers, `-` and the pre-release, `+` and the build where there are any.
    package let text: String
    let major: Number
    let minor: Number
    let patch: Number
    private let prerelease: [Identifier]

    /// Digits without leading zeros, of any length.
    struct Number: Comparable, Sendable {
        let digits: String

        static func < (left: Number, right: Number) -> Bool {
            left.digits.utf8.count != right.digits.utf8.count
                ? left.digits.utf8.count < right.digits.utf8.count : left.digits < right.digits
        }
    }

    private enum Identifier: Sendable {
        case number(Number)
        case text(String)
    }

    /// Nil where the value, as a text, is no version.
    init?(_ value: FlagValue) {
        switch value {
        case .string(let text): self.init(text)
        case .integer(let integer): self.init(String(integer))
        case .double(let double): self.init(DecimalText.shortest(double))
        default: return nil
        }
    }

    init?(_ text: String) {
        var rest = text[...]
        if rest.first == "v" || rest.first == "V" { rest = rest.dropFirst() }
        let core = rest.prefix { $0 != "-" && $0 != "+" }
        rest = rest[core.endIndex...]
        var numbers = core.split(separator: ".", omittingEmptySubsequences: false)
        while numbers.count < 3 { numbers.append("0") }
        guard numbers.count == 3, let major = Self.number(numbers[0]), let minor = Self.number(numbers[1]),
            let patch = Self.number(numbers[2])
        else { return nil }
        var prerelease: [Identifier] = []
        if rest.first == "-" {
            let part = rest.dropFirst().prefix { $0 != "+" }
            rest = rest[part.endIndex...]
            for name in part.split(separator: ".", omittingEmptySubsequences: false) {
                guard Self.isIdentifier(name) else { return nil }
                if name.utf8.allSatisfy(Self.isDigit) {
                    guard let number = Self.number(name) else { return nil }
                    prerelease.append(.number(number))
                } else {
                    prerelease.append(.text(String(name)))
                }
            }
        }
        if rest.first == "+" {
            let build = rest.dropFirst()
            guard build.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(Self.isIdentifier) else {
                return nil
            }
        }
        self.text = numbers.joined(separator: ".") + text[core.endIndex...]
        self.major = major
        self.minor = minor
        self.patch = patch
        self.prerelease = prerelease
    }

    /// Negative, zero or positive by precedence (§11), which build metadata has no part in.
    func order(to other: SemanticVersion) -> Int {
        for (left, right) in [(major, other.major), (minor, other.minor), (patch, other.patch)] where left != right {
            return left < right ? -1 : 1
        }
        switch (prerelease.isEmpty, other.prerelease.isEmpty) {
        case (true, true): return 0
        case (true, false): return 1
        case (false, true): return -1
        case (false, false): break
        }
        for (left, right) in zip(prerelease, other.prerelease) {
            switch (left, right) {
            case (.number(let left), .number(let right)) where left != right: return left < right ? -1 : 1
            case (.text(let left), .text(let right)) where left != right: return left < right ? -1 : 1
            case (.number, .text): return -1
            case (.text, .number): return 1
            default: break
            }
        }
        return prerelease.count - other.prerelease.count
    }

    private static func number(_ text: Substring) -> Number? {
        guard !text.isEmpty, text.utf8.allSatisfy(isDigit), text == "0" || text.first != "0" else { return nil }
        return Number(digits: String(text))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isIdentifier(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                isDigit($0) || $0 == 0x2D || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
            }
    }
}
