package import ConfigPlatformModel
import Crypto
import Foundation

/// At least 32 bytes from which the secrets of kill hooks are derived, so that none of them is kept anywhere. Describes itself without them.
///
/// It is not the webhook key: that one is shared with every service that the platform calls, and who has the key has every hook.
package struct HookKey: Sendable, CustomStringConvertible, CustomReflectable {
    private let key: SymmetricKey

    /// Nil where there are too few bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count >= 32 else { return nil }
        key = SymmetricKey(data: bytes)
    }

    package var description: String { "HookKey" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }

    /// The secret of one generation of a hook, as its owner is shown it: `whsec_…`, or the text of a token.
    package func secret(of hook: Principal, generation: String, proof: KillHookBody.Proof) -> String {
        switch proof {
        case .signature:
            "whsec_" + Data(bytes(hook, generation, proof, block: 0)).base64EncodedString()
        case .token: token(of: hook, generation: generation).text
        }
    }

    /// Whether one of the signatures of a call is good. Takes as long whichever of them is.
    ///
    /// - Parameter signatures: as the header has them: `v1,BASE64`, separated by blanks. Of other versions none is looked at.
    func isSigned(
        _ signatures: String, id: String, timestamp: String, body: [UInt8], hook: Principal, generation: String
    ) -> Bool {
        let secret = SymmetricKey(data: bytes(hook, generation, .signature, block: 0))
        let signed = Array("\(id).\(timestamp).".utf8) + body
        return signatures.split(separator: " ").prefix(Self.signaturesMax).reduce(false) { isGood, signature in
            guard signature.hasPrefix("v1,"), let code = Data(base64Encoded: String(signature.dropFirst(3))) else {
                return isGood
            }
            return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: signed, using: secret) || isGood
        }
    }

    func token(of hook: Principal, generation: String) -> TokenText {
        var block: UInt8 = 0
        return TokenText { count in
            var drawn: [UInt8] = []
            while drawn.count < count {
                drawn += bytes(hook, generation, .token, block: block)
                block &+= 1
            }
            return Array(drawn.prefix(count))
        }
    }

    private func bytes(
        _ hook: Principal, _ generation: String, _ proof: KillHookBody.Proof, block: UInt8
    ) -> [UInt8] {
        let text = ["configplatform/kill-hook/1", proof.rawValue, hook.rawValue, generation].joined(separator: "\0")
        return Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8) + [0, block], using: key))
    }

    private static let signaturesMax = 8
}
