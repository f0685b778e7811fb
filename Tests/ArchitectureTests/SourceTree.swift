import Foundation

/// The project's own files, as text.
enum SourceTree {
    struct File: Sendable {
        /// Relative to the package.
        let path: String
        let text: String

        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

        /// The target a source file belongs to.
        var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
    }

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static let sources = files(under: "Sources", ending: ".swift")
    static let tests = files(under: "Tests", ending: ".swift")

    static func text(_ path: String) -> String? {
        try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    static func folders(under path: String) -> [String] {
        let contents = try? FileManager.default.contentsOfDirectory(
            at: root.appendingPathComponent(path), includingPropertiesForKeys: [.isDirectoryKey])
        return (contents ?? []).filter(\.hasDirectoryPath).map(\.lastPathComponent).sorted()
    }

    static func files(under path: String, ending suffix: String) -> [File] {
        let base = root.appendingPathComponent(path).resolvingSymlinksInPath().path
        let found = FileManager.default.enumerator(atPath: base)?.compactMap { $0 as? String } ?? []
        return found.filter { $0.hasSuffix(suffix) && !$0.contains(".build") }.sorted().compactMap { name in
            text("\(path)/\(name)").map { File(path: "\(path)/\(name)", text: $0) }
        }
    }
}
