import ConfigPlatformModel
import Foundation

/// Where names occur in the files of a source tree, as whole words: between quotation marks, brackets, blanks, but not within a longer name.
struct SourceReferences {
    struct Place: Hashable, Comparable {
        let file: String
        /// From 1.
        let line: Int

        static func < (left: Place, right: Place) -> Bool {
            left.file == right.file ? left.line < right.line : left.file < right.file
        }
    }

    private let words: Set<String>
    /// Names that are not one word by themselves; they are looked for anywhere.
    private let others: [(name: String, bytes: [UInt8])]

    /// Larger files are no sources.
    private static let fileBytesMax = 2 << 20
    static let placesMax = 10_000
    private static let foldersLeftOut: Set<String> = [
        ".git", ".hg", ".svn", ".build", "node_modules", "target", "build", "dist", "vendor", "Pods", ".venv", "venv",
        "__pycache__",
        ".gradle", ".idea", ".terraform",
    ]

    init(_ names: [String]) {
        let words = Set(names.filter { $0.utf8.allSatisfy(Self.isOfWord) && Self.trimmed($0) == $0 })
        self.words = words
        others = names.filter { !words.contains($0) }.map { ($0, Array($0.utf8)) }
    }

    /// Places by name, of all text files below the folder; hidden files too, what tools leave behind not.
    ///
    /// - Throws: where the folder cannot be read.
    func find(in folder: String) throws -> (places: [String: [Place]], files: Int, isCut: Bool) {
        var places: [String: [Place]] = [:]
        var count = 0
        var files = 0
        func add(_ name: String, _ place: Place) {
            guard count < Self.placesMax, places[name]?.last != place else { return }
            places[name, default: []].append(place)
            count += 1
        }
        let root = URL(filePath: folder, directoryHint: .isDirectory)
        // Says what is wrong with the folder itself; the enumerator would only find nothing.
        _ = try FileManager.default.contentsOfDirectory(atPath: folder)
        let keys: [URLResourceKey] = [.isRegularFileKey, .isDirectoryKey, .fileSizeKey, .isSymbolicLinkKey]
        guard let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: keys) else {
            return (places, files, false)
        }
        for case let url as URL in walk {
            let values = try? url.resourceValues(forKeys: Set(keys))
            if values?.isDirectory == true {
                if Self.foldersLeftOut.contains(url.lastPathComponent) { walk.skipDescendants() }
                continue
            }
            guard values?.isRegularFile == true, values?.isSymbolicLink != true,
                (values?.fileSize ?? 0) <= Self.fileBytesMax, let data = try? Data(contentsOf: url),
                !data.prefix(8_192).contains(0)
            else { continue }
            files += 1
            let path = url.path(percentEncoded: false)
            let prefix = root.path(percentEncoded: false)
            let shown = path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
            scan(Array(data), shown, add)
        }
        return (places.mapValues { $0.sorted() }, files, count >= Self.placesMax)
    }

    private func scan(_ bytes: [UInt8], _ file: String, _ add: (String, Place) -> Void) {
        var line = 1
        var start: Int?
        func end(at index: Int) {
            guard let begin = start else { return }
            start = nil
            let word = Self.trimmed(String(decoding: bytes[begin..<index], as: UTF8.self))
            if words.contains(word) { add(word, Place(file: file, line: line)) }
        }
        for (index, byte) in bytes.enumerated() {
            if Self.isOfWord(byte) {
                if start == nil { start = index }
                continue
            }
            end(at: index)
            if byte == 0x0A { line += 1 }
        }
        end(at: bytes.count)
        guard !others.isEmpty else { return }
        for (number, text) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            for (name, pattern) in others where text.count >= pattern.count && Self.contains(text, pattern) {
                add(name, Place(file: file, line: number + 1))
            }
        }
    }

    private static func contains(_ text: ArraySlice<UInt8>, _ pattern: [UInt8]) -> Bool {
        text.indices.dropLast(pattern.count - 1).contains { start in
            text[start..<(start + pattern.count)].elementsEqual(pattern)
        }
    }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || [0x2D, 0x2E, 0x5F, 0x3A].contains(byte)
    }

    /// Without the marks that end a sentence or an argument rather than a name.
    private static func trimmed(_ word: String) -> String {
        var word = word[...]
        while let last = word.last, ".:-".contains(last) { word.removeLast() }
        while let first = word.first, ".:-".contains(first) { word.removeFirst() }
        return String(word)
    }
}
