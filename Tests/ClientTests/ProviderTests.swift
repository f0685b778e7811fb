import Configuration
import ConfigurationTesting
import Foundation
import Testing

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel

@Suite(.timeLimit(.minutes(2))) struct ProviderTests {
    /// What `ProviderCompatTest` asks for, with bytes in base64.
    static let compatibilityValues: [String: JSONValue] = [
        "string": "Hello", "other.string": "Other Hello", "int": 42, "other.int": 24, "double": 3.14,
        "other.double": 2.72,
        "bool": true, "other.bool": false, "bytes": "bWFnaWM=", "other.bytes": "bWFnaWMy",
        "stringy.array": ["Hello", "World"], "other.stringy.array": ["Hello", "Swift"], "inty.array": [42, 24],
        "other.inty.array": [16, 32], "doubly.array": [3.14, 2.72], "other.doubly.array": [0.9, 1.8],
        "booly.array": [true, false], "other.booly.array": [false, true, true],
        "byteChunky.array": ["bWFnaWM=", "bWFnaWMy"], "other.byteChunky.array": ["bWFnaWM=", "bWFnaWMy", "bWFnaWM="],
    ]

    private func withProvider(
        _ values: [String: JSONValue], secrets: ConfigPlatformProvider.Secrets = .none,
        _ body: (ConfigPlatformProvider, StandInPlatform) async throws -> Void
    ) async throws {
        try await StandInPlatform.run { platform in
            platform.commit(values)
            let client = try platform.client()
            try await client.waitUntilReady()
            try await body(ConfigPlatformProvider(client, secretsSpecifier: secrets), platform)
        }
    }

    @Test func `the compatibility suite of swift-configuration passes`() async throws {
        try await withProvider(Self.compatibilityValues) { provider, _ in
            try await ProviderCompatTest(provider: provider).runTest()
        }
    }

    @Test func `a reader reads through the provider and defaults count for what is missing`() async throws {
        try await withProvider(["checkout.timeout": 2500]) { provider, _ in
            let config = ConfigReader(provider: provider)
            #expect(config.int(forKey: "checkout.timeout", default: 1) == 2500)
            #expect(config.scoped(to: "checkout").int(forKey: "timeout", default: 1) == 2500)
            #expect(config.int(forKey: "checkout.retries", default: 3) == 3)
        }
    }

    @Test func `strings serve as numbers and booleans if they are written like one`() async throws {
        let values: [String: JSONValue] = [
            "PORT": "8080", "RATIO": "0.5", "ON": "TRUE", "LIST": ["1", 2], "WORD": "abc",
        ]
        try await withProvider(values) { provider, _ in
            let config = ConfigReader(provider: provider)
            #expect(config.int(forKey: "PORT", default: 0) == 8080)
            #expect(config.double(forKey: "RATIO", default: 0) == 0.5)
            #expect(config.bool(forKey: "ON", default: false))
            #expect(config.intArray(forKey: "LIST", default: []) == [1, 2])
            #expect(throws: (any Error).self) { try config.requiredInt(forKey: "WORD") }
            #expect(throws: (any Error).self) { try config.requiredString(forKey: "LIST") }
        }
    }

    @Test func `secret settings are marked, and no other`() async throws {
        try await withProvider(["db.password": "canary", "db.host": "h"], secrets: .specific(["db.password"])) {
            provider, _ in
            let secret = try provider.value(forKey: AbsoluteConfigKey(["db", "password"]), type: .string)
            #expect(secret.value?.isSecret == true)
            #expect(!"\(String(describing: secret.value))".contains("canary"))
            #expect(
                try provider.value(forKey: AbsoluteConfigKey(["db", "host"]), type: .string).value?.isSecret == false)
            #expect(!"\(provider)".contains("canary"))
        }
    }

    @Test func `a watched value shows each value it takes and nothing in between`() async throws {
        try await withProvider(["a": 1, "b": 1]) { provider, platform in
            try await provider.watchValue(forKey: AbsoluteConfigKey(["a"]), type: .int) { updates in
                var seen: [Int?] = []
                for await update in updates {
                    let value = try update.get().value.flatMap {
                        if case .int(let value) = $0.content { value } else { nil }
                    }
                    seen.append(value)
                    switch seen.count {
                    case 1:
                        platform.commit(["b": 2])
                        try await provider.client.until { $0.snapshot.int("b", default: 0) == 2 }
                        platform.commit(["a": 2])
                    case 2: platform.commit([:], removing: ["a"])
                    default:
                        #expect(seen == [1, 2, nil])
                        return
                    }
                }
            }
        }
    }

    @Test func `a watched value of the wrong type is an error in the sequence, which goes on`() async throws {
        try await withProvider(["a": "word"]) { provider, platform in
            try await provider.watchValue(forKey: AbsoluteConfigKey(["a"]), type: .int) { updates in
                var failures = 0
                for await update in updates {
                    guard case .failure = update else {
                        #expect(failures == 1)
                        return
                    }
                    failures += 1
                    platform.commit(["a": 5])
                }
            }
        }
    }

    @Test func `fetching asks the platform`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["a": 1])
            platform.answer(1_000, where: \.isWatch, with: .problem(503, "unavailable"))
            let provider = ConfigPlatformProvider(try platform.client())
            let key = AbsoluteConfigKey(["a"])
            #expect(try provider.value(forKey: key, type: .int).value == nil)
            #expect(try await provider.fetchValue(forKey: key, type: .int).value?.content == .int(1))
            platform.commit(["a": 2])
            #expect(try await provider.fetchValue(forKey: key, type: .int).value?.content == .int(2))
            #expect(try provider.value(forKey: key, type: .int).value?.content == .int(2))
        }
    }
}
