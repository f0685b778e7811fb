/// Comma-separated values (RFC 4180): every line ends with CRLF, and a field is quoted where it must be.
///
/// Spreadsheets take a text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return for a formula. Such a text has an apostrophe
/// before it; what must be read back exactly is better asked for as JSON lines.
struct CSVText {
    private(set) var bytes: [UInt8] = []
    private var isFirst = true

    /// What somebody else wrote.
    mutating func field(text: String) {
        separate()
        var text = text
        if let first = text.utf8.first, "=+-@\t\r".utf8.contains(first) { text = "'" + text }
        quote(text)
    }

    /// What is known to be a number, a time or the like.
    mutating func field(plain: String) {
        separate()
        quote(plain)
    }

    mutating func endLine() {
        bytes += [0x0D, 0x0A]
        isFirst = true
    }

    private mutating func separate() {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
    }

    private mutating func quote(_ text: String) {
        let mustQuote = text.utf8.contains { ",\"\r\n".utf8.contains($0) } || text.hasPrefix(" ") || text.hasSuffix(" ")
        guard mustQuote else {
            bytes += text.utf8
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            bytes.append(byte)
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
