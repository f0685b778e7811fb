import API
import ConfigPlatformModel
import Foundation
import HTTPTypes
import Testing

@Suite struct ContractTests {
    @Test func `every route is in the contract and the contract has no other`() {
        let routes = Set(RouteTable.all.map { "\($0.method.rawValue) \($0.pattern)" })
        var documented: Set<String> = []
        for (pattern, item) in Contract.document["paths"]?.objectValue ?? [:] {
            for method in Contract.methods where item[method] != nil {
                documented.insert("\(method.uppercased()) \(pattern)")
            }
        }
        #expect(documented.subtracting(routes) == [], "documented, but not routed")
        #expect(routes.subtracting(documented) == [], "routed, but not documented in api/openapi.yaml")
        #expect(routes.count == RouteTable.all.count)
    }

    @Test(arguments: RouteTable.all.indices)
    func `each route takes the parameters and the body that the contract says`(index: Int) throws {
        let route = RouteTable.all[index]
        let item = try #require(Contract.document["paths"]?[route.pattern])
        let operation = try #require(Contract.operation(route.method.rawValue, route.pattern))
        let parameters = ((item["parameters"]?.arrayValue ?? []) + (operation["parameters"]?.arrayValue ?? [])).map(
            Contract.resolved)
        func names(in place: String) -> [String] {
            parameters.filter { $0["in"]?.stringValue == place }.compactMap { $0["name"]?.stringValue }.sorted()
        }
        #expect(names(in: "query") == route.query.sorted())
        let path = route.pattern.split(separator: "/").filter { $0.first == "{" }.map {
            String($0.dropFirst().dropLast())
        }
        #expect(names(in: "path") == path.sorted())
        let media = operation["requestBody"].map(Contract.resolved)?["content"]?.objectValue?.names ?? []
        switch route.body {
        case .none: #expect(media == [])
        case .json: #expect(media == ["application/json"])
        case .mergePatch: #expect(media == ["application/merge-patch+json"])
        case .file: #expect(media == ["*/*"])
        }
    }

    @Test(arguments: RouteTable.all.indices)
    func `each route's refusals are in the contract`(index: Int) throws {
        let route = RouteTable.all[index]
        let operation = try #require(Contract.operation(route.method.rawValue, route.pattern))
        let statuses = Set(operation["responses"]?.objectValue?.names ?? [])
        #expect(operation["operationId"]?.stringValue?.isEmpty == false)
        if route.access == .anonymous {
            #expect(operation["security"] == [], "open to anybody, but the contract asks for a token")
        } else {
            #expect(statuses.contains("401"))
            #expect(operation["security"] == nil)
        }
        if route.access != .anonymous, route.access != .monitor { #expect(statuses.isSuperset(of: ["403", "404"])) }
        if route.access == .write { #expect(statuses.isSuperset(of: ["409", "422", "507"])) }
        if route.query.contains("dryRun") { #expect(statuses.isSuperset(of: ["200", "201", "202"])) }
        // A head can be too large whatever the route.
        #expect(statuses.contains("413"))
        switch route.body {
        case .none: #expect(!statuses.contains("415"))
        case .json, .mergePatch: #expect(statuses.isSuperset(of: ["400", "408", "413", "415"]))
        case .file: #expect(statuses.isSuperset(of: ["400", "408", "413"]))
        }
    }

    @Test(arguments: RouteTable.all.indices)
    func `the contract says which routes keep an Idempotency-Key`(index: Int) throws {
        let route = RouteTable.all[index]
        let operation = try #require(Contract.operation(route.method.rawValue, route.pattern))
        let takesKey = (operation["parameters"]?.arrayValue ?? []).map(Contract.resolved).contains {
            $0["in"] == "header" && $0["name"] == "Idempotency-Key"
        }
        #expect(takesKey == route.query.contains("dryRun"))
        let onlyAsks = ["/evaluate", "/evaluate/flags", "/evaluate/flags/{flag}", "/simulate", "/validate"]
        // A call of a kill hook is known by its Webhook-Id.
        let isKnownOtherwise = route.pattern.hasSuffix("/kill-hooks/{hook}")
        if route.method != .get, !takesKey, !isKnownOtherwise,
            !onlyAsks.contains(where: { route.pattern.hasSuffix($0) })
        {
            #expect(route.refusesIdempotencyKey)
        } else {
            #expect(!route.refusesIdempotencyKey)
        }
    }

    @Test func `operation ids are unique`() {
        var ids: [String] = []
        for (_, item) in Contract.document["paths"]?.objectValue ?? [:] {
            ids += Contract.methods.compactMap { item[$0]?["operationId"]?.stringValue }
        }
        #expect(Set(ids).count == ids.count)
    }

    @Test func `every problem has its row in the table and in the contract`() {
        let rows = Contract.document["components"]?["schemas"]?["ProblemType"]?["oneOf"]?.arrayValue ?? []
        let documented = rows.map {
            "\($0["const"]?.stringValue ?? "") \($0["x-status"]?.int64Value ?? 0) \($0["title"]?.stringValue ?? "")"
        }
        let codes = Problem.Code.allCases.map { "\($0.type) \($0.row.status.code) \($0.row.title)" }
        #expect(documented.sorted() == codes.sorted())
        for code in Problem.Code.allCases { #expect((400...599).contains(code.row.status.code)) }
    }

    @Test func `every action, kind and right is in the contract`() {
        func choices(_ schema: String) -> [String] {
            Contract.document["components"]?["schemas"]?[schema]?["enum"]?.arrayValue?.compactMap(\.stringValue) ?? []
        }
        #expect(choices("Action").sorted() == AuditEvent.Action.allCases.map(\.rawValue).sorted())
        #expect(choices("Kind").sorted() == Kind.allCases.map(\.rawValue).sorted())
        #expect(choices("Purpose").sorted() == Credential.Purpose.allCases.map(\.rawValue).sorted())
        #expect(choices("Right").sorted() == ConfigPlatformModel.Action.allCases.map(\.rawValue).sorted())
        #expect(choices("ChangeRequestState").sorted() == ChangeRequestBody.State.allCases.map(\.rawValue).sorted())
    }

    @Test func `every limit of the platform is published`() throws {
        let package = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let source = try String(
            contentsOf: package.appending(path: "Sources/ConfigPlatformModel/Limits.swift"), encoding: .utf8)
        let declared = source.matches(of: /package static let ([A-Za-z]+)/).map { String($0.1) }
        #expect(!declared.isEmpty)
        #expect(PublishedLimits.all.map { "\($0.0)" } == declared.sorted())
    }
}
