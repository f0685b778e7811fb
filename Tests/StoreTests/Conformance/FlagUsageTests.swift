import ConfigPlatformModel
import Store
import Testing

@Suite struct FlagUsageTests {
    private func row(
        _ flag: String, hour: Int64, count: Int64, in environment: EnvironmentName = "live", variant: String = "on",
        client: String = "web", at seconds: Int64 = 1
    ) -> FlagUsageRow {
        FlagUsageRow(
            FlagUsageRow.Key(
                project: "shop", environment: environment, flag: flag, hour: hour, client: client, variant: variant,
                reason: "STATIC"),
            count: count, lastAt: .after(seconds))
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `what is counted alike adds up, and is found by flag, hour and environment`(_ engine: StoreEngineUnderTest)
        async throws
    {
        try await engine.withStore { store in
            let rows = [
                row("a", hour: 5, count: 2, at: 9), row("a", hour: 6, count: 1),
                row("a", hour: 6, count: 4, in: "base"),
                row("b", hour: 6, count: 8), row("a", hour: 6, count: 16, variant: ""),
            ]
            try await store.write { try $0.addFlagUsage(rows) }
            try await store.write { try $0.addFlagUsage([rows[0], rows[0]]) }
            let found = try await store.flagUsage(of: "a", in: nil, of: "shop", from: 0, until: 9, limit: 10)
            #expect(found.map(\.count) == [1, 16, 4, 6])
            #expect(found.last?.lastAt == .after(9))
            let live = try await store.flagUsage(of: "a", in: "live", of: "shop", from: 6, until: 6, limit: 10)
            #expect(live.map(\.count) == [1, 16])
            #expect(try await store.flagUsage(of: "a", in: nil, of: "shop", from: 0, until: 9, limit: 2).count == 2)
            #expect(try await store.flagUsage(of: "a", in: nil, of: "other", from: 0, until: 9, limit: 2) == [])
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `counts are added up over hours, never overflow, and are forgotten`(_ engine: StoreEngineUnderTest)
        async throws
    {
        try await engine.withStore { store in
            let rows = [
                row("a", hour: 5, count: .max - 1, at: 9), row("a", hour: 6, count: 3), row("b", hour: 6, count: 1),
            ]
            try await store.write { try $0.addFlagUsage(rows) }
            try await store.write { try $0.addFlagUsage([rows[0]]) }
            let recent = try await store.flagUsageSummaries(of: "shop", recentFrom: 6)
            #expect(recent.count == 2)
            let a = try #require(recent.first { $0.flag == "a" })
            #expect(a.recentCount == 3 && a.lastAt == .after(9) && a.variant == "on" && a.environment == "live")
            let all = try await store.flagUsageSummaries(of: "shop", recentFrom: 0)
            #expect(all.first { $0.flag == "a" }?.recentCount == .max)
            try await store.write { try $0.dropFlagUsage(before: 6) }
            #expect(
                try await store.flagUsage(of: "a", in: nil, of: "shop", from: 0, until: 9, limit: 10).map(\.count) == [
                    3
                ])
        }
    }
}
