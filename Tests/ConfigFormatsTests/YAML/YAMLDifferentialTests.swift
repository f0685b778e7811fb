import ConfigFormats
import ConfigPlatformModel
import TestSupport
import Testing

/// Random YAML of the sorts people write, read by this reader and by libyaml.
@Suite struct YAMLDifferentialTests {
    @Test func `random documents have the values that libyaml gives them`() throws {
        try SeededGenerator.runs(500) { random in
            var writer = RandomYAML(random: random)
            let text = writer.document()
            let expected = try Oracles.libyaml(text)
            let settings = try Reading(text, as: .yaml).settings
            let values = Dictionary(
                uniqueKeysWithValues: settings.map { ($0.key.segments.joined(separator: "."), $0.value) })
            #expect([values] == expected, "\(random)\n\(text)")
        }
    }
}

/// Writes mappings in varying styles, with comments, empty lines and varying indentation.
private struct RandomYAML {
    var random: SeededGenerator
    private var text = ""

    init(random: SeededGenerator) {
        self.random = random
    }

    mutating func document() -> String {
        text = random.chance(oneIn: 3) ? "---\n" : ""
        mapping(indentation: 0, depth: 0)
        return text
    }

    private mutating func noise() {
        if random.chance(oneIn: 6) { text += "\n" }
        if random.chance(oneIn: 6) {
            text += String(repeating: " ", count: random.int(in: 0...6)) + "# a comment: with [brackets\n"
        }
    }

    private mutating func mapping(indentation: Int, depth: Int) {
        for index in 0..<random.int(in: 1...4) {
            noise()
            let name = "k\(index)"
            let key = random.element(of: [name, name, "'\(name)'", "\"\(name)\"", "\(name) "])
            text += String(repeating: " ", count: indentation) + key + ":"
            value(indentation: indentation, depth: depth)
        }
    }

    private mutating func value(indentation: Int, depth: Int) {
        switch random.int(in: 0...(depth < 3 ? 8 : 5)) {
        case 0...2: text += " " + scalar() + (random.chance(oneIn: 4) ? " # c" : "") + "\n"
        case 3: text += " " + flow(0) + "\n"
        case 4: block(indentation: indentation + random.int(in: 1...3))
        case 5:
            text +=
                "\n" + String(repeating: " ", count: indentation + 1) + "one\n"
                + String(repeating: " ", count: indentation + 2) + "two three\n"
        case 6:
            text += "\n"
            mapping(indentation: indentation + random.int(in: 1...4), depth: depth + 1)
        default:
            text += "\n"
            sequence(indentation: indentation + random.int(in: 0...2), depth: depth + 1)
        }
    }

    private mutating func sequence(indentation: Int, depth: Int) {
        for _ in 0..<random.int(in: 1...3) {
            noise()
            text += String(repeating: " ", count: indentation) + "-"
            if depth < 3, random.chance(oneIn: 4) {
                text += " k: " + scalar() + "\n" + String(repeating: " ", count: indentation + 2) + "l:"
                value(indentation: indentation + 2, depth: depth + 1)
            } else if random.chance(oneIn: 5) {
                text +=
                    " - " + scalar() + "\n" + String(repeating: " ", count: indentation + 2) + "- " + scalar() + "\n"
            } else {
                text += " " + (random.chance(oneIn: 3) ? flow(0) : scalar()) + "\n"
            }
        }
    }

    private mutating func block(indentation: Int) {
        text += " " + random.element(of: ["|", ">", "|-", ">-", "|+", ">+"]) + "\n"
        let margin = String(repeating: " ", count: indentation)
        text += margin + "first\n"
        for _ in 0..<random.int(in: 0...4) {
            text += random.element(of: [
                margin + "more: text # here\n", "\n", margin + "  indented\n", margin + "- x\n",
            ])
        }
    }

    private mutating func flow(_ depth: Int) -> String {
        switch random.int(in: 0...(depth < 2 ? 3 : 1)) {
        case 0, 1: return random.element(of: ["1", "x y", "'a, b'", "\"c: d\"", "true", "x:y", "-5", "null"])
        case 2:
            return "["
                + (0..<random.int(in: 0...3)).map { _ in flow(depth + 1) }.joined(
                    separator: random.element(of: [", ", ",", " , ", ",\n      "])) + "]"
        default:
            let pairs = (0..<random.int(in: 0...3)).map { "f\($0): " + flow(depth + 1) }
            return "{" + pairs.joined(separator: random.element(of: [", ", " , ", ",\n      "])) + "}"
        }
    }

    private mutating func scalar() -> String {
        random.element(of: [
            "1", "1.5", "true", "null", "~", "x", "two words", "'it''s'", "\"a\\tb\\n\"", "a:b", "a#b", "http://x/y",
            "-x", "x: 'y'".replacing(": ", with: ":"), "'multi\n    line\n\n    text'",
            "\"multi\n    line \\\n    text\"", "''", "\"\"", "[]", "{}", "é 日本", "'# no comment'", "<x>", "a, b",
            "\"\\u00e9\\x41\"", "no", "0",
        ])
    }
}
