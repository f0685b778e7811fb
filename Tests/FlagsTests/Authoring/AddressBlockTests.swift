import ExactJSON
import TestSupport
import Testing

@testable import ConfigPlatformFlags

@Suite struct AddressBlockTests {
    @Test(
        arguments: [
            ("10.0.0.0/8", "10.0.0.0/8", ["10."]), ("10.1.2.3/16", "10.1.0.0/16", ["10.1."]),
            ("192.168.4.0/23", "192.168.4.0/23", ["192.168.4.", "192.168.5."]),
            ("224.0.0.0/6", "224.0.0.0/6", ["224.", "225.", "226.", "227."]),
            ("10.0.0.7", "10.0.0.7/32", ["10.0.0.7"]), ("10.0.0.6/31", "10.0.0.6/31", ["10.0.0.6", "10.0.0.7"]),
            ("2001:DB8::/32", "2001:db8::/32", ["2001:db8:"]),
            ("2001:db8:0:1::/64", "2001:db8:0:1::/64", ["2001:db8:0:1:"]),
            ("0:0:0:0:0:0:0:1", "::1/128", ["::1"]),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1/128", ["2001:db8::1:0:0:1"]),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1/128", ["2001:db8:0:1:1:1:1:1"]),
            ("::/128", "::/128", ["::"]),
        ] as [(String, String, [String])])
    func `a block is the texts its addresses begin with`(_ text: String, _ canonical: String, _ texts: [String]) throws
    {
        let block = try AddressBlock(parsing: text)
        #expect(block.text == canonical)
        switch block.addresses {
        case .beginning(let found), .oneOf(let found): #expect(found == texts)
        }
    }

    @Test(
        arguments: [
            ("10.0.0.0/0", "exists"), ("::/0", "multiple of 16"), ("2001:db8::/33", "multiple of 16"),
            ("2001:db8::/48", "zero group"),
            ("1:0:0:1::/64", "zero group"), ("10.0.0.0/33", "not a block"), ("10.0.0/8", "not a block"),
            ("10.0.0.256", "not a block"), ("10.0.0.01", "not a block"), ("10.0.0.0/08", "not a block"),
            ("1::2::3", "not a block"),
            ("1:2:3:4:5:6:7:8:9", "not a block"), ("12345::", "not a block"), ("", "not a block"),
            ("/8", "not a block"),
            ("::ffff:10.0.0.1", "not a block"), ("1:2:3:4::5:6:7:8", "not a block"), ("2001:db8::/", "not a block"),
            ("+1::/128", "not a block"),
        ] as [(String, String)])
    func `what cannot be told by the beginning of a text is refused with the reason`(_ text: String, _ reason: String)
        throws
    {
        let refusal = #expect(throws: InvalidFlagItem.self) { try AddressBlock(parsing: text) }
        #expect(refusal?.message.contains(reason) == true, "\(String(describing: refusal))")
    }

    @Test func `an address of IPv4 fits a block where its bits do`() throws {
        try SeededGenerator.runs(2_000) { random in
            let length = random.int(in: 1...32)
            let network = UInt32(truncatingIfNeeded: random.next())
            let mask = UInt32.max << UInt32(32 - length)
            // Half of them near the block's edges.
            var address = random.chance(oneIn: 2) ? UInt32(truncatingIfNeeded: random.next()) : network & mask
            if random.chance(oneIn: 2) { address = address &+ ~mask &+ UInt32(random.int(in: 0...2)) &- 1 }
            let block = try AddressBlock(parsing: "\(Self.text(network))/\(length)")
            #expect(Self.holds(block, Self.text(address)) == (address & mask == network & mask), "\(random)")
        }
    }

    private static func text(_ address: UInt32) -> String {
        (0..<4).map { String(address >> UInt32(24 - 8 * $0) & 255) }.joined(separator: ".")
    }

    static func holds(_ block: AddressBlock, _ address: String) -> Bool {
        switch block.addresses {
        case .beginning(let texts): texts.contains { address.hasPrefix($0) }
        case .oneOf(let texts): texts.contains(address)
        }
    }

    @Test func `an address of IPv6 in its shortest spelling fits a block where its groups do`() throws {
        try SeededGenerator.runs(5_000) { random in
            func group() -> Int { random.chance(oneIn: 2) ? 0 : random.int(in: 0...0xFFFF) }
            let network = (0..<8).map { _ in group() }
            var address = (0..<8).map { _ in group() }
            let count = random.int(in: 1...8)
            if random.chance(oneIn: 2) { address.replaceSubrange(0..<count, with: network[..<count]) }
            let spelled = network.map { String($0, radix: 16) }.joined(separator: ":")
            guard let block = try? AddressBlock(parsing: "\(spelled)/\(count * 16)") else {
                let head = network[..<count]
                #expect(head.last == 0 || zip(head, head.dropFirst()).contains { $0 == 0 && $1 == 0 }, "\(random)")
                return
            }
            let text = try AddressBlock(parsing: address.map { String($0, radix: 16) }.joined(separator: ":")).text
            let isIn = address[..<count] == network[..<count]
            #expect(Self.holds(block, String(text.dropLast(4))) == isIn, "\(text) in \(block.text); \(random)")
        }
    }
}
