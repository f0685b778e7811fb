package import ConfigPlatformModel

/// Who calls, from where, in which request: proved by authentication, and the first argument of every operation.
package struct Caller: Hashable, Sendable {
    package let principal: Principal
    package let purpose: Credential.Purpose
    package let credentialID: String
    /// Address of the client, without port.
    package let sourceAddress: String?
    package let requestID: String?

    package init(
        principal: Principal, purpose: Credential.Purpose, credentialID: String, sourceAddress: String?,
        requestID: String?
    ) {
        self.principal = principal
        self.purpose = purpose
        self.credentialID = credentialID
        self.sourceAddress = sourceAddress
        self.requestID = requestID
    }
}
