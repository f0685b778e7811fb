import ConfigPlatformModel
import Logging
import Metrics

extension Platform {
    /// Tells of an emergency: in the log, in the metrics, and to the alert webhook, signed as all webhooks are. What is told is in the audit
    /// log already; an alert that cannot be delivered is logged as such and holds nothing up.
    func alert(_ type: String, _ data: JSONObject) async {
        logger.critical(
            "\(type)",
            metadata: ["alert": "\(String(decoding: JSONValue.object(data).canonicalBytes(), as: UTF8.self))"])
        Counter(label: "cfg_alerts_total", dimensions: [("type", type)]).increment()
        guard let url = webhooks.alertURL, let key = webhooks.key else { return }
        let now = world.now()
        let body = JSONValue.object(
            ["data": .object(data), "timestamp": .string(now.text), "type": .string(type)]
        ).canonicalBytes()
        let id = "msg_" + Digest.hexadecimal(world.randomBytes(16))
        let call = WebhookCall(
            url: url, timeoutSeconds: 5,
            headers: WebhookSignature.headers(id: id, seconds: now.seconds, body: body, key: key), body: body)
        do {
            let reply = try await webhooks.send(call)
            guard !(200..<300).contains(reply.status) else { return }
            logger.error("an alert was not taken", metadata: ["status": "\(reply.status)"])
        } catch {
            logger.error("an alert was not delivered", metadata: ["error": "\(error)"])
        }
    }
}
