import ConfigPlatformModel

/// The files of a `multipart/form-data` body (RFC 7578), as browsers and `curl -F` send it.
///
/// At most ``partsMax`` parts, whose headers have at most ``headerBytesMax`` bytes each. Every part has a name; of its headers only
/// `Content-Disposition` says anything here.
struct MultipartForm {
    struct Part {
        let name: String
        /// Nil or empty where the part is no file.
        let fileName: String?
        let bytes: [UInt8]
    }

    /// At least one.
    let parts: [Part]

    static let partsMax = 64
    static let headerBytesMax = 8 << 10

    /// Nil where the media type is another one.
    init?(_ body: [UInt8], contentType: String) throws(Problem) {
        let mediaType = contentType.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }
        guard mediaType.lowercased() == "multipart/form-data" else { return nil }
        let boundary = Self.parameters(contentType.dropFirst(mediaType.count))
            .first { $0.name.lowercased() == "boundary" }?.value
        guard let boundary, (1...70).contains(boundary.utf8.count),
            boundary.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { throw Self.problem("The media type names no boundary of 1 to 70 characters.") }
        var parts: [Part] = []
        // The first delimiter may begin the body, as if a line had ended before it.
        var scanner = Scanner(Array("\r\n".utf8) + body, delimiter: Array("\r\n--\(boundary)".utf8))
        guard scanner.take() != nil else { throw Self.problem("The body has no part: its boundary does not occur.") }
        while !scanner.isAtEnd() {
            guard parts.count < Self.partsMax else {
                throw Self.problem("The body has more than \(Self.partsMax) parts.")
            }
            guard let part = scanner.take() else { throw Self.problem("The last part does not end with the boundary.") }
            parts.append(try Self.part(part))
        }
        guard !parts.isEmpty else { throw Self.problem("The body has no part.") }
        self.parts = parts
    }

    private static func problem(_ message: String) -> Problem {
        Problem(.invalidRequest, "The body is no multipart/form-data. \(message)")
    }

    private static func part(_ bytes: ArraySlice<UInt8>) throws(Problem) -> Part {
        var name: String?
        var fileName: String?
        var rest = bytes
        var headerBytes = 0
        while true {
            guard let end = rest.firstIndex(of: 0x0A), end > rest.startIndex, rest[end - 1] == 0x0D else {
                throw problem("The headers of a part do not end.")
            }
            let line = rest[rest.startIndex..<end - 1]
            rest = rest[(end + 1)...]
            if line.isEmpty { break }
            headerBytes += line.count
            guard headerBytes <= headerBytesMax, let text = String(validating: line, as: UTF8.self) else {
                throw problem("The headers of a part are longer than \(headerBytesMax) bytes, or no UTF-8.")
            }
            guard let colon = text.firstIndex(of: ":"), text[..<colon].lowercased() == "content-disposition" else {
                continue
            }
            let value = text[text.index(after: colon)...]
            for parameter in parameters(value.drop { $0 != ";" }) {
                switch parameter.name.lowercased() {
                case "name": name = parameter.value
                case "filename": fileName = parameter.value
                default: break
                }
            }
        }
        guard let name, !name.isEmpty else { throw problem("A part has no name in its Content-Disposition.") }
        return Part(name: name, fileName: fileName.flatMap { $0.isEmpty ? nil : $0 }, bytes: Array(rest))
    }

    /// `; name=value` and `; name="value"`, one after the other; what cannot be read ends them.
    private static func parameters(_ text: some StringProtocol) -> [(name: String, value: String)] {
        var found: [(name: String, value: String)] = []
        var rest = Substring(text)
        while true {
            rest = rest.drop { $0 == ";" || $0 == " " || $0 == "\t" }
            let name = rest.prefix { $0 != "=" && $0 != ";" && $0 != " " }
            rest = rest.dropFirst(name.count)
            guard !name.isEmpty, rest.first == "=" else { return found }
            rest = rest.dropFirst()
            var value = ""
            if rest.first == "\"" {
                rest = rest.dropFirst()
                while let character = rest.popFirst(), character != "\"" {
                    if character == "\\", let escaped = rest.first, escaped == "\"" || escaped == "\\" {
                        value.append(escaped)
                        rest = rest.dropFirst()
                    } else {
                        value.append(character)
                    }
                }
            } else {
                value = String(rest.prefix { $0 != ";" && $0 != " " })
                rest = rest.dropFirst(value.count)
            }
            found.append((String(name), value.replacing("%22", with: "\"")))
        }
    }

    /// Goes from one delimiter to the next.
    private struct Scanner {
        private let bytes: [UInt8]
        private let delimiter: [UInt8]
        private var position = 0

        init(_ bytes: [UInt8], delimiter: [UInt8]) {
            self.bytes = bytes
            self.delimiter = delimiter
        }

        /// What stands before the next delimiter, and goes behind that and the line's end; nil where there is none.
        mutating func take() -> ArraySlice<UInt8>? {
            let start = position
            while let index = bytes[position...].firstIndex(of: 0x0D) {
                // A delimiter holds no carriage return but its first, so that nothing is looked at more than twice.
                guard bytes[index...].starts(with: delimiter) else {
                    position = index + 1
                    continue
                }
                var next = index + delimiter.count
                while next < bytes.count, bytes[next] == 0x20 || bytes[next] == 0x09 { next += 1 }
                let isLast = bytes[next...].starts(with: [0x2D, 0x2D])
                guard isLast || bytes[next...].starts(with: [0x0D, 0x0A]) else {
                    position = index + 1
                    continue
                }
                position = isLast ? bytes.count : next + 2
                return bytes[start..<index]
            }
            return nil
        }

        /// Whether the last delimiter was the closing one.
        func isAtEnd() -> Bool { position >= bytes.count }
    }
}
