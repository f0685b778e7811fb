import ArgumentParser
import ConfigFormats
import ConfigPlatformModel
import Foundation
import JSONSchema

struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check files against a JSON Schema. Needs no server.",
        discussion: """
            Schemas are of draft 2020-12, or of the older draft that $schema names. What they refer to has to be given with \
            --remotes; nothing is fetched. Violations name file, line and column.

            With --batch every line of standard input is {"schema": …, "instance": …}, and every line of the answer \
            {"valid": …, "errors": […]}, or {"error": …} where the schema cannot be used.

            Ends with 1 where something is not valid, with --batch where a line could not be judged.

            Examples:
              cfg validate production.env staging.yaml --schema settings.schema.json
              cfg validate --batch --assert-format --remotes http://localhost:1234/=remotes < cases.jsonl
            """)

    /// `URL_PREFIX=DIR`: the documents of a folder, each at the prefix and its path in the folder.
    struct Remotes: ExpressibleByArgument {
        let prefix: String
        let folder: String

        init?(argument: String) {
            // The folder follows the last sign: a URL may hold others.
            guard let sign = argument.lastIndex(of: "="), sign > argument.startIndex else { return nil }
            prefix = String(argument[..<sign])
            folder = String(argument[argument.index(after: sign)...])
        }
    }

    @Option(name: .shortAndLong, help: "The schema's file, in JSON or YAML.", completion: .file()) var schema: String?

    @Option(help: "Documents that schemas may refer to, as URL_PREFIX=DIR; may be repeated.") var remotes: [Remotes] =
        []

    @Flag(help: "Refuse texts that are not of their 'format'.") var assertFormat = false

    @Flag(help: "Judge one schema and instance a line.") var batch = false

    @Option(name: .shortAndLong, help: "The files' format, if their names do not tell.") var format: ConfigFormat?

    @Argument(help: "The files.", completion: .file()) var files: [String] = []

    func validate() throws {
        if batch {
            guard files.isEmpty, schema == nil else {
                throw ValidationError("--batch reads standard input; give neither files nor --schema.")
            }
        } else {
            guard schema != nil, !files.isEmpty else {
                throw ValidationError("Give --schema and at least one file, or --batch.")
            }
        }
    }

    func run() async throws {
        let registry = try SchemaFiles.registry(remotes.map { ($0.prefix, $0.folder) })
        let options = SchemaOptions(assertsFormats: assertFormat)
        let isSound: Bool
        if let schema {
            let compiled = try SchemaFiles.compile(schema, registry, options)
            isSound = try files.map { try check($0, compiled) }.allSatisfy { $0 }
        } else {
            isSound = BatchValidation(registry: registry, options: options).run()
        }
        if !isSound { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    /// Says what is wrong with the file; whether nothing is.
    private func check(_ path: String, _ schema: Schema) throws -> Bool {
        guard let format = format ?? ConfigFormat(fileName: path) else {
            throw ValidationError("The format of '\(path)' does not show in its name; give --format.")
        }
        let bytes = try InputFile.bytes(of: path)
        let file: ValidatedFile
        do throws(Problem) {
            file = try ValidatedFile(reading: bytes, as: format)
        } catch {
            for violation in error.violations {
                say(path, violation.line, violation.column, violation.message)
            }
            if error.violations.isEmpty { say(path, nil, nil, error.detail) }
            return false
        }
        var isValid = true
        for document in file.documents {
            let result = schema.validate(document.value)
            isValid = isValid && result.isValid
            for violation in result.violations {
                let place = document.place(of: violation.instanceLocation)
                say(path, place?.line, place?.column, "\(violation)")
            }
            if result.isTruncated { say(path, nil, nil, "There are more violations than are listed.") }
        }
        return isValid
    }

    private func say(_ path: String, _ line: Int?, _ column: Int?, _ message: String) {
        let place = line.map { line in ":\(line)" + (column.map { ":\($0)" } ?? "") } ?? ""
        Output.write(SafeText.line("\(path)\(place): \(message)") + "\n")
    }
}
