/// What a JSON text may cost its reader.
package struct JSONLimits: Sendable {
    /// Arrays and objects inside one another; a text without any has depth 0. At most 512, for the reader recurses.
    package let maxDepth: Int
    package let maxBytes: Int
    /// Significant decimal digits of a number, zeros at either end not counted. At least 20, so that every `Int64` and
    /// every `Double` can be read.
    package let maxNumberDigits: Int
    /// Largest power of ten of a number's first significant digit, either way: 1_000_000 admits `1e1000000` and
    /// `1e-1000000`. At least 400 (every `Double`), at most 1_000_000_000.
    package let maxExponentMagnitude: Int

    package static let standard = JSONLimits()
    /// Of ``standard``, and wherever nothing else is said.
    package static let numberDigits = 1_000
    package static let exponentMagnitude = 1_000_000

    package init(
        maxDepth: Int = 64, maxBytes: Int = 16 << 20, maxNumberDigits: Int = JSONLimits.numberDigits,
        maxExponentMagnitude: Int = JSONLimits.exponentMagnitude
    ) {
        precondition((0...512).contains(maxDepth), "a depth of 0 to 512 can be read")
        precondition(maxBytes > 0, "at least one byte must be allowed")
        precondition((20...1_000_000).contains(maxNumberDigits), "20 to 1,000,000 digits can be kept")
        precondition(
            (400...1_000_000_000).contains(maxExponentMagnitude), "exponents from 400 to 1,000,000,000 can be kept")
        self.maxDepth = maxDepth
        self.maxBytes = maxBytes
        self.maxNumberDigits = maxNumberDigits
        self.maxExponentMagnitude = maxExponentMagnitude
    }
}
