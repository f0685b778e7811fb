import API
import ConfigPlatformModel
import ControlPlane
import Foundation
import HTTPTypes
import Logging
import Synchronization
import TestSupport
import Testing

/// Every route with every caller, against a golden file that is read line by line in review.
/// `CFG_UPDATE_GOLDEN=1 swift test --filter AccessMatrixTests` writes it anew.
@Suite struct AccessMatrixTests {
    private static let golden = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().appending(path: "Golden/access-matrix.txt")

    @Test func `every route has a request in the matrix, and the matrix no other`() {
        let routes = Set(RouteTable.all.map(Self.name))
        let requests = Set(AccessMatrix.requests.keys)
        #expect(routes.subtracting(requests) == [], "a route without a row in AccessMatrix.requests")
        #expect(requests.subtracting(routes) == [], "a row of AccessMatrix.requests without a route")
    }

    @Test func `every route answers every caller as the golden file says`() async throws {
        let people = StandInIssuer(of: "https://id.example")
        try await ServerUnderTest.run(
            signIn: SignInSettings(allowsPasswords: true, fetch: people.fetch), logLevel: .critical
        ) { test in
            let matrix = try await AccessMatrix(test)
            var rows: [(name: String, statuses: [String])] = []
            for route in RouteTable.all {
                let name = Self.name(of: route)
                guard let make = AccessMatrix.requests[name] else { continue }
                var statuses: [String] = []
                var request: AccessMatrix.Request?
                for caller in matrix.callers {
                    // Whoever is nobody gets as far as the door, whatever stands behind it.
                    if request == nil || caller.group != "nobody" { request = try await matrix.request(make) }
                    guard let request else { continue }
                    statuses.append(try await matrix.status(of: route, request, by: caller.token))
                }
                // Whatever else a row says, somebody can use the route, and an administrator is among them; but an address that names
                // no environment is only for tokens that are for one.
                let namesItsPlace = !route.pattern.hasPrefix("/ofrep/")
                #expect(
                    statuses[0].first == "2" || !namesItsPlace,
                    "\(name) does not succeed for an administrator: \(statuses[0])")
                rows.append((name, statuses))
            }
            let text = matrix.text(rows)
            if ProcessInfo.processInfo.environment["CFG_UPDATE_GOLDEN"] == "1" {
                try Data(text.utf8).write(to: Self.golden)
            }
            let expected = try String(contentsOf: Self.golden, encoding: .utf8)
            let wanted = Set(expected.split(separator: "\n"))
            let differing = text.split(separator: "\n").filter { !wanted.contains($0) }
            let isSame = text == expected
            #expect(
                isSame,
                "the matrix differs; see the head of this file for how to write it anew:\n\(differing.joined(separator: "\n"))"
            )
        }
    }

    private static func name(of route: Route) -> String { "\(route.method.rawValue) \(route.pattern)" }
}

/// The callers, and a request of each route that a platform administrator succeeds with.
struct AccessMatrix {
    let test: ServerUnderTest
    let callers: [(group: String, name: String, token: ServerUnderTest.Token)]
    let marks: Marks
    private let cells = Counter()

    /// Revisions that requests refer to.
    struct Marks: Sendable {
        var made: Int64 = 0
        var setting: Int64 = 0
        var binding: Int64 = 0
        var request = ""
        var platformRequest = ""
    }

    /// Makes each request its own.
    final class Counter: Sendable {
        private let next = Mutex(0)

        func draw() -> Int {
            next.withLock { value in
                value += 1
                return value
            }
        }
    }

    /// A request, and what undoes what it did to others.
    struct Request {
        var path: String
        var query: [(String, String)] = []
        var headers: [(String, String)] = []
        var body: WireClient.Body?
        var cleanUp: (@Sendable (HTTPAnswer) async throws -> Void)?
    }

    typealias Make = @Sendable (AccessMatrix, Int) async throws -> Request

    static let base = ServerUnderTest.base
    static let shop = ServerUnderTest.shop
    static let staging = "\(shop)/environments/staging"
    static let password = "a password of somebody"

    private static let roles = ["administrator", "operator", "viewer", "auditor", "evaluator"]

    // MARK: The place

    init(_ test: ServerUnderTest) async throws {
        self.test = test
        var marks = Marks()
        try await test.makeShop()
        marks.made = test.revision
        try await test.change([
            ["op": "put", "kind": "environment", "key": "vault", "value": ["inherits": ["base"]]],
            ["op": "put", "kind": "environment", "key": "lab", "value": [:]],
            ServerUnderTest.put("vaulted.k", 1, in: "vault"), ServerUnderTest.put("own.k", 1, in: "staging"),
            ["op": "put", "kind": "setting-definition", "key": "own.k", "value": ["description": "A key"]],
            [
                "op": "put", "kind": "schema", "key": "timeout",
                "value": ["key": "checkout.timeout", "schema": ["type": "integer", "description": "Milliseconds"]],
            ],
            [
                "op": "put", "kind": "validator", "key": "gate",
                "value": ["url": "http://127.0.0.1:9/", "environments": ["lab"], "onFailure": "accept"],
            ],
            ["op": "put", "kind": "protection", "environment": "staging", "value": ["approvals": 0]],
        ])
        marks.setting = test.revision
        try await test.json(201, "PUT", "\(Self.base)/projects/other", body: [:])
        try await test.json(201, "PUT", "\(Self.base)/projects/other/environments/main", body: [:])
        try await test.makeRole("custom", [["actions": ["read"], "keys": ["own"]]])
        try await test.json(201, "PUT", "\(Self.base)/groups/sre", body: ["members": ["user:pat"]])
        try await test.json(201, "PUT", "\(Self.base)/identities/user:pat", body: ["displayName": "Pat"])
        let password = try await test.send(
            "PUT", "\(Self.base)/identities/user:pat/password", body: .json(["password": .string(Self.password)]))
        #expect(password.status == 204)
        try await test.json(
            201, "PUT", "\(Self.base)/issuers/corp",
            body: ["url": "https://id.example", "vouchesFor": "people", "clientId": "cfg"])
        try await test.bind("pat", "user:pat", "viewer")
        marks.binding = test.revision
        try await test.bind("pat", "user:pat", "viewer", project: "shop")
        callers = try await Self.makeCallers(test)
        try await test.json(201, "PUT", "\(Self.shop)/environments/vault/protection", body: ["approvals": 1])
        marks.request = try await Self.ask(test, "first")
        marks.platformRequest = try await Self.askPlatform(test, "first")
        self.marks = marks
    }

    private static func makeCallers(
        _ test: ServerUnderTest
    ) async throws -> [(group: String, name: String, token: ServerUnderTest.Token)] {
        var callers: [(String, String, ServerUnderTest.Token)] = []
        func short(_ role: String) -> String { String(role.prefix(3)) }
        for role in roles {
            callers.append(("platform", short(role), try await test.person("user:everywhere-\(role)", role)))
        }
        for role in roles {
            callers.append(
                ("project shop", short(role), try await test.person("user:shop-\(role)", role, project: "shop")))
        }
        for role in roles {
            let person = try await test.person(
                "user:here-\(role)", role, project: "shop", environments: ["staging", "vault"])
            callers.append(("staging, vault", short(role), person))
        }
        callers.append(
            (
                "elsewhere", "ope",
                try await test.person("user:base-operator", "operator", project: "shop", environments: ["base"])
            ))
        callers.append(
            ("elsewhere", "vie", .other(try await test.makeToken("other-viewer", "viewer", project: "other").text)))
        for role in ["administrator", "operator", "viewer"] {
            callers.append(("tokens", short(role), .other(try await test.makeToken("token-\(role)", role).text)))
        }
        let expired = try await test.makeToken("expired", "administrator", more: ["expiresIn": 5])
        test.clock.advance(seconds: 10)
        let revoked = try await test.makeToken("revoked", "administrator")
        #expect(try await test.send("DELETE", "\(base)/tokens/\(revoked.id)").status == 204)
        let disabled = try await test.person("user:gone", "administrator")
        try await test.json(201, "PUT", "\(base)/identities/user:gone", body: ["disabled": true])
        callers.append(("nobody", "unb", .other(try await test.session(of: "user:unbound").text)))
        callers.append(("nobody", "dis", disabled))
        callers.append(("nobody", "exp", .other(expired.text)))
        callers.append(("nobody", "rev", .other(revoked.text)))
        callers.append(("nobody", "bad", .other("cfg_0123456789012345678901234567890123abcdef")))
        callers.append(("nobody", "non", .none))
        return callers
    }

    // MARK: The rows

    func request(_ make: Make) async throws -> Request { try await make(self, cells.draw()) }

    func status(of route: Route, _ request: Request, by token: ServerUnderTest.Token) async throws -> String {
        if route.pattern.hasSuffix("/watch") || route.pattern.hasSuffix("/ofrep/v1/events") {
            return try await streamed(request, token)
        }
        let answer = try await test.send(
            route.method.rawValue, request.path, query: request.query, headers: request.headers, body: request.body,
            token: token)
        if answer.status < 300 { try await request.cleanUp?(answer) }
        return "\(answer.status)"
    }

    private func streamed(_ request: Request, _ token: ServerUnderTest.Token) async throws -> String {
        let client =
            switch token {
            case .own: test.client
            case .none: test.client.with(token: nil)
            case .other(let text): test.client.with(token: text)
            }
        let (answer, events) = try await client.events(request.path, query: request.query)
        events.close()
        return "\(answer.status)"
    }

    func text(_ rows: [(name: String, statuses: [String])]) -> String {
        let width = rows.map(\.name.count).max() ?? 0
        var groups: [(name: String, columns: [String])] = []
        for caller in callers {
            if groups.last?.name != caller.group { groups.append((caller.group, [])) }
            groups[groups.count - 1].columns.append(caller.name)
        }
        func line(_ first: String, _ cells: [[String]], _ widths: [Int]) -> String {
            let parts = zip(cells, widths).map { cells, width in
                cells.joined(separator: " ").padding(toLength: width, withPad: " ", startingAt: 0)
            }
            let text =
                first.padding(toLength: width, withPad: " ", startingAt: 0) + " | " + parts.joined(separator: " | ")
            return String(text.reversed().drop { $0 == " " }.reversed())
        }
        let widths = groups.map { max($0.name.count, $0.columns.count * 4 - 1) }
        var lines = Self.head.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.isEmpty ? "#" : "# \($0)"
        }
        lines.append("")
        lines.append(line("", groups.map { [$0.name] }, widths))
        lines.append(line("", groups.map(\.columns), widths))
        for row in rows {
            var rest = row.statuses[...]
            let cells = groups.map { group in
                defer { rest = rest.dropFirst(group.columns.count) }
                return Array(rest.prefix(group.columns.count))
            }
            lines.append(line(row.name, cells, widths))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let head = """
        Which status each caller gets from each route, of a request that a platform administrator succeeds with.
        Written by AccessMatrixTests, which says how to write it anew; a difference here is a difference in who may do what.

        platform, project shop, staging and vault: people whose role is bound there: adm(inistrator), ope(rator), vie(wer),
        aud(itor), eva(luator). Requests are about environment staging of project shop where they are about one; vault needs
        one approval. elsewhere: an operator of environment base alone, and a viewer of another project.
        tokens: service tokens of the platform, which are nobody's. nobody: unb(ound) has no binding, dis(abled) was an
        administrator, exp(ired) and rev(oked) were an administrator's tokens, bad was never one, non(e) was sent.
        """

    // MARK: What requests stand on

    static func ask(_ test: ServerUnderTest, _ key: String) async throws -> String {
        let answer = try await test.change([ServerUnderTest.put("asked.\(key)", 1, in: "vault")])
        return try #require(try answer.json()["changeRequest"]?.stringValue, "\(answer)")
    }

    static func askPlatform(_ test: ServerUnderTest, _ name: String) async throws -> String {
        let answer = try await test.send("POST", "\(base)/changes", body: binding(name, "asked"))
        return try #require(try answer.json()["changeRequest"]?.stringValue, "\(answer)")
    }

    /// A change that gives somebody rights in a protected environment.
    static func binding(_ name: String, _ description: String) -> WireClient.Body {
        .json([
            "message": "m",
            "operations": [
                [
                    "op": "put", "kind": "binding", "key": .string("asked-\(name)"),
                    "value": ["subject": "user:pat", "role": "operator", "description": .string(description)],
                ]
            ],
        ])
    }

    func impact(_ path: String) async throws -> WireClient.Body {
        let shown = try await test.json(200, "GET", path)
        return .json(["impact": try #require(shown["impact"], "\(shown)")])
    }

    func change(_ operations: JSONValue...) async throws { try await test.lay(operations) }
}
