import ConfigPlatformFlags
import ConfigPlatformModel
import Foundation

private typealias Write = ConfigPlatformModel.Operation

/// `FlagStateBenchmark FLAGS` prints milliseconds from a change to what is served of it, for changes of an environment of so many flags,
/// each with a rule, a tenth of them of one segment: the decision, the environment's definition, and the one that clients of flagd get.
@main
struct FlagStateBenchmark {
    static func main() throws {
        guard CommandLine.arguments.count == 2, let count = Int(CommandLine.arguments[1]) else {
            fatalError("usage: FlagStateBenchmark FLAGS")
        }
        var ledger = try Ledger()
        let keys = try (0..<count).map { try FlagKey(parsing: "flag-\($0)") }
        let people = FlagPlace.segment(try SegmentName(parsing: "people"))
        let listed = JSONValue.array((0..<10_000).map { .string("user-\($0)") })
        try ledger.commit([try Write.Target.put(people, .segment, ["include": listed])])
        for start in stride(from: 0, to: count, by: 20_000) {
            let keys = keys[start..<min(start + 20_000, count)]
            let flag: JSONValue = ["type": "boolean", "variants": ["on": true, "off": false], "owner": "somebody"]
            try ledger.commit(keys.map { try Write.Target.put(FlagPlace.flag($0), Kind.flag, flag) })
            try ledger.commit(
                keys.enumerated().map { index, key in
                    let condition: JSONValue =
                        index % 10 == 0
                        ? ["segment": "people"] : ["attribute": "country", "operator": "equals", "values": ["DE"]]
                    let rule: JSONValue = [
                        "rules": [["when": [condition], "serve": "on"]], "defaultVariant": "off",
                    ]
                    return try Write.Target.put(FlagPlace.rule(key, ledger.production), Kind.flagRule, rule)
                })
        }
        let first = try ledger.serve()
        print("first", first.decided, first.document, first.portable)
        let middle = keys[count / 2]
        let flag: JSONValue = ["type": "boolean", "variants": ["on": true, "off": false]]
        let (rule, kill) = (FlagPlace.rule(middle, ledger.production), FlagPlace.kill(middle, ledger.production))
        let changes: [(String, Write.Target)] = [
            ("kill", try Write.Target.put(kill, .flagKill, ["variant": "off"])),
            ("rule", try Write.Target.put(rule, .flagRule, ["defaultVariant": "on"])),
            ("unkill", Write.Target.deleteFlag(kill)),
            ("flag", try Write.Target.put(FlagPlace.flag(middle), Kind.flag, flag)),
            ("segment", try Write.Target.put(people, .segment, ["include": ["user-7"]])),
        ]
        for (name, target) in changes {
            let taken = try ledger.measure([target])
            print(name, taken.decided, taken.document, taken.portable)
        }
    }
}

extension ConfigPlatformModel.Operation.Target {
    fileprivate static func put(_ place: FlagPlace, _ kind: Kind, _ body: JSONValue) throws -> Self {
        .putFlag(place, try FlagItemBody(kind, parsing: body))
    }
}

/// A project `shop` with the environment `production`.
private struct Ledger {
    private var state = PlatformState.empty
    private let project: ProjectName
    let production: EnvironmentName

    typealias Milliseconds = (decided: Double, document: Double, portable: Double)

    init() throws {
        project = try ProjectName(parsing: "shop")
        production = try EnvironmentName(parsing: "production")
        try commit([
            Write.Target.putProject(ProjectBody()), Write.Target.putEnvironment(production, EnvironmentBody()),
        ])
    }

    mutating func commit(_ targets: [Write.Target]) throws {
        let proposal = Proposal(
            project: project, by: .platform(), message: "", operations: targets.map { Write($0) })
        state = try state.decide(proposal, at: Timestamp(microseconds: 1_790_000_000_000_000)).state
    }

    mutating func measure(_ targets: [Write.Target]) throws -> Milliseconds {
        let begin = Date()
        try commit(targets)
        let decided = Date().timeIntervalSince(begin) * 1_000
        var taken = try serve()
        taken.decided = decided
        return taken
    }

    func serve() throws -> Milliseconds {
        guard let flags = try state.project(project).resolvedFlags[production] else { fatalError("it is there") }
        let begin = Date()
        _ = flags.document
        let document = Date()
        _ = flags.portableDocument(named: "shop/production")
        return (0, document.timeIntervalSince(begin) * 1_000, Date().timeIntervalSince(document) * 1_000)
    }
}
