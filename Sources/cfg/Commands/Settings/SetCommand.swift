import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel
import Foundation

struct SetCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Give a setting a value.",
        discussion: """
            A value that is JSON is taken as JSON: 2500, true, null, ["a"], {"a":1}. Anything else is a string; \
            --string takes it as one in any case. ${other.key} inside a string stands for that setting's value, unless \
            --literal is given. A value that begins with a dash comes after '--'. The value '-' is read from standard \
            input.

            Examples:
              cfg set checkout.timeout 2500 -p shop -e production -m "customers on trains"
              cfg set checkout.currency EUR --expect absent
              cfg set tls.certificate - --string < certificate.pem
            """)

    /// How the value's text is understood.
    enum Reading: String, EnumerableFlag {
        case string, json

        static func help(for value: Reading) -> ArgumentHelp? {
            switch value {
            case .string: "Take the value as a string, whatever it looks like."
            case .json: "Take the value as JSON, and refuse what is not."
            }
        }
    }

    @OptionGroup var place: PlaceOptions
    @OptionGroup var write: CommitOptions

    @Flag var reading: Reading?
    @Flag(help: "Let ${…} in strings stand for itself.") var literal = false

    @Option(
        help: ArgumentHelp(
            "Only if the environment's own value was last written at this revision, or is absent.",
            valueName: "revision|absent"),
        transform: ExpectationArgument.argument)
    var expect: ExpectationArgument?

    @Argument(help: "The setting's key.", completion: Completions.keys, transform: ConfigKey.argument)
    var key: ConfigKey

    @Argument(help: "The value; '-' to read it from standard input.")
    var value: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let (project, environment) = try place.place()
        let json = try Self.value(value == "-" ? try StandardInput.text(bytesMax: Limits.valueBytes) : value, reading)
        try await Session(connection).commit(
            [operation(json, environment)], to: project, write, saying: "Set \(key)", doing: "Writing \(key)")
    }

    func operation(_ value: JSONValue, _ environment: EnvironmentName) -> JSONValue {
        var operation: JSONObject = [
            "op": "put", "kind": "setting", "environment": .string(environment.rawValue), "key": .string(key.text),
            "value": value,
        ]
        operation["expect"] = expect?.json
        if literal { operation["references"] = "literal" }
        return .object(operation)
    }

    /// The value that a text of the command line means.
    static func value(_ text: String, _ reading: Reading?) throws -> JSONValue {
        switch reading {
        case .string?: return .string(text)
        case .json?:
            do throws(JSONParseError) {
                return try JSONValue(parsing: text)
            } catch {
                throw ValidationError("The value is not JSON: \(error)")
            }
        case nil: return (try? JSONValue(parsing: text)) ?? .string(text)
        }
    }
}

/// What comes in through a pipe.
enum StandardInput {
    /// All of it; without the one line end that shells and editors put after a text.
    static func text(bytesMax: Int) throws -> String {
        var bytes = try bytes(bytesMax: bytesMax)
        if bytes.last == 0x0A { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ValidationError("What came on standard input is not UTF-8.")
        }
        return text
    }

    static func bytes(bytesMax: Int) throws -> [UInt8] {
        try bytes(of: .standardInput, named: "What came on standard input", bytesMax: bytesMax)
    }

    static func bytes(of file: FileHandle, named name: String, bytesMax: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            while let chunk = try file.read(upToCount: 1 << 16), !chunk.isEmpty {
                bytes += chunk
                guard bytes.count <= bytesMax else {
                    throw ValidationError(
                        "\(name) is larger than \(bytesMax) bytes, which is all that is taken at once.")
                }
            }
        } catch let error as ValidationError {
            throw error
        } catch {
            throw ValidationError("\(name) cannot be read; is it a file?")
        }
        return bytes
    }
}
