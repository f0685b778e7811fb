import Crypto
import CryptoExtras

/// A password as it is kept: `$scrypt$ln=15,r=8,p=1$SALT$HASH`, salt and hash in base64 without padding (the PHC string format over the
/// scrypt of RFC 7914).
///
/// Making or verifying one takes 32 MiB and some 100 ms of one core: callers bound how many run at once, and run them where nobody waits
/// behind them. Passwords count as their UTF-8 bytes; nothing is normalised.
package struct PasswordHash: Sendable, Hashable {
    package let encoded: String
    private let cost: Int
    private let parallelism: Int
    private let salt: [UInt8]
    private let hash: [UInt8]

    /// `ln`, the base-2 logarithm of scrypt's N.
    package static let standardCost = 15
    package static let saltBytes = 16
    private static let costs = 15...18
    private static let blockSize = 8
    private static let parallelisms = 1...4
    private static let hashBytes = 32

    /// Hashes a password with a salt that was drawn for it.
    package init(of password: String, salt: [UInt8]) {
        precondition(salt.count == Self.saltBytes, "a salt has \(Self.saltBytes) bytes")
        self.init(
            cost: Self.standardCost, parallelism: 1, salt: salt,
            hash: Self.derive(Array(password.utf8), salt, n: 1 << Self.standardCost, r: Self.blockSize, p: 1, count: 32)
        )
    }

    /// Reads `ln` from 15 to 18, `r` of 8, `p` from 1 to 4, a salt of 16 to 64 bytes and a hash of 32.
    package init(parsing encoded: String) throws(InvalidPasswordHash) {
        let fields = encoded.utf8.count <= 256 ? encoded.split(separator: "$", omittingEmptySubsequences: false) : []
        guard fields.count == 5, fields[0].isEmpty, fields[1] == "scrypt" else {
            throw InvalidPasswordHash("it is not of the form $scrypt$ln=15,r=8,p=1$SALT$HASH")
        }
        let parameters = fields[2].split(separator: ",", omittingEmptySubsequences: false)
        guard parameters.count == 3, let cost = Self.number(parameters[0], "ln="), Self.costs.contains(cost),
            Self.number(parameters[1], "r=") == Self.blockSize, let parallelism = Self.number(parameters[2], "p="),
            Self.parallelisms.contains(parallelism)
        else { throw InvalidPasswordHash("its parameters are not ln=15 to 18, r=8, p=1 to 4") }
        guard let salt = Base64.standard.decode(fields[3]), (16...64).contains(salt.count) else {
            throw InvalidPasswordHash("its salt is not the base64 of 16 to 64 bytes, without padding")
        }
        guard let hash = Base64.standard.decode(fields[4]), hash.count == Self.hashBytes else {
            throw InvalidPasswordHash("its hash is not the base64 of 32 bytes, without padding")
        }
        self.init(cost: cost, parallelism: parallelism, salt: salt, hash: hash)
    }

    private init(cost: Int, parallelism: Int, salt: [UInt8], hash: [UInt8]) {
        encoded =
            "$scrypt$ln=\(cost),r=\(Self.blockSize),p=\(parallelism)$\(Base64.standard.encode(salt))$"
            + Base64.standard.encode(hash)
        self.cost = cost
        self.parallelism = parallelism
        self.salt = salt
        self.hash = hash
    }

    /// Whether this is the password, compared in constant time. One that ``PasswordRule`` would refuse for its length is not hashed at all.
    package func verify(_ password: String) -> Bool {
        let bytes = Array(password.utf8)
        guard PasswordRule.bytes.contains(bytes.count) else { return false }
        return isEqualInConstantTime(
            Self.derive(bytes, salt, n: 1 << cost, r: Self.blockSize, p: parallelism, count: hash.count), hash)
    }

    /// What to verify against where there is no such user, so that the time it takes does not tell; no password fits it.
    package static let ofNobody = PasswordHash(
        cost: standardCost, parallelism: 1, salt: [UInt8](repeating: 0, count: saltBytes),
        hash: [UInt8](repeating: 0, count: hashBytes))

    /// scrypt as RFC 7914 has it. Password and salt must not be empty.
    static func derive(_ password: [UInt8], _ salt: [UInt8], n: Int, r: Int, p: Int, count: Int) -> [UInt8] {
        do {
            let key = try KDF.Scrypt.deriveKey(
                from: password, salt: salt, outputByteCount: count, rounds: n, blockSize: r, parallelism: p)
            return key.withUnsafeBytes { Array($0) }
        } catch {
            preconditionFailure("scrypt refuses N=\(n), r=\(r), p=\(p): \(error)")
        }
    }

    private static func number(_ text: Substring, _ name: String) -> Int? {
        guard text.hasPrefix(name) else { return nil }
        let digits = text.dropFirst(name.count)
        guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.first != "0"
        else { return nil }
        return Int(digits)
    }
}

extension PasswordHash: CustomStringConvertible, CustomReflectable {
    package var description: String { "PasswordHash" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

package struct InvalidPasswordHash: Error, Hashable, CustomStringConvertible {
    package let description: String

    init(_ reason: String) { description = "The password hash cannot be read: \(reason)." }
}
