package import ConfigPlatformModel
import Crypto
import Foundation

extension AdministrationClient {
    private static func request(
        _ method: ServerRequest.Method, _ environment: EnvironmentName, _ project: ProjectName, _ rest: String...
    ) -> ServerRequest {
        var request = ServerRequest(method)
        request.path =
            ["projects", project.rawValue, "environments", environment.rawValue, "kill-hooks"] + rest
        return request
    }

    package func killHooks(
        in environment: EnvironmentName, of project: ProjectName
    ) async throws -> Answer<Page<KillHookView>> {
        try await page(Self.request(.get, environment, project), of: "hooks")
    }

    package func killHook(
        _ name: KillHookName, in environment: EnvironmentName, of project: ProjectName
    ) async throws -> Answer<KillHookView> {
        try await read(Self.request(.get, environment, project, name.rawValue))
    }

    /// Makes a hook; its secret is in the answer and nowhere else.
    package func makeKillHook(
        _ name: KillHookName, in environment: EnvironmentName, of project: ProjectName, _ said: JSONObject
    ) async throws -> Answer<NewKillHook> {
        var request = Self.request(.post, environment, project)
        var body = said
        body["name"] = .string(name.rawValue)
        request.send(.object(body))
        return try await read(request)
    }

    package func rotateKillHook(
        _ name: KillHookName, in environment: EnvironmentName, of project: ProjectName, graceSeconds: Int64
    ) async throws -> Answer<NewKillHook> {
        var request = Self.request(.post, environment, project, name.rawValue, "rotate")
        request.send(["graceSeconds": .int(graceSeconds)])
        return try await read(request)
    }

    package func setKillHook(
        _ name: KillHookName, in environment: EnvironmentName, of project: ProjectName, _ said: JSONObject,
        isDryRun: Bool
    ) async throws -> Answer<ChangeView> {
        var request = Self.request(.put, environment, project, name.rawValue)
        request.send(.object(said))
        return try await write(request, isDryRun: isDryRun)
    }

    /// Calls a hook as its alerting system does. A token is to be this client's own.
    ///
    /// - Parameters:
    ///   - secret: what calls are signed with, `whsec_…`; nil for a hook that has a token.
    ///   - isTest: whether nothing is to be killed.
    /// - Throws: where the secret is none.
    package func pullKillHook(
        _ name: KillHookName, in environment: EnvironmentName, of project: ProjectName, secret: String?, isTest: Bool
    ) async throws -> Answer<PulledHookView> {
        var request = Self.request(.post, environment, project, name.rawValue)
        if isTest { request.ask("test", "true") }
        request.send([:])
        if let secret {
            guard secret.hasPrefix("whsec_"), let key = Data(base64Encoded: String(secret.dropFirst(6))), !key.isEmpty
            else {
                throw ConfigPlatformError(
                    .invalidUse, "That is no secret of a kill hook: one begins with whsec_, or with cfg_.")
            }
            let id = "msg_" + UUID().uuidString.lowercased()
            let time = String(Int64(Date().timeIntervalSince1970))
            let signed = Array("\(id).\(time).".utf8) + (request.body ?? [])
            let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: key))
            request.headers += [
                ("Webhook-Id", id), ("Webhook-Timestamp", time),
                ("Webhook-Signature", "v1," + Data(code).base64EncodedString()),
            ]
        }
        return try await read(request)
    }
}

/// By what an alerting system kills flags.
package struct KillHookView: WireReadable {
    package let name: String
    package let flags: [String]
    package let tags: [String]
    package let variant: String?
    package let proof: String
    package let isDisabled: Bool
    package let description: String?
    /// Until when the secret before is good, too.
    package let formerUntil: String?
    package let revision: Int64

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        name = try wire.string("name")
        flags = wire.strings("flags")
        tags = wire.strings("tags")
        variant = wire.optionalString("variant")
        proof = try wire.string("proof")
        isDisabled = wire.bool("disabled", default: false)
        description = wire.optionalString("description")
        formerUntil = wire.optionalString("formerUntil")
        revision = try wire.int("revision")
    }
}

/// A hook that was just made or given another secret, with the secret, which is shown this once.
package struct NewKillHook: WireReadable {
    package let name: String
    package let secret: String
    package let proof: String
    /// What is to be applied before the secret is good.
    package let changeRequest: String?
    package let formerUntil: String?

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        name = try wire.string("name")
        secret = try wire.string("secret")
        proof = try wire.string("proof")
        changeRequest = wire.optionalString("changeRequest")
        formerUntil = wire.optionalString("formerUntil")
    }
}

/// What a call of a hook came to.
package struct PulledHookView: WireReadable {
    package let killed: [String]
    package let status: String

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        killed = wire.strings("killed")
        status = try wire.string("status")
    }
}
