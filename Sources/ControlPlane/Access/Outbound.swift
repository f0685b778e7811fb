import AsyncHTTPClient
import Foundation
package import Identity
import NIOCore
import NIOHTTP1

/// Requests to issuers, over the network: redirections are not followed, and no more than a mebibyte is read.
package enum Outbound {
    private static let secondsMax: Int64 = 10

    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(5)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    @Sendable package static func fetch(_ call: HTTPCall) async throws -> HTTPReply {
        var request = HTTPClientRequest(url: call.url)
        request.method = HTTPMethod(rawValue: call.method)
        for (name, value) in call.headers { request.headers.add(name: name, value: value) }
        if !call.body.isEmpty { request.body = .bytes(ByteBuffer(bytes: call.body)) }
        let response = try await client.execute(request, timeout: .seconds(secondsMax))
        let body = try await response.body.collect(upTo: HTTPReply.maxBytes)
        return HTTPReply(status: Int(response.status.code), body: Array(body.readableBytesView))
    }
}
