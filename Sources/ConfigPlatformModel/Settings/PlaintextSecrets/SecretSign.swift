/// What makes a value look like a credential.
enum SecretSign {
    /// An index of ``TokenShape``.
    case shape(UInt8)
    case privateKey
    case urlPassword
    /// `name=value` or `"name":"value"` inside the text.
    case assignment(SecretName.Saying)
    case name(SecretName.Saying)
    case entropy

    var reason: PlaintextSecret.Reason {
        switch self {
        case .shape(let index): TokenShape.shape(index).reason
        case .privateKey: .privateKey
        case .urlPassword: .urlPassword
        case .assignment: .assignment
        case .name: .name
        case .entropy: .entropy
        }
    }

    var message: String {
        switch self {
        case .shape(let index): "looks like \(TokenShape.shape(index).name)"
        case .privateKey: "holds a private key"
        case .urlPassword: "holds a URL with a password"
        case .assignment(let saying): "gives a value to a name that says \(saying.text)"
        case .name(let saying): "stands under a name that says \(saying.text)"
        case .entropy: "looks drawn by chance, under a name that may say it is secret"
        }
    }
}

extension SecretSign {
    /// The sign of a string under a name: what the string itself shows before what its name says.
    init?(_ text: Span<UInt8>, under name: SecretName) {
        guard !text.isEmpty else { return nil }
        if let sign = SecretText.sign(in: text) {
            self = sign
            return
        }
        switch name.saying {
        case .nothing: return nil
        case .perhaps:
            guard Randomness.isKey(text) else { return nil }
            self = .entropy
        case let saying:
            guard !Harmless.covers(text, under: saying), !(name.isPlural && text.areAll(in: .digits)) else {
                return nil
            }
            self = .name(saying)
        }
    }

    /// The sign of a number under a name.
    init?(numberUnder name: SecretName) {
        switch name.saying {
        case .password, .secret, .token, .key, .credentials:
            guard !name.isPlural else { return nil }
            self = .name(name.saying)
        case .nothing, .perhaps, .pwd, .pass: return nil
        }
    }
}

extension SecretName.Saying {
    /// As messages have it.
    var text: String {
        switch self {
        case .nothing: "nothing"
        case .perhaps: "key"
        case .password, .pwd, .pass: "password"
        case .secret: "secret"
        case .token: "token"
        case .key: "key"
        case .credentials: "credentials"
        }
    }
}
