import ExactJSON

/// Finds references that lead back to the subschema they stand in without going into the instance: applying such a
/// schema would never end.
struct ReferenceCycles {
    private enum Mark { case new, open, done }

    static func refuse(
        in program: Program, location: (Int) -> SchemaLocation,
        fault: (SchemaLocation, String) -> SchemaError
    ) throws(SchemaError) {
        var marks = Array(repeating: Mark.new, count: program.nodes.count)
        for root in program.nodes.indices where marks[root] == .new {
            // Depth first, with a stack of its own, for chains of references may be long.
            var stack: [(node: Int, rest: [NodeIndex])] = [(root, program.inPlace(root))]
            marks[root] = .open
            while !stack.isEmpty {
                guard let next = stack[stack.count - 1].rest.popLast() else {
                    marks[stack.removeLast().node] = .done
                    continue
                }
                switch marks[Int(next)] {
                case .done: continue
                case .open:
                    throw fault(
                        location(Int(next)),
                        "This schema applies itself to the same value without end; let the reference stand under a "
                            + "keyword that goes into the value, such as properties or items.")
                case .new:
                    marks[Int(next)] = .open
                    stack.append((Int(next), program.inPlace(Int(next))))
                }
            }
        }
    }
}

extension Program {
    /// The subschemas a node applies to the value it is applied to itself. What a dynamic reference applies shows
    /// only then.
    func inPlace(_ node: Int) -> [NodeIndex] {
        var found: [NodeIndex] = []
        for instruction in instructions[Int(nodes[node].numberStart)..<Int(nodes[node].end)] {
            switch instruction {
            case .reference(let target), .not(let target), .dependentSchema(_, let target): found.append(target)
            case .allOf(let range), .anyOf(let range), .oneOf(let range): found += branches[range.indices]
            case .conditional(let condition, let then, let otherwise):
                found += [condition, then, otherwise].filter { $0 >= 0 }
            default: break
            }
        }
        return found
    }
}
