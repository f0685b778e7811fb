import ConfigPlatformModel
import NIOCore

/// Who a connection's certificate says its client is.
enum ClientCertificates {
    /// Nil where no certificate was asked for, or none was shown.
    static func principal(of channel: any Channel) -> Principal? { nil }
}
