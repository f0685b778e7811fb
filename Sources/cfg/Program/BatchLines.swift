import ConfigPlatformModel
import Foundation

/// Lines of JSON on standard input, each answered by one on standard output.
enum BatchLines {
    private static let readBytes = 1 << 16

    /// Empty lines are passed over.
    static func answerEach(_ answer: (ArraySlice<UInt8>) -> JSONValue) {
        forEachLine { line in
            guard line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { return }
            Output.write(Self.line(answer(line)))
        }
    }

    /// U+0085, U+2028 and U+2029 are escaped: many programs take them for the end of a line.
    private static func line(_ answer: JSONValue) -> String {
        var line = ""
        for character in answer.canonicalText.unicodeScalars {
            switch character {
            case "\u{85}": line += "\\u0085"
            case "\u{2028}": line += "\\u2028"
            case "\u{2029}": line += "\\u2029"
            default: line.unicodeScalars.append(character)
            }
        }
        return line + "\n"
    }

    private static func forEachLine(_ body: (ArraySlice<UInt8>) -> Void) {
        var waiting: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: readBytes)
        while true {
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            let searched = waiting.count
            waiting.append(contentsOf: chunk[..<count])
            var start = 0
            var from = searched
            while let end = waiting[from...].firstIndex(of: 0x0A) {
                body(waiting[start..<end])
                start = end + 1
                from = start
            }
            waiting.removeFirst(start)
        }
        if !waiting.isEmpty { body(waiting[...]) }
    }
}
