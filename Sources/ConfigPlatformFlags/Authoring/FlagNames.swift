import ExactJSON

/// The key of a flag: 1 to 256 bytes of UTF-8 without control characters, neither `.` nor `..`. Case matters, and so does every byte.
package struct FlagKey: Sendable {
    package let rawValue: String

    package init(parsing text: some StringProtocol) throws(InvalidFlagItem) {
        let count = text.utf8.count
        guard (1...FlagLimits.keyBytes).contains(count), !text.isOneOrTwoDots, !text.holdsControlCharacter else {
            throw InvalidFlagItem(
                "'\(InvalidFlagItem.shown(text))' is not a flag's key: use 1 to \(FlagLimits.keyBytes) bytes without control characters, other than '.' and '..'."
            )
        }
        rawValue = String(text)
    }
}

/// The name of a segment: 1 to 128 letters, digits, `_` or `-`, beginning with a letter or a digit.
///
/// It is narrow because a flagd client finds `{"$ref": "segment:NAME"}` by a pattern over the text of the document, in which a dot would
/// stand for any character.
package struct SegmentName: Sendable {
    package let rawValue: String

    package init(parsing text: some StringProtocol) throws(InvalidFlagItem) {
        guard let first = text.utf8.first, text.utf8.count <= FlagLimits.segmentNameBytes, first.isAlphanumeric,
            text.utf8.allSatisfy({ $0.isAlphanumeric || $0 == 0x2D || $0 == 0x5F })
        else {
            throw InvalidFlagItem(
                "'\(InvalidFlagItem.shown(text))' is not a segment's name: use 1 to \(FlagLimits.segmentNameBytes) letters, digits, '_' or '-', beginning with a letter or a digit."
            )
        }
        rawValue = String(text)
    }
}

/// The key of an experiment: 1 to 128 letters, digits, `_`, `-` or `.`, beginning with a letter or a digit.
package struct ExperimentKey: Sendable {
    package let rawValue: String

    package init(parsing text: some StringProtocol) throws(InvalidFlagItem) {
        guard let first = text.utf8.first, text.utf8.count <= FlagLimits.experimentKeyBytes, first.isAlphanumeric,
            text.utf8.allSatisfy({ $0.isAlphanumeric || [0x2D, 0x2E, 0x5F].contains($0) })
        else {
            throw InvalidFlagItem(
                "'\(InvalidFlagItem.shown(text))' is not an experiment's key: use 1 to \(FlagLimits.experimentKeyBytes) letters, digits, '_', '-' or '.', beginning with a letter or a digit."
            )
        }
        rawValue = String(text)
    }
}

/// The name of a variant: 1 to 256 bytes of UTF-8.
package struct VariantName: Sendable {
    package let rawValue: String

    package init(parsing text: some StringProtocol) throws(InvalidFlagItem) {
        guard (1...FlagLimits.variantNameBytes).contains(text.utf8.count) else {
            throw InvalidFlagItem(
                "'\(InvalidFlagItem.shown(text))' is not a variant's name: use 1 to \(FlagLimits.variantNameBytes) bytes."
            )
        }
        rawValue = String(text)
    }
}

/// Where in a context a value lies: names joined by dots, `user.country`; `targetingKey`; `$flagd.timestamp` and `$flagd.flagKey`.
/// 1 to 256 bytes without control characters.
package struct AttributePath: Sendable {
    package let rawValue: String

    package init(parsing text: some StringProtocol) throws(InvalidFlagItem) {
        guard (1...FlagLimits.attributeBytes).contains(text.utf8.count), !text.holdsControlCharacter else {
            throw InvalidFlagItem(
                "'\(InvalidFlagItem.shown(text))' is not an attribute: write a path of 1 to \(FlagLimits.attributeBytes) bytes, such as \"user.country\"."
            )
        }
        rawValue = String(text)
        let isOfFlagd = rawValue.utf8.starts(with: "$flagd.".utf8) || rawValue.hasSameBytes(as: "$flagd")
        guard !isOfFlagd || self == .timestamp || self == .flagKey else {
            throw InvalidFlagItem(
                "'\(InvalidFlagItem.shown(text))' is not an attribute: of '$flagd' there are \"$flagd.timestamp\" and \"$flagd.flagKey\"."
            )
        }
    }

    private init(trusted: String) { rawValue = trusted }

    package static let targetingKey = AttributePath(trusted: "targetingKey")
    /// Seconds since 1970 at which the flag is evaluated.
    package static let timestamp = AttributePath(trusted: "$flagd.timestamp")
    package static let flagKey = AttributePath(trusted: "$flagd.flagKey")
}

/// An identifier compared, ordered and hashed by its bytes.
package protocol FlagIdentifier: Hashable, Comparable, CustomStringConvertible {
    var rawValue: String { get }

    init(parsing text: some StringProtocol) throws(InvalidFlagItem)
}

extension FlagIdentifier {
    package static func == (left: Self, right: Self) -> Bool { left.rawValue.hasSameBytes(as: right.rawValue) }
    package static func < (left: Self, right: Self) -> Bool { left.rawValue.precedesInUTF16(right.rawValue) }
    package func hash(into hasher: inout Hasher) { rawValue.hashBytes(into: &hasher) }
    package var description: String { rawValue }
}

extension FlagKey: FlagIdentifier {}
extension SegmentName: FlagIdentifier {}
extension ExperimentKey: FlagIdentifier {}
extension VariantName: FlagIdentifier {}
extension AttributePath: FlagIdentifier {}

extension UInt8 {
    /// Whether it is a letter or a digit of ASCII.
    var isAlphanumeric: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
    }
}

extension StringProtocol {
    fileprivate var isOneOrTwoDots: Bool { utf8.elementsEqual(".".utf8) || utf8.elementsEqual("..".utf8) }
    fileprivate var holdsControlCharacter: Bool {
        unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}
