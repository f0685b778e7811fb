import ConfigPlatformModel
import Testing

/// The numbers here and in `docs/audit-leaf.md` were worked out by another program than this one, and can never change.
@Suite struct AuditLeafTests {
    private let salt = (0..<32).map { UInt8($0) }

    @Test func `the worked example has the entry and the leaf hash that the documentation gives`() throws {
        let leaf = AuditLeaf(event: try AuditEventTests.example(), salt: salt)
        #expect(
            Digest.hexadecimal(AuditLeaf.entry(body: leaf.event.body, salt: salt))
                == "010573697f14d6e6619b82b311368d124b7d9c42d498dd14229e4be62f01ba5860")
        #expect(leaf.leafHash.hexadecimal == "2c533e55876aa61e0007e2546c0fcfe3cfb3f7dc086301ffdc1061a38899f152")
    }

    @Test func `an entry is a version byte and 32 bytes, whatever the event`() throws {
        let entry = AuditLeaf.entry(body: [], salt: salt)
        #expect(entry.count == 33 && entry[0] == 1)
    }

    @Test func `another salt, or another byte of the event, is another leaf`() throws {
        let event = try AuditEventTests.example()
        var otherSalt = salt
        otherSalt[31] ^= 1
        let leaves = [
            AuditLeaf(event: event, salt: salt).leafHash, AuditLeaf(event: event, salt: otherSalt).leafHash,
            AuditLeaf(
                event: AuditEvent(
                    sequence: 43, occurredAt: event.occurredAt, actor: event.actor, action: event.action,
                    target: event.target,
                    outcome: event.outcome), salt: salt
            ).leafHash,
        ]
        #expect(Set(leaves).count == 3)
        // A byte moved from the salt's end to the body's beginning is another entry: the salt's length is fixed.
        #expect(AuditLeaf.entry(body: [9], salt: salt) != AuditLeaf.entry(body: [31, 9], salt: [0] + salt.dropLast()))
    }
}
