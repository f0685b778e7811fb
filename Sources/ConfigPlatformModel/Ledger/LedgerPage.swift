/// A part of a list that is read from the ledger page by page.
package struct LedgerPage<Element: Sendable>: Sendable {
    package var elements: [Element]
    /// Whether the list goes on after the last element.
    package var hasMore: Bool

    package init(_ elements: [Element] = [], hasMore: Bool = false) {
        self.elements = elements
        self.hasMore = hasMore
    }
}

extension LedgerPage: Equatable where Element: Equatable {}
