package import ExactJSON

/// A value that is compared and hashed by the JSON it is written as: strings in it count byte by byte.
package protocol FlagItemValue: Hashable, Sendable {
    var json: JSONValue { get }
}

extension FlagItemValue {
    package static func == (left: Self, right: Self) -> Bool { left.json == right.json }
    package func hash(into hasher: inout Hasher) { json.hash(into: &hasher) }
}

/// The faults of one body while it is read.
final class FlagItemFaults {
    private var faults: [InvalidFlagItem.Fault] = []

    func add(_ message: String, at pointer: JSONPointer) {
        if faults.count < FlagLimits.faults { faults.append(InvalidFlagItem.Fault(message, at: pointer)) }
    }

    /// The value, or the faults that were found while it was read.
    func check<Value>(_ value: Value?) throws(InvalidFlagItem) -> Value {
        guard faults.isEmpty, let value else {
            throw faults.isEmpty ? InvalidFlagItem("The body cannot be read.") : InvalidFlagItem(faults)
        }
        return value
    }

    /// What the closure parses; nil, with its fault kept, where it throws.
    func parsed<Value>(
        at pointer: @autoclosure () -> JSONPointer, _ parse: () throws(InvalidFlagItem) -> Value
    ) -> Value? {
        do throws(InvalidFlagItem) { return try parse() } catch {
            let base = pointer()
            for fault in error.faults {
                add(fault.message, at: JSONPointer(tokens: base.tokens + fault.pointer.tokens))
            }
            return nil
        }
    }
}

/// Reads the members of one object of a body. What is wrong goes to the faults, and nil, or the value of an absent member, comes back.
struct FlagItemReader {
    let members: JSONObject
    let pointer: JSONPointer
    let faults: FlagItemFaults

    /// Nil where it is no object. Members other than those allowed are faults.
    init?(_ json: JSONValue, at pointer: JSONPointer, what: String, allowed: [String], faults: FlagItemFaults) {
        guard case .object(let members) = json else {
            faults.add("\(what.capitalizedFirst) is a JSON object.", at: pointer)
            return nil
        }
        for name in members.names where !allowed.contains(where: { $0.hasSameBytes(as: name) }) {
            faults.add(
                "'\(InvalidFlagItem.shown(name))' is not a member of \(what); there are: \(allowed.joined(separator: ", ")).",
                at: pointer.appending(name))
        }
        self.members = members
        self.pointer = pointer
        self.faults = faults
    }

    func has(_ name: String) -> Bool { members[name] != nil }

    func add(_ message: String, at name: String) { faults.add(message, at: pointer.appending(name)) }

    /// Absent: nil.
    func text(_ name: String, bytes: Int, emptyIsAbsent: Bool = true) -> String? {
        guard let value = members[name] else { return nil }
        guard let text = value.stringValue else {
            add("'\(name)' is a text; write it in double quotes.", at: name)
            return nil
        }
        guard text.utf8.count <= bytes else {
            add("'\(name)' has \(text.utf8.count) bytes; it has at most \(bytes).", at: name)
            return nil
        }
        return text.isEmpty && emptyIsAbsent ? nil : text
    }

    func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, of type: Choice.Type) -> Choice?
    where Choice.RawValue == String {
        guard let value = members[name] else { return nil }
        guard
            let choice = value.stringValue.flatMap({ text in
                Choice.allCases.first { $0.rawValue.hasSameBytes(as: text) }
            })
        else {
            let known = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            add("'\(name)' is one of \(known).", at: name)
            return nil
        }
        return choice
    }

    func flag(_ name: String) -> Bool {
        guard let value = members[name] else { return false }
        guard let flag = value.boolValue else {
            add("'\(name)' is true or false.", at: name)
            return false
        }
        return flag
    }

    func integer(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
        guard let value = members[name] else { return nil }
        guard let number = value.int64Value, range.contains(number) else {
            add("'\(name)' is a whole number from \(range.lowerBound) to \(range.upperBound).", at: name)
            return nil
        }
        return number
    }

    func time(_ name: String) -> FlagTime? {
        identifier(name, remedy: "a time such as \"2026-12-24T18:00:00Z\"") { text throws(InvalidFlagItem) in
            try FlagTime(parsing: text)
        }
    }

    /// Absent: nil. `remedy` says what to write.
    func identifier<Identifier>(
        _ name: String, remedy: String, _ parse: (String) throws(InvalidFlagItem) -> Identifier
    ) -> Identifier? {
        guard let value = members[name] else { return nil }
        return identifier(value, remedy: remedy, at: pointer.appending(name), parse)
    }

    func identifier<Identifier>(
        _ value: JSONValue, remedy: String, at pointer: @autoclosure () -> JSONPointer,
        _ parse: (String) throws(InvalidFlagItem) -> Identifier
    ) -> Identifier? {
        guard let text = value.stringValue else {
            faults.add("This is \(remedy); write it in double quotes.", at: pointer())
            return nil
        }
        return faults.parsed(at: pointer()) { () throws(InvalidFlagItem) in try parse(text) }
    }

    /// The elements of a list; absent: none. Each comes with its place.
    func list<Element>(
        _ name: String, of what: String, upTo limit: Int, _ read: (JSONValue, () -> JSONPointer) -> Element?
    ) -> [Element] {
        guard let value = members[name] else { return [] }
        guard let values = value.arrayValue else {
            add("'\(name)' is a list of \(what).", at: name)
            return []
        }
        guard values.count <= limit else {
            add("'\(name)' lists \(values.count) \(what); at most \(limit) may be listed.", at: name)
            return []
        }
        return values.enumerated().compactMap { index, value in
            read(value) { pointer.appending(name).appending(index) }
        }
    }

    func texts(_ name: String, of what: String, upTo limit: Int, bytes: Int) -> [String] {
        list(name, of: what, upTo: limit) { value, pointer in
            guard let text = value.stringValue, (1...bytes).contains(text.utf8.count) else {
                faults.add("Each of the \(what) is a text of 1 to \(bytes) bytes.", at: pointer())
                return nil
            }
            return text
        }
    }

    func identifiers<Identifier>(
        _ name: String, of what: String, upTo limit: Int, remedy: String,
        _ parse: (String) throws(InvalidFlagItem) -> Identifier
    ) -> [Identifier] {
        list(name, of: what, upTo: limit) { value, pointer in
            identifier(value, remedy: remedy, at: pointer(), parse)
        }
    }
}

extension FlagItemReader {
    func variant(_ name: String) -> VariantName? {
        identifier(name, remedy: "the name of a variant") { text throws(InvalidFlagItem) in
            try VariantName(parsing: text)
        }
    }

    func attribute(_ name: String) -> AttributePath? {
        identifier(name, remedy: "an attribute such as \"targetingKey\"") { text throws(InvalidFlagItem) in
            try AttributePath(parsing: text)
        }
    }

    func segment(_ name: String) -> SegmentName? {
        identifier(name, remedy: "the name of a segment") { text throws(InvalidFlagItem) in
            try SegmentName(parsing: text)
        }
    }
}

extension JSONValue {
    /// Refuses a body that is too large to keep.
    func checkSize(_ limit: Int, of what: String) throws(InvalidFlagItem) {
        let bytes = canonicalBytes().count
        guard bytes <= limit else {
            throw InvalidFlagItem("\(what.capitalizedFirst) has \(bytes) bytes; it has at most \(limit).")
        }
    }
}

extension String {
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
