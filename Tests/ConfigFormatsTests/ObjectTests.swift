import ConfigFormats
import ConfigPlatformModel
import Testing

/// What files say below keys whose values are objects.
@Suite struct ObjectTests {
    private func gathered(
        _ text: String, as format: ConfigFormat, at keys: [String], references: ImportOptions.References? = nil
    ) throws -> [ImportedSetting] {
        let document = try #require(try Reading(text, as: format, references: references).file.documents.first)
        return document.gathering(Set(try keys.map { try key($0) }), isOfTexts: !format.hasTypes).settings
    }

    @Test(arguments: [
        (
            ConfigFormat.json,
            "{\"a\": 1, \"o\": {\"x\": 1, \"y\": {\"z\": [1], \"\": {}}, \"p.q\": 2}, \"z\": {\"o\": 3}}"
        ),
        (.yaml, "a: 1\no.y: {z: [1], '': {}}\no:\n  x: 1\n  '\"p.q\"': 2\nz:\n  o: 3\n"),
        (.toml, "a = 1\no.x = 1\no.y = {z = [1], \"\" = {}}\no.\"p.q\" = 2\nz.o = 3\n"),
    ])
    func `what stands below the key of an object is that object`(format: ConfigFormat, text: String) throws {
        let settings = try gathered(text, as: format, at: ["o", "q"])
        #expect(settings.map(\.key.text) == ["a", "o", "z.o"])
        #expect(settings.map(\.value) == [1, ["x": 1, "y": ["z": [1], "": [:]], "p.q": 2], 3])
        #expect(try gathered(text, as: format, at: []).map(\.key.text).contains("o.x"))
    }

    @Test func `an object has the place of the first of its members`() throws {
        let settings = try gathered("a: 1\no:\n  y: 1\nb: 2\no.x: 2\n", as: .yaml, at: ["o"])
        #expect(settings.map { "\($0.key) \($0.line ?? 0):\($0.column ?? 0)" } == ["a 1:1", "o 3:3", "b 4:1"])
        #expect(settings[1].value == ["x": 2, "y": 1])
    }

    @Test func `live members make a live object, in which the others are escaped`() throws {
        let text = "o:\n  a: ${h}\n  b: $${x}\n  c: [5, '$${y}']\n"
        let live = try gathered(text, as: .yaml, at: ["o"], references: .live)
        #expect(live.map(\.value) == [["a": "${h}", "b": "$${x}", "c": [5, "$${y}"]]])
        #expect(live.map(\.hasLiveReferences) == [true])
        let literal = try gathered(text, as: .yaml, at: ["o"])
        #expect(literal.map(\.value) == [["a": "${h}", "b": "$${x}", "c": [5, "$${y}"]]])
        #expect(literal.map(\.hasLiveReferences) == [false])
        let unreferring = try gathered("o:\n  b: $${x}\n", as: .yaml, at: ["o"], references: .live)
        #expect(unreferring.map(\.value) == [["b": "${x}"]])
        #expect(unreferring.map(\.hasLiveReferences) == [false])
    }

    @Test func `in formats of texts a text that is a JSON object is that object, where one is read`() throws {
        let text = "o={\"x\": 1, \"y\": \"${h}\"}\np={\"x\": 1}\nq=[1]\nr=text\ns.x=1\ns.y.z=2\n"
        let settings = try gathered(text, as: .properties, at: ["o", "q", "r", "s"], references: .live)
        #expect(settings.map(\.key.text) == ["o", "p", "q", "r", "s"])
        #expect(
            settings.map(\.value) == [
                ["x": 1, "y": "${h}"], "{\"x\": 1}", "[1]", "text", ["x": "1", "y": ["z": "2"]],
            ])
        #expect(settings.map(\.hasLiveReferences) == [true, false, false, false, false])
        #expect(try gathered("O='{\"x\": 1}'\n", as: .dotenv, at: ["O"]).map(\.value) == [["x": 1]])
        #expect(try gathered("o: '{\"x\": 1}'\n", as: .yaml, at: ["o"]).map(\.value) == ["{\"x\": 1}"])
    }
}
