/// The formats of JSON Schema Validation section 7.3.
enum Format: String, Sendable, CaseIterable {
    case dateTime = "date-time"
    case date
    case time
    case duration
    case email
    case internationalEmail = "idn-email"
    case hostname
    case internationalHostname = "idn-hostname"
    case ipv4
    case ipv6
    case uri
    case uriReference = "uri-reference"
    case iri
    case iriReference = "iri-reference"
    case uriTemplate = "uri-template"
    case uuid
    case jsonPointer = "json-pointer"
    case relativeJSONPointer = "relative-json-pointer"
    case regex

    /// The format of that name in a draft; nil where it has none, so that it is not asserted.
    init?(_ name: String, in draft: Draft) {
        switch (name, draft) {
        // The names the formats had in draft-03 are still written in draft-04 schemas.
        case ("host-name", .draft4): self = .hostname
        case ("ip-address", .draft4): self = .ipv4
        default:
            guard let format = Format(rawValue: name) else { return nil }
            self = format
        }
    }

    func accepts(_ text: String) -> Bool {
        text.withBytes { bytes in
            switch self {
            case .dateTime: DateTimeFormat.isDateTime(bytes)
            case .date: DateTimeFormat.isDate(bytes)
            case .time: DateTimeFormat.isTime(bytes)
            case .duration: DurationFormat.accepts(bytes)
            case .email: EmailFormat.accepts(bytes, isInternational: false)
            case .internationalEmail: EmailFormat.accepts(bytes, isInternational: true)
            case .hostname: HostnameFormat.isHostname(bytes)
            case .internationalHostname: HostnameFormat.isInternationalHostname(text)
            case .ipv4: AddressFormat.isIPv4(bytes)
            case .ipv6: AddressFormat.isIPv6(bytes)
            case .uri: URIFormat(bytes, allowsUnicode: false).isAbsolute()
            case .uriReference: URIFormat(bytes, allowsUnicode: false).isReference()
            case .iri: URIFormat(bytes, allowsUnicode: true).isAbsolute()
            case .iriReference: URIFormat(bytes, allowsUnicode: true).isReference()
            case .uriTemplate: URITemplateFormat.accepts(bytes)
            case .uuid: UUIDFormat.accepts(bytes)
            case .jsonPointer: PointerFormat.isPointer(bytes[...])
            case .relativeJSONPointer: PointerFormat.isRelativePointer(bytes)
            case .regex: RegularExpression.isPattern(text)
            }
        }
    }

    /// What a text of this format is, with an example, to follow "is not ".
    var explanation: String {
        switch self {
        case .dateTime: "a date and time of RFC 3339, such as 2026-01-31T08:30:00Z"
        case .date: "a date of RFC 3339, such as 2026-01-31"
        case .time: "a time of RFC 3339 with its offset, such as 08:30:00Z or 08:30:00+02:00"
        case .duration: "a duration of ISO 8601, such as P1DT12H or PT30S"
        case .email: "an e-mail address, such as name@example.com"
        case .internationalEmail: "an e-mail address, such as name@example.com"
        case .hostname: "a host name, such as www.example.com"
        case .internationalHostname: "a host name, such as www.example.com"
        case .ipv4: "an IPv4 address, such as 192.0.2.1"
        case .ipv6: "an IPv6 address, such as 2001:db8::1"
        case .uri: "a URI with a scheme, such as https://example.com/path"
        case .uriReference: "a URI or a relative reference, such as ../path"
        case .iri: "an IRI with a scheme, such as https://example.com/path"
        case .iriReference: "an IRI or a relative reference, such as ../path"
        case .uriTemplate: "a URI template of RFC 6570, such as /users/{id}"
        case .uuid: "a UUID, such as 123e4567-e89b-12d3-a456-426614174000"
        case .jsonPointer: "a JSON pointer, such as /a/0"
        case .relativeJSONPointer: "a relative JSON pointer, such as 1/a"
        case .regex: "a regular expression of ECMAScript"
        }
    }
}

enum UUIDFormat {
    /// RFC 4122: 8, 4, 4, 4 and 12 hexadecimal digits with hyphens between.
    static func accepts(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.count == 36 else { return false }
        for (index, byte) in bytes.enumerated() {
            switch index {
            case 8, 13, 18, 23: if byte != 0x2D { return false }
            default: if !ByteClass.hexDigit.contains(byte) { return false }
            }
        }
        return true
    }
}

enum PointerFormat {
    /// RFC 6901.
    static func isPointer(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard let first = bytes.first else { return true }
        guard first == 0x2F else { return false }
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == 0x7E, let escaped = rest.popFirst() {
                if escaped != 0x30, escaped != 0x31 { return false }
            } else if byte == 0x7E {
                return false
            }
        }
        return true
    }

    /// draft-handrews-relative-json-pointer: how many levels up, then a pointer or `#`.
    static func isRelativePointer(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let digits = bytes.prefix(while: ByteClass.digit.contains)
        guard let first = digits.first, first != 0x30 || digits.count == 1 else { return false }
        let rest = bytes[digits.endIndex...]
        return rest.elementsEqual([0x23]) || isPointer(rest)
    }
}
