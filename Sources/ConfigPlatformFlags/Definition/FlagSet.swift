package import ExactJSON

/// The flags of one environment, or of one definition file, by key. Immutable.
package struct FlagSet: Sendable {
    private var flags: NameTable<Flag>
    package let metadata: JSONObject

    package init(_ flags: some Sequence<Flag>, metadata: JSONObject = JSONObject()) {
        self.flags = NameTable(flags.map { ($0.key, $0) })
        self.metadata = metadata
    }

    /// Reads a flagd definition: `flags`, an object by key or a list with `key` in each, `$evaluators` and `metadata`.
    package init(document: JSONValue, bucketing: Bucketing = .cbor) throws(InvalidFlagDefinition) {
        let root = JSONPointer.root
        guard case .object(let object) = document else {
            throw InvalidFlagDefinition(root, "must be an object with \"flags\"")
        }
        let evaluators: Evaluators
        switch object["$evaluators"] {
        case nil, .null?: evaluators = Evaluators()
        case .object(let definitions)?: evaluators = Evaluators(definitions)
        default: throw InvalidFlagDefinition(root.appending("$evaluators"), "must be an object")
        }
        var metadata = JSONObject()
        switch object["metadata"] {
        case nil, .null?: break
        case .object(let own)?: metadata = own
        default: throw InvalidFlagDefinition(root.appending("metadata"), "must be an object")
        }
        var named: [(key: String, place: JSONPointer, definition: JSONValue)] = []
        let place = root.appending("flags")
        switch object["flags"] {
        case .object(let flags)?:
            named = flags.members.map { ($0.name, place.appending($0.name), $0.value) }
        case .array(let flags)?:
            for (index, flag) in flags.enumerated() {
                guard case .string(let key)? = flag["key"], !key.isEmpty else {
                    throw InvalidFlagDefinition(place.appending(index).appending("key"), "must be the flag's key")
                }
                named.append((key, place.appending(index), flag))
            }
        default: throw InvalidFlagDefinition(place, "must be an object of flags by key")
        }
        var flags: [(String, Flag)] = []
        for (key, place, definition) in named {
            guard case .object(let definition) = definition else {
                throw InvalidFlagDefinition(place, "must be an object")
            }
            do {
                let flag = try Flag(
                    key: key, definition: definition, evaluators: evaluators, metadata: metadata, bucketing: bucketing)
                flags.append((key, flag))
            } catch {
                throw InvalidFlagDefinition(
                    JSONPointer(tokens: place.tokens + error.pointer.tokens), error.message)
            }
        }
        self.flags = NameTable(flags)
        self.metadata = metadata
    }

    package var count: Int { flags.count }

    /// In order of key.
    package var sorted: [Flag] { flags.values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } }

    package subscript(key: String) -> Flag? { flags[key] }

    /// The place of a flag among those the set was made of, 0 for the first; nil where there is none of that key.
    package func index(of key: String) -> Int? { flags.index(of: key) }

    /// The same set with other flags in the places of some, each of the key of the one that it replaces.
    package func replacing(_ others: [(index: Int, flag: Flag)]) -> FlagSet {
        var set = self
        for (index, flag) in others { set.flags[index] = flag }
        return set
    }

    /// What a flag comes to; `FLAG_NOT_FOUND` where there is none of that key.
    package func resolve(
        _ key: String, _ context: FlagContext, as type: FlagType?, at timestamp: Int64
    ) -> Resolution {
        flags[key]?.resolve(context, as: type, at: timestamp) ?? Resolution(.flagNotFound)
    }
}
