import Foundation
import Synchronization
import TestSupport
import Testing

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// `cfg login` with a browser, against a server and a browser that stand in.
@Suite(
    .timeLimit(.minutes(2)),
    .enabled(
        if: FileManager.default.isExecutableFile(atPath: CfgProcess.binary),
        "needs the program cfg beside the tests, or named by CFG_BINARY"))
struct SignInTests {
    private static let token = "cfg_" + String(repeating: "0", count: 38)
    private static let session = #"{"id":"ses_1","principal":"user:corp/ada","token":"\#(token)"}"#
    private static let caller = #"""
        {"credential":"ses_1","expiresAt":"2199-01-01T00:00:00.000000Z","groups":[],"principal":"user:corp/ada","purpose":"session"}
        """#

    private func login(
        _ arguments: [String], _ respond: @escaping @Sendable (StandInServer.Call) -> StandInServer.Answer
    ) async throws -> CommandResult {
        let server = try await StandInServer(respond)
        let result = try await CfgProcess.run(["login", "http://127.0.0.1:\(server.port)"] + arguments)
        try await server.stop()
        return result
    }

    private static func answer(_ status: Int, _ body: String) -> StandInServer.Answer {
        .init(status: status, headers: ["Content-Type": "application/json"], body: .whole(body))
    }

    /// A browser that goes straight where the issuer would send it.
    private static func visit(_ redirect: String, _ query: String) {
        Task { _ = try? await URLSession.shared.data(from: URL(string: "\(redirect)?\(query)")!) }
    }

    @Test func `the code that the browser brings is redeemed with the verifier of its challenge`() async throws {
        let asked = Mutex<JSONValue>(.null)
        let redeemed = Mutex<JSONValue>(.null)
        let result = try await login(["--issuer", "corp"]) { call in
            let body = (try? JSONValue(parsing: call.body)) ?? .null
            switch call.path {
            case "/api/v1/sign-in": return Self.answer(200, #"{"issuers":["corp"],"passwords":false}"#)
            case "/api/v1/sign-in/url":
                asked.withLock { $0 = body }
                let redirect = body["redirectUri"]?.stringValue ?? ""
                // Somebody else's page cannot end the sign-in, nor get its code in.
                Self.visit(redirect, "code=evil&state=guessed")
                Self.visit(redirect, "code=c0de&state=\(body["state"]?.stringValue ?? "")")
                return Self.answer(200, #"{"url":"https://login.example.com/authorize?x=1"}"#)
            case "/api/v1/sign-in/session":
                redeemed.withLock { $0 = body }
                return Self.answer(201, Self.session)
            case "/api/v1/whoami": return Self.answer(200, Self.caller)
            default: return Self.answer(404, "{}")
            }
        }
        #expect(result.status == 0, "\(result)")
        #expect(result.errors.contains("https://login.example.com/authorize?x=1"))
        #expect(result.output.contains("as user:corp/ada"))
        let (first, second) = (asked.withLock { $0 }, redeemed.withLock { $0 })
        #expect(first["redirectUri"]?.stringValue?.hasPrefix("http://127.0.0.1:") == true)
        #expect(second["code"] == "c0de")
        for name in ["issuer", "redirectUri", "nonce"] { #expect(first[name] == second[name]) }
        let verifier = try #require(second["codeVerifier"]?.stringValue)
        #expect((43...128).contains(verifier.utf8.count))
        let challenge = Data(Digest.of(Array(verifier.utf8)).bytes).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        #expect(first["codeChallenge"]?.stringValue == challenge)
        #expect(first["state"] != first["nonce"])
    }

    @Test func `what the issuer says instead of signing in is told`() async throws {
        let result = try await login(["--issuer", "corp"]) { call in
            let body = (try? JSONValue(parsing: call.body)) ?? .null
            switch call.path {
            case "/api/v1/sign-in": return Self.answer(200, #"{"issuers":["corp"],"passwords":false}"#)
            case "/api/v1/sign-in/url":
                Self.visit(
                    body["redirectUri"]?.stringValue ?? "",
                    "error=access_denied&state=\(body["state"]?.stringValue ?? "")")
                return Self.answer(200, #"{"url":"https://login.example.com/"}"#)
            default: return Self.answer(404, "{}")
            }
        }
        #expect(result.status == 5)
        #expect(result.errors.contains("corp did not sign you in: access_denied."))
    }

    @Test func `a device waits until its code is entered, and slower where it is told so`() async throws {
        let polls = Mutex(0)
        let result = try await login(["--device"]) { call in
            switch call.path {
            case "/api/v1/sign-in": return Self.answer(200, #"{"issuers":["corp"],"passwords":true}"#)
            case "/api/v1/sign-in/device":
                return Self.answer(
                    200,
                    #"{"deviceCode":"d","userCode":"WDJB-MJHT","verificationUri":"https://login.example.com/device","interval":1,"expiresIn":60}"#
                )
            case "/api/v1/sign-in/session":
                let count = polls.withLock { count in
                    count += 1
                    return count
                }
                return count < 3
                    ? Self.answer(202, #"{"pending":true,"slower":false}"#) : Self.answer(201, Self.session)
            case "/api/v1/whoami": return Self.answer(200, Self.caller)
            default: return Self.answer(404, "{}")
            }
        }
        #expect(result.status == 0, "\(result)")
        #expect(result.errors.contains("WDJB-MJHT"))
        #expect(polls.withLock { $0 } == 3)
    }

    @Test func `an issuer that is not there is told with those that are`() async throws {
        let result = try await login(["--issuer", "other"]) { _ in
            Self.answer(200, #"{"issuers":["corp","lab"],"passwords":false}"#)
        }
        #expect(result.status == 2)
        #expect(result.errors.contains("no issuer 'other' to sign in at, but corp, lab"))
    }
}
