import TestSupport
import Testing

@testable import ConfigPlatformModel

@Suite struct LayeringTests {
    private typealias Inheritance = [(EnvironmentName, [EnvironmentName])]

    private func states(_ inheritance: Inheritance) throws -> [EnvironmentName: EnvironmentState] {
        var states: [EnvironmentName: EnvironmentState] = [:]
        for (name, inherits) in inheritance {
            states[name] = EnvironmentState(
                name: name, body: try EnvironmentBody(inherits: inherits), revision: 1, own: SettingIndex())
        }
        return states
    }

    private func layering(_ inheritance: Inheritance) throws -> Layering {
        let states = try self.states(inheritance)
        return try Layering(states, altered: Set(states.keys))
    }

    private func fault(_ inheritance: Inheritance) throws -> Layering.Fault? {
        do {
            _ = try layering(inheritance)
            return nil
        } catch let fault as Layering.Fault {
            return fault
        }
    }

    private func name(_ number: Int) -> EnvironmentName { EnvironmentName(stringLiteral: "e\(1000 + number)") }

    /// Each inherits from the one before it.
    private func chain(_ count: Int) -> Inheritance {
        (0..<count).map { (name($0), $0 == 0 ? [] : [name($0 - 1)]) }
    }

    @Test func `layers come each once, after all they inherit from, in the order they are listed`() throws {
        let layers = try layering([
            ("base", []), ("eu", ["base"]), ("docker", ["base"]), ("prod", ["eu", "docker"]),
            ("odd", ["docker", "eu", "base"]), ("early", ["base", "prod", "eu"]),
        ]).layers
        #expect(layers["base"] == ["base"])
        #expect(layers["prod"] == ["base", "eu", "docker", "prod"])
        #expect(layers["odd"] == ["base", "docker", "eu", "odd"])
        #expect(layers["early"] == ["base", "eu", "docker", "prod", "early"])
    }

    @Test func `readers of a layer are those that have it among theirs`() throws {
        try SeededGenerator.runs(100) { random in
            let inheritance = randomInheritance(&random)
            let layering = try self.layering(inheritance)
            for (name, _) in inheritance {
                let expected = inheritance.map(\.0).filter { layering.layers[$0]?.contains(name) == true }
                #expect(Set(layering.readers[name] ?? []) == Set(expected), "\(random)")
                #expect(layering.readers[name]?.count == expected.count, "\(random)")
            }
        }
    }

    /// Each inherits from some of those before it.
    private func randomInheritance(_ random: inout SeededGenerator) -> Inheritance {
        (0..<random.int(in: 1...9)).map { number in
            (name(number), (0..<number).filter { _ in random.chance(oneIn: 3) }.map(name).shuffled(using: &random))
        }
    }

    @Test func `a layering made from the one before it is the one made afresh`() throws {
        try SeededGenerator.runs(200) { random in
            var inheritance = randomInheritance(&random)
            let before = try layering(inheritance)
            let index = random.int(in: 0...inheritance.count - 1)
            inheritance[index].1 = (0..<index).filter { _ in random.chance(oneIn: 2) }.map(name)
            var altered: Set<EnvironmentName> = [inheritance[index].0]
            if random.chance(oneIn: 2) {
                inheritance.append(("new", [inheritance[index].0]))
                altered.insert("new")
            }
            if random.chance(oneIn: 2) {
                let last = inheritance.removeLast().0
                altered.insert(last)
            }
            let states = try self.states(inheritance)
            let after = try Layering(states, known: before, altered: altered)
            let afresh = try layering(inheritance)
            #expect(after.layers == afresh.layers, "\(random)")
            #expect(after.readers.mapValues(Set.init) == afresh.readers.mapValues(Set.init), "\(random)")
        }
    }

    @Test func `a circle is refused with its environments, and so is one of one`() throws {
        #expect(try fault([("a", ["a"])]) == .cycle(["a", "a"]))
        #expect(try fault([("a", ["c"]), ("b", ["a"]), ("c", ["b"]), ("d", ["a"])]) == .cycle(["a", "c", "b", "a"]))
        #expect(
            Layering.Fault.cycle(["a", "c", "b", "a"]).message
                == "Environments would inherit from one another in a circle: a → c → b → a.")
    }

    @Test func `an environment that is not there cannot be inherited from`() throws {
        #expect(try fault([("a", ["b", "nowhere"]), ("b", [])]) == .missing("nowhere", inheritedBy: "a"))
    }

    @Test func `inheritance goes at most 16 deep`() throws {
        #expect(try fault(chain(17)) == nil)
        #expect(try fault(chain(18)) == .tooDeep(name(17)))
        #expect(try fault(chain(5_000)) == .tooDeep(name(17)))
    }

    @Test func `the longest way up is what counts, in whichever order it is listed`() throws {
        // `top` inherits from the end of a chain both straight and along it: 17 deep the long way.
        for inherits in [[name(0), name(16)], [name(16), name(0)]] {
            #expect(try fault(chain(17) + [("top", inherits)]) == .tooDeep("top"))
        }
        for inherits in [[name(0), name(15)], [name(15), name(0)]] {
            #expect(try fault(chain(16) + [("top", inherits)]) == nil)
        }
    }

    @Test func `an environment has at most 64 layers, itself among them`() throws {
        /// `top` over two that inherit from `left` and `right` others.
        func wide(_ left: Int, _ right: Int) -> Inheritance {
            let lefts = (0..<left).map { name($0) }
            let rights = (100..<100 + right).map { name($0) }
            return (lefts + rights).map { ($0, []) } + [
                ("left", lefts), ("right", rights), ("top", ["left", "right"]),
            ]
        }
        #expect(try fault(wide(31, 30)) == nil)
        #expect(try layering(wide(31, 30)).layers["top"]?.count == 64)
        #expect(try fault(wide(31, 31)) == .tooManyLayers("top", 65))
        #expect(
            Layering.Fault.tooManyLayers("top", 65).message == "'top' has 65 layers; an environment has at most 64.")
    }

    @Test func `at most 5000 environments inherit from one`() throws {
        let leaves = (0..<5_000).map { (name($0), ["base"] as [EnvironmentName]) }
        #expect(try fault([("base", [])] + leaves) == nil)
        #expect(try fault([("base", [])] + leaves + [("one-more", ["base"])]) == .tooManyReaders("base", 5_002))
        #expect(
            Layering.Fault.tooManyReaders("base", 5_002).message
                == "5001 environments inherit from 'base'; at most 5000 may.")
    }

    @Test func `of several faults the same one is reported every time`() throws {
        for _ in 0..<20 {
            #expect(try fault([("d", ["x"]), ("c", ["y"]), ("b", ["b"]), ("e", ["z"])]) == .cycle(["b", "b"]))
        }
    }
}
