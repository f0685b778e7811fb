import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

/// What a flag is, as far as it is said on the command line.
struct FlagOptions: ParsableArguments {
    @Option(help: "boolean, string, integer, double or object.", completion: .list(FlagWords.types)) var type: String?

    @Option(
        help: ArgumentHelp(
            "A variant; may be given again. The value is JSON, or text where the flag's type is string.",
            valueName: "name=value"))
    var variant: [String] = []

    @Option(
        help: ArgumentHelp(
            "What is served where no rule says otherwise; '-' for the caller's default.", valueName: "variant"))
    var `default`: String?

    @Option(help: "draft, active, inactive or archived.", completion: .list(FlagWords.lifecycles)) var lifecycle:
        String?
    @Option(help: ArgumentHelp("What it does.", valueName: "text")) var description: String?
    @Option(help: ArgumentHelp("Who answers for it.", valueName: "name")) var owner: String?
    @Option(help: ArgumentHelp("A tag; may be given again.", valueName: "tag")) var tag: [String] = []

    @Option(help: "release, experiment, operational or permission.", completion: .list(FlagWords.purposes))
    var purpose: String?

    @Option(help: ArgumentHelp("How long it should live.", valueName: "days")) var expectedDays: Int64?

    @Option(
        help: ArgumentHelp("A file with the JSON Schema that every variant fits.", valueName: "file"),
        completion: .file())
    var schema: String?

    @Option(
        help: ArgumentHelp("The whole flag as JSON or YAML; '-' for JSON on standard input.", valueName: "file"),
        completion: .file())
    var file: String?

    /// The body with what is said here laid over what stands.
    func body(over standing: JSONObject) throws -> JSONObject {
        var body = standing
        if let file {
            guard case .object(let members) = try SchemaFiles.document(file) else {
                throw ValidationError("\(file) is no flag: it is to hold an object with 'type' and 'variants'.")
            }
            body = members
        }
        if let type { body["type"] = .string(type) }
        let isText = body["type"]?.stringValue == "string"
        if !variant.isEmpty { body["variants"] = .object(try variants(areTexts: isText)) }
        if let `default` { body["defaultVariant"] = `default` == "-" ? nil : .string(`default`) }
        if let lifecycle { body["lifecycle"] = .string(lifecycle) }
        if let description { body["description"] = .string(description) }
        if let owner { body["owner"] = .string(owner) }
        if !tag.isEmpty { body["tags"] = .array(tag.map { .string($0) }) }
        if let purpose { body["purpose"] = .string(purpose) }
        if let expectedDays { body["expectedLifetimeDays"] = .int(expectedDays) }
        if let schema { body["schema"] = try SchemaFiles.document(schema) }
        return body
    }

    private func variants(areTexts: Bool) throws -> JSONObject {
        var variants: JSONObject = [:]
        for text in variant {
            guard let split = text.firstIndex(of: "=") else {
                throw ValidationError(
                    "'\(InvalidIdentifier.shown(text))' is no variant: write NAME=VALUE, such as --variant on=true.")
            }
            let (name, value) = (String(text[..<split]), String(text[text.index(after: split)...]))
            guard variants[name] == nil else {
                throw ValidationError("The variant '\(InvalidIdentifier.shown(name))' is given twice.")
            }
            do throws(JSONParseError) {
                variants[name] = areTexts ? .string(value) : try JSONValue(parsing: value)
            } catch {
                throw ValidationError(
                    "The value of '\(InvalidIdentifier.shown(name))' is not JSON: \(error.message) A text needs --type string."
                )
            }
        }
        return variants
    }
}

struct FlagCreateCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Define a flag.",
        discussion: """
            Without --type it is a boolean flag, and without --variant a boolean flag has the variants on and off. It is DISABLED in \
            every environment until that has a rule: 'cfg flag rule'.

            Examples:
              cfg flag create new-checkout -p shop --owner checkout --purpose release --expected-days 60
              cfg flag create banner -p shop --type string --variant spring=Spring --variant none= --default none
              cfg flag create limits -p shop --type object --variant 'small={"items":10}' --schema limits.schema.json
            """)

    @OptionGroup var project: ProjectOptions
    @OptionGroup var write: CommitOptions
    @OptionGroup(title: "The flag") var flag: FlagOptions

    @Argument(help: "Its key, which cannot be changed later.") var key: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let isPlain = (flag.type ?? "boolean") == "boolean" && flag.variant.isEmpty && flag.file == nil
        let beginning: JSONObject =
            isPlain ? ["type": "boolean", "variants": ["on": true, "off": false]] : ["type": "boolean"]
        let body = try flag.body(over: beginning)
        try await Session(connection).commit(
            [ItemOperation.put(.flag, key, .object(body), expecting: 0)], to: project, write,
            saying: "Create flag \(key)"
        ) { change in
            "Created flag \(SafeText.line(key)) (revision \(change.revision)). Next: cfg flag rule \(SafeText.line(key)) -e ENVIRONMENT "
                + "--default VARIANT\n"
        }
    }
}

struct FlagSetCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Alter what a flag is; what is not given stays as it is.",
        discussion: """
            Examples:
              cfg flag set new-checkout -p shop --owner payments --tag checkout --tag web
              cfg flag set new-checkout -p shop --lifecycle inactive
              cfg flag set banner -p shop --variant spring=Spring --variant summer=Summer --variant none=
            """)

    @OptionGroup var project: ProjectOptions
    @OptionGroup var write: CommitOptions
    @OptionGroup(title: "The flag") var flag: FlagOptions

    @Argument(help: "Its key.", completion: Completions.flags) var key: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        let standing = try await session.client.flag(key, of: project, at: nil)
        let body = try flag.body(over: standing.body)
        try await session.commit(
            [ItemOperation.put(.flag, key, .object(body), expecting: standing.value.revision)], to: project, write,
            saying: "Set flag \(key)")
    }
}

struct FlagDeleteCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a flag, or what an environment itself says of it; history is kept.",
        discussion: """
            A flag of which an environment says something is deleted with --rules, which deletes all of that first in the same \
            change. With -e only the environment's own rule is deleted, so that what it inherits counts again.

            Examples:
              cfg flag delete new-checkout -p shop --rules --dry-run
              cfg flag delete new-checkout -p shop -e staging
            """)

    @OptionGroup var project: ProjectOptions
    @OptionGroup var write: CommitOptions

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Only what this environment itself says.", valueName: "environment"),
        completion: Completions.environments, transform: EnvironmentName.argument)
    var environment: EnvironmentName?

    @ArgumentParser.Flag(help: "Delete what environments say of it too: rules, rollouts and kills.") var rules = false

    @Argument(help: "Its key.", completion: Completions.flags) var key: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard environment == nil || !rules else { throw ValidationError("Give -e or --rules, not both.") }
    }

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        if let environment {
            return try await session.commit(
                [ItemOperation.delete(.flagRule, key, in: environment)], to: project, write,
                saying: "Delete rule of flag \(key) in \(environment.rawValue)")
        }
        var operations: [JSONValue] = []
        if rules {
            let flag = try await session.client.flag(key, of: project, at: nil).value
            for standing in flag.environments {
                guard let name = standing.environment else { continue }
                let said = try await session.client.flag(
                    key, in: EnvironmentName.argument(name), of: project, at: nil
                ).value
                for (kind, item) in [
                    (Kind.flagRule, said.rule), (.flagRollout, said.rollout), (.flagKill, said.kill),
                ] where item?.environment == name {
                    operations.append(ItemOperation.delete(kind, key, in: try EnvironmentName.argument(name)))
                }
            }
        }
        operations.append(ItemOperation.delete(.flag, key))
        try await session.commit(operations, to: project, write, saying: "Delete flag \(key)")
    }
}

extension Answer<FlagView> {
    /// The flag's body alone.
    var body: JSONObject {
        var body = json.objectValue ?? [:]
        for member in ["environments", "key", "revision"] { body[member] = nil }
        return body
    }
}
