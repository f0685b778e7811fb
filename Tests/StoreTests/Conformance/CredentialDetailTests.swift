import ConfigPlatformModel
import Store
import Testing

@Suite struct CredentialDetailTests {
    private static func session(_ id: String) throws -> Credential {
        Credential(
            id: id, name: try TokenName(parsing: "session"), purpose: .session, hash: .of(Array(id.utf8)),
            createdAt: .start, createdBy: "system", expiresAt: .after(60), owner: "user:corp/ada", grants: [])
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `what a credential may do, whose it is and who made it come back as they were put`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            let all = [
                Credential(
                    id: "bot", name: try TokenName(parsing: "bot"), purpose: .access, hash: .of([1]), createdAt: .start,
                    createdBy: "token:admin", expiresAt: nil, maker: "user:corp/ada",
                    grants: [
                        try Grant(
                            role: RoleName(parsing: "clerk"), project: ProjectName(parsing: "shop"),
                            environments: [EnvironmentName(parsing: "staging")]), try Grant(role: .viewer),
                    ]),
                try Self.session("one"),
                Credential(
                    id: "pwd", name: try TokenName(parsing: "password"), purpose: .password, hash: .of([2]),
                    createdAt: .start, createdBy: "user:ada", expiresAt: nil, owner: "user:ada", grants: [],
                    password: "$scrypt$ln=15,r=8,p=1$AAAA$BBBB"),
            ]
            for credential in all { try await store.write { try $0.insert(credential) } }
            #expect(Set(try await store.credentials(after: nil)) == Set(all))
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `a replica reads only what was written since the version that it knows`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            for id in ["one", "two", "three"] { try await store.write { try $0.insert(.sample(id)) } }
            let known = try await store.head().credentialsVersion
            #expect(try await store.credentials(after: known).isEmpty)
            try await store.write { transaction in
                try transaction.revokeCredential(id: "two", at: .after(5))
                try transaction.insert(.sample("four"))
            }
            #expect(try await store.credentials(after: known).map(\.id) == ["two", "four"])
            #expect(try await store.credentials(after: 0).count == 4)
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `sessions that ended long ago are forgotten with their last use, and tokens are not`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            try await store.write { transaction in
                try transaction.insert(.sample("token"))
                try transaction.insert(Self.session("session"))
                try transaction.recordUses(["token": .after(1), "session": .after(2)])
            }
            try await store.write { try $0.recordUses(["token": .start]) }
            #expect(try await store.credentialUses() == ["token": .after(1), "session": .after(2)])
            try await store.write { try $0.dropSessions(ids: ["token", "session"]) }
            #expect(try await store.credentials(after: nil).map(\.id) == ["token"])
        }
    }
}
