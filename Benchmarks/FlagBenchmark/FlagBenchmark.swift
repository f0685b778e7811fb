import AllocationCount
import ConfigPlatformFlags
import ExactJSON
import Foundation

/// `FlagBenchmark DEFINITIONS SECONDS` prints one line a flag of the definitions: its key, evaluations a second of processor time on one
/// thread, and allocations an evaluation. Contexts are those of the definitions' `contexts`, in turn.
@main
struct FlagBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let seconds = Double(arguments[2]) else {
            fatalError("usage: FlagBenchmark DEFINITIONS SECONDS")
        }
        let document = try JSONValue(parsing: Array(Data(contentsOf: URL(filePath: arguments[1]))))
        let flags = try FlagSet(document: document)
        let contexts = (document["contexts"]?.arrayValue ?? []).compactMap(\.objectValue).map { FlagContext($0) }
        precondition(!contexts.isEmpty, "the definitions name contexts")
        for flag in flags.sorted {
            let type = flag.variants.first?.type
            let rate = measure(seconds) { index in
                flags.resolve(flag.key, contexts[index % contexts.count], as: type, at: 1_790_000_000).variant != nil
            }
            print(flag.key, rate.perSecond, rate.allocations)
        }
    }

    private static func measure(_ seconds: Double, _ body: (Int) -> Bool) -> (perSecond: Double, allocations: Double) {
        for index in 0..<100 { precondition(body(index), "every context gets a variant") }
        let begin = processorSeconds()
        var count = 0
        var taken = 0.0
        var found = 0
        let before = allocation_count()
        while taken < seconds {
            for index in 0..<10_000 where body(index) { found += 1 }
            count += 10_000
            taken = processorSeconds() - begin
        }
        let allocations = allocation_count() - before
        precondition(found == count, "every context gets a variant")
        return (Double(count) / taken, Double(allocations) / Double(count))
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
