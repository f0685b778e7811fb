import ConfigPlatformFlags
import ConfigPlatformModel
import Store
import Testing

@testable import ControlPlane

@Suite struct AssignmentLogTests {
    private static func assignment(_ unit: String, at time: Int64 = 5) -> Assignment {
        Assignment(
            Assignment.Key(flag: "f", experiment: "e", version: "v", unit: unit, variant: "on"), firstAt: time,
            lastAt: time, exposures: 1, attributes: [:], client: "web")
    }

    @Test func `what there is no room for is counted, and what could not be written comes back`() throws {
        let log = AssignmentLog()
        let shop = try ProjectName(parsing: "shop")
        let (live, base) = (try EnvironmentName(parsing: "live"), try EnvironmentName(parsing: "base"))
        for number in 0..<Limits.assignmentsPending + 3 {
            log.add(Self.assignment("u\(number)"), in: live, of: shop)
        }
        log.add(Self.assignment("u0", at: 9), in: live, of: shop)
        #expect(log.isFilling)
        let (drained, leftOut) = log.drain()
        #expect(drained.count == Limits.assignmentsPending && leftOut == 3)
        #expect(!log.isFilling && log.drain().assignments.isEmpty)
        log.add(Self.assignment("u0", at: 1), in: base, of: shop)
        log.takeBack(Array(drained.filter { $0.1.key.unit.text == "u0" }))
        let again = log.drain().assignments
        #expect(again.count == 2)
        #expect(again.first { $0.0.environment == live }?.1.exposures == 2)
        #expect(again.first { $0.0.environment == live }?.1.lastAt == 9)
    }

    @Test func `an experiment that is full is looked at again after an hour`() throws {
        let log = AssignmentLog()
        let place = ExperimentPlace(
            project: try ProjectName(parsing: "shop"), environment: try EnvironmentName(parsing: "live"), flag: "f",
            experiment: "e")
        let key = AssignmentLog.SplitKey(place: place, version: "v")
        let now = Timestamp(microseconds: 0)
        #expect(log.space(for: 1, in: key, at: now) == .unknown)
        log.found(Limits.assignmentsPerExperiment - 10, in: key, isFull: false, at: now)
        #expect(log.space(for: 10, in: key, at: now) == .enough && log.space(for: 11, in: key, at: now) == .unknown)
        log.wrote(10, in: key)
        #expect(log.space(for: 1, in: key, at: now) == .unknown)
        log.found(Limits.assignmentsPerExperiment, in: key, isFull: true, at: now)
        #expect(log.space(for: 1, in: key, at: now.adding(seconds: 3_599)) == AssignmentLog.Space.none)
        #expect(log.space(for: 1, in: key, at: now.adding(seconds: 3_600)) == .unknown)
    }
}
