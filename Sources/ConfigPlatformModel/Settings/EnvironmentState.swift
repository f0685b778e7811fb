/// An environment with its own settings, and what it says of flags itself, at one revision. Immutable.
package final class EnvironmentState: Sendable {
    package let name: EnvironmentName
    package let body: EnvironmentBody
    /// The revision that last wrote the environment's own item.
    package let revision: Revision
    package let own: SettingIndex
    package let flags: OwnFlags

    init(
        name: EnvironmentName, body: EnvironmentBody, revision: Revision, own: SettingIndex,
        flags: OwnFlags = OwnFlags()
    ) {
        self.name = name
        self.body = body
        self.revision = revision
        self.own = own
        self.flags = flags
    }
}

/// How the environments of a project lie over one another.
package struct Layering: Sendable {
    /// For each environment its layers, lowest first, itself last: each once, after all that it inherits from.
    package private(set) var layers: [EnvironmentName: [EnvironmentName]] = [:]
    /// For each environment those that have it as a layer, itself included, in no order.
    package private(set) var readers: [EnvironmentName: [EnvironmentName]] = [:]

    enum Fault: Error, Hashable {
        case missing(EnvironmentName, inheritedBy: EnvironmentName)
        case cycle([EnvironmentName])
        case tooDeep(EnvironmentName)
        case tooManyLayers(EnvironmentName, Int)
        case tooManyReaders(EnvironmentName, Int)

        var message: String {
            switch self {
            case .missing(let parent, let child):
                "'\(child.rawValue)' inherits from '\(parent.rawValue)', which does not exist. Create it first, or in the same change."
            case .cycle(let names):
                "Environments would inherit from one another in a circle: \(names.map(\.rawValue).joined(separator: " → "))."
            case .tooDeep(let name):
                "'\(name.rawValue)' inherits through more than \(Limits.inheritanceDepth) environments."
            case .tooManyLayers(let name, let count):
                "'\(name.rawValue)' has \(count) layers; an environment has at most \(Limits.layersPerEnvironment)."
            case .tooManyReaders(let name, let count):
                "\(count - 1) environments inherit from '\(name.rawValue)'; at most \(Limits.descendantsPerEnvironment) may."
            }
        }

        var environment: EnvironmentName {
            switch self {
            case .missing(_, let child): child
            case .cycle(let names): names[0]
            case .tooDeep(let name), .tooManyLayers(let name, _), .tooManyReaders(let name, _): name
            }
        }
    }

    init() {}

    /// The layering of these environments. Those of `known` whose own layers and all they inherit from are unaltered are taken from it.
    init(
        _ environments: [EnvironmentName: EnvironmentState], known: Layering = Layering(), altered: Set<EnvironmentName>
    ) throws(Fault) {
        let stale = Set(altered.flatMap { known.readers[$0] ?? [] }).union(altered)
        for (name, list) in known.layers where environments[name] != nil && !stale.contains(name) {
            layers[name] = list
        }
        // In order of name, so that of several faults every replica reports the same.
        for name in environments.keys.filter({ layers[$0] == nil }).sorted() {
            var walk = Walk(environments)
            _ = try walk.visit(name)
            guard walk.order.count <= Limits.layersPerEnvironment else { throw .tooManyLayers(name, walk.order.count) }
            layers[name] = walk.order
        }
        for (name, list) in layers {
            for layer in list { readers[layer, default: []].append(name) }
        }
        let widest = readers.filter { $0.value.count - 1 > Limits.descendantsPerEnvironment }.min { $0.key < $1.key }
        if let (name, list) = widest { throw .tooManyReaders(name, list.count) }
    }

    private struct Walk {
        let environments: [EnvironmentName: EnvironmentState]
        private(set) var order: [EnvironmentName] = []
        private var path: [EnvironmentName] = []
        private var depths: [EnvironmentName: Int] = [:]

        init(_ environments: [EnvironmentName: EnvironmentState]) { self.environments = environments }

        /// The length of the longest chain from the environment up, 0 where it inherits from none.
        mutating func visit(_ name: EnvironmentName) throws(Fault) -> Int {
            if let start = path.firstIndex(of: name) { throw .cycle(Array(path[start...]) + [name]) }
            if let known = depths[name] { return known }
            guard let environment = environments[name] else { throw .missing(name, inheritedBy: path.last ?? name) }
            // Here for the sake of the stack; what decides is the longest chain, whichever way it was walked first.
            guard path.count <= Limits.inheritanceDepth else { throw .tooDeep(path[0]) }
            path.append(name)
            var depth = 0
            for parent in environment.body.inherits { depth = max(depth, try visit(parent) + 1) }
            path.removeLast()
            guard depth <= Limits.inheritanceDepth else { throw .tooDeep(name) }
            depths[name] = depth
            order.append(name)
            return depth
        }
    }
}
