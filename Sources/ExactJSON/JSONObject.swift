/// The members of a JSON object: names unique by their bytes, in the order of RFC 8785 (UTF-16 code units).
///
/// Looking a name up is a binary search; setting one moves those after it.
package struct JSONObject: Sendable, Hashable {
    package struct Member: Sendable, Hashable {
        package let name: String
        package internal(set) var value: JSONValue

        package static func == (left: Member, right: Member) -> Bool {
            left.name.hasSameBytes(as: right.name) && left.value == right.value
        }

        package func hash(into hasher: inout Hasher) {
            name.hashBytes(into: &hasher)
            hasher.combine(value)
        }
    }

    /// In order; for readers that walk along them.
    package private(set) var members: [Member]

    package init() {
        members = []
    }

    package init(_ members: some Sequence<(String, JSONValue)>) throws(JSONDuplicateMember) {
        var sorted = members.map { Member(name: $0.0, value: $0.1) }
        if let name = Self.sort(&sorted) { throw JSONDuplicateMember(name: name) }
        self.members = sorted
    }

    /// A name that occurs twice stops the program: for names the caller knows to be unique.
    package init(uniqueMembers members: some Sequence<(String, JSONValue)>) {
        var sorted = members.map { Member(name: $0.0, value: $0.1) }
        let duplicate = Self.sort(&sorted)
        precondition(duplicate == nil, "a member name occurs twice")
        self.members = sorted
    }

    /// Members already in order and unique.
    init(sorted members: [Member]) {
        self.members = members
    }

    package var count: Int { members.count }
    package var isEmpty: Bool { members.isEmpty }
    package var names: [String] { members.map(\.name) }
    package var values: [JSONValue] { members.map(\.value) }

    /// Setting nil removes the member.
    package subscript(name: String) -> JSONValue? {
        get {
            let (index, isPresent) = find(name)
            return isPresent ? .some(members[index].value) : .none
        }
        set {
            let (index, isPresent) = find(name)
            switch (newValue, isPresent) {
            case (let value?, true): members[index].value = value
            case (let value?, false): members.insert(Member(name: name, value: value), at: index)
            case (nil, true): members.remove(at: index)
            case (nil, false): break
            }
        }
    }

    package func mapValues<Failure>(
        _ transform: (JSONValue) throws(Failure) -> JSONValue
    ) throws(Failure) -> JSONObject {
        var result = members
        for index in result.indices { result[index].value = try transform(result[index].value) }
        return JSONObject(sorted: result)
    }

    private static func sort(_ members: inout [Member]) -> String? {
        members.withUnsafeMutableBufferPointer { sort($0) }
    }

    /// Puts the members in order and returns a name that occurs twice, if any.
    static func sort(_ members: UnsafeMutableBufferPointer<Member>) -> String? {
        if members.count <= 16 { return insertionSort(members) }
        let isSorted = members.indices.dropFirst().allSatisfy {
            members[$0 - 1].name.precedesInUTF16(members[$0].name)
        }
        if isSorted { return nil }
        var members = members
        members.sort { $0.name.precedesInUTF16($1.name) }
        for index in members.indices.dropFirst() where members[index - 1].name.hasSameBytes(as: members[index].name) {
            return members[index].name
        }
        return nil
    }

    private static func insertionSort(_ members: UnsafeMutableBufferPointer<Member>) -> String? {
        for sorted in members.indices.dropFirst() {
            var place = sorted
            while place > 0 {
                let order = members[place - 1].name.orderInUTF16(members[sorted].name)
                if order == 0 { return members[sorted].name }
                if order < 0 { break }
                place -= 1
            }
            if place == sorted { continue }
            let member = members.moveElement(from: sorted)
            let later = members.extracting(place..<sorted)
            _ = members.extracting(place + 1..<sorted + 1).moveInitialize(fromContentsOf: later)
            members.initializeElement(at: place, to: member)
        }
        return nil
    }

    /// Where the member of that name is, or belongs.
    private func find(_ name: String) -> (index: Int, isPresent: Bool) {
        var low = 0
        var high = members.count
        while low < high {
            let middle = (low + high) / 2
            let order = members[middle].name.orderInUTF16(name)
            if order == 0 { return (middle, true) }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return (low, false)
    }
}

extension JSONObject: Sequence {
    package struct Iterator: IteratorProtocol {
        private var members: IndexingIterator<[Member]>

        fileprivate init(_ members: [Member]) {
            self.members = members.makeIterator()
        }

        package mutating func next() -> (name: String, value: JSONValue)? {
            members.next().map { (name: $0.name, value: $0.value) }
        }
    }

    package func makeIterator() -> Iterator { Iterator(members) }
    package var underestimatedCount: Int { members.count }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// A name that occurs twice stops the program.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(uniqueMembers: elements)
    }
}

/// Two members of one object were given the same name.
package struct JSONDuplicateMember: Error, Sendable, CustomStringConvertible {
    package let name: String

    package var description: String { "The member name \"\(name)\" occurs twice; give each member its own name." }
}
