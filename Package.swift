// swift-tools-version: 6.2
import PackageDescription

/// Every target is compiled alike: Swift 6 mode, warnings as errors, and the upcoming features that make
/// imports, existentials and isolation explicit.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let grpc = Target.Dependency.product(name: "GRPCCore", package: "grpc-swift-2")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
    name: "ConfigPlatform",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "cfg", targets: ["cfg"]),
        .library(name: "ConfigPlatformClient", targets: ["ConfigPlatformClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/vapor/jwt-kit.git", from: "5.7.1"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(
            url: "https://github.com/apple/swift-configuration.git", from: "1.4.0",
            traits: [.defaults, "YAML", "CommandLineArguments", "Reloading"]),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-certificates.git", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.7.4"),
        .package(url: "https://github.com/grpc/grpc-swift-2.git", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport.git", from: "2.9.2"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf.git", from: "2.4.1"),
        .package(url: "https://github.com/apple/swift-protobuf.git", from: "1.39.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(name: "CSQLite", linkerSettings: [.linkedLibrary("sqlite3")]),
        .target(name: "ExactJSON"),
        .target(name: "JSONSchema", dependencies: ["ExactJSON"]),
        .target(name: "ConfigPlatformFlags", dependencies: ["ExactJSON"]),
        .target(
            name: "Identity",
            dependencies: [
                "ExactJSON", crypto,
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit"),
            ]),
        .target(name: "ConfigPlatformModel", dependencies: ["ExactJSON", "JSONSchema", "ConfigPlatformFlags", crypto]),
        .target(name: "ConfigFormats", dependencies: ["ConfigPlatformModel"]),
        .target(
            name: "Store",
            dependencies: [
                "ConfigPlatformModel", "CLibPQ", "CSQLite", logging,
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]),
        .target(
            name: "ControlPlane",
            dependencies: [
                "ConfigPlatformModel", "ConfigPlatformFlags", "ConfigFormats", "Store", "Identity", crypto, logging,
                metrics, lifecycle, nioCore,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ]),
        .target(
            name: "FlagdProtocol",
            dependencies: [grpc, protobuf, .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf")]),
        .target(
            name: "API",
            dependencies: [
                "ConfigPlatformModel", "ConfigPlatformFlags", "ConfigFormats", "ControlPlane", "FlagdProtocol", crypto,
                logging, metrics, nioCore, lifecycle, grpc, protobuf,
                .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOCertificateReloading", package: "swift-nio-extras"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
            ]),
        .target(
            name: "ConfigPlatformClient",
            dependencies: [
                "ConfigPlatformModel", "ConfigPlatformFlags", crypto, nioCore,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Configuration", package: "swift-configuration"),
            ]),
        .executableTarget(
            name: "cfg",
            dependencies: [
                "ConfigPlatformModel", "ConfigPlatformFlags", "ConfigFormats", "JSONSchema", "Identity",
                "ConfigPlatformClient", "ControlPlane",
                "Store", "API",
                logging, metrics, lifecycle, nioCore,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
            ]),
        .target(
            name: "TestSupport",
            dependencies: [
                "ConfigPlatformModel", "ConfigPlatformFlags", "JSONSchema", "ControlPlane", "Store", crypto, logging,
                nioCore,
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ]),
        .testTarget(name: "ArchitectureTests"),
        .testTarget(
            name: "IdentityTests",
            dependencies: [
                "ExactJSON", "Identity", "TestSupport", crypto,
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            exclude: ["Servers"]),
        .testTarget(
            name: "ModelTests", dependencies: ["ConfigPlatformModel", "ConfigPlatformFlags", "TestSupport", crypto]),
        .testTarget(
            name: "JSONSchemaTests",
            dependencies: [
                "ConfigPlatformModel", "JSONSchema", "TestSupport", .product(name: "Yams", package: "Yams"),
            ]),
        .testTarget(
            name: "FlagsTests", dependencies: ["ExactJSON", "ConfigPlatformFlags", "TestSupport"], exclude: ["Oracles"]),
        .testTarget(
            name: "ConfigFormatsTests",
            dependencies: [
                "ConfigPlatformModel", "ConfigFormats", "TestSupport", .product(name: "Yams", package: "Yams"),
            ]),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "ConfigPlatformModel", "Store", "CLibPQ", "TestSupport", crypto,
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["Golden"]),
        .testTarget(
            name: "ControlPlaneTests",
            dependencies: [
                "ConfigPlatformModel", "ConfigPlatformFlags", "ConfigFormats", "Store", "ControlPlane", "TestSupport",
                crypto, logging,
                lifecycle,
            ]),
        .testTarget(
            name: "APITests",
            dependencies: [
                "ConfigPlatformModel", "ConfigPlatformFlags", "ConfigFormats", "Identity", "Store", "ControlPlane",
                "API",
                "FlagdProtocol", "TestSupport", crypto, logging, lifecycle, nioCore, grpc, protobuf,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
                .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Yams", package: "Yams"),
            ],
            exclude: ["Golden"]),
        .testTarget(
            name: "ClientTests",
            dependencies: [
                "ConfigPlatformModel", "ConfigPlatformClient", "TestSupport", nioCore,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "ConfigurationTesting", package: "swift-configuration"),
            ]),
        .testTarget(name: "CommandLineTests", dependencies: ["ConfigPlatformModel", "ConfigPlatformClient", "cfg"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["ConfigPlatformModel", "ConfigPlatformFlags", "ConfigPlatformClient", "TestSupport"],
            exclude: ["Oracles"]),
        .testTarget(name: "FaultTests", dependencies: ["ConfigPlatformModel", "TestSupport"], exclude: ["PowerCut"]),
        .executableTarget(
            name: "AccessBenchmark", dependencies: ["ConfigPlatformModel", "ControlPlane", "Store", logging],
            path: "Benchmarks/AccessBenchmark"),
        .target(name: "AllocationCount", path: "Benchmarks/AllocationCount"),
        .executableTarget(
            name: "FlagBenchmark", dependencies: ["ExactJSON", "ConfigPlatformFlags", "AllocationCount"],
            path: "Benchmarks/FlagBenchmark"),
        .executableTarget(
            name: "FlagStateBenchmark", dependencies: ["ConfigPlatformModel", "ConfigPlatformFlags"],
            path: "Benchmarks/FlagStateBenchmark"),
        .executableTarget(
            name: "SchemaBenchmark", dependencies: ["ExactJSON", "JSONSchema"], path: "Benchmarks/SchemaBenchmark"),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = settings
}
