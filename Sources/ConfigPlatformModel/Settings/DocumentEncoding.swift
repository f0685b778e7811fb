extension ResolvedEnvironment.Contents {
    /// The nested document in canonical JSON. Key order is member order, so one pass over the settings writes it.
    package func encodedDocument() -> [UInt8] { encoded(settings) }

    /// The same of some of them, in key order.
    func encoded(_ settings: some Sequence<StoredSetting>) -> [UInt8] {
        var bound = 2
        for setting in settings { bound += DocumentWriter.byteBound(of: setting.key, value(of: setting)) }
        // Written where there is room for the worst case, then kept at its size.
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bound) { room in
            var writer = DocumentWriter(room)
            for setting in settings { writer.write(setting.key, value(of: setting)) }
            return Array(writer.finish())
        }
    }
}

/// Writes settings that come in key order as one nested JSON object, into room that was reckoned beforehand.
///
/// Every byte that is written was counted by ``byteBound(of:_:)``, which is what makes writing without further checks sound.
struct DocumentWriter {
    private let out: UnsafeMutableBufferPointer<UInt8>
    private var position = 0
    /// The path of the last key written; its key keeps the bytes alive.
    private var previous: ConfigKey?
    /// Objects that are open, the outermost included.
    private var open = 1

    /// Bytes that a setting can take at most: each byte of its key escaped, and per segment two quotes, a colon and two braces.
    static func byteBound(of key: ConfigKey, _ value: [UInt8]) -> Int { 5 * key.path.utf8.count + 8 + value.count }

    init(_ out: UnsafeMutableBufferPointer<UInt8>) {
        self.out = out
        out[0] = UInt8(ascii: "{")
        position = 1
    }

    mutating func write(_ key: ConfigKey, _ value: [UInt8]) {
        var path = key.path
        path.withUTF8 { path in
            var start = 0
            if var previous = previous?.path {
                let shared = previous.withUTF8 { Self.sharedSegments($0, path) }
                while open > shared.count + 1 {
                    put(UInt8(ascii: "}"))
                    open -= 1
                }
                put(UInt8(ascii: ","))
                start = shared.end
            }
            var end = start
            put(UInt8(ascii: "\""))
            while end < path.count {
                let byte = path[end]
                if byte == 0 {
                    put(UInt8(ascii: "\""))
                    put(UInt8(ascii: ":"))
                    put(UInt8(ascii: "{"))
                    put(UInt8(ascii: "\""))
                    open += 1
                } else {
                    // No key holds a control character, so these two are all there is to escape.
                    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { put(UInt8(ascii: "\\")) }
                    put(byte)
                }
                end += 1
            }
            put(UInt8(ascii: "\""))
            put(UInt8(ascii: ":"))
        }
        previous = key
        value.withUnsafeBufferPointer { value in
            guard let source = value.baseAddress, let target = out.baseAddress else { return }
            (target + position).initialize(from: source, count: value.count)
            position += value.count
        }
    }

    mutating func finish() -> UnsafeMutableBufferPointer<UInt8>.SubSequence {
        for _ in 0..<open { put(UInt8(ascii: "}")) }
        return out[..<position]
    }

    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        out[position] = byte
        position += 1
    }

    /// How many whole segments, not counting the last of either, two paths share, and where the rest of `b` begins.
    private static func sharedSegments(
        _ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>
    ) -> (count: Int, end: Int) {
        let shared = ConfigKey.sharedPrefix(a, b, min(a.count, b.count))
        var count = 0
        var end = 0
        for index in 0..<shared where a[index] == 0 {
            count += 1
            end = index + 1
        }
        return (count, end)
    }
}
