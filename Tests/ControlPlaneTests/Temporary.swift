import Foundation

/// Folders that a test makes and removes.
enum Temporary {
    static func folder() -> String {
        let path = NSTemporaryDirectory() + "cfg-test-" + UUID().uuidString
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    static func flipByte(of path: String, at offset: Int) throws {
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        data[offset] ^= 1
        try data.write(to: URL(fileURLWithPath: path))
    }

    static func contains(_ path: String, _ text: String) throws -> Bool {
        try Data(contentsOf: URL(fileURLWithPath: path)).range(of: Data(text.utf8)) != nil
    }
}
