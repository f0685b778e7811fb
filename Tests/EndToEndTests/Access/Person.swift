import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// Somebody at a terminal: a home folder of their own, and `cfg` for one server.
struct Person: Sendable {
    let server: CfgProcess
    private let home: TemporaryFolder

    init(at server: CfgProcess) throws {
        self.server = server
        home = try TemporaryFolder()
    }

    private var variables: [String: String] { ["CFG_SERVER": server.url, "CFG_PROJECT": "shop", "HOME": home.root] }

    func cfg(_ arguments: String..., input: String = "") async throws -> CommandResult {
        try await CfgProcess.run(arguments, environment: variables, directory: home.root, input: input)
    }

    /// What `cfg login` has kept.
    var login: JSONValue? {
        FileManager.default.contents(atPath: loginPath).flatMap { try? JSONValue(parsing: Array($0)) }
    }

    var loginPath: String { home.path(".config/cfg/credentials.json") }

    /// A `cfg login` that waits for a browser.
    struct WaitingLogin {
        let process: WatchedProcess
        /// Where it sends the browser.
        let url: URL
        /// All that it has said.
        let text: String
        private let folder: TemporaryFolder

        fileprivate init(_ process: WatchedProcess, in folder: TemporaryFolder) async throws {
            let deadline = ContinuousClock.now + .seconds(30)
            while true {
                let text = process.errors
                if let match = text.firstMatch(of: /\n\n  (http\S+)\n\n/), let url = URL(string: String(match.output.1))
                {
                    (self.process, self.folder, self.text, self.url) = (process, folder, text, url)
                    return
                }
                guard !process.hasEnded, ContinuousClock.now < deadline else {
                    throw UnexpectedAnswer(description: "cfg login does not wait for a browser: \(text)")
                }
                try await Task.sleep(for: .milliseconds(10))
            }
        }

        /// What the browser must bring back, and where.
        var state: String { url.value(of: "state") ?? "" }

        /// The browser comes back with these, encoded already.
        func comeBack(_ query: String) async throws -> HTTPAnswer {
            let base = try #require(url.value(of: "redirect_uri"))
            return try await Browser().get(try #require(URL(string: base + "?" + query))).answer
        }
    }

    func beginLogin(_ arguments: String...) async throws -> WaitingLogin {
        let folder = try TemporaryFolder()
        return try await WaitingLogin(
            CfgProcess.begin(["login"] + arguments, environment: variables, in: folder), in: folder)
    }

    /// Signs in with a password.
    @discardableResult
    func logIn(as user: String, password: String) async throws -> CommandResult {
        try await cfg("login", "--user", user, input: password + "\n")
    }
}

extension HTTPAnswer {
    /// A problem without what is of this request alone.
    var problemWithoutInstance: JSONValue {
        get throws {
            guard case .object(var members) = try json() else {
                throw UnexpectedAnswer(description: "\(self) is no problem")
            }
            members["instance"] = nil
            return .object(members)
        }
    }
}

extension WireClient {
    func bind(_ subject: String, to role: String, as name: String, in project: ProjectPath) async throws {
        try await call(
            "PUT", project.root + "/bindings/" + name,
            body: .json(["subject": .string(subject), "role": .string(role)]))
    }

    /// Status of a look at who calls.
    func whoAmI() async throws -> Int { try await send("GET", "/api/v1/whoami").status }
}

/// Whether something holds within a time; asks again and again.
func soon(within seconds: Double, _ holds: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try await !holds() {
        guard ContinuousClock.now < deadline else { return false }
        try await Task.sleep(for: .milliseconds(20))
    }
    return true
}

extension EventStream {
    /// The events that are no heartbeats, up to the end that the server makes.
    func rest() async throws -> [StreamedEvent] {
        var events: [StreamedEvent] = []
        while let event = try await next() {
            if event.event != "heartbeat" { events.append(event) }
        }
        return events
    }
}

extension CfgProcess {
    /// Says whether somebody may do nothing any more.
    func setDisabled(_ isDisabled: Bool, _ principal: String, token: String? = nil) async throws {
        try await CfgProcess.run(
            ["identity", isDisabled ? "disable" : "enable", principal],
            environment: ["CFG_SERVER": url, "CFG_TOKEN": token ?? self.token ?? ""]
        ).succeeded()
    }
}
