/// Why a value looks like a credential that should not lie in plain text.
///
/// Names and values are both judged; see ``SecretName`` for what names say, ``TokenShape`` for the tokens that are known. Neither the
/// message nor the pointer is made from a value, so both may be told to whoever asks.
package struct PlaintextSecret: Hashable, Sendable {
    package enum Reason: String, Sendable, CaseIterable {
        /// It stands under a name such as `password`.
        case name
        /// It has the shape of a kind of token.
        case tokenShape = "token-shape"
        case privateKey = "private-key"
        /// It has a `scheme://user:password@host`.
        case urlPassword = "url-password"
        /// It has a `password=…` or a `"password":"…"`.
        case assignment
        /// It looks drawn by chance, under a name such as `key` or `salt`.
        case entropy
    }

    package let reason: Reason
    /// What is said of the value, such as `looks like a GitHub token`. Never holds any of it.
    package let message: String
    /// Where inside the value (RFC 6901); empty for the value itself.
    package let pointer: String

    /// The most that are told of one value.
    package static let foundMax = 100

    /// All that is found in the value of a setting, at most one for each string or number in it.
    ///
    /// References, masks, names of secrets in other stores, encrypted texts and `{"$secret": "name"}` are not secrets in plain text.
    package static func found(in value: JSONValue, at key: ConfigKey) -> [PlaintextSecret] {
        var search = Search()
        search.visit(value, SecretName(key))
        return search.found
    }

    /// Whether anything is found in the value, told from its canonical JSON without reading it into memory: for writing, where almost
    /// every value has nothing. Never false where ``found(in:at:)`` finds something.
    package static func mayHold(_ canonicalValue: [UInt8], at key: ConfigKey) -> Bool {
        switch canonicalValue.first {
        case nil, UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): false
        default: CanonicalSecrets.mayBeIn(canonicalValue.span, under: SecretName(key))
        }
    }

    /// Whether a member's text names a secret of this platform: that of `{"$secret": "name"}`.
    static func isReferenceName(_ name: Span<UInt8>) -> Bool {
        name.count == 7 && name.starts(with: "$secret")
    }

    /// Whether a member names what `value` beside it gives: `{"name": "DB_PASSWORD", "value": …}`.
    static func isPairName(_ name: Span<UInt8>) -> Bool {
        (name.count == 4 && name.starts(with: "name")) || (name.count == 3 && name.starts(with: "key"))
    }

    static func isPairValue(_ name: Span<UInt8>) -> Bool {
        name.count == 5 && name.starts(with: "value")
    }

    private struct Search {
        var found: [PlaintextSecret] = []
        private var path: [String] = []

        mutating func visit(_ value: JSONValue, _ name: SecretName) {
            guard found.count < foundMax else { return }
            switch value {
            case .null, .bool: break
            case .number: note(SecretSign(numberUnder: name))
            case .string(let text): note(SecretSign(text.utf8Span.span, under: name))
            case .array(let elements):
                for (index, element) in elements.enumerated() { visit(element, name, at: String(index)) }
            case .object(let object): visit(object, name)
            }
        }

        private mutating func visit(_ object: JSONObject, _ name: SecretName) {
            var named: SecretName?
            for member in object.members {
                let label = member.name.utf8Span.span
                var inner = name.appending(label)
                if let named, isPairValue(label), inner.saying == .nothing { inner = named }
                if isReferenceName(label), case .string = member.value { continue }
                visit(member.value, inner, at: member.name)
                if isPairName(label), case .string(let text) = member.value {
                    named = SecretName().appending(text.utf8Span.span)
                }
            }
        }

        private mutating func visit(_ value: JSONValue, _ name: SecretName, at token: String) {
            path.append(token)
            visit(value, name)
            path.removeLast()
        }

        private mutating func note(_ sign: SecretSign?) {
            guard let sign else { return }
            found.append(
                PlaintextSecret(
                    reason: sign.reason, message: sign.message, pointer: JSONPointer(tokens: path).text))
        }
    }
}
