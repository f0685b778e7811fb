import ConfigPlatformModel
import TestSupport
import Testing

@Suite struct CanonicalJSONTests {
    private static let vectors = "conformance/jcs-rfc8785/testdata"

    private func canonical(_ text: String) throws -> String {
        try JSONValue(parsing: text).canonicalText
    }

    /// Every number as a reader that keeps doubles would have it.
    private func rounded(_ value: JSONValue) throws -> JSONValue {
        switch value {
        case .number(let number): .number(try #require(JSONNumber(number.double)))
        case .array(let elements): .array(try elements.map(rounded))
        case .object(let object): .object(try object.mapValues(rounded))
        case .null, .bool, .string: value
        }
    }

    @Test(
        .enabled(
            if: SharedData.path(vectors) != nil,
            "skipped for want of the RFC 8785 vectors (conformance/jcs-rfc8785 in the shared data)"),
        arguments: SharedData.fileNames(in: vectors + "/input"))
    func `the vectors of RFC 8785 come out byte for byte`(name: String) throws {
        let input = try JSONValue(parsing: SharedData.bytes("\(Self.vectors)/input/\(name)"))
        let output = try SharedData.bytes("\(Self.vectors)/output/\(name)")
        let hexName = name.replacing(".json", with: ".txt")
        let hex = String(decoding: try SharedData.bytes("\(Self.vectors)/outhex/\(hexName)"), as: UTF8.self)
        let outputHex = hex.split(whereSeparator: \.isWhitespace).compactMap { UInt8($0, radix: 16) }
        let bytes = try rounded(input).canonicalBytes()
        #expect(bytes == output)
        #expect(bytes == outputHex)
        // In values.json one number has more digits than a double keeps, and is kept.
        #expect((input.canonicalBytes() == output) == (name != "values.json"))
        #expect(try JSONValue(parsing: output).canonicalBytes() == output)
    }

    @Test func `a number no double holds keeps its digits`() throws {
        #expect(try canonical("[333333333.33333329, 9007199254740993]") == "[333333333.33333329,9007199254740993]")
    }

    @Test func `strings are escaped where they must be and nowhere else`() throws {
        var all = ""
        for code in 0...0x80 { all.unicodeScalars.append(Unicode.Scalar(UInt8(code))) }
        all += "\u{2028}/é😀"
        let controls = (0..<0x20).map { code -> String in
            switch code {
            case 8: return "\\b"
            case 9: return "\\t"
            case 10: return "\\n"
            case 12: return "\\f"
            case 13: return "\\r"
            default: return "\\u00" + (code < 16 ? "0" : "") + String(code, radix: 16)
            }
        }.joined()
        let rest =
            " !\\\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\u{7f}"
        #expect(JSONValue.string(all).canonicalText == "\"" + controls + rest + "\u{80}\u{2028}/é😀\"")
    }

    @Test func `a special byte is found at every place of a string`() throws {
        for length in 0...40 {
            for place in 0..<max(length, 1) where length > 0 {
                for special in ["\"", "\\", "\u{1}", "\n"] {
                    var characters = Array(repeating: "x", count: length)
                    characters[place] = special
                    let value = JSONValue.string(characters.joined())
                    #expect(try JSONValue(parsing: value.canonicalBytes()) == value)
                    #expect(value.canonicalBytes().count > length + 2)
                }
            }
        }
    }

    @Test func `members stand in the order of UTF-16 code units`() throws {
        // U+1F600 is D83D DE00 in UTF-16 and so comes before U+E000 and U+FFFF, although its UTF-8 comes after theirs.
        let names = [
            "", "\u{0}", "\r", "1", "10", "A", "a", "aa", "a\u{1F600}", "a\u{E000}", "é", "\u{D7FF}", "\u{10000}",
            "\u{1F600}", "\u{1F600}b", "\u{10FFFF}", "\u{E000}", "\u{FFFF}", "\u{FFFF}\u{10000}", "\u{FFFF}\u{E000}",
        ]
        try SeededGenerator.runs(50) { random in
            let object = try JSONObject(names.shuffled(using: &random).map { ($0, JSONValue.null) })
            #expect(object.names == names, "\(random)")
            let text =
                "{" + names.shuffled(using: &random).map { "\(JSONValue.string($0)):null" }.joined(separator: ",") + "}"
            #expect(try JSONValue(parsing: text).objectValue?.names == names, "\(random)")
        }
    }

    @Test func `the order of names is that of their UTF-16 code units`() throws {
        try SeededGenerator.runs(2_000) { random in
            let left = RandomJSON.string(&random)
            let right = random.chance(oneIn: 4) ? left + RandomJSON.string(&random) : RandomJSON.string(&random)
            #expect(left.precedesInUTF16(right) == left.utf16.lexicographicallyPrecedes(right.utf16), "\(random)")
            #expect(left.hasSameBytes(as: right) == left.utf8.elementsEqual(right.utf8), "\(random)")
        }
    }

    /// Texts of up to 15 ASCII bytes are compared and hashed as `String` holds them, which is another way than that of longer ones.
    @Test func `short texts compare and hash as what they say, however they are held`() throws {
        func heldElsewhere(_ text: String) -> String {
            var held = String(repeating: "x", count: 40)
            held.removeAll(keepingCapacity: true)
            held += text
            return held
        }
        func hash(_ text: String) -> Int {
            var hasher = Hasher()
            text.hashBytes(into: &hasher)
            return hasher.finalize()
        }
        try SeededGenerator.runs(3_000) { random in
            let letters = ["\0", "a", "b", "z", "~", "é"]
            func text() -> String {
                (0..<random.int(in: 0...17)).map { _ in letters[random.int(in: 0...letters.count - 1)] }.joined()
            }
            let (left, right) = (text(), text())
            for (left, right) in [(left, right), (heldElsewhere(left), right), (left, heldElsewhere(right))] {
                #expect(left.precedesInUTF16(right) == left.utf16.lexicographicallyPrecedes(right.utf16), "\(random)")
                #expect(left.hasSameBytes(as: right) == left.utf8.elementsEqual(right.utf8), "\(random)")
            }
            #expect(left.hasSameBytes(as: heldElsewhere(left)) && left.orderInUTF16(heldElsewhere(left)) == 0)
            #expect(hash(left) == hash(heldElsewhere(left)), "\(random)")
            #expect((hash(left) == hash(right)) == left.hasSameBytes(as: right), "\(random)")
        }
    }

    @Test func `a value survives writing and reading`() throws {
        try SeededGenerator.runs(3_000) { random in
            let value = RandomJSON.value(&random, depth: random.int(in: 0...6))
            let bytes = value.canonicalBytes()
            let again = try JSONValue(parsing: bytes)
            #expect(again == value, "\(random)")
            #expect(again.hashValue == value.hashValue, "\(random)")
            #expect(again.canonicalBytes() == bytes, "\(random)")
            #expect(try JSONValue(parsing: value.prettyText()) == value, "\(random)")
            #expect(try JSONValue(parsing: RandomJSON.spell(value, &random)).canonicalBytes() == bytes, "\(random)")
            var appended: [UInt8] = [1, 2]
            value.writeCanonical(into: &appended)
            #expect(appended == [1, 2] + bytes, "\(random)")
        }
    }

    @Test func `values are equal exactly when their canonical bytes are`() throws {
        try SeededGenerator.runs(2_000) { random in
            let left = RandomJSON.value(&random, depth: 2)
            let right = random.chance(oneIn: 2) ? left : RandomJSON.value(&random, depth: 2)
            #expect((left == right) == (left.canonicalBytes() == right.canonicalBytes()), "\(random)")
        }
    }

    @Test func `a damaged text is refused or read, never a trap`() throws {
        try SeededGenerator.runs(5_000) { random in
            var bytes = RandomJSON.value(&random, depth: 3).canonicalBytes()
            for _ in 0...random.int(in: 0...3) where !bytes.isEmpty {
                let place = random.int(in: 0...bytes.count - 1)
                switch random.int(in: 0...2) {
                case 0: bytes[place] = UInt8(random.int(in: 0...255))
                case 1: bytes.remove(at: place)
                default: bytes.removeLast(bytes.count - place)
                }
            }
            do throws(JSONParseError) {
                let value = try JSONValue(parsing: bytes)
                #expect(try! JSONValue(parsing: value.canonicalBytes()) == value, "\(random)")
            } catch {
                #expect((0...bytes.count).contains(error.offset), "\(random)")
                #expect(error.line >= 1 && error.column >= 1, "\(random)")
            }
        }
    }
}
