import ConfigFormats
import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// What is written is to the shells of this machine what it is to this reader.
@Suite struct DotenvShellTests {
    static let shells = ["/bin/sh", "/bin/bash"].filter { FileManager.default.isExecutableFile(atPath: $0) }

    private static let pieces = [
        "\\", "\\\\", "\\n", "\\$", "\\\n", "\"", "'", "`", "`ls`", "$", "$$", "$A", "${A}", "${A:-x}", "$(ls)",
        "$[1+1]", "$'x'", "$\"x\"",
        "$!", "$-", "$9", "$#", "\n", "\n\n", "\t", " ", "é", "e\u{301}", "😀", "日本", "\u{A0}", "a", "b c", "=", "K1=x",
        "#", " # x", "~", "!",
        "!!", "{a,b}", "*", "?", "&&", "|", ";", "<x", ">x", "%", "[a]",
    ]

    @Test(arguments: shells)
    func `random values are read by a shell as they were`(shell: String) throws {
        let folder = try TemporaryFolder()
        var expected: [[String: JSONValue]] = []
        var paths: [String] = []
        try SeededGenerator.runs(100) { random in
            var values: [String: JSONValue] = [:]
            for index in 0..<20 {
                let text = (0..<random.int(in: 0...6)).map { _ in random.element(of: Self.pieces) }.joined()
                values["K\(index)"] = .string(text)
            }
            let file = try ConfigFormat.dotenv.write(values.map { (try key($0.key), $0.value) })
            let reading = try Reading(file, as: .dotenv)
            #expect(reading.values == values, "\(random)")
            #expect(reading.live == [], "\(random)")
            expected.append(values)
            paths.append(try folder.write("\(random.seed).env", String(decoding: file, as: UTF8.self)))
        }
        let found = try Oracles.shell(shell, paths)
        #expect(found.count == expected.count)
        for (path, (found, expected)) in zip(paths, zip(found, expected)) {
            #expect(found == expected, "\(path)")
        }
    }

    @Test(arguments: shells)
    func `a value that ends in a backslash takes nothing of the next line`(shell: String) throws {
        let folder = try TemporaryFolder()
        let values: [String: JSONValue] = ["K": "\\", "K2": "x", "K3": "C:\\dir\\", "K4": "\\\\server\\share"]
        let file = try ConfigFormat.dotenv.write(values.map { (try key($0.key), $0.value) })
        let path = try folder.write("file.env", String(decoding: file, as: UTF8.self))
        #expect(try Oracles.shell(shell, [path]) == [values])
        #expect(try Reading(file, as: .dotenv).values == values)
    }
}
