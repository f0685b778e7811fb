import ConfigPlatformModel

/// What the external validators of a project said of a change, and of what exactly.
struct Judgement: Sendable {
    /// Digest of what was judged.
    let subject: Digest
    /// One answer a validator, for the audit event.
    let answers: JSONValue
    /// Those that were heard and said yes.
    let allowing: Set<ValidatorName>
}

extension Decision {
    /// What validators are asked about: what the change does to items and to what programs read.
    fileprivate var judged: JSONObject {
        [
            "environments": .array(
                touched.environments.union(touched.flagEnvironments).sorted().map { name in
                    var members: JSONObject = [
                        "changes": .array(differences(in: name).map(\.json)), "environment": .string(name.rawValue),
                    ]
                    let flags = flagDifferences(in: name)
                    if !flags.isEmpty { members["flags"] = .array(flags.map(\.json)) }
                    return .object(members)
                }),
            "operations": .array(itemDifferences.map(\.json)),
            "project": .string(change?.project.rawValue ?? ""),
        ]
    }

    /// Digest of what validators are asked about, and of who they are: what they said holds for exactly that.
    var subject: Digest {
        var subject = judged
        subject["validators"] = .array(
            validators.map { [.string($0.name.rawValue), .int($0.validator.revision.number)] })
        return Digest.of(JSONValue.object(subject).canonicalBytes())
    }
}

extension ItemDifference {
    fileprivate var json: JSONValue {
        var members: JSONObject = ["key": .string(address.key), "kind": .string(address.kind.rawValue)]
        members["environment"] = address.environment.map { .string($0.rawValue) }
        members["before"] = before.flatMap { try? JSONValue(parsing: $0) }
        members["after"] = after.flatMap { try? JSONValue(parsing: $0) }
        return .object(members)
    }
}

extension FlagDifference {
    fileprivate var json: JSONValue {
        var bytes: [UInt8] = []
        write(into: &bytes)
        return (try? JSONValue(parsing: bytes)) ?? .null
    }
}

extension ValueDifference {
    fileprivate var json: JSONValue {
        var members: JSONObject = ["key": .string(key.text)]
        members["before"] = before.flatMap { try? JSONValue(parsing: $0) }
        members["after"] = after.flatMap { try? JSONValue(parsing: $0) }
        return .object(members)
    }
}

extension Platform {
    /// Asks the validators that have a say in a change. Nil where there are none, or where the change is refused or comes to nothing
    /// anyway, which the writer finds out and records.
    ///
    /// Throws ``Problem/Code/invalidChange`` where one refuses, and ``Problem/Code/unavailable`` where one that must answer does not; the
    /// refusal is recorded with what all of them said.
    func judgement(of request: WriteRequest, by caller: Caller) async throws(Problem) -> Judgement? {
        let state = state
        guard state.projects[request.proposal.project]?.validators.isEmpty == false,
            let decision = try? state.decide(request.proposal, at: world.now(), offsets: world.offsets),
            decision.change != nil, decision.unapproved.isEmpty
        else { return nil }
        let validators = decision.validators
        guard !validators.isEmpty else { return nil }
        var question = decision.judged
        question["author"] = .string(request.proposal.author.principal.rawValue)
        question["dryRun"] = .bool(request.isDryRun)
        question["message"] = .string(request.proposal.message)
        question["requestID"] = caller.requestID.map { .string($0) }
        let body = JSONValue.object(question).canonicalBytes()
        let answers = await withTaskGroup(of: (Int, ValidatorAnswer).self) { group in
            for (index, (_, validator)) in validators.enumerated() {
                group.addTask { (index, await self.ask(validator.body, body)) }
            }
            var answers: [Int: ValidatorAnswer] = [:]
            for await (index, answer) in group { answers[index] = answer }
            return validators.indices.compactMap { answers[$0] }
        }
        let told: JSONValue = .array(
            zip(validators, answers).map { validator, answer in
                answer.json(of: validator.name, revision: validator.validator.revision)
            })
        guard let problem = Self.problem(zip(validators, answers).map { ($0.name, $0.validator.body, $1) }) else {
            let allowing = zip(validators, answers).compactMap { validator, answer in
                if case .allowed = answer { validator.name } else { nil }
            }
            return Judgement(subject: decision.subject, answers: told, allowing: Set(allowing))
        }
        if !request.isDryRun {
            await recordRefusal(
                caller, action: request.action, target: request.proposal.place, problem: problem,
                validators: told)
        }
        throw problem
    }

    private func ask(_ validator: ValidatorBody, _ body: [UInt8]) async -> ValidatorAnswer {
        let id = "msg_" + Digest.hexadecimal(world.randomBytes(16))
        let seconds = world.now().microseconds / 1_000_000
        guard let key = webhooks.key else {
            return .failed("this server has no key to sign with; start it with --webhook-key-file")
        }
        let call = WebhookCall(
            url: validator.url, timeoutSeconds: validator.timeoutSeconds,
            headers: WebhookSignature.headers(id: id, seconds: seconds, body: body, key: key), body: body)
        do {
            return ValidatorAnswer(try await webhooks.send(call))
        } catch {
            return .failed("\(error)")
        }
    }

    private static func problem(_ answers: [(ValidatorName, ValidatorBody, ValidatorAnswer)]) -> Problem? {
        for (name, _, answer) in answers {
            guard case .refused(let message, let violations) = answer else { continue }
            return Problem(
                .invalidChange, "The validator '\(name.rawValue)' refuses the change: \(message)",
                violations: violations.isEmpty ? [Violation(message, keyword: "validator")] : violations)
        }
        for (name, body, answer) in answers where body.onFailure == .refuse {
            guard case .failed(let reason) = answer else { continue }
            return Problem(
                .unavailable,
                "The validator '\(name.rawValue)' gave no answer, and without one nothing is written: \(reason).",
                retryAfterSeconds: 5)
        }
        return nil
    }
}

/// What a validator says: `{"allow": true}`, or `{"allow": false, "message": …, "violations": [{"environment", "key", "message"}]}`.
enum ValidatorAnswer: Sendable {
    case allowed
    case refused(String, [Violation])
    case failed(String)

    private static let messageMax = 1_000

    init(_ reply: WebhookReply) {
        guard reply.status == 200 else {
            self = .failed("it answered with status \(reply.status) instead of 200")
            return
        }
        guard let json = try? JSONValue(parsing: reply.body), let allow = json["allow"]?.boolValue else {
            self = .failed("its answer is not {\"allow\": true} or {\"allow\": false, \"message\": …}")
            return
        }
        guard !allow else {
            self = .allowed
            return
        }
        let violations = (json["violations"]?.arrayValue ?? []).prefix(Problem.violationsMax).compactMap { json in
            json["message"]?.stringValue.map { message in
                Violation(
                    String(message.prefix(Self.messageMax)), keyword: "validator",
                    environment: json["environment"]?.stringValue.flatMap { try? EnvironmentName(parsing: $0) },
                    key: json["key"]?.stringValue.flatMap { try? ConfigKey(parsing: $0) }?.text)
            }
        }
        let message = json["message"]?.stringValue ?? violations.first?.message ?? "it gives no reason."
        self = .refused(String(message.prefix(Self.messageMax)), violations)
    }

    func json(of name: ValidatorName, revision: Revision) -> JSONValue {
        var members: JSONObject = ["name": .string(name.rawValue), "revision": .int(revision.number)]
        switch self {
        case .allowed: members["answer"] = "allowed"
        case .refused(let message, _):
            members["answer"] = "refused"
            members["message"] = .string(message)
        case .failed(let reason):
            members["answer"] = "failed"
            members["message"] = .string(reason)
        }
        return .object(members)
    }
}
