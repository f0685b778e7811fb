import Logging
import NIOCertificateReloading
import NIOSSL

/// The server's certificate and key, read again when their files change. A connection uses those that were newest at
/// its handshake; files that cannot be used leave the ones before in use.
package struct Certificates: Sendable {
    private let reloader: TimedCertificateReloader
    private let files: ServerSettings.CertificateFiles
    private let clientAuthoritiesPath: String?
    private let logger: Logger

    /// Throws ``InvalidSetting`` where the files cannot be used.
    init(
        _ files: ServerSettings.CertificateFiles, clientAuthoritiesPath: String?, reloadSeconds: Double, logger: Logger
    ) throws {
        self.files = files
        self.clientAuthoritiesPath = clientAuthoritiesPath
        if let path = clientAuthoritiesPath {
            guard let authorities = try? NIOSSLCertificate.fromPEMFile(path), !authorities.isEmpty else {
                throw InvalidSetting("client-ca", "'\(path)' cannot be used as authorities in PEM.")
            }
        }
        self.logger = logger
        let configuration = TimedCertificateReloader.Configuration(
            refreshInterval: .seconds(reloadSeconds),
            certificateSource: .init(location: .file(path: files.certificatePath), format: .pem),
            privateKeySource: .init(location: .file(path: files.keyPath), format: .pem)
        ) { configuration in
            configuration.onCertificateLoaded = { difference in
                guard let previous = difference.previousCertificateChain, previous != difference.currentCertificateChain
                else { return }
                logger.info("the certificate was replaced", metadata: ["certificate": "\(files.certificatePath)"])
            }
            configuration.onCertificateLoadFailed = { failure in
                logger.error(
                    "the certificate could not be read; the one before stays in use",
                    metadata: ["certificate": "\(files.certificatePath)", "error": "\(failure.error)"])
            }
        }
        do {
            reloader = try TimedCertificateReloader.makeReloaderValidatingSources(configuration: configuration)
        } catch {
            throw InvalidSetting(
                "tls-certificate",
                "'\(files.certificatePath)' and '\(files.keyPath)' cannot be used as certificate and private key in PEM: \(error)."
            )
        }
    }

    /// TLS 1.2 and 1.3, with the application protocols on offer that are named. Where there are authorities for clients, a client may show a certificate; one
    /// that they did not sign, or that is not in force, ends the handshake.
    func tlsConfiguration(protocols: [String]) throws -> TLSConfiguration {
        var configuration = try TLSConfiguration.makeServerConfiguration(certificateReloader: reloader)
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = protocols
        if let clientAuthoritiesPath {
            configuration.trustRoots = .file(clientAuthoritiesPath)
            configuration.certificateVerification = .optionalVerification
        }
        return configuration
    }

    /// Looks at the files now. What is wrong with them is logged.
    func reload() { try? reloader.reload() }

    /// Looks at the files again and again until graceful shutdown.
    func run() async throws { try await reloader.run() }
}
