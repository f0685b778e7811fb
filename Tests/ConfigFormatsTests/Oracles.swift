import ConfigPlatformModel
import Foundation
import TestSupport
import Yams

/// Other readers of the same formats, against which this one is held.
enum Oracles {
    /// The interpreter that `CFG_PYTHON` names, or `python3`; nil where it lacks the module.
    static func python(with module: String) -> String? {
        let interpreter = ProcessInfo.processInfo.environment["CFG_PYTHON"] ?? "python3"
        return (try? run("/usr/bin/env", [interpreter, "-c", "import \(module)"])) == nil ? nil : interpreter
    }

    /// What the program writes to its standard output; throws where it fails.
    static func run(_ program: String, _ arguments: [String], environment: [String: String]? = nil) throws -> Data {
        let nothing = try Descriptor("/dev/null", O_RDWR)
        let (output, writing) = try Descriptor.pipe()
        let process = try ChildProcess(
            program, arguments, environment: environment ?? ProcessInfo.processInfo.environment,
            directory: FileManager.default.currentDirectoryPath, input: nothing.value, output: writing.value,
            errors: nothing.value)
        writing.close()
        let data = Data(output.readToEnd())
        let status = process.wait()
        guard status == 0 else { throw Failure(program: program, status: status) }
        return data
    }

    struct Failure: Error {
        let program: String
        let status: Int32
    }

    /// The variables that python-dotenv makes of files, references resolved in an environment that is otherwise empty.
    static func pythonDotenv(_ paths: [String], interpreter: String) throws -> [[String: JSONValue]] {
        let script = """
            import sys, json, os, dotenv
            paths = sys.argv[1:]
            os.environ.clear()
            print(json.dumps([dotenv.dotenv_values(path, interpolate=not path.endswith('.literal')) for path in paths]))
            """
        let answer = try JSONValue(parsing: Array(run("/usr/bin/env", [interpreter, "-c", script] + paths)))
        return (answer.arrayValue ?? []).map { file in
            Dictionary(uniqueKeysWithValues: (file.objectValue.map(Array.init) ?? []).map { ($0.name, $0.value) })
        }
    }

    /// The variables beginning with `K` that a shell has after it has read each of these files, as `set -a; . FILE`, from an empty
    /// environment.
    static func shell(_ shell: String, _ paths: [String]) throws -> [[String: JSONValue]] {
        let script = #"for file; do (set -a; . "$file"; exec /usr/bin/env -0) || exit 1; printf '\0'; done"#
        let output = try [UInt8](run(shell, ["-c", script, "sh"] + paths, environment: [:]))
        var files: [[String: JSONValue]] = []
        var values: [String: JSONValue] = [:]
        for field in output.split(separator: 0, omittingEmptySubsequences: false).dropLast() {
            guard let equals = field.firstIndex(of: UInt8(ascii: "=")) else {
                files.append(values)
                values = [:]
                continue
            }
            let name = String(decoding: field[..<equals], as: UTF8.self)
            guard name.hasPrefix("K") else { continue }
            values[name] = .string(String(decoding: field[(equals + 1)...], as: UTF8.self))
        }
        return files
    }

    /// The documents of a YAML text as libyaml divides it, plain scalars resolved by the core schema of YAML 1.2, keys as dotted names.
    static func libyaml(_ text: String) throws -> [[String: JSONValue]] {
        var stream = try Yams.compose_all(
            yaml: text.hasPrefix("\u{FEFF}") ? String(text.unicodeScalars.dropFirst()) : text)
        var documents: [Node] = []
        while let document = stream.next() { documents.append(document) }
        if let error = stream.error { throw error }
        return documents.filter { $0.mapping != nil }.map { document in
            var settings: [String: JSONValue] = [:]
            func flatten(_ node: Node, _ prefix: String) {
                guard let mapping = node.mapping, !mapping.isEmpty else {
                    settings[prefix] = value(node)
                    return
                }
                for pair in mapping {
                    flatten(pair.value, prefix.isEmpty ? name(pair.key) : prefix + "." + name(pair.key))
                }
            }
            flatten(document, "")
            return settings
        }
    }

    private static func name(_ node: Node) -> String { node.scalar?.string ?? "" }

    private static func value(_ node: Node) -> JSONValue {
        switch node {
        case .mapping(let mapping):
            return .object(JSONObject(uniqueMembers: mapping.map { (name($0.key), value($0.value)) }))
        case .sequence(let sequence): return .array(sequence.map(value))
        case .alias: return .null
        case .scalar(let scalar):
            guard scalar.style == .plain else { return .string(scalar.string) }
            switch scalar.string {
            case "", "~", "null", "Null", "NULL": return .null
            case "true", "True", "TRUE": return true
            case "false", "False", "FALSE": return false
            default: return (try? JSONNumber(parsing: scalar.string)).map(JSONValue.number) ?? .string(scalar.string)
            }
        }
    }
}
