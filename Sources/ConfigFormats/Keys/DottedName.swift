import ConfigPlatformModel

/// A name as flat files and YAML spell keys: segments joined by dots. What stands between brackets, as Spring writes list elements
/// and odd map keys (`servers[0].host`, `levels[org.hibernate]`), is not divided.
enum DottedName {
    static func segments(of name: String) -> [String] {
        // A longer name is no key in any case, and looking for brackets would be slow.
        guard name.utf8.count <= ConfigKey.bytesMax else { return [name] }
        let bytes = Array(name.utf8)
        var segments: [String] = []
        var start = 0
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: ".") {
                segments.append(String(decoding: bytes[start..<index], as: UTF8.self))
                start = index + 1
            } else if bytes[index] == UInt8(ascii: "["),
                let close = bytes[index...].firstIndex(of: UInt8(ascii: "]"))
            {
                index = close
            }
            index += 1
        }
        segments.append(String(decoding: bytes[start...], as: UTF8.self))
        return segments
    }

    static func name(of segments: some Collection<String>) -> String {
        segments.joined(separator: ".")
    }
}
