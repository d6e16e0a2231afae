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

let package = Package(
    name: "acode",
    dependencies: [],
    targets: [
        .target(name: "TaskModel", swiftSettings: strict)
    ],
    swiftLanguageModes: [.v6]
)
