import ConfigPlatformModel

/// How one may sign in at a server.
package struct SignInWaysView: WireReadable {
    package let issuers: [String]
    package let passwords: Bool

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        issuers = wire.strings("issuers")
        passwords = wire.bool("passwords", default: false)
    }
}

/// Where the browser of somebody who signs in goes.
package struct AuthorizationView: WireReadable {
    package let url: String

    package init(_ wire: WireReader) throws(ConfigPlatformError) { url = try wire.string("url") }
}

/// A sign-in of somebody whose browser is on another machine (RFC 8628).
package struct DeviceSignInView: WireReadable {
    package let deviceCode: String
    package let userCode: String
    package let verificationURI: String
    package let verificationURIComplete: String?
    package let intervalSeconds: Int64
    package let expiresInSeconds: Int64

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        deviceCode = try wire.string("deviceCode")
        userCode = try wire.string("userCode")
        verificationURI = try wire.string("verificationUri")
        verificationURIComplete = wire.optionalString("verificationUriComplete")
        intervalSeconds = try wire.int("interval")
        expiresInSeconds = try wire.int("expiresIn")
    }
}

/// A session that was begun, with its token, which is shown this once; or that nobody has entered the device's code yet.
package enum SignInView: WireReadable {
    case pending(isSlower: Bool)
    case session(NewSession)

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        self =
            wire.bool("pending", default: false)
            ? .pending(isSlower: wire.bool("slower", default: false)) : .session(try NewSession(wire))
    }
}

package struct NewSession: WireReadable {
    package let id: String
    package let principal: String
    package let secret: String
    package let expiresAt: String?

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        id = try wire.string("id")
        principal = try wire.string("principal")
        secret = try wire.string("token")
        expiresAt = wire.optionalString("expiresAt")
    }
}
