import ExactJSON
import Foundation
import JSONSchema

/// `SchemaBenchmark SCHEMA DOCUMENT parsed|text SECONDS` prints how many times a second the document is found valid: parsed
/// beforehand, or read each time from its text.
@main
struct SchemaBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let seconds = Double(arguments[4]) else {
            fatalError("usage: SchemaBenchmark SCHEMA DOCUMENT parsed|text SECONDS")
        }
        let schema = try Schema(compiling: JSONValue(parsing: bytes(of: arguments[1])))
        let text = try bytes(of: arguments[2])
        let document = try JSONValue(parsing: text)
        precondition(schema.isValid(document), "the document is valid")
        precondition(!schema.isValid(["name": 1]), "another is not")
        let rate =
            switch arguments[3] {
            case "parsed": measure(seconds) { schema.isValid(document) }
            case "text": measure(seconds) { (try? JSONValue(parsing: text)).map(schema.isValid) ?? false }
            default: fatalError("'\(arguments[3])' is neither parsed nor text")
            }
        print(rate)
    }

    private static func bytes(of path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path)))
    }

    /// Of a second of the processor, so that what else the machine does matters less.
    private static func measure(_ seconds: Double, _ body: () -> Bool) -> Double {
        let begin = processorSeconds()
        var count = 0
        var taken = 0.0
        while taken < seconds {
            for _ in 0..<1_000 { precondition(body(), "the document is valid each time") }
            count += 1_000
            taken = processorSeconds() - begin
        }
        return Double(count) / taken
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
