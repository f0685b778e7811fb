import ConfigPlatformModel
import TestSupport
import Testing

@Suite struct SchemaTests {
    private static let shop = ServerUnderTest.shop
    private static let checkout: JSONValue = [
        "prefix": "checkout",
        "schema": ["properties": ["timeout": ["type": "integer", "maximum": 5000, "default": 2000]]],
    ]

    @Test func `a schema is put, read, listed, refused values by, and deleted`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(201, "PUT", "\(Self.shop)/schemas/checkout", body: Self.checkout)
            let read = try await test.json(200, "GET", "\(Self.shop)/schemas/checkout")
            #expect(read["schema"] == Self.checkout["schema"] && read["prefix"] == "checkout" && read["revision"] == 2)
            let list = try await test.json(200, "GET", "\(Self.shop)/schemas")
            #expect(list["schemas"]?.arrayValue?.count == 1 && list["schemas"]?.arrayValue?[0]["schema"] == nil)
            let problem = try await test.refused(
                .invalidChange, "PUT", "\(Self.shop)/environments/base/settings/checkout.timeout", body: .json(9000))
            let violations = problem["violations"]?.arrayValue ?? []
            #expect(violations.contains { $0["environment"] == "production" && $0["key"] == "checkout.timeout" })
            #expect(violations.allSatisfy { $0["schema"] == "checkout#/properties/timeout/maximum" })
            try await test.json(
                201, "DELETE", "\(Self.shop)/schemas/checkout", headers: [("If-Match", "\"r2\"")])
            try await test.refused(.notFound, "GET", "\(Self.shop)/schemas/checkout")
            try await test.json(
                201, "PUT", "\(Self.shop)/environments/base/settings/checkout.timeout", body: 9000)
        }
    }

    @Test func `every way of writing goes past the schemas`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let bad = ServerUnderTest.put("checkout.timeout", 9000, in: "production")
            try await test.json(201, "POST", "\(Self.shop)/changes", body: ["message": "", "operations": [bad]])
            try await test.json(
                201, "POST", "\(Self.shop)/changes",
                body: [
                    "message": "", "operations": [ServerUnderTest.put("checkout.timeout", 1, in: "production")],
                ])
            let put: JSONValue = ["op": "put", "kind": "schema", "key": "checkout", "value": Self.checkout]
            try await test.json(201, "POST", "\(Self.shop)/changes", body: ["message": "", "operations": [put]])
            try await test.refused(
                .invalidChange, "POST", "\(Self.shop)/changes", body: .json(["message": "", "operations": [bad]]),
                pointer: "/operations/0")
            let file = "other: 1\ncheckout:\n  timeout: soon\n"
            let imported = try await test.refused(
                .invalidChange, "POST", "\(Self.shop)/import",
                query: [("environment", "production"), ("format", "yaml")],
                body: .bytes(Array(file.utf8), type: "text/plain"))
            #expect(imported["violations"]?.arrayValue?[0]["line"] == 3, "where it stands in the file")
            try await test.refused(
                .invalidChange, "POST", "\(Self.shop)/rollback",
                body: .json(["toRevision": 2, "kinds": ["setting"]]))
            let verdict = try await test.json(
                200, "POST", "\(Self.shop)/validate", body: ["message": "", "operations": [bad]])
            #expect(verdict["valid"] == false)
            // With the schema gone at that revision, a rollback of everything goes through.
            try await test.json(201, "POST", "\(Self.shop)/rollback", body: ["toRevision": 2])
            try await test.refused(.notFound, "GET", "\(Self.shop)/schemas/checkout")
        }
    }

    @Test func `a schema that only reports shows its findings in the dry run and in the report`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            var body = Self.checkout.objectValue ?? [:]
            body["schema"] = ["properties": ["timeout": ["maximum": 10]]]
            let problem = try await test.refused(
                .invalidChange, "PUT", "\(Self.shop)/schemas/checkout", body: .json(.object(body)))
            #expect((problem["violations"]?.arrayValue?.count ?? 0) > 1)
            body["reportOnly"] = true
            let dry = try await test.json(
                200, "PUT", "\(Self.shop)/schemas/checkout", query: [("dryRun", "true")], body: .object(body))
            #expect(dry["findings"]?["new"]?.arrayValue?.isEmpty == false)
            try await test.json(201, "PUT", "\(Self.shop)/schemas/checkout", body: .object(body))
            let report = try await test.json(
                200, "GET", "\(Self.shop)/findings", query: [("environment", "production"), ("kind", "schema")])
            #expect(report["findings"]?.arrayValue?.map { $0["rule"] } == ["maximum"])
            #expect(report["complete"] == true)
            try await test.refused(.notFound, "GET", "\(Self.shop)/findings", query: [("environment", "nowhere")])
            try await test.refused(.invalidRequest, "GET", "\(Self.shop)/findings", query: [("kind", "all")])
        }
    }

    @Test func `what a schema says of a key is told where there is no value too`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(201, "PUT", "\(Self.shop)/schemas/checkout", body: Self.checkout)
            let settings = "\(Self.shop)/environments/production/settings"
            let said = try await test.json(200, "GET", "\(settings)/checkout.timeout/schema")
            #expect(said["default"] == 2000 && said["rules"]?["maximum"] == 5000 && said["schemas"] == ["checkout"])
            try await test.refused(.notFound, "GET", "\(settings)/other/schema")
        }
    }

    @Test func `bodies that are no schemas are refused with what is wrong`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            for body: JSONValue in [["type": "object"], ["schema": 1], ["schema": ["type": "text"]], []] {
                let answer = try await test.send("PUT", "\(Self.shop)/schemas/bad", body: .json(body))
                #expect(answer.status == 400 || answer.status == 422, "\(body)")
            }
            try await test.refused(.invalidName, "PUT", "\(Self.shop)/schemas/Bad", body: .json(Self.checkout))
            try await test.refused(.notFound, "PUT", "/api/v1/projects/none/schemas/a", body: .json(Self.checkout))
        }
    }
}
