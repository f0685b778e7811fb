import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformFlags
import ConfigPlatformModel
import Foundation

struct FlagEvaluateCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Say what a flag comes to for a context: now, in the past, or in a definition file without a server.",
        discussion: """
            The context is a JSON object of attributes, targetingKey among them. --explain tells what each part of the flag's rules \
            came to, and into which bucket of a split the context fell.

            --file reads flagd's definition format. With --batch every line of standard input is \
            {"flag", "type", "default", "context"}, and every line of the answer \
            {"value", "variant", "reason", "errorCode", "metadata"}, or {"error": …} where the line is no request.

            Examples:
              cfg flag evaluate new-checkout -p shop -e production --context '{"targetingKey": "user-7", "country": "DE"}'
              cfg flag evaluate new-checkout --context @context.json --at 2026-02-24T10:00Z --explain
              cfg flag evaluate new-checkout --file flags.json --context '{}'
              cfg flag evaluate --file flags.json --batch < requests.jsonl
            """)

    @OptionGroup var place: PlaceOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Attributes as a JSON object, or @FILE that holds one.", valueName: "json"))
    var context: String?

    @Option(help: "Ask for the value as this type: \(FlagType.names).", transform: Self.type)
    var type: FlagType?

    @Option(help: ArgumentHelp("What to print where the flag leaves it to the caller, as JSON.", valueName: "json"))
    var `default`: String?

    @Option(
        help: ArgumentHelp("As it was at a revision, a time, or so long ago.", valueName: "moment"),
        transform: MomentArgument.argument)
    var at: MomentArgument?

    @ArgumentParser.Flag(help: "Tell what each part of the rules came to.") var explain = false

    @Option(help: "A definition file of flagd; no server is asked.", completion: .file()) var file: String?

    @ArgumentParser.Flag(help: "Answer one request a line; needs --file.") var batch = false

    @Option(
        help: ArgumentHelp(
            "How splits of a file hash their keys: cbor (flagd-core 2), or text (before).", valueName: "form"))
    var bucketing: Bucketing = .cbor

    @Argument(help: "The flag's key; all flags where there is none.") var key: String?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    private static func type(_ text: String) throws -> FlagType {
        guard let type = FlagType(named: text) else {
            throw ValidationError("'\(InvalidIdentifier.shown(text))' is none of \(FlagType.names).")
        }
        return type
    }

    func validate() throws {
        if batch {
            guard file != nil, key == nil, context == nil else {
                throw ValidationError(
                    "--batch reads requests from standard input; give it --file and no flag or context.")
            }
        } else if file != nil, key == nil {
            throw ValidationError("Which flag of the file? Name it, or give --batch.")
        }
    }

    func run() async throws {
        if let file { return try evaluate(file: file) }
        let (project, environment) = try place.place()
        let context = try contextObject()
        let session = try Session(connection)
        let answer = try await session.working("Evaluating") {
            try await session.client.evaluate(
                key.map { [$0] }, for: context, as: type?.rawValue, in: environment, of: project, at: at?.text,
                explaining: explain)
        }
        session.show(answer) { text(of: $0, session.style, width: session.terminal.columns) }
        if let code = answer.value.flags.first?.errorCode, key != nil {
            throw ExitCode(code == "FLAG_NOT_FOUND" ? ExitStatus.notFound.rawValue : ExitStatus.failed.rawValue)
        }
    }

    // MARK: A file

    private func evaluate(file: String) throws {
        let flags: FlagSet
        do {
            flags = try FlagSet(document: JSONValue(parsing: InputFile.bytes(of: file)), bucketing: bucketing)
        } catch let error as InvalidFlagDefinition {
            throw ValidationError("'\(file)' is no flag definition: \(error.pointer.text): \(error.message).")
        } catch let error as JSONParseError {
            throw ValidationError("'\(file)' is not JSON: \(error)")
        }
        let evaluation = FileEvaluation(flags: flags, timestamp: try timestamp())
        if batch {
            guard evaluation.runBatch() else { throw ExitCode(ExitStatus.failed.rawValue) }
            return
        }
        let request = FlagRequest(
            key: key ?? "", type: type, fallback: try fallback(),
            context: ConfigPlatformFlags.FlagContext(try contextObject()))
        let answer = explain ? evaluation.explanation(of: request) : evaluation.answer(to: request)
        Output.write(answer.prettyText() + "\n")
        if answer["errorCode"] != .null { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func timestamp() throws -> Int64 {
        switch at?.point {
        case nil: return Int64(Date().timeIntervalSince1970)
        case .time(let time): return time.microseconds / 1_000_000
        case .revision: throw ValidationError("A file has no revisions; give --at a time.")
        }
    }

    private func contextObject() throws -> JSONObject {
        guard let context else { return JSONObject() }
        let bytes = context.hasPrefix("@") ? try InputFile.bytes(of: String(context.dropFirst())) : Array(context.utf8)
        do {
            guard case .object(let object) = try JSONValue(parsing: bytes) else {
                throw ValidationError("The context is a JSON object, such as '{\"targetingKey\": \"user-7\"}'.")
            }
            return object
        } catch let error as JSONParseError {
            throw ValidationError("The context is not JSON: \(error)")
        }
    }

    private func fallback() throws -> JSONValue {
        guard let text = `default` else { return .null }
        do {
            return try JSONValue(parsing: text)
        } catch {
            throw ValidationError("The default is not JSON: \(error) A text is written in quotation marks.")
        }
    }

    // MARK: For people

    private func text(of evaluation: EvaluationView, _ style: Style, width: Int?) -> String {
        guard key != nil, let flag = evaluation.flags.first else {
            var table = Table([
                .init(title: "FLAG", style: style.cyan), .init(title: "VALUE", isFlexible: true),
                .init(title: "VARIANT"),
                .init(title: "REASON"),
            ])
            for flag in evaluation.flags {
                table.add(
                    flag.key, flag.value?.canonicalText ?? "the caller's default", flag.variant ?? "",
                    flag.errorCode ?? flag.reason)
            }
            return evaluation.flags.isEmpty ? "No flags.\n" : table.text(width: width, style: style)
        }
        var lines: [String] = []
        if let code = flag.errorCode {
            lines.append(style.red(code) + " " + SafeText.line(flag.errorDetails ?? ""))
        } else {
            let value = flag.value ?? (try? fallback()) ?? .null
            lines.append(
                (flag.value == nil
                    ? "the caller's default\(`default` == nil ? "" : ": " + value.canonicalText)" : value.canonicalText)
                    + (flag.variant.map { "  (variant \(SafeText.line($0)))" } ?? "") + "  " + style.dim(flag.reason))
        }
        for step in flag.steps.reversed() {
            var line = String(repeating: "  ", count: Int(min(step.depth, 40)) + 1)
            line += "\(step.name) → \(step.value.canonicalText)"
            if let bucket = step.bucket {
                line +=
                    "  bucket \(bucket["bucket"]?.canonicalText ?? "") of \(bucket["totalWeight"]?.canonicalText ?? "")"
                line += " for \(bucket["key"]?.canonicalText ?? "")"
            }
            lines.append(SafeText.line(line) + "  " + style.dim(SafeText.line(step.place)))
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Bucketing: ExpressibleByArgument {}
