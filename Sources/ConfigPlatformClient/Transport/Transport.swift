import AsyncHTTPClient
import ConfigPlatformModel
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Requests to one server, with its token and its certificates. Connections close when the last reference is gone.
package final class Transport: Sendable {
    package let server: ServerAddress
    private let token: AccessToken?
    private let userAgent: String
    private let http: HTTPClient
    private let readTimeout: Duration

    /// - Parameters:
    ///   - certificateAuthorityFile: PEM; the only authorities that are trusted. Nil for those of the system.
    ///   - readTimeout: how long nothing may arrive before a response is given up.
    package init(
        server: ServerAddress, token: AccessToken?, certificateAuthorityFile: String? = nil,
        userAgent: String = "cfg-client",
        connectTimeout: Duration = .seconds(10), readTimeout: Duration = .seconds(60)
    ) throws(ConfigPlatformError) {
        self.server = server
        self.token = token
        self.userAgent = userAgent
        self.readTimeout = readTimeout
        var configuration = HTTPClient.Configuration(
            // A token is not sent to wherever a redirect points.
            redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(connectTimeout), read: TimeAmount(readTimeout)))
        // Attempts are counted and spaced here, where it is known what may be repeated.
        configuration.connectionPool.retryConnectionEstablishment = false
        if let certificateAuthorityFile {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates(try Self.certificates(in: certificateAuthorityFile))
            configuration.tlsConfiguration = tls
        }
        http = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }

    deinit {
        http.shutdown { _ in }
    }

    private static func certificates(in file: String) throws(ConfigPlatformError) -> [NIOSSLCertificate] {
        let certificates = try? NIOSSLCertificate.fromPEMFile(file)
        guard let certificates, !certificates.isEmpty else {
            throw ConfigPlatformError(
                .invalidUse,
                "The certificate authorities in '\(file)' cannot be read; name a file of certificates in PEM form.")
        }
        return certificates
    }

    /// Sends a request once and reads the whole answer; what is no success is thrown, except for `accepting`.
    package func send(
        _ request: ServerRequest, accepting accepted: Set<Int> = [], bodyBytesMax: Int = 1 << 30
    ) async throws -> ServerResponse {
        try await withResponse(to: request) { head, body in
            var bytes: [UInt8] = []
            for try await chunk in body {
                guard bytes.count + chunk.readableBytes <= bodyBytesMax else {
                    throw ConfigPlatformError(
                        .invalidResponse, "The answer is larger than \(bodyBytesMax) bytes; it was given up.",
                        status: head.status, requestID: head.requestID)
                }
                bytes.append(contentsOf: chunk.readableBytesView)
            }
            let response = ServerResponse(head: head, body: bytes)
            guard (200..<300).contains(head.status) || accepted.contains(head.status) else {
                throw ConfigPlatformError(response)
            }
            return response
        }
    }

    /// Sends a request and hands each piece of the body on as it arrives; what is no success is thrown.
    package func stream(
        _ request: ServerRequest, onHead: (ResponseHead) async throws -> Void,
        onBytes: ([UInt8]) async throws -> Void
    ) async throws {
        try await withResponse(to: request) { head, body in
            guard (200..<300).contains(head.status) else {
                let bytes = try await body.collect(upTo: 1 << 20)
                throw ConfigPlatformError(ServerResponse(head: head, body: Array(bytes.readableBytesView)))
            }
            try await Self.passing { try await onHead(head) }
            for try await chunk in body {
                try await Self.passing { try await onBytes(Array(chunk.readableBytesView)) }
            }
        }
    }

    /// An error of whoever reads a stream, on its way past those of the connection.
    private struct Passed: Error {
        let error: any Error
    }

    private static func passing(_ body: () async throws -> Void) async throws(Passed) {
        do { try await body() } catch { throw Passed(error: error) }
    }

    private func withResponse<Result>(
        to request: ServerRequest,
        _ body: (ResponseHead, HTTPClientResponse.Body) async throws -> Result
    ) async throws -> Result {
        var outgoing = HTTPClientRequest(
            url: server.url(path: ["api", "v1"] + request.path, query: request.query))
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        outgoing.headers.add(name: "User-Agent", value: userAgent)
        if let token { outgoing.headers.add(name: "Authorization", value: "Bearer \(try token.text())") }
        for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
        if let bytes = request.body { outgoing.body = .bytes(ByteBuffer(bytes: bytes)) }
        do {
            let response = try await http.execute(outgoing, deadline: .now() + TimeAmount(readTimeout))
            let head = ResponseHead(
                status: Int(response.status.code), fields: response.headers.map { (name: $0.name, value: $0.value) })
            return try await body(head, response.body)
        } catch let error as ConfigPlatformError {
            throw error
        } catch let passed as Passed {
            throw passed.error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw ConfigPlatformError(connecting: error, to: server)
        }
    }
}

extension ConfigPlatformError {
    /// What went wrong on the way.
    fileprivate init(connecting error: any Error, to server: ServerAddress) {
        switch error {
        case let error as HTTPClientError where Self.timeouts.contains(error):
            self.init(.timedOut, "\(server) did not answer in time.")
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            self.init(.unreachable, "\(server) closed the connection before it had answered.")
        case let error as NIOConnectionError:
            self.init(.unreachable, "No connection to \(server): \(Self.reason(error)).")
        case let error as NIOSSLError:
            self.init(.unreachable, "No secure connection to \(server): \(Self.reason(error)).")
        case is HTTPParserError:
            self.init(
                .unreachable, "\(server) does not speak HTTP; does it want \(server.isSecure ? "http" : "https")://?")
        default:
            self.init(.unreachable, "The connection to \(server) failed: \(Self.reason(error)).")
        }
    }

    private static let timeouts: [HTTPClientError] = [
        .readTimeout, .writeTimeout, .connectTimeout, .deadlineExceeded, .tlsHandshakeTimeout,
        .getConnectionFromPoolTimeout,
    ]

    private static func reason(_ error: NIOConnectionError) -> String {
        if error.connectionErrors.isEmpty { return "the name '\(error.host)' cannot be resolved" }
        return error.connectionErrors.first.map { reason($0.error) } ?? "no address answered"
    }

    private static func reason(_ error: NIOSSLError) -> String {
        let text = String(describing: error)
        guard text.contains("CERTIFICATE_VERIFY_FAILED") else { return text }
        return
            "its certificate was issued by no authority that is trusted here. Name a private authority's certificate file, or "
            + "look whether the name in the certificate is that of the address"
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode)).lowercased()
        case ChannelError.connectTimeout: "no answer in time"
        default: String(describing: error)
        }
    }
}

extension TimeAmount {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(min(seconds, 1 << 32) * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
