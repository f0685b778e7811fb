/// The number of a committed change: 1, 2, 3 … without gaps over the whole platform. 0 is the empty platform before the first.
package struct Revision: Hashable, Sendable, Comparable {
    package let number: Int64

    package static let zero = Revision(number: 0)

    package init(_ number: Int64) throws(InvalidIdentifier) {
        guard number >= 0 else { throw InvalidIdentifier("\(number) is not a revision: revisions are 0 or more.") }
        self.number = number
    }

    package init(parsing text: some StringProtocol) throws(InvalidIdentifier) {
        guard text.utf8.count <= 18, !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int64(text)
        else {
            throw InvalidIdentifier(
                "'\(InvalidIdentifier.shown(text))' is not a revision: write a whole number such as 42.")
        }
        self.number = number
    }

    package var next: Revision { Revision(number: number + 1) }

    package static func < (a: Self, b: Self) -> Bool { a.number < b.number }

    private init(number: Int64) { self.number = number }
}

extension Revision: CustomStringConvertible {
    package var description: String { String(number) }
}

/// A revision and the first eight bytes of its digest, written `42-0f1e2d3c4b5a6978`: the token by which a client notices that the
/// ledger it follows is no longer the one it knew (a restored backup, a lossy failover).
package struct RevisionToken: Hashable, Sendable {
    package let revision: Revision
    /// Sixteen lower-case hexadecimal digits; nil where a client sent a bare number and so asked for no such check.
    package let digestPrefix: String?

    package init(_ revision: Revision, _ digest: Digest) {
        self.revision = revision
        digestPrefix = Digest.hexadecimal(digest.bytes.prefix(8))
    }

    package init(parsing text: some StringProtocol) throws(InvalidIdentifier) {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let prefix = parts.count == 2 ? parts[1] : nil
        let isSound =
            prefix.map { prefix in
                prefix.utf8.count == 16
                    && prefix.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
            } ?? true
        guard isSound, let revision = try? Revision(parsing: parts.first ?? "") else {
            throw InvalidIdentifier(
                "'\(InvalidIdentifier.shown(text))' is not a revision token: send back exactly what a response carried, or a revision "
                    + "such as 42.")
        }
        self.revision = revision
        digestPrefix = prefix.map { String($0) }
    }

    package var text: String { digestPrefix.map { "\(revision.number)-\($0)" } ?? "\(revision.number)" }
}
