import ConfigFormats
import Foundation

/// What is fuzzed; `CFG_FUZZ_TARGET` names one. Each takes any bytes, and stops the program where something that must
/// always hold does not.
enum FuzzTarget: String, CaseIterable {
    case json, yaml, toml, dotenv, properties, jsonfile, schema, regex, formats, draft, flags, rules

    static let chosen: FuzzTarget = {
        let name = ProcessInfo.processInfo.environment["CFG_FUZZ_TARGET"] ?? ""
        guard let target = FuzzTarget(rawValue: name) else {
            fatalError("CFG_FUZZ_TARGET is one of \(allCases.map(\.rawValue).joined(separator: ", ")), not '\(name)'")
        }
        return target
    }()

    func run(_ bytes: [UInt8]) {
        switch self {
        case .json: fuzzJSON(bytes)
        case .jsonfile: fuzzFile(bytes, .json)
        case .yaml: fuzzFile(bytes, .yaml)
        case .toml: fuzzFile(bytes, .toml)
        case .dotenv: fuzzFile(bytes, .dotenv)
        case .properties: fuzzFile(bytes, .properties)
        case .schema: fuzzSchema(bytes)
        case .regex: fuzzRegex(bytes)
        case .formats: fuzzFormats(bytes)
        case .draft: fuzzDraft(bytes)
        case .flags: fuzzFlags(bytes)
        case .rules: fuzzRules(bytes)
        }
    }
}

/// Processor time that one input may take. Not the time of day, for the machine may have other work.
let secondsPerInput = 2.0

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let begin = processorSeconds()
    FuzzTarget.chosen.run(Array(UnsafeBufferPointer(start: start, count: count)))
    let taken = processorSeconds() - begin
    require(taken < secondsPerInput, "\(taken) seconds for one input")
    return 0
}

private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func require(_ condition: Bool, _ message: @autoclosure () -> String) {
    if !condition { fatalError(message()) }
}
