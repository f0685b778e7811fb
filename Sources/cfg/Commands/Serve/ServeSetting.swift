/// One setting of `cfg serve`, whatever it is given by: a flag, an environment variable or a file.
struct ServeSetting: Sendable {
    /// As in a file: `tls.certificate`. The flag is `--tls-certificate`, the variable `CFG_SERVE_TLS_CERTIFICATE`.
    let key: String
    let value: String
    let help: String

    var flag: String { "--" + key.replacing(".", with: "-") }

    var variable: String { Self.variablePrefix + key.uppercased().replacing(".", with: "_").replacing("-", with: "_") }

    static let variablePrefix = "CFG_SERVE_"

    /// All there are, in the order of the help.
    static let all: [ServeSetting] = [
        ServeSetting(key: "data", value: "DIR", help: "Folder of the embedded database. Made where it does not exist."),
        ServeSetting(
            key: "database-url", value: "URL",
            help: "PostgreSQL instead: postgres://user@host1,host2/name?target_session_attrs=read-write"),
        ServeSetting(
            key: "listen", value: "HOST:PORT",
            help: "Address to serve at (default 127.0.0.1:8420; port 0: any free one)."),
        ServeSetting(
            key: "grpc-listen", value: "HOST:PORT",
            help:
                "Serve flags over gRPC too, to clients of flagd's protocols, with the same certificate (default: not)."),
        ServeSetting(
            key: "tls-certificate", value: "FILE",
            help: "Certificate chain in PEM. Read anew when it alters and at SIGHUP."),
        ServeSetting(key: "tls-key", value: "FILE", help: "Its private key in PEM."),
        ServeSetting(
            key: "insecure", value: "true|false",
            help: "Serve beyond loopback without TLS: for a mesh or proxy that encrypts (default false)."),
        ServeSetting(
            key: "dev", value: "true|false",
            help: "Development: an administrator's token is kept in DIR/dev-token and printed (default false)."),
        ServeSetting(
            key: "sample", value: "true|false",
            help: "Make the sample project 'shop' in an empty platform (default false)."),
        ServeSetting(
            key: "log-level", value: "LEVEL", help: "trace, debug, info, notice, warning, error (default info)."),
        ServeSetting(
            key: "log-format", value: "text|json", help: "How log lines on standard error look (default text)."),
        ServeSetting(
            key: "metrics-public", value: "true|false", help: "Serve /metrics without a token (default false)."),
        ServeSetting(
            key: "trusted-proxies", value: "ADDRESSES",
            help: "Addresses, separated by commas, whose X-Forwarded-For is believed (default none)."),
        ServeSetting(
            key: "webhook-key-file", value: "FILE",
            help: "At least 32 bytes that sign webhooks to validators and alerts (default: none are sent)."),
        ServeSetting(
            key: "hook-key-file", value: "FILE",
            help: "At least 32 bytes that the secrets of kill hooks are derived from (default: there are no hooks)."),
        ServeSetting(
            key: "alert-url", value: "URL",
            help: "Where emergencies are told of, as a webhook signed with the webhook key (default: only logged)."),
        ServeSetting(
            key: "guard-networks", value: "ADDRESSES",
            help:
                "Private networks, separated by commas, where guards of rollouts may ask for metrics, over plain HTTP too (default none)."
        ),
        ServeSetting(
            key: "client-ca", value: "FILE",
            help: "Authorities in PEM whose client certificates prove who calls, as 'certificate:NAME' (default: none)."
        ),
        ServeSetting(
            key: "issuer-secrets", value: "DIR",
            help: "Folder of client secrets for sign-in, one file an issuer, named like it (default: none)."),
        ServeSetting(
            key: "local-users", value: "true|false",
            help: "Let users of the platform's own sign in with a password (default false)."),
        ServeSetting(
            key: "shutdown-grace-seconds", value: "N",
            help: "How long requests may go on after SIGTERM (default 20, 0 to 600)."),
    ]

    static func named(_ key: String) -> ServeSetting? { all.first { $0.key == key } }
}
