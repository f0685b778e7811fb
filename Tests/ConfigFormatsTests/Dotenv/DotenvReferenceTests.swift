import ConfigFormats
import ConfigPlatformModel
import Testing

@Suite struct DotenvReferenceTests {
    /// A line and the value that is stored, live or not.
    @Test(arguments: [
        ("A=$B", "${B}", true),
        ("A=${B}", "${B}", true),
        ("A=http://${HOST}:${PORT}/$PATH_x", "http://${HOST}:${PORT}/${PATH_x}", true),
        ("A=${B:-x}", "${B:x}", true),
        ("A=${B-x}", "${B:x}", true),
        ("A=${B:-}", "${B:}", true),
        ("A=${B:-${C:-$D}}", "${B:${C:${D}}}", true),
        ("A=${B:-a b}/c", "${B:a b}/c", true),
        ("A=${B:-a:b}", "${B:a:b}", true),
        ("A=${B:-{x}}", "${B:{x}}", true),
        ("A=${app.name}", "${app.name}", true),
        ("A=\"${B}\\n\"", "${B}\n", true),
        ("A=`${B}`", "${B}", true),
        ("A='${B} $B'", "${B} $B", false),
        ("A=\\$B", "$B", false),
        ("A=\"\\${B}\"", "${B}", false),
        ("A=$${B}", "${B}", false),
        ("A=\\${B}$C", "$${B}${C}", true),
        ("A=\"${B:-\\${C}}\"", "${B:$${C}}", true),
        ("A=${B:?must be set}", "${B}", true),
        ("A=${B?must be set}", "${B}", true),
        ("A=${B:+x}", "${B:+x}", false),
        ("A=${B", "${B", false),
        ("A=${B:-x", "${B:-x", false),
        ("A=$B.c", "${B}.c", true),
    ])
    func `references become those of the platform`(line: String, value: String, isLive: Bool) throws {
        let reading = try Reading(line, as: .dotenv)
        #expect(reading.values == ["A": .string(value)])
        #expect(reading.live == (isLive ? ["A"] : []))
    }

    @Test func `without live references the text stays as it is`() throws {
        let reading = try Reading("A=${B:-x}$C\nD=\\$E\n", as: .dotenv, references: .literal)
        #expect(reading.values == ["A": "${B:-x}$C", "D": "$E"])
        #expect(reading.live == [])
    }

    @Test func `a reference names the key that its target has become`() throws {
        let reading = try Reading("a=1\na.b=2\nC=${a.b}$a\n", as: .dotenv)
        #expect(reading.values == ["a": "1", "\"a.b\"": "2", "C": "${\"a.b\"}${a}"])
    }

    @Test func `a name in its own value stands for its earlier value`() throws {
        let reading = try Reading("P=/bin\nP=$P:/sbin\nP=/usr:$P\n", as: .dotenv)
        #expect(reading.values == ["P": "/usr:/bin:/sbin"])
        #expect(reading.live == [])
    }

    @Test func `a name in its own value, without an earlier one, stands for its default`() throws {
        let reading = try Reading("P=${P:-$Q}\nQ=1\n", as: .dotenv)
        #expect(reading.values == ["P": "${Q}", "Q": "1"])
        #expect(reading.noticePlaces.first == "warning 1:1")
    }

    @Test func `a name in its own value with neither is not imported`() throws {
        let reading = try Reading("PATH=$PATH:/x\nA=1\n", as: .dotenv)
        #expect(reading.values == ["A": "1"])
        #expect(reading.noticePlaces == ["error 1:1"])
    }

    @Test func `doubling a value again and again ends with a notice`() throws {
        let text = "A=x\n" + String(repeating: "A=$A$A\n", count: 60)
        let reading = try Reading(text, as: .dotenv)
        #expect(reading.settings.isEmpty)
        #expect(reading.file.notices.contains { $0.severity == .error })
    }

    @Test func `what top-down readers would see otherwise is said`() throws {
        let below = try Reading("A=$B\nB=1\n", as: .dotenv)
        #expect(below.noticePlaces == ["warning 1:1"])
        let redefined = try Reading("B=1\nA=$B\nB=2\n", as: .dotenv)
        #expect(redefined.noticePlaces == ["warning 2:1", "warning 3:1"])
        let empty = try Reading("B=\nA=${B:-x}\nC=${B-x}\n", as: .dotenv)
        #expect(empty.noticePlaces == ["warning 2:1"])
    }

    @Test func `a dollar sign directly before a reference cannot be kept and is not imported`() throws {
        let reading = try Reading("A=\\$$B\nC=1\n", as: .dotenv)
        #expect(reading.values == ["C": "1"])
        #expect(reading.noticePlaces == ["error 1:1"])
    }

    @Test func `defaults nested without end are text`() throws {
        let text = "A=" + String(repeating: "${B:-", count: 20_000) + "}"
        let reading = try Reading(text, as: .dotenv)
        #expect(reading.settings.count + reading.file.notices.filter { $0.severity == .error }.count == 1)
    }

    @Test func `references that are kept are written in the syntax of shells, after what they refer to`() throws {
        let text = "A=${B:-x}/$C '\nB=$C\nC=1 \\$D\n"
        let reading = try Reading(text, as: .dotenv)
        let options = ExportOptions(references: .kept(live: [try key("A"), try key("B")]))
        let written = try reading.write(as: .dotenv, options: options)
        #expect(String(decoding: written, as: UTF8.self) == "C='1 $D'\nB=\"${C}\"\nA=\"${B:-x}/${C} '\"\n")
        let again = try Reading(written, as: .dotenv)
        #expect(again.values == reading.values)
        #expect(again.live == reading.live)
    }
}
