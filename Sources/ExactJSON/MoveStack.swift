/// A stack whose top elements are moved out as an array of exactly their number, so that arrays inside arrays are
/// collected on one and none is grown.
struct MoveStack<Element>: ~Copyable {
    private var storage: UnsafeMutableBufferPointer<Element>
    private(set) var count = 0

    init() {
        storage = .allocate(capacity: 16)
    }

    deinit {
        storage.extracting(..<count).deinitialize()
        storage.deallocate()
    }

    @inline(__always)
    mutating func push(_ element: consuming Element) {
        if count == storage.count { grow() }
        storage.initializeElement(at: count, to: element)
        count &+= 1
    }

    /// The elements from `start` on, to be put in another order.
    @inline(__always)
    mutating func withTop<Result>(from start: Int, _ body: (UnsafeMutableBufferPointer<Element>) -> Result) -> Result {
        body(storage.extracting(start..<count))
    }

    /// Removes the elements from `start` on.
    @inline(__always)
    mutating func take(from start: Int) -> [Element] {
        let taken = storage.extracting(start..<count)
        count = start
        return Array(unsafeUninitializedCapacity: taken.count) { array, arrayCount in
            arrayCount = array.moveInitialize(fromContentsOf: taken)
        }
    }

    @inline(__always)
    mutating func drop(from start: Int) {
        storage.extracting(start..<count).deinitialize()
        count = start
    }

    private mutating func grow() {
        let larger = UnsafeMutableBufferPointer<Element>.allocate(capacity: storage.count * 2)
        _ = larger.moveInitialize(fromContentsOf: storage)
        storage.deallocate()
        storage = larger
    }
}
