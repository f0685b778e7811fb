import ConfigFormats
import ConfigPlatformModel
import Testing

@Suite struct DotenvReadingTests {
    @Test(arguments: [
        Reads("A=1\nB=two words\n", ["A": "1", "B": "two words"]),
        Reads("# comment\n\n  # another\nA=1", ["A": "1"]),
        Reads("export A=1\nexport\tB = 2\nexport=3\n", ["A": "1", "B": "2", "export": "3"]),
        Reads("A=\nB=   \nC=''\nD=\"\"\n", ["A": "", "B": "", "C": "", "D": ""]),
        Reads("A=x # comment\nB=x\t# comment\nC= # comment\nD=x#y\n", ["A": "x", "B": "x", "C": "", "D": "x#y"]),
        Reads("A=#x\n", ["A": "#x"]),
        Reads("A='x # y' # comment\nB=\"x # y\"\n", ["A": "x # y", "B": "x # y"]),
        Reads("A='it''s'\n".replacing("''", with: "\\'"), ["A": "it's"]),
        Reads("A='C:\\dir\\'\nB='\\n'\n", ["A": "C:\\dir\\", "B": "\\n"]),
        Reads("A=\"x\\n\\t\\\"\\\\\\'y\\z\"\n", ["A": "x\n\t\"\\'y\\z"]),
        Reads("A=x\\ny\n", ["A": "x\\ny"]),
        Reads("A=`it's \"x\" \\n`\n", ["A": "it's \"x\" \\n"]),
        Reads("A=\"one\ntwo\r\nthree\"\nB='x\n\ny'\nC=z", ["A": "one\ntwo\nthree", "B": "x\n\ny", "C": "z"]),
        Reads("A=1\r\nB=2\rC=3\r\n", ["A": "1", "B": "2", "C": "3"]),
        Reads("A: 1\nB :\t2\n", ["A": "1", "B": "2"]),
        Reads("A=b=c\nB=x:y\nC={\"a\": \"b\"}\n", ["A": "b=c", "B": "x:y", "C": "{\"a\": \"b\"}"]),
        Reads("app.name=x\nhttp-port=1\n8080=y\n", ["app.name": "x", "http-port": "1", "8080": "y"]),
        Reads("app.level=x\napp.level.org=y\n", ["app.level": "x", "app.\"level.org\"": "y"]),
        Reads("A=\u{E9}\u{1F600}\n", ["A": "\u{E9}\u{1F600}"]),
        Reads("A=$\nB=a$ b\nC=$1\nD=100%$\n", ["A": "$", "B": "a$ b", "C": "$1", "D": "100%$"]),
    ])
    func `values are strings`(_ file: Reads) throws { try file.check(.dotenv) }

    @Test func `of a repeated name the last counts, with a warning that names the earlier line`() throws {
        let reading = try Reading("A=1\nB=2\nA=3\nA=4\n", as: .dotenv)
        #expect(reading.values == ["A": "4", "B": "2"])
        #expect(reading.settings.map(\.line) == [2, 4])
        #expect(reading.noticePlaces == ["warning 4:1"])
        #expect(reading.file.notices.first?.message.contains("line 3") == true)
    }

    /// What one bad line says, with the others read.
    @Test(arguments: [
        ("NAME", "2:1"), ("export NAME", "2:1"), ("NAME # x", "2:1"), ("=x", "2:1"), ("two words=1", "2:1"),
        ("N\u{E9}=1", "2:1"),
        ("N='x", "2:3"), ("N=\"x\\\"", "2:3"), ("N=`x", "2:3"), ("N='x'y", "2:6"), ("N=\"x\" \"y\"", "2:7"),
        ("- x", "2:1"), ("{", "2:1"),
        ("  'N'=x", "2:3"), ("\u{E9}", "2:1"),
    ])
    func `a line that cannot be read is named and the others are taken`(line: String, place: String) throws {
        let reading = try Reading("A=1\n\(line)\nB=2\n", as: .dotenv)
        #expect(reading.values == ["A": "1", "B": "2"])
        #expect(reading.noticePlaces == ["error \(place)"])
    }

    @Test(arguments: [
        ("A=x#y", "information 1:4"), ("A: x", "warning 1:2"), ("A='it\\'s'", "warning 1:3"),
        ("A=$(date)", "warning 1:3"),
        ("A=a$$b", "warning 1:3"), ("A=${B:+x}", "warning 1:3"), ("A=${}", "warning 1:3"),
    ])
    func `a line that readers take differently is read with a notice`(line: String, place: String) throws {
        let reading = try Reading(line, as: .dotenv)
        #expect(reading.settings.count == 1)
        #expect(reading.noticePlaces == [place])
    }
}
