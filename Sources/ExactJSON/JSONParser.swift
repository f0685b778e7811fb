extension JSONValue {
    /// Reads a whole text of strict RFC 8259: UTF-8 without a byte order mark, one value with nothing but white space
    /// around it, no member name twice in an object, no lone surrogates.
    package init(
        parsing bytes: some Collection<UInt8>, limits: JSONLimits = .standard
    ) throws(JSONParseError) {
        let result =
            bytes.withContiguousStorageIfAvailable { JSONParser.parse($0, limits) }
            ?? Array(bytes).withUnsafeBufferPointer { JSONParser.parse($0, limits) }
        self = try result.get()
    }

    package init(parsing text: String, limits: JSONLimits = .standard) throws(JSONParseError) {
        self = try text.withBytes { JSONParser.parse($0, limits) }.get()
    }
}

/// One pass over the bytes, by recursive descent; `JSONLimits.maxDepth` bounds the recursion.
struct JSONParser: ~Copyable {
    let bytes: UnsafeBufferPointer<UInt8>
    let base: UnsafePointer<UInt8>
    let end: Int
    let limits: JSONLimits
    var position = 0
    var depth = 0
    /// Offsets of the names of the objects being read, the innermost's last.
    private var nameOffsets = MoveStack<Int>()
    /// Elements of the arrays and members of the objects being read, the innermost's last.
    private var elements = MoveStack<JSONValue>()
    private var members = MoveStack<JSONObject.Member>()
    /// The bytes of a string with escapes.
    var unescaped: [UInt8] = []

    static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, _ limits: JSONLimits
    ) -> Result<JSONValue, JSONParseError> {
        Result { () throws(JSONFault) in
            guard let base = bytes.baseAddress, !bytes.isEmpty else {
                throw JSONFault(.emptyText, at: 0, "The text is empty; write a JSON value such as {} or null.")
            }
            guard bytes.count <= limits.maxBytes else {
                throw JSONFault(
                    .tooManyBytes, at: limits.maxBytes,
                    "The text has \(bytes.count) bytes; at most \(limits.maxBytes) are read. Divide it.")
            }
            var parser = JSONParser(bytes: bytes, base: base, limits: limits)
            return try parser.document()
        }.mapError { fault in fault.located(in: bytes) }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, base: UnsafePointer<UInt8>, limits: JSONLimits) {
        self.bytes = bytes
        self.base = base
        self.end = bytes.count
        self.limits = limits
    }

    private mutating func document() throws(JSONFault) -> JSONValue {
        try refuseByteOrderMark()
        skipWhitespace()
        guard position < end else {
            throw JSONFault(.emptyText, at: position, "The text has no value; write a JSON value such as {} or null.")
        }
        let value = try value()
        skipWhitespace()
        guard position == end else {
            throw JSONFault(
                .trailingContent, at: position,
                "The value has ended here; remove what follows, or send one value at a time.")
        }
        return value
    }

    private mutating func value() throws(JSONFault) -> JSONValue {
        guard position < end else { throw unexpectedEnd("a value") }
        switch base[position] {
        case 0x22:
            return .string(try string())
        case 0x7B:
            return .object(try object())
        case 0x5B:
            return .array(try array())
        case 0x2D, 0x30...0x39:
            return .number(try JSONNumber(reading: bytes, at: &position, limits: limits))
        case 0x74 where take("true"):
            return .bool(true)
        case 0x66 where take("false"):
            return .bool(false)
        case 0x6E where take("null"):
            return .null
        default:
            throw unexpected("a value")
        }
    }

    private mutating func array() throws(JSONFault) -> [JSONValue] {
        try descend()
        if base(after: 0x5D) {
            depth &-= 1
            return []
        }
        let first = elements.count
        while true {
            elements.push(try value())
            skipWhitespace()
            guard position < end else { throw unexpectedEnd("a comma or ]") }
            switch base[position] {
            case 0x2C:
                position &+= 1
                skipWhitespace()
                if position < end, base[position] == 0x5D { throw trailingComma() }
            case 0x5D:
                position &+= 1
                depth &-= 1
                return elements.take(from: first)
            default:
                throw unexpected("a comma or ]")
            }
        }
    }

    private mutating func object() throws(JSONFault) -> JSONObject {
        try descend()
        if base(after: 0x7D) {
            depth &-= 1
            return JSONObject()
        }
        let first = members.count
        let firstName = nameOffsets.count
        while true {
            guard position < end else { throw unexpectedEnd("a member name in quotes") }
            guard base[position] == 0x22 else { throw unexpected("a member name in double quotes") }
            nameOffsets.push(position)
            let name = try string()
            skipWhitespace()
            guard position < end else { throw unexpectedEnd("a colon") }
            guard base[position] == 0x3A else { throw unexpected("a colon") }
            position &+= 1
            skipWhitespace()
            let value = try value()
            members.push(JSONObject.Member(name: name, value: value))
            skipWhitespace()
            guard position < end else { throw unexpectedEnd("a comma or }") }
            switch base[position] {
            case 0x2C:
                position &+= 1
                skipWhitespace()
                if position < end, base[position] == 0x7D { throw trailingComma() }
            case 0x7D:
                position &+= 1
                depth &-= 1
                let duplicate = members.withTop(from: first) { JSONObject.sort($0) }
                guard duplicate == nil else { throw try duplicateName(from: firstName) }
                nameOffsets.drop(from: firstName)
                return JSONObject(sorted: members.take(from: first))
            default:
                throw unexpected("a comma or }")
            }
        }
    }

    /// Enters an array or object whose opening bracket is here.
    private mutating func descend() throws(JSONFault) {
        depth &+= 1
        guard depth <= limits.maxDepth else {
            throw JSONFault(
                .tooDeep, at: position,
                "Arrays and objects are nested deeper than \(limits.maxDepth) here; make the value flatter.")
        }
    }

    /// Steps over the opening bracket and white space, and over the closing bracket if it follows.
    @inline(__always)
    private mutating func base(after closing: UInt8) -> Bool {
        position &+= 1
        skipWhitespace()
        guard position < end, base[position] == closing else { return false }
        position &+= 1
        return true
    }

    /// The error for the first name of the innermost object that was there before.
    private mutating func duplicateName(from firstName: Int) throws(JSONFault) -> JSONFault {
        var seen: Set<[UInt8]> = []
        for offset in nameOffsets.take(from: firstName) {
            position = offset
            let name = try string()
            if !seen.insert(Array(name.utf8)).inserted {
                let quoted = JSONValue.string(String(name.prefix(80))).canonicalText
                return JSONFault(
                    .duplicateName, at: offset,
                    "The member \(quoted) is already in this object; remove one of the two or rename it.")
            }
        }
        preconditionFailure("a duplicate that sorting found is among the names read")
    }

    @inline(__always)
    private mutating func skipWhitespace() {
        while position < end {
            let byte = base[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position &+= 1
        }
    }

    /// Steps over the word if it is here and no letter, digit or underscore follows it.
    private mutating func take(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard position + count <= end else { return false }
        for index in 0..<count where base[position + index] != word.utf8Start[index] { return false }
        if position + count < end, isWordByte(base[position + count]) { return false }
        position += count
        return true
    }
}
