import AsyncHTTPClient
import ConfigPlatformModel
import Crypto
import Foundation
import NIOCore
import NIOHTTP1

/// How requests leave the platform for others.
package struct Webhooks: Sendable {
    /// What requests are signed with; nil where none may leave.
    package let key: WebhookKey?
    /// Who is told of emergencies; nil for nobody but the log and the audit log.
    package let alertURL: String?
    package let send: @Sendable (WebhookCall) async throws -> WebhookReply

    package init(
        key: WebhookKey?, alertURL: String? = nil,
        send: @escaping @Sendable (WebhookCall) async throws -> WebhookReply = Webhooks.overTheNetwork
    ) {
        self.key = key
        self.alertURL = alertURL
        self.send = send
    }

    /// Over HTTP; redirections are not followed, and no more than ``Limits/validatorAnswerBytes`` are read.
    @Sendable package static func overTheNetwork(_ call: WebhookCall) async throws -> WebhookReply {
        var request = HTTPClientRequest(url: call.url)
        request.method = .POST
        for (name, value) in call.headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: call.body))
        do {
            let response = try await client.execute(request, timeout: .seconds(call.timeoutSeconds))
            let body = try await response.body.collect(upTo: Limits.validatorAnswerBytes)
            return WebhookReply(status: Int(response.status.code), body: Array(body.readableBytesView))
        } catch let error as HTTPClientError {
            throw WebhookFailure(
                description: error == .deadlineExceeded || error == .connectTimeout
                    ? "it did not answer within \(call.timeoutSeconds) seconds" : "it cannot be reached (\(error))")
        } catch is NIOTooManyBytesError {
            throw WebhookFailure(
                description: "its answer has more than \(Limits.validatorAnswerBytes) bytes")
        } catch {
            throw WebhookFailure(description: "it cannot be reached (\(error))")
        }
    }

    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(ValidatorBody.timeoutRange.upperBound)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
}

/// At least 32 bytes that sender and receivers of webhooks share. Describes itself without them.
package struct WebhookKey: Sendable, CustomStringConvertible, CustomReflectable {
    fileprivate let bytes: [UInt8]

    /// Nil where there are too few bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count >= 32 else { return nil }
        self.bytes = bytes
    }

    package var description: String { "WebhookKey" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

package struct WebhookCall: Sendable {
    package let url: String
    package let timeoutSeconds: Int64
    package let headers: [(String, String)]
    package let body: [UInt8]
}

package struct WebhookReply: Sendable {
    package let status: Int
    package let body: [UInt8]

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

struct WebhookFailure: Error, CustomStringConvertible {
    let description: String
}

/// The signature of the Standard Webhooks specification 1.0: `webhook-signature: v1,` and the Base64 of the HMAC-SHA256 of
/// `ID.SECONDS.BODY`.
enum WebhookSignature {
    static func headers(id: String, seconds: Int64, body: [UInt8], key: WebhookKey) -> [(String, String)] {
        var signed = Array("\(id).\(seconds).".utf8)
        signed += body
        let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: key.bytes))
        return [
            ("Content-Type", "application/json"), ("User-Agent", "ConfigPlatform"), ("Webhook-Id", id),
            ("Webhook-Timestamp", String(seconds)),
            ("Webhook-Signature", "v1," + Data(code).base64EncodedString()),
        ]
    }
}
