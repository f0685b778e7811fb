/// Literal (`|`) and folded (`>`) block scalars, YAML 1.2 §8.1.
extension YAMLParser {
    private enum Chomping { case strip, clip, keep }

    private struct Header {
        var isFolded: Bool
        var chomping = Chomping.clip
        var indentation: Int?
    }

    /// Leaves `position` at the beginning of the line after.
    mutating func blockScalar(below parent: Int, _ properties: Properties) throws(FormatFault) -> YAMLNode {
        let start = position
        let header = try blockHeader()
        let indentation: Int
        if let given = header.indentation {
            indentation = max(parent, 0) + given
        } else {
            indentation = try detectIndentation(below: parent)
        }
        var lines: [ArraySlice<UInt8>] = []
        var endsWithBreak = true
        while position < bytes.count, let line = blockLine(indentation) {
            lines.append(line)
            position = line.endIndex
            endsWithBreak = position < bytes.count
            if endsWithBreak { skipBreak() }
        }
        let content = (lines.lastIndex { !$0.isEmpty } ?? -1) + 1
        let text = header.isFolded ? Self.folded(lines[..<content]) : Self.literal(lines[..<content])
        let end =
            switch header.chomping {
            case .strip: 0
            case .clip: content == 0 || (content == lines.count && !endsWithBreak) ? 0 : 1
            case .keep: lines.count - content + (content == 0 || (content == lines.count && !endsWithBreak) ? 0 : 1)
            }
        let bytes = text + repeatElement(0x0A, count: end)
        return node(.scalar(String(decoding: bytes, as: UTF8.self), isPlain: false), properties, at: start)
    }

    private mutating func blockHeader() throws(FormatFault) -> Header {
        var header = Header(isFolded: bytes[position] == UInt8(ascii: ">"))
        var hasChomping = false
        position += 1
        while let byte = peek(0), !isBlank(byte), !isBreak(byte) {
            switch byte {
            case UInt8(ascii: "+") where !hasChomping, UInt8(ascii: "-") where !hasChomping:
                hasChomping = true
                header.chomping = byte == UInt8(ascii: "+") ? .keep : .strip
            case 0x31...0x39 where header.indentation == nil:
                header.indentation = Int(byte - 0x30)
            default:
                throw FormatFault(
                    at: position,
                    "After '|' or '>' come '+', '-', a digit from 1 to 9, or the end of the line; the text begins on the next line."
                )
            }
            position += 1
        }
        try requireEndOfLine()
        position = endOfLine(from: position)
        if position < bytes.count { skipBreak() }
        return header
    }

    /// The spaces before the first line that has text.
    private func detectIndentation(below parent: Int) throws(FormatFault) -> Int {
        var index = position
        var widest = 0
        while index < bytes.count {
            let lineStart = index
            while index < bytes.count, bytes[index] == 0x20 { index += 1 }
            let spaces = index - lineStart
            guard index < bytes.count, isBreak(bytes[index]) else {
                if index < bytes.count, spaces > parent, widest > spaces {
                    throw FormatFault(at: index, "An empty line before this one is indented more than the text.")
                }
                if index < bytes.count, bytes[index] == 0x09, spaces <= parent {
                    throw FormatFault(at: index, "A tab indents this line; YAML is indented with spaces only.")
                }
                return index < bytes.count ? max(spaces, parent + 1) : max(widest, spaces, parent + 1)
            }
            widest = max(widest, spaces)
            index += bytes[index] == 0x0D && index + 1 < bytes.count && bytes[index + 1] == 0x0A ? 2 : 1
        }
        return max(widest, parent + 1)
    }

    /// The text of this line without its indentation; nil where the line is no longer part of the scalar.
    private func blockLine(_ indentation: Int) -> ArraySlice<UInt8>? {
        var start = position
        while start < bytes.count, bytes[start] == 0x20, start - position < indentation { start += 1 }
        if start < bytes.count, isBreak(bytes[start]) { return bytes[start..<start] }
        guard start < bytes.count, start - position == indentation, !isMarker("---"), !isMarker("...") else {
            return nil
        }
        return bytes[start..<endOfLine(from: start)]
    }

    private static func literal(_ lines: ArraySlice<ArraySlice<UInt8>>) -> [UInt8] {
        Array(lines.joined(separator: [0x0A]))
    }

    /// Lines are joined by spaces, except that empty lines stay, and line ends beside a line that begins with white space.
    private static func folded(_ lines: ArraySlice<ArraySlice<UInt8>>) -> [UInt8] {
        var text: [UInt8] = []
        var empty = 0
        var wasIndented = true
        var isFirst = true
        for line in lines {
            guard let first = line.first else {
                empty += 1
                continue
            }
            if isFirst {
                text += repeatElement(0x0A, count: empty)
            } else if wasIndented || isBlank(first) {
                text += repeatElement(0x0A, count: empty + 1)
            } else if empty == 0 {
                text.append(0x20)
            } else {
                text += repeatElement(0x0A, count: empty)
            }
            text += line
            wasIndented = isBlank(first)
            isFirst = false
            empty = 0
        }
        return text
    }
}
