import ExactJSON

/// A token in the compact form of RFC 7515, read strictly; nothing of it is believed yet.
struct SignedToken {
    static let maxBytes = 16 << 10

    let algorithm: SignatureAlgorithm
    let keyID: String?
    let type: String?
    let payload: JSONObject
    /// What was signed: the first two parts and the dot between them.
    let signed: [UInt8]
    let signature: [UInt8]

    private static let limits = JSONLimits(maxDepth: 16, maxBytes: maxBytes)

    init(_ token: String) throws(InvalidToken) {
        guard token.utf8.count <= Self.maxBytes else {
            throw InvalidToken(.tooLong, "The token has more than \(Self.maxBytes) bytes.")
        }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            throw InvalidToken(.malformed, "The token has \(parts.count) parts instead of 3.")
        }
        let header = try Self.object(parts[0], "header")
        guard header["crit"] == nil else {
            throw InvalidToken(.criticalHeader, "The token's header has 'crit'; no extension is understood.")
        }
        guard let name = header["alg"]?.stringValue else {
            throw InvalidToken(.algorithm, "The token's header names no algorithm.")
        }
        guard let algorithm = SignatureAlgorithm(rawValue: name) else {
            throw InvalidToken(
                .algorithm, "The token's algorithm \(InvalidToken.shown(name)) is not one of a key pair.")
        }
        keyID = try Self.text("kid", in: header)
        type = try Self.text("typ", in: header)
        payload = try Self.object(parts[1], "payload")
        guard let signature = Base64.url.decode(parts[2]), !signature.isEmpty else {
            throw InvalidToken(.malformed, "The token's signature is absent or no base64url.")
        }
        self.algorithm = algorithm
        self.signature = signature
        signed = Array(token.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count))
    }

    private static func object(_ part: Substring, _ name: String) throws(InvalidToken) -> JSONObject {
        guard let bytes = Base64.url.decode(part) else {
            throw InvalidToken(.malformed, "The token's \(name) is no base64url without padding.")
        }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes, limits: limits)
        } catch  where error.kind == .duplicateName {
            throw InvalidToken(.duplicateMember, "A member occurs twice in the token's \(name).")
        } catch {
            throw InvalidToken(.malformed, "The token's \(name) is no JSON (\(error.kind.rawValue)).")
        }
        guard let object = value.objectValue else {
            throw InvalidToken(.malformed, "The token's \(name) is no JSON object.")
        }
        return object
    }

    private static func text(_ name: String, in header: JSONObject) throws(InvalidToken) -> String? {
        guard let value = header[name] else { return nil }
        guard let text = value.stringValue else {
            throw InvalidToken(.malformed, "The token's header has a '\(name)' that is no string.")
        }
        return text
    }
}
