import ConfigPlatformModel

/// YAML 1.2 files as settings: mappings are flattened, names are in the notation of ``DottedName``, sequences and empty mappings are
/// values, in which names are what they are.
///
/// Documents that say which profile they are for are documents of the result; a merge key `<<` is followed, as the readers of
/// configuration files have it, though YAML 1.2 no longer names it.
enum YAMLReader {
    static func read(_ source: SourceText, references: ImportOptions.References) throws(Problem) -> ImportedFile {
        let trees: [YAMLDocument]
        do throws(FormatFault) {
            var parser = YAMLParser(source.bytes)
            trees = try parser.documents()
        } catch {
            throw source.refusal([error], .yaml)
        }
        var documents: [ImportedDocument] = []
        var notices = Notices()
        var violations: [Violation] = []
        var budget = YAMLBudget()
        for tree in trees {
            var flattening = YAMLFlattening(tree, SettingCollector(source, .mustAgree, references: references), budget)
            let settings = flattening.settings()
            budget = flattening.budget
            notices.append(flattening.collector.notices)
            violations += flattening.collector.faults.map { fault in
                let position = source.position(fault.offset)
                return Violation(fault.message, line: position.line, column: position.column)
            }
            Profile.divide(settings, into: &documents, &notices, &violations)
        }
        guard violations.isEmpty else {
            violations.sort { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) }
            throw SourceText.refusal(violations, .yaml)
        }
        return ImportedFile(documents: documents, notices: notices.sorted())
    }
}

/// What following aliases may still cost.
struct YAMLBudget {
    private(set) var nodes = FormatLimits.yamlUnfoldedNodes
    private(set) var bytes = FormatLimits.yamlUnfoldedBytes

    var isExhausted: Bool { nodes < 0 || bytes < 0 }

    mutating func charge(nodes: Int, bytes: Int) {
        self.nodes -= nodes
        self.bytes -= bytes
    }
}

/// Follows the aliases of one document and takes its settings out.
private struct YAMLFlattening {
    private let document: YAMLDocument
    private(set) var collector: SettingCollector
    private(set) var budget: YAMLBudget
    private var isRefused = false
    /// Aliases and merge keys being followed.
    private var following = 0

    init(_ document: YAMLDocument, _ collector: SettingCollector, _ budget: YAMLBudget) {
        self.document = document
        self.collector = collector
        self.budget = budget
    }

    private struct Pair {
        let name: String
        let value: YAMLNode
        let offset: Int
        /// Offset of what the merge key takes, where the pair comes through one.
        let merge: Int?
    }

    mutating func settings() -> [ImportedSetting] {
        let root = followed(document.root).node
        switch root.content {
        case .mapping(let pairs):
            if refusesTag(of: root, allowed: YAMLTag.map) { break }
            flatten(pairs, below: [], from: nil, depth: 1)
        case .scalar("", isPlain: true) where root.tag == nil || root.tag == YAMLTag.null:
            break
        case .scalar("null", isPlain: true) where root.tag == nil, .scalar("~", isPlain: true) where root.tag == nil:
            break
        case .sequence, .scalar, .alias:
            collector.refuse(
                at: root.offset,
                "A document of settings is a mapping, 'name: value'; this one is a list or a single value.")
        }
        return collector.finish()
    }

    /// The node that an alias stands for, and the offset of the alias.
    private func followed(_ node: YAMLNode) -> (node: YAMLNode, alias: Int?) {
        guard case .alias(let index) = node.content else { return (node, nil) }
        // An anchored node is no alias, so that one step is enough.
        return (document.anchored[index], node.offset)
    }

    /// - Parameter alias: offset of the alias through which these pairs are reached.
    private mutating func flatten(
        _ pairs: [(name: YAMLNode, value: YAMLNode)], below prefix: [String], from alias: Int?, depth: Int
    ) {
        for pair in merged(pairs, depth: depth) {
            guard !isRefused else { return }
            let alias = alias ?? pair.merge
            let offset = alias ?? pair.offset
            let segments = prefix + DottedName.segments(of: pair.name)
            let (node, ownAlias) = followed(pair.value)
            if case .mapping(let inner) = node.content, !inner.isEmpty {
                guard segments.count < Limits.keySegments, depth < Limits.keySegments else {
                    collector.refuse(
                        at: offset, "A key has at most \(Limits.keySegments) segments; this nests deeper.")
                    continue
                }
                if refusesTag(of: node, allowed: YAMLTag.map) { continue }
                let isFollowed = ownAlias != nil || pair.merge != nil
                if isFollowed { following += 1 }
                flatten(inner, below: segments, from: alias ?? ownAlias, depth: depth + 1)
                if isFollowed { following -= 1 }
            } else if let value = value(of: pair.value, depth: 0) {
                collector.add(segments, value, at: offset)
            }
        }
    }

    /// The pairs with the merge keys followed: what a mapping says itself comes before what it merges, of which the earlier counts.
    private mutating func merged(_ pairs: [(name: YAMLNode, value: YAMLNode)], depth: Int) -> [Pair] {
        var result: [Pair] = []
        var offsets: [JSONValue: Int] = [:]
        var sources: [YAMLNode] = []
        for pair in pairs {
            guard charge(at: pair.name.offset) else { return [] }
            if isMergeKey(pair.name) {
                sources.append(pair.value)
                continue
            }
            guard let name = name(of: pair.name) else { continue }
            if let earlier = offsets[.string(name)] {
                let line = collector.source.position(earlier).line
                collector.refuse(
                    at: pair.name.offset,
                    "'\(InvalidIdentifier.shown(name))' stands on line \(line) already; a mapping has each name once. Remove one."
                )
                continue
            }
            offsets[.string(name)] = pair.name.offset
            result.append(Pair(name: name, value: pair.value, offset: pair.name.offset, merge: nil))
        }
        for source in sources {
            following += 1
            let merged = mergeSources(source, depth: depth + 1)
            following -= 1
            for pair in merged where offsets[.string(pair.name)] == nil {
                offsets[.string(pair.name)] = pair.offset
                result.append(pair)
            }
        }
        return result
    }

    private mutating func mergeSources(_ source: YAMLNode, depth: Int) -> [Pair] {
        guard depth < FormatLimits.depth else {
            collector.refuse(at: source.offset, "Merge keys follow one another more than \(FormatLimits.depth) deep.")
            return []
        }
        let node = followed(source).node
        switch node.content {
        case .mapping(let pairs):
            return merged(pairs, depth: depth).map { pair in
                Pair(name: pair.name, value: pair.value, offset: source.offset, merge: source.offset)
            }
        case .sequence(let elements):
            var result: [Pair] = []
            for element in elements {
                guard case .mapping = followed(element).node.content else {
                    collector.refuse(at: element.offset, "A merge key '<<' takes mappings; this is none.")
                    continue
                }
                result += mergeSources(element, depth: depth + 1)
            }
            return result
        case .scalar, .alias:
            collector.refuse(
                at: source.offset, "A merge key '<<' takes a mapping or a list of mappings; this is neither.")
            return []
        }
    }

    private func isMergeKey(_ node: YAMLNode) -> Bool {
        guard case .scalar("<<", let isPlain) = node.content else { return false }
        return (isPlain && node.tag == nil) || node.tag == YAMLTag.merge
    }

    /// A scalar name as it is written: `8080`, `true` and `null` are names like others.
    private mutating func name(of node: YAMLNode) -> String? {
        let named = followed(node).node
        guard case .scalar(let text, let isPlain) = named.content else {
            collector.refuse(at: node.offset, "The name of a setting is text; a list or a mapping cannot be one.")
            return nil
        }
        if let tag = named.tag,
            ![YAMLTag.str, YAMLTag.int, YAMLTag.bool, YAMLTag.float, YAMLTag.null, "!"].contains(tag)
        {
            collector.refuse(at: node.offset, YAMLSchema.Failure.tag(tag).message(for: text))
            return nil
        }
        return text.isEmpty && isPlain && named.tag == nil ? "null" : text
    }

    private mutating func value(of written: YAMLNode, depth: Int) -> JSONValue? {
        let (node, alias) = followed(written)
        if alias != nil { following += 1 }
        defer { if alias != nil { following -= 1 } }
        guard charge(at: written.offset) else { return nil }
        let offset = alias ?? node.offset
        switch node.content {
        case .scalar(let text, let isPlain):
            if following > 0 { budget.charge(nodes: 0, bytes: text.utf8.count) }
            return scalar(text, isPlain: isPlain, node, at: offset)
        case .alias:
            return nil
        case .sequence(let elements):
            guard depth < Limits.valueDepth else { return refuseDepth(at: offset) }
            if refusesTag(of: node, allowed: YAMLTag.seq) { return nil }
            var values: [JSONValue] = []
            for element in elements {
                guard let value = value(of: element, depth: depth + 1) else { return nil }
                values.append(value)
            }
            return .array(values)
        case .mapping(let pairs):
            guard depth < Limits.valueDepth else { return refuseDepth(at: offset) }
            if refusesTag(of: node, allowed: YAMLTag.map) { return nil }
            var members: [(String, JSONValue)] = []
            for pair in merged(pairs, depth: depth) {
                guard let value = value(of: pair.value, depth: depth + 1) else { return nil }
                members.append((pair.name, value))
            }
            return isRefused ? nil : .object(JSONObject(uniqueMembers: members))
        }
    }

    private mutating func scalar(_ text: String, isPlain: Bool, _ node: YAMLNode, at offset: Int) -> JSONValue? {
        do throws(YAMLSchema.Failure) {
            let value = try YAMLSchema.value(of: text, isPlain: isPlain, tag: node.tag)
            if isPlain, node.tag == nil, let other = YAMLSchema.reading11(of: text) {
                let taken = value.stringValue == nil ? "the number \(value)" : "text"
                collector.note(
                    .warning, at: offset,
                    "\(InvalidIdentifier.shown(text)) is \(taken) in YAML 1.2; readers of YAML 1.1 take it for \(other). Quotes, or a plain "
                        + "true or false, say the same to both.")
            }
            return value
        } catch {
            collector.refuse(at: offset, error.message(for: text))
            return nil
        }
    }

    private mutating func refusesTag(of node: YAMLNode, allowed: String) -> Bool {
        guard let tag = node.tag, tag != allowed, tag != YAMLTag.nonSpecific else { return false }
        collector.refuse(at: node.offset, YAMLSchema.Failure.tag(tag).message(for: ""))
        return true
    }

    private mutating func refuseDepth(at offset: Int) -> JSONValue? {
        collector.refuse(at: offset, "A value is nested at most \(Limits.valueDepth) levels deep; this one is deeper.")
        return nil
    }

    /// false, once with a fault, where the aliases of the file unfold into too much.
    private mutating func charge(at offset: Int) -> Bool {
        guard !isRefused else { return false }
        guard following > 0 else { return true }
        budget.charge(nodes: 1, bytes: 0)
        guard budget.isExhausted else { return true }
        isRefused = true
        collector.refuse(
            at: offset,
            "Following its aliases would give the file more than \(FormatLimits.yamlUnfoldedNodes) further values, or "
                + "\(FormatLimits.yamlUnfoldedBytes) bytes of text. Repeat less through aliases.")
        return false
    }
}
