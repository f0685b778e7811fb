import ConfigPlatformModel
import Crypto
import HTTPTypes

extension IncomingRequest {
    /// SHA-256 of all that makes the request what it is, each part after its length, so that no two requests run
    /// together alike.
    var digest: ConfigPlatformModel.Digest {
        var hash = SHA256()
        let parts: [[UInt8]] = [
            Array(method.rawValue.utf8), Array(path.utf8), Array(rawQuery.utf8), Array((fields[.ifMatch] ?? "").utf8),
            Array((fields[.ifNoneMatch] ?? "").utf8), Array((fields[.message] ?? "").utf8), body,
        ]
        for part in parts {
            withUnsafeBytes(of: UInt64(part.count).bigEndian) { hash.update(bufferPointer: $0) }
            hash.update(data: part)
        }
        guard let digest = ConfigPlatformModel.Digest(Array(hash.finalize())) else {
            preconditionFailure("SHA-256 has 32 bytes")
        }
        return digest
    }
}
