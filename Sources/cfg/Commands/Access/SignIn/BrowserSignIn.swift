import ConfigPlatformClient
import ConfigPlatformModel
import Foundation
import Identity

/// A sign-in with a browser of this machine: an authorization code with a proof key (RFC 7636), by a redirect to a port of this machine
/// (RFC 8252).
enum BrowserSignIn {
    private static let patience = Duration.seconds(300)

    static func token(at issuer: String, _ entrance: Session) async throws -> String {
        let proof = PKCE(randomBytes: randomBytes(32))
        let (state, nonce) = (Digest.hexadecimal(randomBytes(16)), Digest.hexadecimal(randomBytes(16)))
        let redirect = try await LoopbackRedirect(state: state)
        let authorization = try await entrance.working("Asking \(entrance.client.server)") {
            try await entrance.client.authorization(
                at: issuer, redirectURI: redirect.uri, state: state, nonce: nonce, codeChallenge: proof.challenge
            ).value
        }
        guard authorization.url.hasPrefix("https://") || authorization.url.hasPrefix("http://") else {
            throw ConfigPlatformError(
                .invalidResponse, "The server names no page to sign in at: '\(SafeText.line(authorization.url))'.")
        }
        let isOpening = Browser.open(authorization.url)
        Output.writeError(
            (isOpening ? "A browser opens. If none does, go to:" : "Sign in with a browser of this machine at:")
                + "\n\n  \(SafeText.line(authorization.url))\n\n")
        let arrival = try await entrance.working("Waiting for the browser") {
            try await redirect.arrival(within: patience)
        }
        await redirect.close()
        let code: String
        switch arrival {
        case .code(let text): code = text
        case .refused(let reason):
            throw ConfigPlatformError(.unauthenticated, "\(issuer) did not sign you in: \(reason).")
        case nil:
            throw ConfigPlatformError(
                .unauthenticated,
                "No browser came back within 5 minutes; nothing was stored. Where the browser is on another machine, give --device."
            )
        }
        let answer = try await entrance.working("Signing in") {
            try await entrance.client.signIn(
                at: issuer, code: code, codeVerifier: proof.verifier, redirectURI: redirect.uri, nonce: nonce)
        }
        return try LoginCommand.secret(answer.value)
    }

    private static func randomBytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}

/// A sign-in with a browser on another machine (RFC 8628).
enum DeviceSignIn {
    static func token(at issuer: String, _ entrance: Session) async throws -> String {
        let device = try await entrance.working("Asking \(entrance.client.server)") {
            try await entrance.client.startDevice(at: issuer).value
        }
        Output.writeError(text(device))
        return try await entrance.working("Waiting for the code to be entered") {
            let end = ContinuousClock.now + .seconds(max(1, device.expiresInSeconds))
            var interval = max(1, device.intervalSeconds)
            while ContinuousClock.now < end {
                try await Task.sleep(for: .seconds(interval))
                do {
                    let answer = try await entrance.client.signIn(at: issuer, deviceCode: device.deviceCode).value
                    guard case .pending(let isSlower) = answer else { return try LoginCommand.secret(answer) }
                    if isSlower { interval += 5 }
                } catch let error as ConfigPlatformError where error.isTransient {
                    interval += 5
                }
            }
            throw ConfigPlatformError(
                .unauthenticated,
                "The code was not entered in time; nothing was stored. Run 'cfg login --device' again.")
        }
    }

    static func text(_ device: DeviceSignInView) -> String {
        let whole = device.verificationURIComplete.map { ", or straight to\n\n  \(SafeText.line($0))" } ?? ""
        return
            "With any browser go to\n\n  \(SafeText.line(device.verificationURI))\n\nand enter the code  \(SafeText.line(device.userCode))\(whole)\n\n"
    }
}

/// The browser of whoever sits here.
enum Browser {
    /// Whether one was asked to open the page.
    static func open(_ url: String) -> Bool {
        #if os(macOS)
            let name = "open"
        #else
            let name = "xdg-open"
            // Without a screen it would take a browser of text to this terminal.
            let hasScreen = ["DISPLAY", "WAYLAND_DISPLAY"].contains { !ProcessVariables.all[$0, default: ""].isEmpty }
            guard hasScreen else { return false }
        #endif
        let candidates = Replacement.candidates(name, path: ProcessVariables.all["PATH"] ?? "/usr/bin:/bin")
        guard let path = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            return false
        }
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = [url]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return (try? process.run()) != nil
    }
}
