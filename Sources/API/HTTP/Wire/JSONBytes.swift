import ConfigPlatformModel

/// Lays canonical JSON out as bytes, without a tree. The caller writes members in order of their names; a debug build
/// stops where it does not.
struct JSONBytes {
    private(set) var bytes: [UInt8] = []
    private var isFirst = true
    #if DEBUG
        private var previousName = ""
    #endif

    /// - Parameter capacity: How many bytes there may be before more room is made.
    init(capacity: Int = 512) {
        bytes.reserveCapacity(capacity)
    }

    mutating func object(_ body: (inout JSONBytes) -> Void) {
        separate()
        nest(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
    }

    mutating func object(_ name: StaticString, _ body: (inout JSONBytes) -> Void) {
        self.name(name)
        nest(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
    }

    mutating func array<Element>(
        _ name: StaticString, of elements: some Sequence<Element>, _ body: (inout JSONBytes, Element) -> Void
    ) {
        self.name(name)
        nest(UInt8(ascii: "["), UInt8(ascii: "]")) { json in
            for element in elements { body(&json, element) }
        }
    }

    /// A list of what the body writes.
    mutating func array(_ body: (inout JSONBytes) -> Void) {
        separate()
        nest(UInt8(ascii: "["), UInt8(ascii: "]"), body)
    }

    mutating func array<Element>(of elements: some Sequence<Element>, _ body: (inout JSONBytes, Element) -> Void) {
        separate()
        nest(UInt8(ascii: "["), UInt8(ascii: "]")) { json in
            for element in elements { body(&json, element) }
        }
    }

    mutating func array(_ name: StaticString, of texts: some Sequence<String>) {
        array(name, of: texts) { $0.element($1) }
    }

    mutating func element(_ text: String) {
        separate()
        JSONText.appendString(text, into: &bytes)
    }

    mutating func element(_ value: JSONValue) {
        separate()
        value.writeCanonical(into: &bytes)
    }

    /// What writes a whole value by itself.
    mutating func element(_ write: (inout [UInt8]) -> Void) {
        separate()
        write(&bytes)
    }

    mutating func member(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        self.name(name)
        JSONText.appendString(value, into: &bytes)
    }

    mutating func member(_ name: StaticString, _ value: Int64?) {
        guard let value else { return }
        self.name(name)
        JSONText.appendInt(value, into: &bytes)
    }

    mutating func member(_ name: StaticString, _ value: Int?) {
        member(name, value.map { Int64($0) })
    }

    mutating func member(_ name: StaticString, _ value: Bool) {
        self.name(name)
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    mutating func member(_ name: StaticString, _ value: JSONValue?) {
        guard let value else { return }
        self.name(name)
        value.writeCanonical(into: &bytes)
    }

    /// The members of an object, in the order of canonical JSON; nothing may be written before or after them.
    mutating func members(_ object: JSONObject) {
        let bytes = JSONValue.object(object).canonicalBytes()
        self.bytes.append(contentsOf: bytes.dropFirst().dropLast())
        isFirst = false
    }

    /// One or more members that are JSON text already, in the order of canonical JSON.
    mutating func members(_ encoded: [UInt8]) {
        separate()
        bytes.append(contentsOf: encoded)
    }

    mutating func member(_ name: StaticString, canonical value: [UInt8]?) {
        guard let value else { return }
        self.name(name)
        bytes.append(contentsOf: value)
    }

    private mutating func nest(_ open: UInt8, _ close: UInt8, _ body: (inout JSONBytes) -> Void) {
        bytes.append(open)
        isFirst = true
        #if DEBUG
            let outer = previousName
            previousName = ""
        #endif
        body(&self)
        #if DEBUG
            previousName = outer
        #endif
        bytes.append(close)
        isFirst = false
    }

    private mutating func name(_ name: StaticString) {
        #if DEBUG
            precondition(previousName < name.description, "\(name) is written after \(previousName)")
            previousName = name.description
        #endif
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(name)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func separate() {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
    }
}
