/// What ``OrderedItems`` keeps: immutable, and shared by every state that has it.
package protocol OrderedItem: AnyObject, Sendable {
    /// What it is found and ordered by, by UTF-16 code units. Never alters.
    var order: String { get }
}

/// Items in order, each of another `order`, persistent: a copy shares all but what is altered afterwards.
///
/// Chunks of at most 32 items under one spine, so that altering one of N costs a copy of a chunk and of N/16 references.
package struct OrderedItems<Item: OrderedItem>: Sendable {
    private var chunks: [[Item]] = []
    package private(set) var count = 0

    private static var chunkMax: Int { 32 }

    package init() {}

    /// Of items that are already in order, without two of one.
    init(sorted items: [Item]) {
        count = items.count
        chunks = stride(from: 0, to: items.count, by: Self.chunkMax / 2).map { start in
            Array(items[start..<Swift.min(start + Self.chunkMax / 2, items.count)])
        }
    }

    package var isEmpty: Bool { count == 0 }

    package subscript(order: String) -> Item? {
        guard let chunk = chunkIndex(for: order) else { return nil }
        return chunks[chunk].withUnsafeBufferPointer { items in
            let position = Self.lowerBound(of: order, in: items)
            guard position < items.count, Self.compare(items[position].order, order) == 0 else { return nil }
            return items[position]
        }
    }

    /// The first item that is not before `order`.
    package func first(notBelow order: String) -> Item? {
        guard let chunk = chunkIndex(for: order) else { return chunks.first?.first }
        let position = position(of: order, in: chunk)
        if position < chunks[chunk].count { return chunks[chunk][position] }
        return chunk + 1 < chunks.count ? chunks[chunk + 1][0] : nil
    }

    /// Adds the item; gives the one of the same order that it takes the place of.
    @discardableResult
    mutating func put(_ item: Item) -> Item? {
        guard let chunk = chunkIndex(for: item.order) else {
            count += 1
            if chunks.isEmpty {
                chunks.append([item])
            } else {
                chunks[0].insert(item, at: 0)
                splitIfNeeded(0)
            }
            return nil
        }
        let position = position(of: item.order, in: chunk)
        if position < chunks[chunk].count, Self.compare(chunks[chunk][position].order, item.order) == 0 {
            let standing = chunks[chunk][position]
            chunks[chunk][position] = item
            return standing
        }
        chunks[chunk].insert(item, at: position)
        count += 1
        splitIfNeeded(chunk)
        return nil
    }

    /// Takes the item out, and gives it.
    @discardableResult
    mutating func remove(_ order: String) -> Item? {
        guard let chunk = chunkIndex(for: order) else { return nil }
        let position = position(of: order, in: chunk)
        guard position < chunks[chunk].count, Self.compare(chunks[chunk][position].order, order) == 0 else {
            return nil
        }
        count -= 1
        if chunks[chunk].count > 1 { return chunks[chunk].remove(at: position) }
        return chunks.remove(at: chunk)[0]
    }

    private mutating func splitIfNeeded(_ chunk: Int) {
        guard chunks[chunk].count > Self.chunkMax else { return }
        let half = chunks[chunk].count / 2
        let upper = Array(chunks[chunk][half...])
        chunks[chunk].removeSubrange(half...)
        chunks.insert(upper, at: chunk + 1)
    }

    /// The last chunk whose first item is not after `order`.
    private func chunkIndex(for order: String) -> Int? {
        let index = chunks.withUnsafeBufferPointer { chunks in
            Self.firstIndex(in: chunks) { chunk in
                chunk.withUnsafeBufferPointer { Self.compare($0[0].order, order) > 0 }
            }
        }
        return index == 0 ? nil : index - 1
    }

    private func position(of order: String, in chunk: Int) -> Int {
        chunks[chunk].withUnsafeBufferPointer { Self.lowerBound(of: order, in: $0) }
    }

    private static func lowerBound(of order: String, in items: UnsafeBufferPointer<Item>) -> Int {
        firstIndex(in: items) { compare($0.order, order) >= 0 }
    }

    @inline(__always)
    private static func compare(_ a: String, _ b: String) -> Int { a.orderInUTF16(b) }

    /// The first index from which on all elements satisfy the predicate; those before do not.
    @inline(__always)
    private static func firstIndex<Element>(
        in elements: UnsafeBufferPointer<Element>, where isAfter: (borrowing Element) -> Bool
    ) -> Int {
        var low = 0
        var high = elements.count
        while low < high {
            let middle = (low + high) / 2
            if isAfter(elements[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension OrderedItems: Sequence {
    package struct Iterator: IteratorProtocol {
        private let chunks: [[Item]]
        private var chunk = 0
        private var position = 0

        fileprivate init(_ chunks: [[Item]]) { self.chunks = chunks }

        package mutating func next() -> Item? {
            guard chunk < chunks.count else { return nil }
            let item = chunks[chunk][position]
            position += 1
            if position == chunks[chunk].count {
                chunk += 1
                position = 0
            }
            return item
        }
    }

    package func makeIterator() -> Iterator { Iterator(chunks) }
    package var underestimatedCount: Int { count }
}
