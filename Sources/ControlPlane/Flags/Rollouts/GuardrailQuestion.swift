import ConfigPlatformFlags
import ConfigPlatformModel
import Foundation

/// What the guard of one step of one rollout is asked.
struct GuardrailQuestion: Sendable {
    let rollout: RolloutID
    let revision: Revision
    let body: FlagRolloutBody
    let guardrail: FlagRolloutBody.Guardrail
    /// What the answer is of, however long it takes.
    let askedAt: FlagTime
}

/// Which rollout: a place in a project.
struct RolloutID: Hashable, Sendable {
    let project: ProjectName
    let place: FlagPlace
    let flag: FlagKey
    let environment: EnvironmentName

    init?(_ project: ProjectName, _ place: FlagPlace) {
        guard case .rollout(let flag, let environment) = place else { return nil }
        self.project = project
        self.place = place
        self.flag = flag
        self.environment = environment
    }

    var text: String { "\(project.rawValue)/\(environment.rawValue)/\(flag.rawValue)" }
}

extension GuardrailQuestion {
    /// Asks once. Whatever goes wrong is no answer, with the reason.
    func ask(_ settings: RolloutSettings, _ webhooks: Webhooks, _ world: World) async -> GuardrailAnswer {
        do {
            switch guardrail.source {
            case .prometheus(let url, let query):
                let reply = try await settings.send(Self.instantQuery(query, at: url))
                return Self.sample(reply)
            case .webhook(let url):
                guard let key = webhooks.key else {
                    return .none("this server has no key to sign with; start it with --webhook-key-file")
                }
                return Self.value(try await settings.send(signed(to: url, with: key, world)))
            }
        } catch {
            return .none("\(error)")
        }
    }

    // MARK: Prometheus

    private static func instantQuery(_ query: String, at url: String) throws(WebhookFailure) -> OutboundCall {
        guard !url.contains("?") else {
            throw WebhookFailure(description: "the URL of Prometheus has a query; leave it out")
        }
        var allowed = CharacterSet(charactersIn: "-._~")
        allowed.insert(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        guard let encoded = query.addingPercentEncoding(withAllowedCharacters: allowed) else {
            throw WebhookFailure(description: "the query cannot be sent")
        }
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        return OutboundCall(
            method: "GET", url: "\(base)/api/v1/query?query=\(encoded)",
            headers: [("Accept", "application/json"), ("User-Agent", "ConfigPlatform")], body: [])
    }

    /// `{"status": "success", "data": {"resultType": "vector", "result": [{"value": [TIME, "0.5"]}]}}` with one sample, or a scalar.
    static func sample(_ reply: WebhookReply) -> GuardrailAnswer {
        guard let json = try? JSONValue(parsing: reply.body) else {
            return .none("it answered with status \(reply.status) and no JSON")
        }
        guard reply.status == 200, json["status"]?.stringValue == "success" else {
            let error = json["error"]?.stringValue.map { ": " + $0.prefix(200) } ?? ""
            return .none("it answered with status \(reply.status)\(error)")
        }
        let data = json["data"]
        let result = data?["result"]
        let sample: JSONValue?
        switch data?["resultType"]?.stringValue {
        case "scalar": sample = result
        case "vector":
            let samples = result?.arrayValue ?? []
            guard samples.count == 1 else {
                return .none(
                    samples.isEmpty
                        ? "the query has no sample"
                        : "the query has \(samples.count) samples; sum or average them to one")
            }
            sample = samples[0]["value"]
        default: return .none("the query is neither a scalar nor an instant vector")
        }
        guard let text = sample?.arrayValue?.last?.stringValue, let value = Double(text), !value.isNaN else {
            return .none("the query's sample is not a number")
        }
        return .value(value)
    }

    // MARK: Webhook

    private func signed(to url: String, with key: WebhookKey, _ world: World) -> OutboundCall {
        let now = world.now()
        let question: JSONObject = [
            "environment": .string(rollout.environment.rawValue), "flag": .string(rollout.flag.rawValue),
            "percent": JSONNumber(Double(body.steps[body.step].share) / 1_000).map { .number($0) } ?? .null,
            "project": .string(rollout.project.rawValue), "step": .int(body.step), "timestamp": .string(now.text),
            "type": "rollout.guard", "variant": .string(body.variant.rawValue),
        ]
        let bytes = JSONValue.object(question).canonicalBytes()
        let id = "msg_" + Digest.hexadecimal(world.randomBytes(16))
        return OutboundCall(
            method: "POST", url: url,
            headers: WebhookSignature.headers(id: id, seconds: now.seconds, body: bytes, key: key), body: bytes)
    }

    /// `{"value": number}`
    static func value(_ reply: WebhookReply) -> GuardrailAnswer {
        guard reply.status == 200 else { return .none("it answered with status \(reply.status) instead of 200") }
        guard let json = try? JSONValue(parsing: reply.body), let value = json["value"]?.numberValue?.double,
            value.isFinite
        else { return .none("its answer is not {\"value\": NUMBER}") }
        return .value(value)
    }
}
