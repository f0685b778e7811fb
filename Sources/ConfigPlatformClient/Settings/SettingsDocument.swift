import ConfigPlatformModel

/// The resolved document of an environment: settings nested by the segments of their keys.
struct SettingsDocument: Sendable, Hashable {
    private(set) var root: JSONObject

    static let empty = SettingsDocument(root: JSONObject())

    init(root: JSONObject) {
        self.root = root
    }

    /// Nil where the JSON is no object.
    init?(_ json: JSONValue) {
        guard case .object(let root) = json else { return nil }
        self.root = root
    }

    /// Canonical JSON (RFC 8785).
    var bytes: [UInt8] { JSONValue.object(root).canonicalBytes() }

    /// The value at a path of segments: a setting, a part of one, or all settings below a common beginning.
    func value(at path: [String]) -> JSONValue? {
        var object = root
        for (index, segment) in path.enumerated() {
            guard let value = object[segment] else { return nil }
            if index == path.count - 1 { return value }
            guard case .object(let next) = value else { return nil }
            object = next
        }
        return .object(root)
    }

    /// A setting that has a new value, or none any more.
    struct Alteration: Hashable {
        let key: ConfigKey
        let value: JSONValue?

        // `value == nil` would also hold for null.
        var isRemoval: Bool {
            if case .none = value { true } else { false }
        }
    }

    /// The document after the alterations. What is removed is removed first, so that `a` may give way to `a.b`.
    func applying(_ alterations: [Alteration]) -> SettingsDocument {
        var root = root
        for alteration in alterations where alteration.isRemoval {
            Self.remove(alteration.key.segments[...], from: &root)
        }
        for alteration in alterations {
            if let value = alteration.value { Self.set(alteration.key.segments[...], to: value, in: &root) }
        }
        return SettingsDocument(root: root)
    }

    private static func set(_ path: ArraySlice<String>, to value: JSONValue, in object: inout JSONObject) {
        guard let first = path.first else { return }
        guard path.count > 1 else {
            object[first] = value
            return
        }
        var child = object[first]?.objectValue ?? JSONObject()
        // Held by nobody else while it is altered, so that it is not copied.
        object[first] = .some(.null)
        set(path.dropFirst(), to: value, in: &child)
        object[first] = .object(child)
    }

    /// An object that only held what is removed goes with it: it was no setting but the beginning of some.
    private static func remove(_ path: ArraySlice<String>, from object: inout JSONObject) {
        guard let first = path.first, let value = object[first] else { return }
        guard path.count > 1 else {
            object[first] = .none
            return
        }
        guard case .object(var child) = value else { return }
        object[first] = .some(.null)
        remove(path.dropFirst(), from: &child)
        object[first] = child.isEmpty ? .none : .some(.object(child))
    }
}

extension SettingsDocument: FollowedContent {
    static var noun: String { "settings" }
    static var fileTitle: String { "configplatform-last-known-good" }
    static var snapshotMember: String { "document" }

    static func reading(_ place: FollowedPlace) -> ServerRequest {
        ServerRequest(.get, in: place.project, "environments", place.environment.rawValue, "settings")
    }

    static func watching(_ place: FollowedPlace) -> ServerRequest {
        var request = ServerRequest(.get, in: place.project, "watch")
        request.ask("environment", place.environment.rawValue)
        return request
    }

    static func read(_ json: JSONValue, after known: SettingsDocument) -> SettingsDocument? { SettingsDocument(json) }

    func altered(by change: JSONValue) throws(MalformedChange) -> AlteredContent<SettingsDocument> {
        guard let changes = change["changes"]?.arrayValue, let entityTag = change["entityTag"]?.stringValue else {
            throw MalformedChange()
        }
        guard changes.count <= Self.alterationsMax else { return .reload("the change is a large one") }
        var alterations: [Alteration] = []
        for change in changes {
            guard let key = change["key"]?.stringValue.flatMap({ try? ConfigKey(parsing: $0) }) else {
                throw MalformedChange()
            }
            alterations.append(Alteration(key: key, value: change["after"]))
        }
        let document = applying(alterations)
        guard Self.entityTag(of: document.bytes) == entityTag else {
            return .reload("a change did not lead to the document it was to lead to")
        }
        return .content(document, entityTag: entityTag)
    }

    /// Alterations beyond these cost more than reading the document anew.
    private static let alterationsMax = 2_000
}

extension SettingsDocument {
    /// The paths of all values that are no objects, and of empty objects, in canonical order.
    var leaves: [(path: [String], value: JSONValue)] {
        var leaves: [(path: [String], value: JSONValue)] = []
        func walk(_ object: JSONObject, _ path: [String]) {
            for (name, value) in object {
                if case .object(let child) = value, !child.isEmpty {
                    walk(child, path + [name])
                } else {
                    leaves.append((path + [name], value))
                }
            }
        }
        walk(root, [])
        return leaves
    }

    /// The paths at which two documents differ, as deep as both have objects.
    static func differences(_ before: SettingsDocument, _ after: SettingsDocument) -> [[String]] {
        var differences: [[String]] = []
        func leaves(below value: JSONValue, _ path: [String]) {
            guard case .object(let object) = value, !object.isEmpty else {
                differences.append(path)
                return
            }
            for (name, child) in object { leaves(below: child, path + [name]) }
        }
        func compare(_ before: JSONObject, _ after: JSONObject, _ path: [String]) {
            var left = Array(before)[...]
            var right = Array(after)[...]
            while !left.isEmpty || !right.isEmpty {
                if let (name, old) = left.first, let (other, new) = right.first, name.hasSameBytes(as: other) {
                    left.removeFirst()
                    right.removeFirst()
                    if case .object(let old) = old, case .object(let new) = new {
                        compare(old, new, path + [name])
                    } else if old != new {
                        differences.append(path + [name])
                    }
                } else if let (name, old) = left.first,
                    right.first.map({ name.precedesInUTF16($0.name) }) ?? true
                {
                    left.removeFirst()
                    leaves(below: old, path + [name])
                } else if let (name, new) = right.first {
                    right.removeFirst()
                    leaves(below: new, path + [name])
                }
            }
        }
        compare(before.root, after.root, [])
        return differences
    }
}
