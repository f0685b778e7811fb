/// The notices of one file, as many as are kept.
struct Notices {
    private var kept: [ImportNotice] = []
    private var omitted = 0
    private var omittedErrors = 0

    /// The notice is made only where it is kept.
    mutating func append(_ severity: ImportNotice.Severity, _ notice: @autoclosure () -> ImportNotice) {
        if kept.count < FormatLimits.noticesMax {
            kept.append(notice())
        } else {
            omitted += 1
            if severity == .error { omittedErrors += 1 }
        }
    }

    mutating func append(_ others: Notices) {
        for notice in others.kept { append(notice.severity, notice) }
        omitted += others.omitted
        omittedErrors += others.omittedErrors
    }

    /// In order of lines; what was not kept is said last.
    func sorted() -> [ImportNotice] {
        var result = kept.sorted { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) }
        if omitted > 0 {
            result.append(
                ImportNotice(
                    omittedErrors > 0 ? .error : .warning,
                    "There are \(omitted) further notices; \(omittedErrors) of them are of lines that were not imported."
                ))
        }
        return result
    }
}
