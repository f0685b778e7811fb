/// Flow collections, aliases, and what stands before a node.
extension YAMLParser {
    /// `&anchor` and `!tag`, each at most once, in any order, on this line.
    mutating func nodeProperties() throws(FormatFault) -> Properties {
        var properties = Properties(offset: position)
        while position < bytes.count {
            let start = position
            if bytes[position] == UInt8(ascii: "&"), properties.anchor == nil {
                position += 1
                properties.anchor = try anchorName(at: start)
            } else if bytes[position] == UInt8(ascii: "!"), properties.tag == nil {
                properties.tag = try tag()
            } else {
                break
            }
            let end = position
            skipBlanks()
            if position == end {
                if position < bytes.count, !isBreak(bytes[position]), !Self.isFlowIndicator(bytes[position]) {
                    throw FormatFault(at: start, "After an anchor or a tag comes white space.")
                }
                break
            }
        }
        return properties
    }

    mutating func anchorName(at start: Int) throws(FormatFault) -> [UInt8] {
        let nameStart = position
        while position < bytes.count, !isBlank(bytes[position]), !isBreak(bytes[position]),
            !Self.isFlowIndicator(bytes[position])
        {
            position += 1
        }
        guard position > nameStart else { throw FormatFault(at: start, "A name follows '&' and '*' directly.") }
        return Array(bytes[nameStart..<position])
    }

    /// `!<verbatim>`, `!!name`, `!handle!name`, `!name` or `!`, in full.
    private mutating func tag() throws(FormatFault) -> String {
        let start = position
        if peek(1) == UInt8(ascii: "<") {
            while position < bytes.count, !isBlank(bytes[position]), !isBreak(bytes[position]) {
                position += 1
                if bytes[position - 1] == UInt8(ascii: ">") {
                    return String(decoding: bytes[start + 2..<position - 1], as: UTF8.self)
                }
            }
            throw FormatFault(at: start, "A tag that begins with '!<' ends with '>'.")
        }
        while position < bytes.count, !isBlank(bytes[position]), !isBreak(bytes[position]),
            !Self.isFlowIndicator(bytes[position])
        {
            position += 1
        }
        let written = String(decoding: bytes[start..<position], as: UTF8.self)
        guard written != "!" else { return written }
        let handleEnd = bytes[start + 1..<position].firstIndex(of: UInt8(ascii: "!")).map { $0 + 1 } ?? start + 1
        let handle = String(decoding: bytes[start..<handleEnd], as: UTF8.self)
        let name = String(decoding: bytes[handleEnd..<position], as: UTF8.self)
        if let prefix = tagHandles[handle] { return prefix + name }
        switch handle {
        case "!!": return YAMLTag.prefix + name
        case "!": return written
        default: throw FormatFault(at: start, "The tag handle '\(handle)' has no %TAG line above.")
        }
    }

    /// A node that may stand inside a flow collection, or is one, up to its end.
    mutating func flowNode(_ properties: Properties, isInFlow: Bool) throws(FormatFault) -> YAMLNode {
        switch bytes[position] {
        case UInt8(ascii: "["):
            return try flowSequence(properties)
        case UInt8(ascii: "{"):
            return try flowMapping(properties)
        case UInt8(ascii: "\""):
            return try doubleQuoted(properties)
        case UInt8(ascii: "'"):
            return try singleQuoted(properties)
        case UInt8(ascii: "*"):
            guard properties.tag == nil else { throw FormatFault(at: position, "An alias has no tag of its own.") }
            return try alias()
        default:
            return try plainScalar(properties, below: -1, isInFlow: isInFlow)
        }
    }

    private mutating func flowSequence(_ properties: Properties) throws(FormatFault) -> YAMLNode {
        let start = position
        try descend()
        position += 1
        var elements: [YAMLNode] = []
        while true {
            try skipFlowSpace(openedAt: start)
            if bytes[position] == UInt8(ascii: "]") { break }
            elements.append(try flowElement(openedAt: start))
            try skipFlowSpace(openedAt: start)
            guard try takeComma(before: UInt8(ascii: "]"), openedAt: start) else { break }
        }
        position += 1
        ascend()
        return node(.sequence(elements), properties, at: start)
    }

    /// An element of a flow sequence; `name: value` and `? name : value` are mappings of one pair.
    private mutating func flowElement(openedAt start: Int) throws(FormatFault) -> YAMLNode {
        let elementStart = position
        let line = lineStart
        let isExplicit = isFlowQuestion()
        if !isExplicit, !isFlowColon(afterQuoted: false) {
            let node = try flowValue(openedAt: start)
            let isQuoted = isJSONLike(at: elementStart)
            let end = position
            try skipFlowSpace(openedAt: start)
            guard isFlowColon(afterQuoted: isQuoted) else { return node }
            guard lineStart == line, position - elementStart <= FormatLimits.yamlNameBytes else {
                throw FormatFault(at: end, "A name in a list stands on one line with its ':'.")
            }
            position += 1
            let pair = (name: node, value: try flowPairValue(openedAt: start))
            return try register(YAMLNode(.mapping([pair]), offset: elementStart), Properties(offset: elementStart))
        }
        let pair = try flowPair(openedAt: start)
        return try register(YAMLNode(.mapping([pair]), offset: elementStart), Properties(offset: elementStart))
    }

    private mutating func flowMapping(_ properties: Properties) throws(FormatFault) -> YAMLNode {
        let start = position
        try descend()
        position += 1
        var pairs: [(name: YAMLNode, value: YAMLNode)] = []
        while true {
            try skipFlowSpace(openedAt: start)
            if bytes[position] == UInt8(ascii: "}") { break }
            pairs.append(try flowPair(openedAt: start))
            try skipFlowSpace(openedAt: start)
            guard try takeComma(before: UInt8(ascii: "}"), openedAt: start) else { break }
        }
        position += 1
        ascend()
        return node(.mapping(pairs), properties, at: start)
    }

    /// `name: value`, `name`, `: value` or any of these after `?`.
    private mutating func flowPair(openedAt start: Int) throws(FormatFault) -> (name: YAMLNode, value: YAMLNode) {
        if isFlowQuestion() {
            position += 1
            try skipFlowSpace(openedAt: start)
        }
        let nameStart = position
        var name = try empty(at: position)
        var isQuoted = false
        if !isFlowColon(afterQuoted: false), !endsFlowNode(bytes[position]) {
            name = try flowValue(openedAt: start)
            isQuoted = isJSONLike(at: nameStart)
            try skipFlowSpace(openedAt: start)
        }
        guard isFlowColon(afterQuoted: isQuoted) else { return (name, try empty(at: nameStart)) }
        position += 1
        return (name, try flowPairValue(openedAt: start))
    }

    private mutating func flowPairValue(openedAt start: Int) throws(FormatFault) -> YAMLNode {
        try skipFlowSpace(openedAt: start)
        return try endsFlowNode(bytes[position]) ? empty(at: position) : flowValue(openedAt: start)
    }

    /// A node with its properties inside a flow collection.
    private mutating func flowValue(openedAt start: Int) throws(FormatFault) -> YAMLNode {
        let properties = try nodeProperties()
        try skipFlowSpace(openedAt: start)
        if endsFlowNode(bytes[position]) || isFlowColon(afterQuoted: false) {
            guard properties.anchor != nil || properties.tag != nil else {
                throw FormatFault(at: position, "A value is missing before this.")
            }
            return try register(empty(at: properties.offset, tag: properties.tag), properties)
        }
        return try register(flowNode(properties, isInFlow: true), properties)
    }

    /// Whether a comma was taken, after which the collection goes on; false at its closing bracket.
    private mutating func takeComma(before close: UInt8, openedAt start: Int) throws(FormatFault) -> Bool {
        if bytes[position] == UInt8(ascii: ",") {
            position += 1
            try skipFlowSpace(openedAt: start)
            guard bytes[position] != UInt8(ascii: ",") else {
                throw FormatFault(at: position, "A value is missing between two commas.")
            }
            return true
        }
        guard bytes[position] == close else {
            throw FormatFault(
                at: position,
                "Here a ',' or '\(Character(Unicode.Scalar(close)))' is expected: values between brackets are divided by commas."
            )
        }
        return false
    }

    /// White space up to the next content, which there must be.
    private mutating func skipFlowSpace(openedAt start: Int) throws(FormatFault) {
        skipToContent()
        guard position < bytes.count, !isMarker("---"), !isMarker("...") else {
            throw FormatFault(at: start, "The bracket that opens here is never closed.")
        }
        if bytes[position] == UInt8(ascii: "#") {
            throw FormatFault(at: position, "A comment has white space before its '#'.")
        }
    }

    private func isFlowQuestion() -> Bool {
        guard bytes[position] == UInt8(ascii: "?") else { return false }
        return peek(1).map { isBlank($0) || isBreak($0) || endsFlowNode($0) } ?? true
    }

    /// A `:` that divides name and value. After a quoted name or a collection, no white space needs to follow it.
    private func isFlowColon(afterQuoted: Bool) -> Bool {
        guard bytes[position] == UInt8(ascii: ":") else { return false }
        return afterQuoted || (peek(1).map { isBlank($0) || isBreak($0) || Self.isFlowIndicator($0) } ?? true)
    }

    private func isJSONLike(at start: Int) -> Bool {
        switch bytes[start] {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "["), UInt8(ascii: "{"): true
        default: false
        }
    }

    private func endsFlowNode(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}")
    }

    static func isFlowIndicator(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"): true
        default: false
        }
    }
}
