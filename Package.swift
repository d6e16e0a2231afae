// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target: warnings are errors, and the coming language mode's rules are on already.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// What the static Foundation needs to be linked, beyond what the compiler adds by itself (Swift 6.3).
let staticExecutable: [LinkerSetting] = [
    .unsafeFlags(["-static-executable"]),
    .linkedLibrary("_FoundationCShims"),
    .linkedLibrary("_FoundationCollections"),
    .linkedLibrary("swiftSynchronization"),
]

/// The released program carries Swift's libraries: it runs on machines without Swift, and starts a third faster.
let staticRuntime: [LinkerSetting] =
    [.unsafeFlags(["-static-stdlib"], .when(configuration: .release))]
    + [
        "CoreFoundation", "_FoundationICU", "_FoundationCShims", "_FoundationCollections", "swiftSynchronization",
        "stdc++",
    ].map { .linkedLibrary($0, .when(configuration: .release)) }

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let algorithms = Target.Dependency.product(name: "AsyncAlgorithms", package: "swift-async-algorithms")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let hummingbird: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
]
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]

let package = Package(
    name: "acode",
    products: [
        .executable(name: "acode", targets: ["acode"]),
        .executable(name: "acode-agent", targets: ["acode-agent"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.4"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // Floor 0: system libraries, the words of the product, HTTP over a Unix socket.
        .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "TaskModel", swiftSettings: strict),
        .target(name: "SystemThread", swiftSettings: strict),
        .target(name: "DirectoryTree", swiftSettings: strict),
        .target(name: "HTTPTransport", dependencies: ["CLibCurl", "SystemThread"], swiftSettings: strict),
        .target(name: "PostgreSQL", dependencies: ["CLibPQ", "SystemThread"], swiftSettings: strict),

        // The agent: static, so that it runs in any image.
        .target(name: "AgentProtocol", swiftSettings: strict),
        .target(name: "CAgentSystem"),
        .target(
            name: "AgentCore", dependencies: ["AgentProtocol", "CAgentSystem", "DirectoryTree"], swiftSettings: strict),
        .executableTarget(
            name: "acode-agent", dependencies: ["AgentCore"], swiftSettings: strict, linkerSettings: staticExecutable),

        // Floor 1: what the supervisor stands on.
        .target(name: "ContainerEngine", dependencies: ["HTTPTransport", log], swiftSettings: strict),
        .target(name: "Settings", dependencies: ["CLibYAML", "TaskModel"], swiftSettings: strict),
        .target(name: "Telemetry", dependencies: [log, coreMetrics], swiftSettings: strict),
        .target(name: "TaskStore", dependencies: ["PostgreSQL", "TaskModel", grdb, sqlite], swiftSettings: strict),
        .target(name: "EgressProxy", dependencies: ["TaskModel", log, metrics] + nio, swiftSettings: strict),

        // Floor 2: workers.
        .target(
            name: "WorkerPool",
            dependencies: [
                "AgentProtocol", "ContainerEngine", "DirectoryTree", "EgressProxy", "Settings", "TaskModel", log,
                metrics,
                algorithms, subprocess, system,
            ] + nio,
            swiftSettings: strict),

        // Floor 3: the supervisor, and how commands reach it.
        .target(
            name: "Supervisor",
            dependencies: [
                "AgentProtocol", "ContainerEngine", "Settings", "TaskModel", "TaskStore", "WorkerPool", log, metrics,
                algorithms, subprocess,
            ],
            swiftSettings: strict),
        .target(
            name: "ControlPlane",
            dependencies: ["ContainerEngine", "HTTPTransport", log, lifecycle] + nio + hummingbird,
            swiftSettings: strict),

        // Floor 4 and 5: the commands, and the program that is nothing but them.
        .target(
            name: "AcodeCommands",
            dependencies: [
                "AgentProtocol", "ContainerEngine", "ControlPlane", "HTTPTransport", "Settings", "Supervisor",
                "TaskModel", "TaskStore", "Telemetry", "WorkerPool", arguments, log, metrics, signals,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "acode", dependencies: ["AcodeCommands"], swiftSettings: strict, linkerSettings: staticRuntime),

        // Drives the queue without workers, to measure and to torture it. Not part of the product.
        .target(
            name: "QueueBench", dependencies: ["TaskModel", "TaskStore", arguments], swiftSettings: strict),
        .executableTarget(name: "acode-queue-bench", dependencies: ["QueueBench"], swiftSettings: strict),

        // Tests: one target a module, and acceptance tests that run the built program.
        .target(name: "TestSupport", dependencies: [subprocess, system], swiftSettings: strict),
        .testTarget(name: "TaskModelTests", dependencies: ["TaskModel"], swiftSettings: strict),
        .testTarget(name: "HTTPTransportTests", dependencies: ["HTTPTransport", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "AgentProtocolTests", dependencies: ["AgentProtocol"], swiftSettings: strict),
        .testTarget(
            name: "AgentTests", dependencies: ["AgentProtocol", "AgentCore", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "ContainerEngineTests", dependencies: ["ContainerEngine", "HTTPTransport", "TestSupport", log],
            swiftSettings: strict),
        .testTarget(name: "SettingsTests", dependencies: ["Settings", "TaskModel"], swiftSettings: strict),
        .testTarget(
            name: "EgressProxyTests", dependencies: ["EgressProxy", "TaskModel", "TestSupport", log, nio[0]],
            swiftSettings: strict),
        .testTarget(
            name: "TelemetryTests", dependencies: ["Telemetry", log, metrics, coreMetrics], swiftSettings: strict),
        .testTarget(name: "PostgreSQLTests", dependencies: ["PostgreSQL", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "TaskStoreTests",
            dependencies: ["PostgreSQL", "QueueBench", "TaskModel", "TaskStore", "TestSupport", grdb],
            swiftSettings: strict),
        .testTarget(
            name: "WorkerPoolTests",
            dependencies: [
                "AgentProtocol", "ContainerEngine", "Settings", "TaskModel", "TestSupport", "WorkerPool", log, nio[0],
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SupervisorTests",
            dependencies: [
                "AgentProtocol", "ContainerEngine", "Settings", "Supervisor", "TaskModel", "TaskStore", "TestSupport",
                "WorkerPool", log,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ControlPlaneTests", dependencies: ["ContainerEngine", "ControlPlane", "HTTPTransport", log],
            swiftSettings: strict),
        .testTarget(
            name: "AcodeCommandsTests",
            dependencies: [
                "AcodeCommands", "ControlPlane", "Settings", "Supervisor", "TaskModel", "TaskStore", "WorkerPool",
                arguments, log,
            ],
            swiftSettings: strict),
        .testTarget(name: "PackageTests", dependencies: ["TestSupport"], swiftSettings: strict),
        .testTarget(name: "AcceptanceTests", dependencies: ["TestSupport"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
