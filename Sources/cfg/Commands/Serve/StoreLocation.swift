import ConfigPlatformModel
import ControlPlane
import Foundation
import Store

/// Where a platform is kept, as the command line names it.
enum StoreLocation: Sendable {
    case embedded(directory: String)
    case postgreSQL(url: String)

    /// Reads `sqlite:DIR` (or a plain folder) and `postgres://…`.
    init(parsing text: String) throws {
        if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
            self = .postgreSQL(url: text)
        } else if text.hasPrefix("sqlite:") {
            self = .embedded(directory: String(text.dropFirst("sqlite:".count)))
        } else if text.contains("://") {
            throw ServeSettings.Invalid(
                description: "'\(text.prefix(40))' is no database; write sqlite:DIR or postgres://…")
        } else {
            self = .embedded(directory: text)
        }
    }

    enum Use { case serve, readOnly }

    func open(for use: Use) async throws -> any Store {
        let newPlatformID: @Sendable () -> String = { "plt_" + Digest.hexadecimal(World.system.randomBytes(12)) }
        switch self {
        case .embedded(let directory):
            return try SQLiteStore.open(
                directory: directory, mode: use == .serve ? .readWrite : .readOnly, platformID: newPlatformID)
        case .postgreSQL(let url):
            return try await PostgreSQLStore.open(
                url: url, mode: use == .serve ? .readWrite : .readOnly, platformID: newPlatformID)
        }
    }
}
