import Foundation
import Testing

/// What a machine can check of ARCHITECTURE.md. Each failure names the remedy.
@Suite struct ArchitectureTests {
    /// What each target may import of the package. What is not written here is forbidden.
    static let allowed: [String: Set<String>] = [
        "CLibPQ": [],
        "CSQLite": [],
        "ExactJSON": [],
        "JSONSchema": ["ExactJSON"],
        "Identity": ["ExactJSON"],
        "ConfigPlatformFlags": ["ExactJSON"],
        "ConfigPlatformModel": ["ExactJSON", "JSONSchema", "ConfigPlatformFlags"],
        "ConfigFormats": ["ConfigPlatformModel"],
        "Store": ["ConfigPlatformModel", "CLibPQ", "CSQLite"],
        "ControlPlane": ["ConfigPlatformModel", "ConfigPlatformFlags", "ConfigFormats", "Store", "Identity"],
        "FlagdProtocol": [],
        "API": ["ConfigPlatformModel", "ConfigPlatformFlags", "ConfigFormats", "ControlPlane", "FlagdProtocol"],
        "ConfigPlatformClient": ["ConfigPlatformModel", "ConfigPlatformFlags"],
        "cfg": [
            "ConfigPlatformModel", "ConfigPlatformFlags", "ConfigFormats", "JSONSchema", "Identity", "Store",
            "ControlPlane", "API", "ConfigPlatformClient",
        ],
        "TestSupport": [
            "ConfigPlatformModel", "ConfigPlatformFlags", "JSONSchema", "Store", "ControlPlane", "ConfigPlatformClient",
        ],
    ]

    @Test func `imports go down the layers only`() {
        for file in SourceTree.sources {
            guard let permitted = Self.allowed[file.target] else {
                Issue.record(
                    "\(file.path): target \(file.target) has no row in ArchitectureTests.allowed; add one, with its reason"
                )
                continue
            }
            for module in imports(of: file) where Self.allowed.keys.contains(module) && module != file.target {
                #expect(
                    permitted.contains(module),
                    "\(file.path) imports \(module), which \(file.target) must not know. Move the code, or pass the value in."
                )
            }
        }
    }

    @Test func `the model imports nothing but a hash`() {
        for file in SourceTree.sources where file.target == "ConfigPlatformModel" {
            let others = imports(of: file).subtracting([
                "Crypto", "Synchronization", "ExactJSON", "JSONSchema", "ConfigPlatformFlags",
            ])
            #expect(
                others.isEmpty, "\(file.path) imports \(others.sorted()): the model does no I/O and needs no package.")
        }
    }

    @Test func `the model reads no clock and draws no chance`() {
        let banned = ["Date()", "ContinuousClock", "SystemRandomNumberGenerator", ".random(in:", "UUID()", "getenv("]
        let pure = ["ConfigPlatformModel", "ConfigPlatformFlags", "ExactJSON", "JSONSchema"]
        for file in SourceTree.sources where pure.contains(file.target) {
            for word in banned {
                #expect(!file.text.contains(word), "\(file.path) uses \(word): take the value as an argument instead.")
            }
        }
    }

    @Test func `SQL stands in Store only`() throws {
        let statement = try Regex(#"\b(SELECT\s+[\w*(]|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE)"#)
        for file in SourceTree.sources where file.target != "Store" && file.target != "TestSupport" {
            #expect(
                file.text.firstMatch(of: statement) == nil,
                "\(file.path) holds SQL: give Store a method that says what is wanted.")
        }
    }

    @Test func `status codes are chosen in one table`() {
        for file in SourceTree.sources where file.target == "ControlPlane" || file.target == "ConfigPlatformModel" {
            #expect(!file.text.contains("HTTPResponse"), "\(file.path) knows HTTP: throw a Problem and let API map it.")
        }
    }

    @Test func `unchecked concurrency is explained where it stands`() {
        for file in SourceTree.sources {
            for (index, line) in file.lines.enumerated()
            where line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") {
                let above = index > 0 ? file.lines[index - 1].trimmingCharacters(in: .whitespaces) : ""
                #expect(
                    above.hasPrefix("//") || line.trimmingCharacters(in: .whitespaces).hasPrefix("//"),
                    "\(file.path):\(index + 1) is unchecked: say on the line above why it is safe.")
            }
        }
    }

    @Test func `names are nouns of the field`() throws {
        let banned = try Regex(#"\b(class|struct|enum|actor|protocol)\s+\w*(Manager|Helper|Helpers|Util|Utils|Impl)\b"#)
        for file in SourceTree.sources + SourceTree.tests {
            #expect(
                file.text.firstMatch(of: banned) == nil,
                "\(file.path) declares a Manager, Helper, Util or Impl: name what it is.")
        }
        for file in SourceTree.sources {
            for folder in ["Common", "Utils", "Helpers", "Models", "Misc"] {
                #expect(
                    !file.path.contains("/\(folder)/"),
                    "\(file.path): a folder called \(folder) has no subject; name it.")
            }
        }
    }

    @Test func `nothing is left for later`() {
        let banned = ["TODO", "FIXME", "for now", "not implemented"]
        for file in SourceTree.sources {
            for word in banned {
                #expect(
                    !file.text.contains(word),
                    "\(file.path) says '\(word)': finish it, or open an issue and say nothing here.")
            }
        }
    }

    @Test func `tests alter nothing that the whole process shares, for they run beside each other`() {
        let scope = "FlagClient" + ".global"
        for file in SourceTree.tests {
            for (index, line) in file.lines.enumerated() where line.contains(scope) {
                // That clients share it is found without altering it.
                let isCompared = file.path.hasSuffix("/FlagEvaluationTests.swift") && line.contains("=== \(scope))")
                #expect(isCompared, "\(file.path):\(index + 1) uses \(scope): give the client a FlagScope of its own.")
            }
            for word in ["set" + "env(", "change" + "CurrentDirectoryPath("] {
                #expect(!file.text.contains(word), "\(file.path) uses \(word)…): hand it to what is tested instead.")
            }
        }
    }

    @Test func `no path of a developer's machine is in the project`() {
        let banned = ["/work" + "/", "/tmp/" + "dev", "/home/" + "user"]
        for file in SourceTree.sources + SourceTree.tests + SourceTree.files(under: "docs", ending: ".md") {
            for path in banned { #expect(!file.text.contains(path), "\(file.path) holds the path \(path)") }
        }
    }

    @Test func `every target is in the map, and the map names no other`() throws {
        let map = try #require(SourceTree.text("ARCHITECTURE.md"))
        let folders = SourceTree.folders(under: "Sources")
        for folder in folders {
            #expect(
                map.contains("`\(folder)/`"),
                "Sources/\(folder) is not in ARCHITECTURE.md; say there which invariant it guards.")
        }
        #expect(Set(folders) == Set(Self.allowed.keys), "Sources and ArchitectureTests.allowed list different targets.")
    }

    @Test func `every problem is documented`() throws {
        let page = try #require(SourceTree.text("docs/problems.md"))
        let declared = try #require(SourceTree.text("Sources/ConfigPlatformModel/Problem/Problem.swift"))
        let codes = declared.matches(of: /case \w+ = "([a-z-]+)"/).map { String($0.1) }
        #expect(codes.count > 10)
        for code in codes {
            #expect(page.contains("`\(code)`"), "docs/problems.md lacks `\(code)`: what it means and how to mend it.")
        }
    }

    private func imports(of file: SourceTree.File) -> Set<String> {
        let declaration =
            /^(?:@\w+ )?(?:package |public |internal |private |fileprivate )?import (?:struct |enum |class |func |protocol )?(\w+)/
        return Set(file.lines.compactMap { $0.firstMatch(of: declaration).map { String($0.1) } })
    }
}
