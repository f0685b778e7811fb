/// The version of this program.
enum Version {
    static let current = "0.1.0"
    static let userAgent = "cfg/\(current)"
}
