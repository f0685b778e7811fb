/// What a request's headers ask for, as far as what is answered on the event loop of a connection has it in common.
struct DirectWishes {
    private(set) var authorization: String?
    private(set) var noneMatch: String?
    private(set) var requestID: String?

    enum Header {
        case taken
        /// It asks for something else than the plain answer.
        case refused
        /// None of those that are known here.
        case other
    }

    @inline(__always)
    mutating func take(_ name: String, _ value: String) -> Header {
        switch name.utf8.count {
        case 6 where name.spells("accept"):
            return value == "*/*" || value == "application/json" ? .taken : .refused
        case 10 where name.spells("connection"):
            return value.spells("keep-alive") ? .taken : .refused
        case 12 where name.spells("x-request-id"):
            requestID = value
        case 13 where name.spells("authorization"):
            guard authorization == nil else { return .refused }
            authorization = value
        case 13 where name.spells("if-none-match"):
            guard noneMatch == nil else { return .refused }
            noneMatch = value
        default: return .other
        }
        return .taken
    }
}

extension String {
    /// Whether it is that text but for the case of its ASCII letters.
    func spells(_ lowercased: StaticString) -> Bool {
        let bytes = utf8
        guard bytes.count == lowercased.utf8CodeUnitCount else { return false }
        return lowercased.withUTF8Buffer { wanted in
            var index = 0
            for byte in bytes {
                let folded = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
                if folded != wanted[index] { return false }
                index += 1
            }
            return true
        }
    }
}
