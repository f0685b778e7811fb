import ConfigPlatformModel
import Store
import Testing

extension Credential {
    static func sample(_ id: String, expiresAt: Timestamp? = nil) -> Credential {
        Credential(
            id: id, name: try! TokenName(parsing: "deploy"), purpose: .access, hash: .of(Array(id.utf8)),
            createdAt: .start,
            createdBy: "token:ann", expiresAt: expiresAt)
    }
}

extension IdempotencyRecord {
    /// A record made so many seconds after the start of the test.
    static func sample(
        _ key: String, of principal: Principal = "token:ann", madeAt seconds: Int64 = 0, revision: Revision = 1,
        committed: Bool = true
    ) -> IdempotencyRecord {
        IdempotencyRecord(
            principal: principal, key: key, requestDigest: .of(Array("\(key) \(seconds)".utf8)), revision: revision,
            committed: committed, expiresAt: .after(seconds + Limits.idempotencySeconds))
    }
}

@Suite struct CredentialTests {
    @Test(arguments: StoreEngineUnderTest.all)
    func `credentials come back as they were put, and each alteration moves their version`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            let all = [
                Credential.sample("one"), Credential.sample("two", expiresAt: .after(60)),
                Credential(
                    id: "three", name: try TokenName(parsing: "first"), purpose: .bootstrap, hash: .of([3]),
                    createdAt: .start,
                    createdBy: "system", expiresAt: nil, revokedAt: .after(9)),
                Credential(
                    id: "four", name: try TokenName(parsing: "dev"), purpose: .development, hash: .of([4]),
                    createdAt: .after(1), createdBy: "system", expiresAt: nil),
            ]
            for credential in all { try await store.write { try $0.insert(credential) } }
            #expect(Set(try await store.credentials(after: nil)) == Set(all))
            let version = try await store.head().credentialsVersion
            #expect(version == 4)
            try await store.write { try $0.revokeCredential(id: "one", at: .after(5)) }
            let one = try await store.credentials(after: nil).first { $0.id == "one" }
            #expect(one?.revokedAt == .after(5))
            #expect(try await store.head().credentialsVersion > version)
            #expect(try await store.head().revision == .zero)
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `revoking twice keeps the first time, and nobody is revoked who is not there`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            try await store.write { try $0.insert(.sample("one")) }
            try await store.write { try $0.revokeCredential(id: "one", at: .after(5)) }
            try await store.write { try $0.revokeCredential(id: "one", at: .after(50)) }
            #expect(try await store.credentials(after: nil).map(\.revokedAt) == [.after(5)])
            #expect(
                await failure { try await store.write { try $0.revokeCredential(id: "two", at: .start) } } == .conflict)
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `a second credential of one id or one hash is refused`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withStore { store in
            try await store.write { try $0.insert(.sample("one")) }
            #expect(await failure { try await store.write { try $0.insert(.sample("one")) } } == .conflict)
            let sameHash = Credential(
                id: "two", name: try TokenName(parsing: "x"), purpose: .access, hash: Credential.sample("one").hash,
                createdAt: .start, createdBy: "system", expiresAt: nil)
            #expect(await failure { try await store.write { try $0.insert(sameHash) } } == .conflict)
            #expect(try await store.credentials(after: nil) == [.sample("one")])
            #expect(try await store.head().credentialsVersion == 1)
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `an answer is found by principal and key while it lives`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withStore { store in
            let first = IdempotencyRecord.sample("k")
            let others = [
                IdempotencyRecord.sample("k", of: "token:ben", madeAt: 60, revision: 7, committed: false),
                IdempotencyRecord.sample("K ü \u{1F600} '\"", madeAt: 60),
            ]
            try await store.write { transaction in
                for record in [first] + others { try transaction.record(record) }
                #expect(try transaction.idempotencyRecord(of: "token:ann", key: "k") == first)
            }
            try await store.write { transaction in
                let again = try transaction.idempotencyRecord(of: "token:ann", key: "k")
                #expect(again == first)
                #expect(try transaction.idempotencyRecord(of: "token:ben", key: "k") == others[0])
                #expect(try transaction.idempotencyRecord(of: "token:ann", key: "other") == nil)
            }
            let end = first.expiresAt
            #expect(Set(try await store.idempotencyRecords(liveAt: .start)) == Set([first] + others))
            #expect(
                try await store.idempotencyRecords(liveAt: Timestamp(microseconds: end.microseconds - 1)).count == 3)
            #expect(Set(try await store.idempotencyRecords(liveAt: end)) == Set(others))
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `an answer whose time has passed is replaced, a living one is not`(_ engine: StoreEngineUnderTest) async throws
    {
        try await engine.withStore { store in
            let first = IdempotencyRecord.sample("k")
            try await store.write { try $0.record(first) }
            let tooSoon = IdempotencyRecord.sample("k", madeAt: Limits.idempotencySeconds - 1, revision: 2)
            #expect(await failure { try await store.write { try $0.record(tooSoon) } } == .conflict)
            #expect(try await store.idempotencyRecords(liveAt: .start) == [first])
            let later = IdempotencyRecord.sample("k", madeAt: Limits.idempotencySeconds, revision: 2, committed: false)
            try await store.write { try $0.record(later) }
            #expect(try await store.idempotencyRecords(liveAt: .start) == [later])
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `answers whose time has passed are forgotten when that is asked for`(_ engine: StoreEngineUnderTest)
        async throws
    {
        try await engine.withStore { store in
            let old = IdempotencyRecord.sample("old")
            let young = IdempotencyRecord.sample("young", madeAt: 1)
            try await store.write { transaction in
                try transaction.record(old)
                try transaction.record(young)
            }
            try await store.write { try $0.dropIdempotencyRecords(expiredAt: old.expiresAt) }
            try await store.write { transaction in
                let forgotten = try transaction.idempotencyRecord(of: "token:ann", key: "old")
                #expect(forgotten == nil)
                #expect(try transaction.idempotencyRecord(of: "token:ann", key: "young") == young)
            }
        }
    }
}
