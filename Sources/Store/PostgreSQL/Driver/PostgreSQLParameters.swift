import CLibPQ

/// The parameters of one command in the layout libpq asks for. Kept from command to command, so that binding allocates little once warm.
struct PostgreSQLParameters {
    /// The protocol counts parameters in 16 bits.
    static let countMax = 65_535
    /// Of one command together; the server's own limit is 1 GiB for a message.
    static let bytesMax = 64 << 20
    private static let bytesKept = 1 << 20

    private(set) var types: [Oid] = []
    private var bytes: [UInt8] = []
    private var offsets: [Int] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    var byteCount: Int { bytes.count }

    mutating func bind(_ values: [PostgreSQLValue]) throws {
        guard values.count <= Self.countMax else {
            throw PostgreSQLError("a command has \(values.count) parameters; PostgreSQL takes at most \(Self.countMax)")
        }
        guard values.reduce(0, { $0 + Self.size($1) }) <= Self.bytesMax else {
            throw PostgreSQLError("the parameters of a command are larger than \(Self.bytesMax) bytes")
        }
        types.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        formats.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.bytesKept)
        for value in values {
            types.append(value.type)
            formats.append(1)
            if case .null = value {
                offsets.append(-1)
                lengths.append(0)
                continue
            }
            let start = bytes.count
            append(value)
            offsets.append(start)
            lengths.append(Int32(bytes.count - start))
        }
        // An empty text at the very end still needs an address of its own: a null address would bind NULL.
        bytes.append(0)
    }

    /// Calls `body` with count, values, lengths and formats; the pointers are valid during the call.
    func withPointers<R>(
        _ body: (Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>, UnsafePointer<Int32>) -> R
    ) -> R {
        bytes.withUnsafeBytes { raw in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: offsets.count + 1) { pointers in
                for (index, offset) in offsets.enumerated() {
                    let address = offset < 0 ? nil : (raw.baseAddress! + offset).assumingMemoryBound(to: CChar.self)
                    pointers.initializeElement(at: index, to: address)
                }
                return body(Int32(offsets.count), UnsafePointer(pointers.baseAddress), lengths, formats)
            }
        }
    }

    /// Bytes a value takes when it is sent.
    private static func size(_ value: PostgreSQLValue) -> Int {
        switch value {
        case .null: 0
        case .bool: 1
        case .int64: 8
        case .text(let text): text.utf8.count
        case .bytes(let content): content.count
        case .int64Array(let numbers): 20 + 12 * numbers.count
        case .textArray(let texts): texts.reduce(20) { $0 + 4 + $1.utf8.count }
        case .bytesArray(let contents): contents.reduce(20) { $0 + 4 + $1.count }
        }
    }

    private mutating func append(_ value: PostgreSQLValue) {
        switch value {
        case .null: break
        case .bool(let flag): bytes.append(flag ? 1 : 0)
        case .int64(let number): append(bigEndian: number)
        case .text(let text): bytes.append(contentsOf: text.utf8)
        case .bytes(let content): bytes.append(contentsOf: content)
        case .int64Array(let numbers):
            append(numbers, of: PostgreSQLType.int8) { $0.append(bigEndian: $1) }
        case .textArray(let texts):
            append(texts, of: PostgreSQLType.text) { $0.bytes.append(contentsOf: $1.utf8) }
        case .bytesArray(let contents):
            append(contents, of: PostgreSQLType.bytea) { $0.bytes.append(contentsOf: $1) }
        }
    }

    /// A one-dimensional array without NULLs, as `array_recv` of the server reads it: dimensions, a flag, the element type; then
    /// length and lower bound of the dimension; then each element behind its length.
    private mutating func append<Element>(
        _ elements: [Element], of type: Oid, _ appendElement: (inout Self, Element) -> Void
    ) {
        append(bigEndian: Int32(elements.isEmpty ? 0 : 1))
        append(bigEndian: Int32(0))
        append(bigEndian: type)
        guard !elements.isEmpty else { return }
        append(bigEndian: Int32(elements.count))
        append(bigEndian: Int32(1))
        for element in elements {
            let start = bytes.count
            append(bigEndian: Int32(0))
            appendElement(&self, element)
            let length = Int32(truncatingIfNeeded: bytes.count - start - 4).bigEndian
            withUnsafeBytes(of: length) { bytes.replaceSubrange(start..<(start + 4), with: $0) }
        }
    }

    private mutating func append<Number: FixedWidthInteger>(bigEndian number: Number) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
