import ConfigFormats
import ConfigPlatformModel
import Testing

@Suite struct YAMLErrorTests {
    @Test(arguments: [
        Refusal("- a\n- b\n", 1, 1, "list"), Refusal("text", 1, 1, "single value"),
        Refusal("a: 1\n---\n- b\n", 3, 1, "list"),
        Refusal("a: b: c\n", 1, 5, "':'"), Refusal("a: 1\n b: 2\n", 2, 3, "':'"),
        Refusal("a:\n  b: 1\n c: 2\n", 3, 2, "indentation"),
        Refusal("a: 'x\n", 1, 4, "closed"), Refusal("a: \"x", 1, 4, "closed"),
        Refusal("a: [1, 2\nb: 3\n", 2, 2, "one line"), Refusal("a: [1", 1, 4, "closed"),
        Refusal("a: {b: 1\n", 1, 4, "closed"), Refusal("a: [1 , , 2]", 1, 9, "missing"),
        Refusal("a: [1]x\n", 1, 7, "ended"), Refusal("a: 'x' y\n", 1, 8, "ended"),
        Refusal("a: 1\nb\n", 2, 1, "':"), Refusal("a: - 1\n", 1, 4, "list"), Refusal("a: *x\n", 1, 4, "'*x'"),
        Refusal("a: &x [*x]\n", 1, 8, "'*x'"),
        Refusal("a: 1\na: 2\n", 2, 1, "line 1"), Refusal("a:\n  'b': 1\n  b: 1\n", 3, 3, "line 2"),
        Refusal("a: [{x: 1, x: 2}]\n", 1, 12, "line 1"),
        Refusal("a: \"\\q\"\n", 1, 5, "escape"), Refusal("a: \"\\ud800\"\n", 1, 5, "no character"),
        Refusal("a: \"\\x4\"\n", 1, 5, "2 hexadecimal"),
        Refusal("a: @x\n", 1, 4, "'@'"), Refusal("a: `x\n", 1, 4, "'`'"), Refusal("a: %x\n", 1, 4, "'%'"),
        Refusal("a:\n\tb: 1\n", 2, 2, "tab"), Refusal("a:\n  - b\n\t- c\n", 3, 2, "tab"),
        Refusal("a: !custom x\n", 1, 4, "!custom"), Refusal("a: !!binary eA==\n", 1, 4, "!!binary"),
        Refusal("a: !!set {x}\n", 1, 4, "!!set"),
        Refusal("a: !!int x\n", 1, 4, "!!int"), Refusal("a: !!bool yes\n", 1, 4, "!!bool"),
        Refusal("a: !e!x y\n", 1, 4, "!e!"), Refusal("!!str a: &b\n!x b: 1", 2, 1, "!x"),
        Refusal("? [a]\n: 1\n", 1, 3, "name"), Refusal("? {a: b}\n: 1\n", 1, 3, "name"),
        Refusal("a: &a [1]\n? *a\n: 2\n", 2, 3, "name"),
        Refusal("a:\n  <<: 1\n", 2, 7, "<<"), Refusal("a:\n  <<: [1]\n", 2, 8, "<<"),
        Refusal("a: |x\n  y\n", 1, 5, "'|'"), Refusal("a: &x &y 1\n", 1, 7, "'&'"),
        Refusal("%YAML 2.0\n---\na: 1\n", 1, 1, "version"), Refusal("%YAML 1.2\na: 1\n", 2, 1, "'---'"),
        Refusal("a: 1\n... x\n", 2, 5, "ended"), Refusal("a: 1 # x\n#y\nb:2\n", 3, 1, "':"),
        Refusal("a: \u{1}\n", 1, 4, "control"), Refusal("--- a: 1\n", 1, 6, "':'"),
        Refusal("a: \"x\n---\ny\"\n", 1, 4, "document"), Refusal("a: x\n... \nb: y\n--- |\n z", 4, 5, "single value"),
        Refusal("a: 0x" + String(repeating: "f", count: 1_001), 1, 4, "1000"),
        Refusal("a: 1e9999999", 1, 4, "power of ten"),
        Refusal("a: " + String(repeating: "9", count: 1_001), 1, 4, "digits"),
    ])
    func `what cannot be read is refused with its place`(_ refusal: Refusal) { refusal.check(.yaml) }

    @Test func `every name that stands twice is reported`() {
        let problem = #expect(throws: Problem.self) { try Reading("a: 1\nb: 2\na: 3\nb: 4\nc: .inf\n", as: .yaml) }
        #expect(problem?.violations.map(\.line) == [3, 4, 5])
        #expect(problem?.detail.contains("first of 3") == true)
    }

    @Test func `of very many places a hundred are named`() {
        let text = String(repeating: "a: 1\n", count: 5_000)
        let problem = #expect(throws: Problem.self) { try Reading(text, as: .yaml) }
        #expect(problem?.violations.count == 100)
    }
}
