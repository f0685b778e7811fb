import ConfigFormats
import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// Configuration of applications that exist.
@Suite struct RealInputTests {
    static let history = "real-input/opentelemetry-demo/history"
    static let petclinic = "real-input/petclinic-config/petclinic-config.bundle"

    private static var environmentFiles: [String] {
        SharedData.fileNames(in: history).map { "\(history)/\($0)/demo.env" }.filter { SharedData.path($0) != nil }
    }

    @Test(.enabled(if: SharedData.path(history) != nil, "the folder \(history) is absent"))
    func `every step of a demo's environment file is read whole and exports to the same values`() throws {
        let files = Self.environmentFiles
        #expect(files.count > 100)
        for file in files {
            let reading = try Reading(SharedData.bytes(file), as: .dotenv)
            #expect(reading.settings.count > 50)
            #expect(!reading.file.notices.contains { $0.severity == .error }, "\(file)")
            let live = Set(reading.settings.filter(\.hasLiveReferences).map(\.key))
            let kept = try reading.write(as: .dotenv, options: ExportOptions(references: .kept(live: live)))
            let again = try Reading(kept, as: .dotenv)
            #expect(again.values == reading.values, "\(file)")
            #expect(again.live == reading.live, "\(file)")
        }
    }

    @Test(
        .enabled(if: SharedData.path(history) != nil, "the folder \(history) is absent"),
        .enabled(
            if: Oracles.python(with: "dotenv") != nil,
            "python-dotenv is absent: pip install python-dotenv, and name the python in CFG_PYTHON"))
    func `every step has the values that python-dotenv gives it, references resolved`() throws {
        let files = Self.environmentFiles
        let python = try #require(Oracles.python(with: "dotenv"))
        let expected = try Oracles.pythonDotenv(files.compactMap { SharedData.path($0) }, interpreter: python)
        #expect(expected.count == files.count)
        for (file, expected) in zip(files, expected) {
            #expect(Resolution(try Reading(SharedData.bytes(file), as: .dotenv)).values == expected, "\(file)")
        }
    }

    @Test(
        .enabled(
            if: Oracles.python(with: "dotenv") != nil,
            "python-dotenv is absent: pip install python-dotenv, and name the python in CFG_PYTHON"))
    func `python-dotenv reads what is written`() throws {
        let python = try #require(Oracles.python(with: "dotenv"))
        let folder = FileManager.default.temporaryDirectory.appending(path: "config-formats-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var texts: [[String: JSONValue]] = []
        try SeededGenerator.runs(60) { random in
            var values: [String: JSONValue] = [:]
            for index in 0..<20 {
                let text = RandomSettings.text(&random).replacing("\0", with: "0")
                // These have no spelling that every reader agrees on; see DotenvText.
                let isHard =
                    text.contains("'") || text.contains("\\\\") || text.unicodeScalars.contains("\r")
                    || text.hasSuffix("\\")
                if !isHard { values["K\(index)"] = .string(text) }
            }
            texts.append(values)
        }
        var paths: [String] = []
        for (index, values) in texts.enumerated() {
            let file = folder.appending(path: "\(index).literal")
            try Data(ConfigFormat.dotenv.write(values.map { (try key($0.key), $0.value) })).write(to: file)
            paths.append(file.path(percentEncoded: false))
        }
        #expect(try Oracles.pythonDotenv(paths, interpreter: python) == texts)
    }

    @Test(.enabled(if: SharedData.path(petclinic) != nil, "the file \(petclinic) is absent"))
    func `every YAML file of every commit of a configuration repository has the values that libyaml gives it`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "config-formats-\(UUID())").path(
            percentEncoded: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let bundle = try #require(SharedData.path(Self.petclinic))
        func git(_ arguments: String...) throws -> Data {
            try Oracles.run("/usr/bin/env", ["git", "-C", folder] + arguments)
        }
        _ = try Oracles.run("/usr/bin/env", ["git", "clone", "--quiet", "--bare", bundle, folder])
        var seen: Set<String> = []
        var refused: [String] = []
        for commit in String(decoding: try git("rev-list", "--all"), as: UTF8.self).split(separator: "\n") {
            for line in String(decoding: try git("ls-tree", "-r", String(commit)), as: UTF8.self).split(separator: "\n")
            {
                let fields = line.split { $0 == " " || $0 == "\t" }
                guard fields.count == 4, fields[3].hasSuffix(".yml"), seen.insert(String(fields[2])).inserted else {
                    continue
                }
                let bytes = Array(try git("cat-file", "blob", String(fields[2])))
                do {
                    try check(bytes, "\(fields[3]) at \(commit)")
                } catch let problem as Problem {
                    #expect(
                        problem.violations.first?.message.contains("already") == true,
                        "\(fields[3]) at \(commit): \(problem.detail)")
                    refused.append(String(fields[3]))
                }
            }
        }
        #expect(seen.count > 50)
        // One commit has 'spring' twice in a mapping, which YAML forbids.
        #expect(refused == ["application.yml"])
    }

    private func check(_ bytes: [UInt8], _ name: String) throws {
        let reading = try Reading(bytes, as: .yaml)
        let text = String(decoding: bytes, as: UTF8.self)
        var expected = try Oracles.libyaml(text)
        for index in expected.indices {
            for selector in ["spring.config.activate.on-profile", "spring.profiles"] { expected[index][selector] = nil }
        }
        expected.removeAll(where: \.isEmpty)
        let documents = reading.file.documents.filter { !$0.settings.isEmpty }.map { document in
            Dictionary(
                uniqueKeysWithValues: document.settings.map { ($0.key.segments.joined(separator: "."), $0.value) })
        }
        #expect(documents == expected, "\(name)")
        for document in reading.file.documents {
            let settings = document.settings.map { (key: $0.key, value: $0.value) }
            for format in [ConfigFormat.json, .yaml] {
                let again = try Reading(format.write(settings), as: format)
                #expect(again.settings.map(\.value) == settings.sorted { $0.key < $1.key }.map(\.value), "\(name)")
            }
        }
    }
}

/// The values of a file of texts with their references resolved within it.
private struct Resolution {
    private let reading: Reading
    private let stored: [ConfigKey: JSONValue]

    init(_ reading: Reading) {
        self.reading = reading
        stored = Dictionary(uniqueKeysWithValues: reading.settings.map { ($0.key, $0.value) })
    }

    var values: [String: JSONValue] {
        Dictionary(
            uniqueKeysWithValues: reading.settings.map {
                ($0.key.segments.joined(separator: "."), .string(text(of: $0.key)))
            })
    }

    private func text(of key: ConfigKey) -> String {
        let text = stored[key]?.stringValue ?? ""
        guard reading.live.contains(key.text), let parts = try? ReferenceText.parse(text) else { return text }
        return joined(parts)
    }

    private func joined(_ parts: [ReferenceText.Part]) -> String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .reference(let key, let fallback): stored[key] == nil ? joined(fallback ?? []) : self.text(of: key)
            }
        }.joined()
    }
}
