import ConfigPlatformModel

/// A setting of the server that cannot be: its name as the command line spells it, and what is wrong with it.
package struct InvalidSetting: Error, Hashable, Sendable, CustomStringConvertible {
    package let name: String
    package let message: String

    package init(_ name: String, _ message: String) {
        self.name = name
        self.message = message
    }

    package var description: String { "\(name): \(message)" }
}

/// How the servers of HTTP and gRPC listen and what they put up with. Every limit has a default that serves a machine of its own.
package struct ServerSettings: Sendable {
    package let listen: ListenAddress
    /// Nil where gRPC is not served.
    package let grpcListen: ListenAddress?
    /// Nil for plain HTTP and plain gRPC.
    package let tls: CertificateFiles?
    /// Authorities, as a PEM file, whose certificates prove who calls; nil where clients are asked for none.
    package let clientAuthoritiesPath: String?
    /// Addresses whose `X-Forwarded-For` is believed.
    package let trustedProxies: [AddressRange]
    /// Whether `/metrics` is told without a token.
    package var isMetricsPublic = false
    /// A connection without a request is closed after so long.
    package var idleSeconds = 60.0
    /// From the first byte of a request's head that is complete to the beginning of its answer. Watches, once begun, go
    /// on.
    package var requestSeconds = Double(Limits.requestSeconds)
    /// A client that takes nothing of its answer for so long is given up.
    package var stallSeconds = 30.0
    /// From the connection to the end of the TLS handshake.
    package var handshakeSeconds = 10.0
    package var bodyBytesMax = Limits.requestBodyBytes
    /// Of a request's head, with its first line.
    package var headBytesMax = 32 << 10
    package var headerFieldsMax = 100
    /// Further connections wait in the backlog.
    package var connectionsMax = Limits.watchers + 5_000
    /// Connections that the kernel holds until they are accepted.
    package var backlog = 4_096
    /// From the wish to stop to the end of the connections that are still busy.
    package var shutdownGraceSeconds = 20.0
    /// Between two looks at the certificate's files.
    package var certificateReloadSeconds = 30.0
    /// What is peculiar to gRPC.
    package var grpc = GRPC()

    package struct GRPC: Sendable {
        /// Of one message that a client sends.
        package var messageBytesMax = Limits.grpcMessageBytes
        /// Calls that one connection may have open; a client keeps further ones back.
        package var streamsPerConnectionMax = Limits.grpcStreamsPerConnection
        /// Further connections wait in the backlog.
        package var connectionsMax = Limits.watchers + 5_000
        /// From the head of a call to its whole message.
        package var requestSeconds = Double(Limits.requestSeconds)
        /// A connection without calls is closed after so long.
        package var idleSeconds = 300.0
        /// A connection from which nothing has come for so long is asked for a sign of life, and closed where none comes in
        /// ``answerSeconds``.
        package var silenceSeconds = 30.0
        package var answerSeconds = 20.0
        /// From the wish to stop to the end of the connections that are still busy: all that takes long in gRPC are streams, and they
        /// have been ended before.
        package var shutdownGraceSeconds = 5.0
    }

    package struct CertificateFiles: Hashable, Sendable {
        /// PEM, the server's own certificate first.
        package let certificatePath: String
        /// PEM.
        package let keyPath: String
    }

    /// - Parameter allowsInsecure: serve plain HTTP beyond this machine, for whoever has TLS in front.
    package init(
        listen: String = "127.0.0.1:8420", grpcListen: String? = nil, tlsCertificate: String? = nil,
        tlsKey: String? = nil,
        clientAuthorities: String? = nil, allowsInsecure: Bool = false, trustedProxies: [String] = []
    ) throws(InvalidSetting) {
        self.listen = try ListenAddress(parsing: listen)
        var grpcAddress: ListenAddress?
        if let grpcListen { grpcAddress = try ListenAddress(parsing: grpcListen, as: "grpc-listen") }
        self.grpcListen = grpcAddress
        switch (tlsCertificate, tlsKey) {
        case (nil, nil): tls = nil
        case (let certificate?, let key?): tls = CertificateFiles(certificatePath: certificate, keyPath: key)
        case (_?, nil):
            throw InvalidSetting("tls-key", "A certificate is given without its private key; give both, as PEM files.")
        case (nil, _?):
            throw InvalidSetting(
                "tls-certificate", "A private key is given without its certificate; give both, as PEM files.")
        }
        guard clientAuthorities == nil || tls != nil else {
            throw InvalidSetting(
                "client-ca", "Certificates of clients are shown in TLS; give --tls-certificate and --tls-key too.")
        }
        clientAuthoritiesPath = clientAuthorities
        var ranges: [AddressRange] = []
        for text in trustedProxies { ranges.append(try AddressRange(parsing: text)) }
        self.trustedProxies = ranges
        for (setting, address) in [("listen", self.listen), ("grpc-listen", grpcAddress)] {
            guard let address, tls == nil, !address.isLoopback, !allowsInsecure else { continue }
            throw InvalidSetting(
                setting,
                "'\(InvalidIdentifier.shown(address.text))' can be reached from other machines, and without TLS tokens and settings would cross "
                    + "the network in the clear. Give --tls-certificate and --tls-key, listen on 127.0.0.1, or say --insecure where "
                    + "something in front does TLS.")
        }
    }
}
