import Foundation

/// The folder of data that tests share and the repository does not hold: conformance vectors and real input. It is named by
/// the environment variable `CFG_SHARED`, or else is `shared` beside the package. A test that needs it is enabled by
/// `SharedData.path(…) != nil`, with a comment that names what is missing.
package enum SharedData {
    private static let root: String = {
        if let named = ProcessInfo.processInfo.environment["CFG_SHARED"], !named.isEmpty { return named }
        // This file is Sources/TestSupport/SharedData.swift of the package.
        let package = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return package.deletingLastPathComponent().appending(path: "shared").path(percentEncoded: false)
    }()

    /// The absolute path of a file or folder there; nil where it does not exist.
    package static func path(_ relative: String) -> String? {
        let path = root + "/" + relative
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    package static func bytes(_ relative: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: root + "/" + relative)))
    }

    /// Names of the files directly in a folder there, in order; none where it does not exist.
    package static func fileNames(in relative: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: root + "/" + relative)) ?? []).sorted()
    }
}
