/// Punycode of RFC 3492.
enum Punycode {
    private static let base = 36
    private static let minimum = 1
    private static let maximum = 26

    /// Nil where the text is none or its scalars are out of range.
    static func decode(_ bytes: some Collection<UInt8>) -> [Unicode.Scalar]? {
        var output: [Unicode.Scalar] = []
        var input = Array(bytes)[...]
        if let delimiter = input.lastIndex(of: 0x2D) {
            guard delimiter > input.startIndex else { return nil }
            output = input[..<delimiter].map { Unicode.Scalar($0) }
            input = input[(delimiter + 1)...]
        }
        var value = 128
        var index = 0
        var bias = 72
        while !input.isEmpty {
            let previous = index
            var weight = 1
            var step = base
            while true {
                guard let digit = input.popFirst().flatMap(digitValue) else { return nil }
                index += digit * weight
                let threshold = threshold(step, bias)
                if digit < threshold { break }
                weight *= base - threshold
                // Scalars end at 0x10FFFF and labels at 63: what grows beyond has no meaning.
                guard index < 1 << 40, weight < 1 << 40 else { return nil }
                step += base
            }
            let count = output.count + 1
            bias = adapt(index - previous, count, isFirst: previous == 0)
            value += index / count
            index %= count
            guard value <= 0x10FFFF, let scalar = Unicode.Scalar(UInt32(value)) else { return nil }
            output.insert(scalar, at: index)
            index += 1
        }
        return output
    }

    static func encode(_ scalars: [Unicode.Scalar]) -> [UInt8] {
        var output = scalars.filter(\.isASCII).map { UInt8($0.value) }
        let basic = output.count
        var handled = basic
        if basic > 0 { output.append(0x2D) }
        var value = 128
        var delta = 0
        var bias = 72
        while handled < scalars.count {
            let next = scalars.map { Int($0.value) }.filter { $0 >= value }.min() ?? value
            delta += (next - value) * (handled + 1)
            value = next
            for scalar in scalars {
                if Int(scalar.value) < value { delta += 1 }
                guard Int(scalar.value) == value else { continue }
                var rest = delta
                var step = base
                while true {
                    let threshold = threshold(step, bias)
                    if rest < threshold { break }
                    output.append(digit(threshold + (rest - threshold) % (base - threshold)))
                    rest = (rest - threshold) / (base - threshold)
                    step += base
                }
                output.append(digit(rest))
                bias = adapt(delta, handled + 1, isFirst: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            value += 1
        }
        return output
    }

    private static func threshold(_ step: Int, _ bias: Int) -> Int {
        min(max(step - bias, minimum), maximum)
    }

    private static func adapt(_ delta: Int, _ count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / count
        var steps = 0
        while delta > (base - minimum) * maximum / 2 {
            delta /= base - minimum
            steps += base
        }
        return steps + (base - minimum + 1) * delta / (delta + 38)
    }

    private static func digitValue(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30 + 26
        case 0x41...0x5A: Int(byte) - 0x41
        case 0x61...0x7A: Int(byte) - 0x61
        default: nil
        }
    }

    private static func digit(_ value: Int) -> UInt8 {
        UInt8(value < 26 ? value + 0x61 : value - 26 + 0x30)
    }
}
