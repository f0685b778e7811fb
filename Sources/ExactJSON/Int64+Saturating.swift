extension Int64 {
    /// The sum, or the largest number there is where that would be too much: for counts, which are rather wrong than negative.
    package func addingSaturating(_ other: Int64) -> Int64 {
        let (sum, isTooMuch) = addingReportingOverflow(other)
        return isTooMuch ? .max : sum
    }
}
