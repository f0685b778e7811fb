import ConfigPlatformModel
import Store
import Testing

@Suite struct AssignmentTests {
    private static let place = ExperimentPlace(project: "shop", environment: "live", flag: "f", experiment: "e")

    private func row(
        _ unit: String, _ variant: String = "on", of place: ExperimentPlace = place, version: String = "v1",
        from first: Int64 = 10, until last: Int64 = 10, exposures: Int64 = 1, client: String = "web"
    ) -> AssignmentRow {
        AssignmentRow(
            place, version: version, unit: unit, variant: variant, firstAt: .after(first), lastAt: .after(last),
            exposures: exposures, attributes: "{\"client\":\"\(client)\"}", client: client)
    }

    private func rows(_ store: any Store, _ limit: Int = 100) async throws -> [AssignmentRow] {
        try await store.assignments(of: Self.place, version: "v1", after: nil, limit: limit)
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `what is told of a unit again adds up, with what it was at first`(_ engine: StoreEngineUnderTest)
        async throws
    {
        try await engine.withStore { store in
            try await store.write { try $0.addAssignments([row("u", exposures: 2)], onlyKnown: false) }
            try await store.write {
                try $0.addAssignments(
                    [row("u", from: 5, until: 7, client: "other"), row("u", from: 20, until: 30, exposures: .max)],
                    onlyKnown: false)
            }
            let found = try await rows(store)
            #expect(found == [row("u", from: 5, until: 30, exposures: .max)])
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `only what is known is added to where others are left out`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withStore { store in
            try await store.write { try $0.addAssignments([row("u")], onlyKnown: false) }
            try await store.write {
                try $0.addAssignments([row("u", from: 5, until: 40), row("w"), row("u", "off")], onlyKnown: true)
            }
            #expect(try await rows(store) == [row("u", from: 5, until: 40, exposures: 2)])
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `units are counted by version and variant, and those of several variants told`(_ engine: StoreEngineUnderTest)
        async throws
    {
        try await engine.withStore { store in
            let elsewhere = ExperimentPlace(project: "shop", environment: "base", flag: "f", experiment: "e")
            let all = [
                row("a"), row("b", exposures: 4), row("b", "off", from: 3), row("c", "off", until: 60),
                row("a", version: "v2"), row("b", version: "v2"), row("z", of: elsewhere),
            ]
            try await store.write { try $0.addAssignments(all, onlyKnown: false) }
            let summary = try await store.assignmentSummary(of: Self.place)
            #expect(
                Set(summary.counts) == [
                    AssignmentCount(
                        version: "v1", variant: "on", units: 2, exposures: 5, firstAt: .after(10), lastAt: .after(10)),
                    AssignmentCount(
                        version: "v1", variant: "off", units: 2, exposures: 2, firstAt: .after(3), lastAt: .after(60)),
                    AssignmentCount(
                        version: "v2", variant: "on", units: 2, exposures: 2, firstAt: .after(10), lastAt: .after(10)),
                ])
            #expect(summary.unitsOfSeveralVariants == ["v1": 1])
            let none = ExperimentPlace(project: "shop", environment: "live", flag: "f", experiment: "none")
            #expect(
                try await store.assignmentSummary(of: none)
                    == AssignmentSummary(counts: [], unitsOfSeveralVariants: [:]))
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `pages are in order of the units' bytes and leave none out`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withStore { store in
            let units = ["ä", "Z", "a", "a b", "zebra", "10", "9", "é", "e\u{301}"]
            let all = units.flatMap { [row($0), row($0, "off")] }
            try await store.write { try $0.addAssignments(all, onlyKnown: false) }
            var found: [AssignmentRow] = []
            var mark: AssignmentMark?
            while true {
                let page = try await store.assignments(of: Self.place, version: "v1", after: mark, limit: 3)
                found += page
                guard let last = page.last, page.count == 3 else { break }
                mark = AssignmentMark(unit: last.unit, variant: last.variant)
            }
            let expected = units.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
            #expect(found.map { Array($0.unit.utf8) } == expected.flatMap { [$0, $0] })
            #expect(found.map(\.variant) == expected.flatMap { _ in ["off", "on"] })
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `what was not seen for long is forgotten by days`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withStore { store in
            let day: Int64 = 86_400
            let all = [row("a", until: 10), row("b", until: 10 + day), row("c", until: 10 + 2 * day)]
            try await store.write { try $0.addAssignments(all, onlyKnown: false) }
            try await store.write { try $0.dropAssignments(before: AssignmentRow.day(of: .after(10 + day))) }
            #expect(try await rows(store).map(\.unit) == ["b", "c"])
            try await store.write { try $0.addAssignments([row("b", until: 10 + 3 * day)], onlyKnown: false) }
            try await store.write { try $0.dropAssignments(before: AssignmentRow.day(of: .after(10 + 3 * day))) }
            #expect(try await rows(store).map(\.unit) == ["b"])
        }
    }
}
