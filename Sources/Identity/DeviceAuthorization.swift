import ExactJSON

/// A sign-in that waits for somebody to enter a code elsewhere (RFC 8628, section 3.2). Describes itself without the device's code.
package struct DeviceAuthorization: Sendable, Hashable {
    /// A secret: whoever has it becomes who signs in.
    package let deviceCode: String
    /// What is entered, as it is shown.
    package let userCode: String
    package let verificationURI: String
    /// The same with the code in it.
    package let verificationURIComplete: String?
    /// 1 to 300, 5 where the issuer says nothing.
    package let intervalSeconds: Int64
    /// 1 to 86,400.
    package let expiresInSeconds: Int64
}

extension DeviceAuthorization {
    init(_ answer: JSONObject, of issuer: String) throws(IssuerFailure) {
        func invalid(_ name: String) -> IssuerFailure {
            IssuerFailure(.invalidAnswer, "The issuer \(issuer) begins a sign-in on a device with an unusable \(name).")
        }
        func address(_ name: String) throws(IssuerFailure) -> String? {
            guard let value = answer[name] else { return nil }
            guard let url = value.stringValue, IssuerSettings.isPermitted(url, by: issuer) else { throw invalid(name) }
            return url
        }
        func seconds(_ name: String, _ range: ClosedRange<Int64>) throws(IssuerFailure) -> Int64? {
            guard let value = answer[name] else { return nil }
            guard let seconds = value.int64Value, range.contains(seconds) else { throw invalid(name) }
            return seconds
        }
        guard let deviceCode = answer["device_code"]?.stringValue, (1...4_096).contains(deviceCode.utf8.count) else {
            throw invalid("device_code")
        }
        guard let userCode = answer["user_code"]?.stringValue, (1...64).contains(userCode.utf8.count),
            userCode.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { throw invalid("user_code") }
        guard let verificationURI = try address("verification_uri") else { throw invalid("verification_uri") }
        guard let expiresInSeconds = try seconds("expires_in", 1...86_400) else { throw invalid("expires_in") }
        self.init(
            deviceCode: deviceCode, userCode: userCode, verificationURI: verificationURI,
            verificationURIComplete: try address("verification_uri_complete"),
            intervalSeconds: try seconds("interval", 1...300) ?? 5, expiresInSeconds: expiresInSeconds)
    }
}

extension DeviceAuthorization: CustomStringConvertible, CustomReflectable {
    package var description: String { "DeviceAuthorization(\(userCode))" }
    package var customMirror: Mirror { Mirror(self, children: ["userCode": userCode]) }
}

/// How a sign-in on a device stands.
package enum DeviceProgress: Sendable, Hashable {
    /// Nobody has entered the code yet.
    case pending
    /// The same, asked for too often: wait 5 s longer from here on.
    case slowDown
    case denied
    case expired
    case signedIn(Claims)
}
