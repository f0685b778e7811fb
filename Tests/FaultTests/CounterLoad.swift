import ConfigPlatformModel
import Foundation
import Synchronization
import TestSupport

/// Writers that raise a counter each, in three keys of two environments by one change, and remember what they were told.
///
/// Every other change has an idempotency key. Where such a one got no answer, the writer asks again before it goes on; the others are let
/// be, so nobody sends the same change twice without a key.
final class CounterLoad: Sendable {
    static let environments = ["east", "west"]
    static let keys = ["a", "b", "c"]
    private static let root = "/api/v1/projects/counters"

    /// What a writer was told of a change that was stored.
    struct Acknowledgement: Sendable {
        let message: String
        let revision: Int64
        let digest: String
        let token: String
    }

    private struct Attempt {
        let writer: Int
        let number: Int64
        let idempotencyKey: String?

        var message: String { "writer \(writer) counts \(number)" }
    }

    private struct State {
        var acknowledged: [Acknowledgement] = []
        var unanswered: [Int: Attempt] = [:]
        var numbers: [Int64]
        var isStopping = false
        var refused = 0
        var unexpected: [String] = []
    }

    let writers: Int
    private let ballastBytes: Int
    private let state: Mutex<State>

    /// - Parameter ballastBytes: of a value that each change also writes, to a third environment: it fills SQLite's log, so that this is
    ///   copied into the database now and then.
    init(writers: Int, ballastBytes: Int = 0) {
        self.writers = writers
        self.ballastBytes = ballastBytes
        state = Mutex(State(numbers: Array(repeating: 0, count: writers)))
    }

    var acknowledged: [Acknowledgement] { state.withLock { $0.acknowledged } }
    var acknowledgedCount: Int { state.withLock { $0.acknowledged.count } }
    /// Answers of 503.
    var refusedCount: Int { state.withLock { $0.refused } }
    /// Answers that no writer should get: neither stored nor a clear "not now".
    var unexpected: [String] { state.withLock { $0.unexpected } }

    /// Makes the project, before the first run.
    static func prepare(_ client: WireClient) async throws {
        let operations = (environments + ["ballast"]).map { name -> JSONValue in
            ["op": "put", "kind": "environment", "key": .string(name), "value": [:]]
        }
        let made = try await client.send("PUT", root, body: .json([:]))
        let changed = try await client.send(
            "POST", root + "/changes", body: .json(["message": "Make them", "operations": .array(operations)]))
        guard made.status == 201, changed.status == 201 else {
            throw FaultTestFailure(description: "the project was not made: \(made) \(changed)")
        }
    }

    /// Ends the writers that still run, each after its answer.
    func stop() { state.withLock { $0.isStopping = true } }

    /// Runs the writers until `stop()`, or each until its server is gone.
    ///
    /// - Parameter client: the server of a writer.
    func run(_ client: @escaping @Sendable (_ writer: Int) -> WireClient) async {
        state.withLock { $0.isStopping = false }
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                group.addTask { await self.write(as: writer, to: client(writer)) }
            }
        }
    }

    private func write(as writer: Int, to client: WireClient) async {
        while let attempt = nextAttempt(writer) {
            do {
                let headers = attempt.idempotencyKey.map { [("Idempotency-Key", $0)] } ?? []
                let answer = try await client.send(
                    "POST", Self.root + "/changes", headers: headers, body: .json(change(attempt)))
                take(answer, to: attempt)
                // As a client would that was told to come back; shorter, so that it meets the fault's end, too.
                if answer.status == 503 { try await Task.sleep(for: .milliseconds(20)) }
            } catch {
                return
            }
        }
    }

    private func nextAttempt(_ writer: Int) -> Attempt? {
        state.withLock { state in
            guard !state.isStopping else { return nil }
            if let unanswered = state.unanswered[writer] { return unanswered }
            state.numbers[writer] += 1
            let number = state.numbers[writer]
            let key = number.isMultiple(of: 2) ? "counters-\(writer)-\(number)" : nil
            let attempt = Attempt(writer: writer, number: number, idempotencyKey: key)
            if key != nil { state.unanswered[writer] = attempt }
            return attempt
        }
    }

    private func take(_ answer: HTTPAnswer, to attempt: Attempt) {
        let body = try? answer.json()
        state.withLock { state in
            switch answer.status {
            case 201:
                guard let revision = body?["revision"]?.int64Value, let digest = body?["digest"]?.stringValue,
                    let token = body?["token"]?.stringValue
                else {
                    state.unexpected.append("\(attempt.message): \(answer)")
                    return
                }
                state.unanswered[attempt.writer] = nil
                state.acknowledged.append(
                    Acknowledgement(message: attempt.message, revision: revision, digest: digest, token: token))
            case 503:
                state.refused += 1
            default:
                state.unexpected.append("\(attempt.message): \(answer)")
                state.unanswered[attempt.writer] = nil
            }
        }
    }

    private func change(_ attempt: Attempt) -> JSONValue {
        var values = Self.environments.flatMap { environment in
            Self.keys.map { (environment, $0, JSONValue.int(attempt.number)) }
        }
        if ballastBytes > 0 {
            let text = String(repeating: "\(attempt.number) ", count: ballastBytes / 4)
            values.append(("ballast", "text", .string(text)))
        }
        let operations = values.map { environment, key, value -> JSONValue in
            [
                "op": "put", "kind": "setting", "environment": .string(environment),
                "key": .string("writer-\(attempt.writer).\(key)"), "value": value,
            ]
        }
        return ["message": .string(attempt.message), "operations": .array(operations)]
    }
}
