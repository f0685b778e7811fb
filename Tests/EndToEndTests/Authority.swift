import Foundation
import TestSupport

/// An authority of its own, and certificates that it signs.
struct Authority: Sendable {
    struct Certificate: Sendable {
        let certificate: String
        let key: String
    }

    /// What has to be trusted.
    let certificate: String
    private let folder: TemporaryFolder
    private static let ellipticKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    static let canBeMade = ["/usr/bin/openssl", "/usr/bin/curl"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    init(_ name: String) async throws {
        folder = try TemporaryFolder()
        certificate = folder.path("authority.pem")
        try await CommandRun.run(
            "openssl",
            ["req", "-x509"] + Self.ellipticKey + [
                "-days", "2", "-subj", "/CN=authority \(name)", "-keyout", folder.path("authority.key"), "-out",
                certificate,
            ]
        ).succeeded()
    }

    /// - Parameters:
    ///   - names: alternative ones, as openssl writes them.
    ///   - days: how long it holds; none below 0.
    func certificate(_ commonName: String, names: String? = nil, days: Int = 1) async throws -> Certificate {
        let path = folder.path(UUID().uuidString)
        let result = Certificate(certificate: path + ".pem", key: path + ".key")
        let extensions = "basicConstraints=CA:FALSE\n" + (names.map { "subjectAltName=\($0)\n" } ?? "")
        try Data(extensions.utf8).write(to: URL(filePath: path + ".ext"))
        try await CommandRun.run(
            "openssl",
            ["req"] + Self.ellipticKey + [
                "-subj", "/O=acme/CN=\(commonName)", "-keyout", result.key, "-out", path + ".req",
            ]
        ).succeeded()
        try await CommandRun.run(
            "openssl",
            [
                "x509", "-req", "-in", path + ".req", "-CA", certificate, "-CAkey", folder.path("authority.key"),
                "-CAcreateserial", "-days", "\(days)", "-extfile", path + ".ext", "-out", result.certificate,
            ]
        ).succeeded()
        return result
    }
}
