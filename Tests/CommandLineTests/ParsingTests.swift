import ArgumentParser
import Foundation
import Testing

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel
@testable import cfg

/// Parses a command line as the program would.
func parsed<Command: ParsableCommand>(_ type: Command.Type, _ line: String) throws -> Command {
    let arguments = Arguments.prepared(line.split(separator: " ").map(String.init))
    return try #require(try Cfg.parseAsRoot(arguments) as? Command)
}

func isRefused(_ line: String, _ message: String) -> Bool {
    do {
        _ = try Cfg.parseAsRoot(line.split(separator: " ").map(String.init))
        return false
    } catch {
        return Cfg.exitCode(for: error) == .validationFailure && Cfg.fullMessage(for: error).contains(message)
    }
}

@Suite struct ParsingTests {
    @Test func `every command of the tree is named, summed up and parses its help`() throws {
        var count = 0
        func visit(_ type: any ParsableCommand.Type, _ path: [String]) throws {
            count += 1
            #expect(!type.configuration.abstract.isEmpty, "\(path)")
            #expect(throws: Never.self, "\(path)") { try Cfg.parseAsRoot(path + ["--help"]) }
            for child in type.configuration.subcommands { try visit(child, path + [child._commandName]) }
        }
        for type in Cfg.configuration.subcommands { try visit(type, [type._commandName]) }
        #expect(count >= 95)
    }

    @Test func `every command that talks to a server takes --output json`() throws {
        let id = "cr_0123456789abcdef"
        for line in [
            "get k", "set k v", "unset k", "delete k", "list", "describe k", "search q", "import f.env", "export",
            "watch",
            "log", "show 1", "diff a b", "rollback 1", "promote a b", "whoami", "login", "logout", "token list",
            "token create n --role viewer", "token revoke i", "session list", "session revoke i", "project list",
            "project create n", "project show n",
            "project delete n",
            "env list", "env create n", "env show n", "env delete n", "key list", "key set k", "key delete k",
            "audit events", "role list", "role show r", "role set r f", "role delete r", "group list", "group show g",
            "group set g m", "group add g m", "group remove g m", "group delete g", "identity list", "identity show i",
            "identity create i", "identity disable i", "identity enable i", "identity password i",
            "identity delete i", "issuer list", "issuer show i", "issuer set i f", "issuer delete i",
            "binding list", "binding show b", "binding add --subject user:a --role viewer", "binding remove b",
            "protect e", "unprotect e", "access explain --subject user:a --action read", "access who --action read",
            "access what", "access break-glass --reason r", "request list", "request show \(id)",
            "request diff \(id)", "request approve \(id)", "request reject \(id)", "request withdraw \(id)",
            "request comment \(id) text", "request edit \(id) f", "request apply \(id)",
            "request schedule \(id) --never", "request watch \(id)",
        ] {
            let command = try Cfg.parseAsRoot((line + " --output json").split(separator: " ").map(String.init))
            #expect((command as? any PlatformCommand)?.connection.output == .json, "\(line)")
        }
    }

    @Test func `quotas are given by name, each with a number or none`() throws {
        let update = try parsed(
            ProjectUpdateCommand.self, "project update shop --quota items=1000 --quota changesPerDay=none")
        #expect(
            update.quota == [
                QuotaArgument(quota: .items, number: 1_000), QuotaArgument(quota: .changesPerDay, number: nil),
            ])
        for wrong in ["items", "items=", "items=-1", "items=1.5", "item=1"] {
            #expect(throws: (any Error).self, "\(wrong)") {
                try Cfg.parseAsRoot(["project", "update", "shop", "--quota", wrong])
            }
        }
    }

    @Test func `project and environment come from options before they come from variables`() throws {
        let variables = ["CFG_PROJECT": "from-variable", "CFG_ENVIRONMENT": "staging"]
        let named = try parsed(GetCommand.self, "get a.b -p shop -e production").place.place(variables)
        #expect(named.0.rawValue == "shop")
        #expect(named.1.rawValue == "production")
        let unnamed = try parsed(GetCommand.self, "get a.b").place.place(variables)
        #expect(unnamed.0.rawValue == "from-variable")
        #expect(unnamed.1.rawValue == "staging")
    }

    @Test func `a missing project or environment says how to give it`() throws {
        let command = try parsed(GetCommand.self, "get a.b")
        let project = #expect(throws: ValidationError.self) { try command.place.place([:]) }
        #expect(project?.message.contains("CFG_PROJECT") == true)
        let environment = #expect(throws: ValidationError.self) { try command.place.place(["CFG_PROJECT": "shop"]) }
        #expect(environment?.message.contains("cfg env list -p shop") == true)
        let invalid = #expect(throws: ValidationError.self) { try command.place.place(["CFG_PROJECT": "No"]) }
        #expect(invalid?.message.contains("CFG_PROJECT") == true)
    }

    @Test func `all environments are meant where they are asked for, or none is named`() throws {
        let variables = ["CFG_PROJECT": "shop", "CFG_ENVIRONMENT": "staging"]
        #expect(try parsed(LogCommand.self, "log -A").scope.scope(variables).1 == nil)
        #expect(try parsed(LogCommand.self, "log").scope.scope(variables).1?.rawValue == "staging")
        #expect(try parsed(LogCommand.self, "log -e eu").scope.scope(variables).1?.rawValue == "eu")
        #expect(try parsed(LogCommand.self, "log").scope.scope(["CFG_PROJECT": "shop"]).1 == nil)
        #expect(isRefused("log -p shop -e eu -A", "not both"))
    }

    @Test func `names that are none are refused with the rule`() {
        #expect(isRefused("get a..b -p shop -e eu", "segment is empty"))
        #expect(isRefused("get a -p Shop -e eu", "lower-case letters"))
        #expect(isRefused("get a -p shop -e -eu", "-e"))
        #expect(isRefused("show many -p shop", "revision"))
        #expect(isRefused("log --limit 0", "--limit"))
        #expect(isRefused("get a --at yesterday", "15m, 2h, 3d"))
        #expect(isRefused("export --format ini", "ini"))
    }

    @Test func `a command that does not exist is told, with what may have been meant`() {
        let commands = Cfg.configuration.subcommands
        #expect(Arguments.unknownCommand(["gett"], among: commands)?.guess == "get")
        #expect(Arguments.unknownCommand(["exprot"], among: commands)?.guess == "export")
        let far = Arguments.unknownCommand(["frobnicate"], among: commands)
        #expect(far?.name == "frobnicate")
        #expect(far?.guess == nil)
        for known in [["get"], ["ls"], ["environment"], ["help"], ["--help"], []] {
            #expect(Arguments.unknownCommand(known, among: commands) == nil)
        }
    }
}

@Suite struct SetParsingTests {
    @Test func `a value that is JSON is JSON and anything else is a string`() throws {
        func value(_ text: String) throws -> JSONValue { try SetCommand.value(text, nil) }
        #expect(try value("2500") == 2500)
        #expect(try value("0.10") == 0.1)
        #expect(try value("true") == true)
        #expect(try value("null") == .null)
        #expect(try value("\"quoted\"") == "quoted")
        #expect(try value(#"{"a":[1]}"#) == ["a": [1]])
        #expect(try value("EUR") == "EUR")
        #expect(try value("") == "")
        #expect(try value("01") == "01")
        #expect(try value("{not json}") == "{not json}")
        #expect(try SetCommand.value("2500", .string) == "2500")
        #expect(throws: ValidationError.self) { try SetCommand.value("EUR", .json) }
    }

    @Test func `expectation and references are part of the operation`() throws {
        let environment = try EnvironmentName(parsing: "eu")
        let plain = try parsed(SetCommand.self, "set a.b 1")
        #expect(
            plain.operation(1, environment)
                == ["op": "put", "kind": "setting", "environment": "eu", "key": "a.b", "value": 1])
        let full = try parsed(SetCommand.self, "set a.b x --literal --expect absent --string -m why --dry-run")
        #expect(
            full.operation("x", environment) == [
                "op": "put", "kind": "setting", "environment": "eu", "key": "a.b", "value": "x", "expect": "absent",
                "references": "literal",
            ])
        #expect(full.write.message == "why")
        #expect(full.write.dryRun)
        #expect(try parsed(SetCommand.self, "set a.b x --expect 41").operation(1, environment)["expect"] == 41)
        #expect(isRefused("set a b --expect soon", "cannot be expected"))
        #expect(isRefused("set a b --string --json", "--json"))
    }

    @Test func `a negative number is a value, wherever it stands`() throws {
        #expect(try parsed(SetCommand.self, "set a.b -5").value == "-5")
        #expect(try parsed(SetCommand.self, "set a.b -0.5e3 -p shop --dry-run").value == "-0.5e3")
        #expect(try parsed(SetCommand.self, "set --literal a.b -5 -e eu").value == "-5")
        #expect(try parsed(SetCommand.self, "set a.b -- -x").value == "-x")
        #expect(Arguments.prepared(["set", "a", "b", "-m", "-5"]) == ["set", "a", "b", "-m", "-5"])
        #expect(Arguments.prepared(["get", "a", "-5"]) == ["get", "a", "-5"])
    }
}

@Suite struct MomentParsingTests {
    private let now = Timestamp(microseconds: 1_800_000_000_000_000)

    @Test func `a moment is a revision, a time or how long ago`() throws {
        func text(_ moment: String) throws -> String { try MomentArgument.argument(moment, now: now).text }
        #expect(try text("42") == "42")
        #expect(try text("2026-11-23T06:00:00+01:00") == "2026-11-23T05:00:00.000000Z")
        #expect(try text("2h") == now.adding(seconds: -7_200).text)
        #expect(try text("1w") == now.adding(seconds: -604_800).text)
        for wrong in ["", "h", "-1h", "2x", "1.5h", "9999999999h", "now"] {
            #expect(throws: ValidationError.self, "\(wrong)") { try text(wrong) }
        }
    }

    @Test func `a diff is between two moments or two environments, never both`() throws {
        let moments = try parsed(DiffCommand.self, "diff --from 12 --to 15 -p shop -e eu")
        #expect(moments.from?.text == "12")
        #expect(moments.to?.text == "15")
        #expect(try parsed(DiffCommand.self, "diff a b --at 12").environments.map(\.rawValue) == ["a", "b"])
        #expect(isRefused("diff -p shop", "--from"))
        #expect(isRefused("diff a", "two environments"))
        #expect(isRefused("diff a b c", "two environments"))
        #expect(isRefused("diff a b --from 1", "--at"))
        #expect(isRefused("diff --from 1 --at 2", "--at"))
        #expect(isRefused("diff a b -e c", "without -e"))
    }

    @Test func `a rollback must say which environments`() throws {
        let one = try parsed(RollbackCommand.self, "rollback 41 -e a -e b --key x --kind setting -m why").order([:])
        #expect(one.target == .revision(try Revision(41)))
        #expect(one.environments.map(\.rawValue) == ["a", "b"])
        #expect(one.keys.map(\.text) == ["x"])
        #expect(one.kinds == ["setting"])
        #expect(one.message == "why")
        #expect(
            try parsed(RollbackCommand.self, "rollback 41 -A").order(["CFG_ENVIRONMENT": "eu"]).environments.isEmpty)
        let fromVariable = try parsed(RollbackCommand.self, "rollback 41").order(["CFG_ENVIRONMENT": "eu"])
        #expect(fromVariable.environments.map(\.rawValue) == ["eu"])
        #expect(throws: ValidationError.self) { try parsed(RollbackCommand.self, "rollback 41").order([:]) }
        #expect(isRefused("rollback 41 -A -e eu", "not both"))
    }

    @Test func `a length of time has a unit`() throws {
        #expect(try DurationArgument.argument("90d").seconds == 7_776_000)
        #expect(throws: ValidationError.self) { try DurationArgument.argument("90") }
        #expect(throws: ValidationError.self) { try DurationArgument.argument("0d") }
    }
}

@Suite struct ServerChoiceTests {
    private func login() throws -> Credentials {
        Credentials(
            server: try ServerAddress(parsing: "https://login.example.org"), token: "login-token",
            certificateAuthorityFile: "/login.pem")
    }

    @Test func `a flag wins over a variable and a variable over the login`() throws {
        let variables = ["CFG_SERVER": "https://variable.example.org"]
        #expect(
            try ServerChoice(server: "https://flag", caFile: nil, variables: variables, login: login()).server.text
                == "https://flag")
        #expect(
            try ServerChoice(server: nil, caFile: nil, variables: variables, login: login()).server.text
                == "https://variable.example.org")
        let choice = try ServerChoice(server: nil, caFile: nil, variables: [:], login: login())
        #expect(choice.server.text == "https://login.example.org")
        #expect(choice.token == "login-token")
        #expect(choice.certificateAuthorityFile == "/login.pem")
    }

    @Test func `the token of a login is not sent to another server`() throws {
        let choice = try ServerChoice(server: "https://evil.example.org", caFile: nil, variables: [:], login: login())
        #expect(choice.token == nil)
        #expect(choice.certificateAuthorityFile == nil)
        let same = try ServerChoice(
            server: "HTTPS://LOGIN.example.org:443/", caFile: nil, variables: [:], login: login())
        #expect(same.token == "login-token")
    }

    @Test func `a token in a variable goes to whichever server is named`() throws {
        let choice = try ServerChoice(
            server: "https://flag", caFile: "/flag.pem", variables: ["CFG_TOKEN": "t", "CFG_CA_FILE": "/v.pem"],
            login: nil)
        #expect(choice.token == "t")
        #expect(choice.certificateAuthorityFile == "/flag.pem")
    }

    @Test func `without anything it is the development server`() throws {
        let choice = try ServerChoice(server: nil, caFile: nil, variables: ["CFG_SERVER": ""], login: nil)
        #expect(choice.server.text == "http://127.0.0.1:8420")
        #expect(choice.token == nil)
    }

    @Test func `a login is kept for its owner alone and reads back`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cfg-login-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = Credentials.path(["XDG_CONFIG_HOME": folder.path(percentEncoded: false)])
        #expect(path.hasSuffix("/cfg/credentials.json"))
        #expect(try Credentials.read(path) == nil)
        try login().write(path)
        #expect(try Credentials.read(path) == login())
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        try Data("{".utf8).write(to: URL(filePath: path))
        #expect(throws: ConfigPlatformError.self) { try Credentials.read(path) }
    }

    @Test func `the login's place follows the XDG rule`() {
        #expect(Credentials.path(["HOME": "/home/a"]) == "/home/a/.config/cfg/credentials.json")
        #expect(Credentials.path(["HOME": "/home/a", "XDG_CONFIG_HOME": "/x"]) == "/x/cfg/credentials.json")
        #expect(
            Credentials.path(["HOME": "/home/a", "XDG_CONFIG_HOME": "relative"])
                == "/home/a/.config/cfg/credentials.json")
    }
}

@Suite struct RunTests {
    private func settings(_ values: [(String, JSONValue)]) throws -> [SettingView] {
        try values.map { key, value in
            try SettingView(WireReader(["key": .string(key), "value": value, "environment": "base", "revision": 1]))
        }
    }

    @Test func `settings become variables with the names and values of a dotenv export`() throws {
        let variables = try RunCommand.variables(
            of: settings([
                ("checkout.timeout", 2500), ("checkout.currency-code", "EUR"), ("DEBUG", true), ("LIST", [1, "a"]),
                ("QUOTES", "it's \"$HOME\" ${x} \\ done\nnext"), ("NOTHING", .null), ("EMPTY", ""),
            ]))
        let byName = Dictionary(uniqueKeysWithValues: variables.map { ($0.name, $0.value) })
        #expect(
            byName == [
                "CHECKOUT_TIMEOUT": "2500", "CHECKOUT_CURRENCY_CODE": "EUR", "DEBUG": "true", "LIST": "[1,\"a\"]",
                "QUOTES": "it's \"$HOME\" ${x} \\ done\nnext", "NOTHING": "null", "EMPTY": "",
            ])
    }

    @Test func `two keys that become one name are refused, naming both`() throws {
        let problem = #expect(throws: Problem.self) {
            try RunCommand.variables(of: settings([("a.b", 1), ("A_B", 2)]))
        }
        #expect(problem?.detail.contains("a.b") == true)
        #expect(problem?.detail.contains("A_B") == true)
        #expect(problem?.detail.contains("format") == false, "there is none to choose")
    }

    @Test func `settings win over what is set already, unless that is to be kept`() {
        let settings = [(name: "A", value: "setting"), (name: "B", value: "setting")]
        #expect(
            RunCommand.merged(inherited: ["A": "shell", "C": "shell"], settings: settings, preservesInherited: false)
                == ["A": "setting", "B": "setting", "C": "shell"])
        #expect(
            RunCommand.merged(inherited: ["A": "shell"], settings: settings, preservesInherited: true)
                == ["A": "shell", "B": "setting"])
    }

    @Test func `a command is looked for on the path, one with a slash is not`() throws {
        #expect(Replacement.candidates("node", path: "/a:/b::/c") == ["/a/node", "/b/node", "./node", "/c/node"])
        #expect(Replacement.candidates("./x", path: "/a") == ["./x"])
        let command = try parsed(RunCommand.self, "run -p shop -e eu -- sh -c echo -e --at")
        #expect(command.command == ["sh", "-c", "echo", "-e", "--at"])
        #expect(command.place.environment?.rawValue == "eu")
        #expect(isRefused("run -p shop -e eu", "after '--'"))
    }
}

@Suite struct CompletionTests {
    @Test func `the words of the line tell the project and the environment`() {
        let words = ["cfg", "get", "-p", "shop", "--environment=eu", ""]
        #expect(Completions.value(of: ["-p", "--project"], in: words) == "shop")
        #expect(Completions.value(of: ["-e", "--environment"], in: words) == "eu")
        #expect(Completions.value(of: ["--server"], in: words) == nil)
        #expect(Completions.value(of: ["-p"], in: ["cfg", "-p"]) == nil)
    }

    @Test(arguments: [CompletionShell.bash, .zsh, .fish])
    func `every shell gets a script that knows the commands`(shell: CompletionShell) {
        let script = Cfg.completionScript(for: shell)
        for name in ["rollback", "promote", "whoami", "break-glass", "unprotect", "withdraw"] {
            #expect(script.contains(name))
        }
    }
}

@Suite struct TerminalTests {
    @Test func `colours are off where NO_COLOR says so or the terminal has none`() {
        #expect(Terminal.allowsColor(["TERM": "xterm"]))
        #expect(Terminal.allowsColor(["NO_COLOR": ""]))
        #expect(!Terminal.allowsColor(["NO_COLOR": "1"]))
        #expect(!Terminal.allowsColor(["TERM": "dumb"]))
    }

    @Test func `every exit status is documented in the help`() {
        let help = Cfg.helpMessage()
        for status in ExitStatus.allCases { #expect(help.contains(status.meaning.prefix(30))) }
    }
}
