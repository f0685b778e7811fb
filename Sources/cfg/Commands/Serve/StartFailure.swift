import API
import ConfigPlatformModel
import Store

/// Why the server could not start, in one line that a person can act on.
enum StartFailure {
    static func sentence(for error: any Error) -> String {
        switch error {
        case let error as ServeSettings.Invalid: error.description
        case let error as InvalidSetting: "--\(error.name): \(error.message)"
        case let error as Problem: error.detail
        case let error as StoreError: sentence(for: error)
        case let error as UnreadableRecord:
            "The database holds \(error). It was damaged or written by something else; run 'cfg store check', or restore a backup."
        default: "\(error)"
        }
    }

    private static func sentence(for error: StoreError) -> String {
        switch error {
        case .unavailable(let message): "The database cannot be reached: \(message)"
        case .full(let message): "The database has no space left: \(message)"
        case .corrupted(let message): "The database is damaged: \(message)"
        case .cannotOpen(let message), .conflict(let message), .fault(let message), .outcomeUnknown(let message):
            message
        }
    }
}
