import ConfigPlatformModel
import ControlPlane
import NIOCore
import NIOSSL
import SwiftASN1
import X509

/// Who a connection's certificate says its client is. The handshake has verified it.
enum ClientCertificates {
    /// Nil where none was shown, or where it names nobody.
    static func principal(of channel: any Channel) async -> Principal? {
        // A stream of HTTP/2 has its connection for a parent.
        for channel in [channel, channel.parent].compactMap({ $0 }) {
            if let certificate = try? await channel.nioSSL_peerCertificate().get(),
                let bytes = try? certificate.toDERBytes()
            {
                return principal(of: bytes)
            }
        }
        return nil
    }

    /// `certificate:` and the first URI among the alternative names (as SPIFFE has it), or else the common name of the subject; bytes that a
    /// principal cannot have are percent-encoded.
    static func principal(of bytes: [UInt8]) -> Principal? {
        guard let certificate = try? Certificate(derEncoded: bytes) else { return nil }
        let names = (try? certificate.extensions.subjectAlternativeNames).flatMap { $0 } ?? SubjectAlternativeNames()
        for case .uniformResourceIdentifier(let uri) in names where !uri.isEmpty {
            return Principal(.certificate, encoding: uri)
        }
        for name in certificate.subject.reversed() {
            for attribute in name where attribute.type == .RDNAttributeType.commonName {
                let text = attribute.value.description
                return text.isEmpty ? nil : Principal(.certificate, encoding: text)
            }
        }
        return nil
    }
}
