import ConfigPlatformModel

/// Where a page ends: at so many elements, or after those that hold ``Limits/pageBytes``, so that what is large is read in small pages.
struct PageEnd {
    let limit: Int
    private var count = 0
    private var bytes = 0

    init(limit: Int) { self.limit = limit }

    /// Whether another element belongs on the page, which then holds its bytes too.
    mutating func admits(bytes: @autoclosure () throws -> Int) rethrows -> Bool {
        guard count < limit, self.bytes < Limits.pageBytes else { return false }
        count += 1
        self.bytes += try bytes()
        return true
    }
}
