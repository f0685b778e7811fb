import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

/// Turns an error into what the user sees and what the program ends with.
enum Failure {
    /// Writes the error and answers with the exit status.
    static func report(_ error: any Error, format: OutputFormat) -> Int32 {
        let style = Terminal.current.errorStyle
        switch error {
        case let error as ConfigPlatformError:
            Output.writeError(format == .json ? json(error).canonicalText + "\n" : text(error, style))
            return ExitStatus(error.code).rawValue
        case let problem as Problem:
            return report(ConfigPlatformError(problem), format: format)
        case let failure as DurableFile.Failure:
            Output.writeError("\(style.red("error:")) \(failure.description).\n")
            return ExitStatus.failed.rawValue
        case let error as ValidationError:
            // Found while the command ran: its usage was right, and is not repeated.
            Output.writeError("\(style.red("error:")) \(SafeText.block(error.message))\n")
            return ExitStatus.usage.rawValue
        case is CancellationError:
            return ExitStatus.interrupted.rawValue
        default:
            return reportParsing(error, style)
        }
    }

    static func report(unknown command: String, guess: String?) -> Int32 {
        let style = Terminal.current.errorStyle
        let next = guess.map { "did you mean 'cfg \($0)'?" } ?? "'cfg --help' shows all commands"
        Output.writeError(
            "\(style.red("error:")) There is no command '\(SafeText.line(command))'.\n\(style.bold("next:")) \(next)\n")
        return ExitStatus.usage.rawValue
    }

    /// Errors of the argument parser, among which are also help and versions.
    private static func reportParsing(_ error: any Error, _ style: Style) -> Int32 {
        let code = Cfg.exitCode(for: error)
        let message = Cfg.fullMessage(for: error)
        if code == .success {
            if !message.isEmpty { Output.write(message + "\n") }
            return ExitStatus.success.rawValue
        }
        if !message.isEmpty {
            let text = message.hasPrefix("Error: ") ? "\(style.red("error:")) \(message.dropFirst(7))" : message
            Output.writeError(text + "\n")
        }
        return code == .validationFailure ? ExitStatus.usage.rawValue : code.rawValue
    }

    /// What is wrong, where, and what to do next.
    static func text(_ error: ConfigPlatformError, _ style: Style) -> String {
        var text = "\(style.red("error:")) \(SafeText.block(said(error)))\n"
        // One alone is mostly what the detail says already.
        let shown = error.violations.filter {
            error.violations.count > 1 || $0.line != nil || !error.detail.contains($0.message)
        }
        for violation in shown.prefix(violationsShown) { text += "  - \(SafeText.line(line(violation)))\n" }
        if error.violations.count > violationsShown {
            text += "  … and \(error.violations.count - violationsShown) more (--output json shows all)\n"
        }
        if let next = nextStep(error) { text += "\(style.bold("next:")) \(next)\n" }
        if error.code == .fault, let requestID = error.requestID {
            text += style.dim("The server's log has this request under \(SafeText.line(requestID)).") + "\n"
        }
        return text
    }

    private static let violationsShown = 20

    /// Places as users know them; a pointer into the request only where there is nothing better.
    private static func line(_ violation: ConfigPlatformError.Violation) -> String {
        let line = violation.line.map { line in "line \(line)" + (violation.column.map { ":\($0)" } ?? "") }
        var place = [violation.environment, violation.key, line].compactMap { $0 }
        if place.isEmpty, let pointer = violation.pointer, !pointer.isEmpty { place = [pointer] }
        return place.isEmpty ? violation.message : "\(place.joined(separator: " ")): \(violation.message)"
    }

    /// The problem document as it came; for what has none, one of the same form.
    static func json(_ error: ConfigPlatformError) -> JSONValue {
        if let document = error.document { return document }
        var json: JSONObject = [
            "type": .string("https://configplatform.dev/problems/\(error.code.rawValue)"),
            "detail": .string(error.detail),
        ]
        json["status"] = error.status.map { .int($0) }
        return .object(json)
    }

    /// A kind of things that there may be no such of.
    private struct Listed {
        let word: String
        /// What lists them, without their place.
        let command: String
        /// Whether the server says how they are listed or made by calls of its API, which is nothing to who gives commands.
        var isToldOfCalls = false
    }

    private static let kinds: [String: Listed] = [
        "project": Listed(word: "project", command: "cfg project list", isToldOfCalls: true),
        "environment": Listed(word: "environment", command: "cfg env list", isToldOfCalls: true),
        "setting": Listed(word: "setting", command: "cfg list"),
        "schema": Listed(word: "schema", command: "cfg schema list", isToldOfCalls: true),
        "validator": Listed(word: "validator", command: "cfg validator list", isToldOfCalls: true),
        "flag": Listed(word: "flag", command: "cfg flag list", isToldOfCalls: true),
        "segment": Listed(word: "segment", command: "cfg flag segment list", isToldOfCalls: true),
        "kill-hook": Listed(word: "kill hook", command: "cfg flag hook list", isToldOfCalls: true),
        "role": Listed(word: "role", command: "cfg role list"),
        "group": Listed(word: "group", command: "cfg group list"),
        "binding": Listed(word: "binding", command: "cfg binding list"),
        "identity": Listed(word: "identity", command: "cfg identity list"),
        "issuer": Listed(word: "issuer", command: "cfg issuer list"),
        "change-request": Listed(word: "change request", command: "cfg request list --state all"),
        "token": Listed(word: "token", command: "cfg token list"),
        "session": Listed(word: "session", command: "cfg session list"),
        "revision": Listed(word: "revision", command: "cfg log"),
    ]

    /// What is wrong, in words for who gives commands.
    private static func said(_ error: ConfigPlatformError) -> String {
        if error.code == .preconditionFailed, let first = error.violations.first { return first.message }
        guard error.code == .notFound, let missing = error.missing, let listed = kinds[missing.kind],
            listed.isToldOfCalls
        else { return error.detail }
        let environment = missing.environment.map { " in '\($0)'" } ?? ""
        let project = missing.project.map { "\(environment.isEmpty ? " in" : " of") project '\($0)'" } ?? ""
        return "There is no \(listed.word) '\(missing.key)'\(environment)\(project)."
    }

    /// How to see what there is, and to make what there is not.
    private static func nextStep(for missing: ConfigPlatformError.Missing) -> String? {
        guard let listed = kinds[missing.kind] else { return nil }
        let project = missing.project.map { " -p \(SafeText.line($0))" } ?? ""
        let environment = missing.environment.map { " -e \(SafeText.line($0))" } ?? ""
        let list = "'\(listed.command)\(project)\(environment)' shows what there is"
        switch missing.kind {
        case "project": return "\(list), 'cfg project create \(SafeText.line(missing.key))' makes it"
        case "environment": return "\(list), 'cfg env create \(SafeText.line(missing.key))\(project)' makes it"
        default: return list
        }
    }

    private static func nextStep(_ error: ConfigPlatformError) -> String? {
        switch error.code {
        case .unauthenticated: "run 'cfg login', or set CFG_SERVER and CFG_TOKEN"
        case .unreachable where error.detail.contains("certificate"):
            "give the authority's certificate with --ca-file or CFG_CA_FILE"
        case .unreachable, .timedOut:
            "look whether the server runs and the address is right (--server, CFG_SERVER or 'cfg login')"
        case .revisionConflict: "read what is there now ('cfg describe KEY'), and try again with --expect REVISION"
        case .preconditionFailed: "read what is there now, and try again"
        case .ledgerDiverged: "leave --min-revision out; the platform was restored from a backup"
        case .notFound: error.missing.flatMap(nextStep(for:))
        case .unavailable, .revisionNotReached, .tooManyRequests: "try again in a moment"
        case .approvalNeeded: "'cfg request show ID' says whose approval is still to be had"
        case .frozen: "'cfg protect ENVIRONMENT --show' says until when; 'cfg request schedule' applies a change later"
        default: nil
        }
    }
}

extension ConfigPlatformError {
    /// A problem that was found here, without asking the server.
    fileprivate init(_ problem: Problem) {
        self.init(
            Code(rawValue: problem.code.rawValue), problem.detail,
            violations: problem.violations.map { violation in
                Violation(
                    violation.message, pointer: violation.pointer, keyword: violation.keyword,
                    environment: violation.environment?.rawValue, key: violation.key, line: violation.line,
                    column: violation.column)
            },
            missing: problem.missing.map { missing in
                Missing(missing.kind, missing.key, in: missing.environment?.rawValue, of: missing.project?.rawValue)
            })
    }
}
