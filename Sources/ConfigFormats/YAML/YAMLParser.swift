/// Reads a YAML 1.2 stream into trees, by recursive descent over the bytes.
///
/// Two things that the specification forbids and every common reader takes are taken: flow collections and quoted text may go on at
/// any column, and a flow collection may be closed at the column of its name. Each node is read once, after a look at no more than
/// 1,024 bytes ahead; depth and count are bounded.
struct YAMLParser {
    let bytes: [UInt8]
    var position = 0
    /// Where the line of `position` begins.
    var lineStart = 0
    /// Whether a tab stands between the last indicator, or the beginning of the line, and `position`.
    var hasTab = false
    private var depth = 0
    private var nodeCount = 0
    private var anchors: [[UInt8]: Int] = [:]
    private var anchored: [YAMLNode] = []
    var tagHandles: [String: String] = [:]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The anchor and the tag before a node.
    struct Properties {
        var anchor: [UInt8]?
        var tag: String?
        var offset: Int
    }

    mutating func documents() throws(FormatFault) -> [YAMLDocument] {
        try refuseControlCharacters()
        var documents: [YAMLDocument] = []
        var mayBeBare = true
        while true {
            skipToContent()
            if position >= bytes.count { return documents }
            if isMarker("...") {
                try finishMarkerLine()
                mayBeBare = true
                continue
            }
            tagHandles = [:]
            if mayBeBare, bytes[position] == UInt8(ascii: "%"), column == 0 { try directives() }
            let isOnMarkerLine = isMarker("---")
            if isOnMarkerLine {
                position += 3
            } else if mayBeBare {
                position = lineStart
            } else {
                throw FormatFault(at: position, "A document ends here; begin the next one with a line '---'.")
            }
            documents.append(try document(isOnMarkerLine: isOnMarkerLine))
            mayBeBare = false
        }
    }

    private mutating func document(isOnMarkerLine: Bool) throws(FormatFault) -> YAMLDocument {
        anchors = [:]
        anchored = []
        depth = 0
        let root = try blockNode(below: -1, mayBeCompact: !isOnMarkerLine)
        skipToContent()
        if position < bytes.count, !isMarker("---"), !isMarker("...") {
            throw unexpectedContent()
        }
        return YAMLDocument(root: root, anchored: anchored)
    }

    /// `%YAML` and `%TAG` lines, up to the `---` that must follow.
    private mutating func directives() throws(FormatFault) {
        var hasVersion = false
        while position < bytes.count, bytes[position] == UInt8(ascii: "%"), column == 0 {
            let start = position
            let end = endOfLine(from: position)
            let line = String(decoding: bytes[position..<end], as: UTF8.self)
            var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            if let comment = words.firstIndex(where: { $0.hasPrefix("#") }) { words.removeSubrange(comment...) }
            if words.first == "%TAG" {
                guard words.count == 3 else { throw FormatFault(at: start, "A %TAG line has a handle and a prefix.") }
                tagHandles[words[1]] = words[2]
            } else if words.first == "%YAML" {
                guard !hasVersion, words.count == 2, ["1.0", "1.1", "1.2"].contains(words[1]) else {
                    throw FormatFault(
                        at: start, "This is no version of YAML that is known; write %YAML 1.2, or leave the line out.")
                }
                hasVersion = true
            }
            position = end
            skipToContent()
        }
        guard isMarker("---") else { throw FormatFault(at: position, "After directives comes a line '---'.") }
    }

    private mutating func finishMarkerLine() throws(FormatFault) {
        position += 3
        try requireEndOfLine()
    }

    // MARK: Nodes

    /// A node in block context, whose lines are indented more than `parent`, or an empty one where there is none.
    ///
    /// - Parameters:
    ///   - sequenceAtParent: whether a sequence may begin at the parent's own column, as below a name.
    ///   - mayBeCompact: whether a block collection may begin on the line that `position` is on.
    mutating func blockNode(
        below parent: Int, sequenceAtParent: Bool = false, mayBeCompact: Bool
    ) throws(FormatFault) -> YAMLNode {
        let start = position
        let line = lineStart
        hasTab = false
        skipToContent()
        let isFresh = lineStart != line
        guard hasContent(below: parent, sequenceAtParent: sequenceAtParent, isFresh: isFresh) else {
            return try empty(at: start)
        }
        return try blockContent(
            below: parent, sequenceAtParent: sequenceAtParent, mayBeBlock: mayBeCompact || isFresh,
            Properties(offset: position))
    }

    /// Whether what begins at `position`, after white space, still belongs to a node below `parent`.
    private func hasContent(below parent: Int, sequenceAtParent: Bool, isFresh: Bool) -> Bool {
        guard position < bytes.count, !isMarker("---"), !isMarker("...") else { return false }
        return !isFresh || column > parent
            || (sequenceAtParent && column == parent && isIndicator(UInt8(ascii: "-")))
    }

    private mutating func blockContent(
        below parent: Int, sequenceAtParent: Bool, mayBeBlock: Bool, _ outer: Properties
    ) throws(FormatFault) -> YAMLNode {
        try descend()
        defer { depth -= 1 }
        if isIndicator(UInt8(ascii: "-")) {
            guard mayBeBlock else {
                throw FormatFault(at: position, "A list begins on the line after its name, not beside it.")
            }
            return try register(blockSequence(outer), outer)
        }
        if mayBeBlock, isIndicator(UInt8(ascii: "?")) || isIndicator(UInt8(ascii: ":")) || isNameAhead() {
            return try register(blockMapping(outer), outer)
        }
        guard bytes[position] == UInt8(ascii: "&") || bytes[position] == UInt8(ascii: "!") else {
            return try register(blockScalarOrFlow(below: parent, outer), outer)
        }
        var properties = try nodeProperties()
        guard (properties.anchor == nil || outer.anchor == nil) && (properties.tag == nil || outer.tag == nil) else {
            throw FormatFault(at: properties.offset, "A node has one anchor and one tag.")
        }
        properties.anchor = properties.anchor ?? outer.anchor
        properties.tag = properties.tag ?? outer.tag
        let line = lineStart
        hasTab = false
        skipToContent()
        let isFresh = lineStart != line
        guard hasContent(below: parent, sequenceAtParent: sequenceAtParent, isFresh: isFresh) else {
            return try register(empty(at: properties.offset, tag: properties.tag), properties)
        }
        guard isFresh else { return try register(blockScalarOrFlow(below: parent, properties), properties) }
        return try blockContent(below: parent, sequenceAtParent: sequenceAtParent, mayBeBlock: true, properties)
    }

    /// A node of one of the kinds that may stand beside a name.
    private mutating func blockScalarOrFlow(below parent: Int, _ properties: Properties) throws(FormatFault) -> YAMLNode
    {
        switch bytes[position] {
        case UInt8(ascii: "|"), UInt8(ascii: ">"):
            return try blockScalar(below: parent, properties)
        case UInt8(ascii: "-") where isIndicator(UInt8(ascii: "-")):
            throw FormatFault(at: position, "A list begins on a line of its own here.")
        case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "*"):
            let node = try flowNode(properties, isInFlow: false)
            try requireEndOfLine()
            return node
        default:
            let node = try plainScalar(properties, below: parent, isInFlow: false)
            try requireEndOfLine()
            return node
        }
    }

    private mutating func blockSequence(_ properties: Properties) throws(FormatFault) -> YAMLNode {
        let start = position
        let column = column
        var elements: [YAMLNode] = []
        while true {
            try refuseTab()
            position += 1
            elements.append(try blockNode(below: column, mayBeCompact: true))
            guard try isNextLine(at: column), isIndicator(UInt8(ascii: "-")) else { break }
        }
        return node(.sequence(elements), properties, at: start)
    }

    private mutating func blockMapping(_ properties: Properties) throws(FormatFault) -> YAMLNode {
        let start = position
        let column = column
        var pairs: [(name: YAMLNode, value: YAMLNode)] = []
        while true {
            try refuseTab()
            if isIndicator(UInt8(ascii: "?")) {
                position += 1
                let name = try blockNode(below: column, sequenceAtParent: true, mayBeCompact: true)
                if try isNextLine(at: column), isIndicator(UInt8(ascii: ":")) {
                    position += 1
                    pairs.append((name, try blockNode(below: column, sequenceAtParent: true, mayBeCompact: true)))
                } else {
                    pairs.append((name, try empty(at: name.offset)))
                }
            } else {
                let name = try isIndicator(UInt8(ascii: ":")) ? empty(at: position) : name()
                skipBlanks()
                position += 1
                pairs.append((name, try blockNode(below: column, sequenceAtParent: true, mayBeCompact: false)))
            }
            guard try isNextLine(at: column) else { break }
            guard isIndicator(UInt8(ascii: "?")) || isIndicator(UInt8(ascii: ":")) || isNameAhead() else {
                throw unexpectedContent()
            }
        }
        return node(.mapping(pairs), properties, at: start)
    }

    /// A name on one line, up to the white space before its colon. `isNameAhead` has seen it.
    private mutating func name() throws(FormatFault) -> YAMLNode {
        let properties = try nodeProperties()
        skipBlanks()
        if bytes[position] == UInt8(ascii: ":"), isIndicator(UInt8(ascii: ":")) {
            return try register(empty(at: position, tag: properties.tag), properties)
        }
        switch bytes[position] {
        case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "*"):
            return try register(flowNode(properties, isInFlow: false), properties)
        default:
            return try register(plainScalar(properties, below: .max, isInFlow: false), properties)
        }
    }

    /// Goes to the next content: true where it is at this column, false where the collection has ended.
    private mutating func isNextLine(at column: Int) throws(FormatFault) -> Bool {
        skipToContent()
        guard position < bytes.count, !isMarker("---"), !isMarker("..."), self.column >= column else { return false }
        guard self.column == column else { throw unexpectedContent() }
        return true
    }

    func unexpectedContent() -> FormatFault {
        if position < bytes.count, isBlank(bytes[max(position, 1) - 1]), hasTab {
            return FormatFault(at: position, "A tab indents this line; YAML is indented with spaces only.")
        }
        return FormatFault(
            at: position,
            "This does not fit what stands before it: either the indentation differs from the lines beside it, or a name has no ': ' "
                + "after it.")
    }

    // MARK: Anchors and limits

    func empty(at offset: Int, tag: String? = nil) throws(FormatFault) -> YAMLNode {
        YAMLNode(.scalar("", isPlain: true), tag: tag, offset: offset)
    }

    /// A node with a tag begins where the tag does.
    func node(_ content: YAMLNode.Content, _ properties: Properties, at start: Int) -> YAMLNode {
        YAMLNode(content, tag: properties.tag, offset: properties.tag == nil ? start : properties.offset)
    }

    mutating func register(_ node: YAMLNode, _ properties: Properties) throws(FormatFault) -> YAMLNode {
        nodeCount += 1
        guard nodeCount <= FormatLimits.yamlNodes else {
            throw FormatFault(at: node.offset, "The file has more than \(FormatLimits.yamlNodes) values; divide it.")
        }
        if let anchor = properties.anchor {
            if case .alias = node.content { throw FormatFault(at: node.offset, "An alias has no anchor of its own.") }
            anchors[anchor] = anchored.count
            anchored.append(node)
        }
        return node
    }

    mutating func descend() throws(FormatFault) {
        depth += 1
        guard depth <= FormatLimits.depth else {
            throw FormatFault(
                at: position, "Objects and lists are nested deeper than \(FormatLimits.depth) levels here.")
        }
    }

    mutating func ascend() { depth -= 1 }

    mutating func alias() throws(FormatFault) -> YAMLNode {
        let start = position
        position += 1
        let name = try anchorName(at: start)
        guard let index = anchors[name] else {
            throw FormatFault(
                at: start,
                "'*\(String(decoding: name, as: UTF8.self))' stands for an anchor that is not above it, or that it is itself part of."
            )
        }
        return YAMLNode(.alias(index), offset: start)
    }

    private func refuseControlCharacters() throws(FormatFault) {
        for (offset, byte) in bytes.enumerated() where byte < 0x20 && !isBlank(byte) && !isBreak(byte) {
            throw FormatFault(
                at: offset,
                "A control character stands here; YAML has them only as escapes between double quotes, such as \"\\x\(byte < 16 ? "0" : "")"
                    + "\(String(byte, radix: 16))\".")
        }
    }
}
