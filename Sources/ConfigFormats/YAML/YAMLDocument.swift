/// One document of a YAML stream as it is written: aliases not followed, scalars not resolved to types.
struct YAMLDocument {
    let root: YAMLNode
    /// The nodes with anchors, in the order in which they end.
    let anchored: [YAMLNode]
}

struct YAMLNode {
    enum Content {
        /// Only plain scalars are resolved to other types than strings.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([(name: YAMLNode, value: YAMLNode)])
        /// Index into `anchored`.
        case alias(Int)
    }

    let content: Content
    /// In full, such as `tag:yaml.org,2002:str`; `!` is the non-specific tag; nil where there is none.
    let tag: String?
    /// Where the node begins.
    let offset: Int

    init(_ content: Content, tag: String? = nil, offset: Int) {
        self.content = content
        self.tag = tag
        self.offset = offset
    }
}
