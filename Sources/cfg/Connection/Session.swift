import ConfigPlatformClient
import ConfigPlatformModel
import Foundation

/// What a command has in hand while it runs: the server, and where its answer goes.
struct Session {
    let client: AdministrationClient
    let format: OutputFormat
    let terminal: Terminal

    /// - Parameter silenceMax: how long a connection may be silent before it is given up.
    init(_ options: ConnectionOptions, silenceMax: Duration = .seconds(60)) throws {
        let variables = ProcessVariables.all
        // A damaged login must not stand in the way of whoever does not use it.
        let isNamed = (options.server ?? variables["CFG_SERVER"]) != nil && variables["CFG_TOKEN"] != nil
        let login = isNamed ? nil : try Credentials.read(Credentials.path(variables))
        let choice = try ServerChoice(
            server: options.server, caFile: options.caFile, variables: variables, login: login)
        guard let token = choice.token else {
            throw ConfigPlatformError(
                .unauthenticated, "There is no token for \(choice.server).", status: nil)
        }
        let now = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        if let fault = choice.login?.fault(at: now) { throw fault }
        try self.init(choice, token: token, options, silenceMax: silenceMax)
    }

    /// - Parameter token: nil for whoever is nobody yet.
    init(_ choice: ServerChoice, token: String?, _ options: ConnectionOptions, silenceMax: Duration = .seconds(60))
        throws
    {
        let transport = try Transport(
            server: choice.server, token: token.map { AccessToken($0) },
            certificateAuthorityFile: choice.certificateAuthorityFile,
            userAgent: Version.userAgent, connectTimeout: .seconds(5), readTimeout: silenceMax)
        client = AdministrationClient(transport, minimumRevision: options.minimumRevision)
        format = options.output
        terminal = .current
    }

    var style: Style { terminal.outputStyle }
    var differences: DifferenceText { DifferenceText(style: style, width: terminal.columns) }

    /// The time, where times are shown to a person.
    var now: Timestamp? {
        terminal.isOutputTerminal ? Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) : nil
    }

    /// Writes the JSON, or the text, as the user asked.
    func show(_ json: @autoclosure () -> JSONValue, text: () -> String) {
        warnOfStaleServer()
        switch format {
        case .json: Output.write((terminal.isOutputTerminal ? json().prettyText() : json().canonicalText) + "\n")
        case .text: Output.write(text())
        }
    }

    func show<Value>(_ answer: Answer<Value>, text: (Value) -> String) {
        show(answer.json) { text(answer.value) }
    }

    /// Runs something that may take a while.
    func working<Result: Sendable>(
        _ activity: String, _ body: sending () async throws -> Result
    ) async throws -> Result {
        try await ProgressLine.during(activity, isTerminal: terminal.isErrorTerminal, body)
    }

    private func warnOfStaleServer() {
        guard let since = client.staleSince else { return }
        Output.writeError(
            terminal.errorStyle.yellow("warning:")
                + " the server has had no contact with its database since \(since); this may be out of date.\n")
    }
}

/// Reads pages until there is enough.
enum Pages {
    static let sizeMax = 1_000

    /// - Parameters:
    ///   - limit: how many items at most; nil for all.
    ///   - name: the member of the answer that holds the items.
    ///   - page: reads the page that begins after what the last one named.
    /// - Returns: The items, and the JSON of all pages as if they were one.
    static func read<Item: Sendable>(
        _ name: String = "items", limit: Int? = nil,
        _ page: (_ next: String?, _ limit: Int) async throws -> Answer<Page<Item>>
    ) async throws -> (items: [Item], json: JSONValue) {
        var items: [Item] = []
        var elements: [JSONValue] = []
        var next: String?
        repeat {
            let wanted = min(sizeMax, limit.map { $0 - items.count } ?? sizeMax)
            let answer = try await page(next, wanted)
            items += answer.value.items
            elements += answer.json[name]?.arrayValue ?? []
            guard answer.value.next != next else { break }
            next = answer.value.next
        } while next != nil && items.count < limit ?? .max
        var json: JSONObject = [name: .array(elements)]
        json["next"] = next.map { .string($0) }
        return (items, .object(json))
    }
}
