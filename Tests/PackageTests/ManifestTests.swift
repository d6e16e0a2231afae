import Foundation
import TestSupport
import Testing

/// A misspelt feature is silently ignored by the compiler, so the package's own words are checked.
@Suite("Package manifest", .timeLimit(.minutes(5)))
struct ManifestTests {
    private static let required: Set<String> = [
        "ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault", "NonisolatedNonsendingByDefault",
    ]

    /// Package.swift as text, found from this file; links on the way are resolved.
    private static func manifest() throws -> String {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent("Package.swift"), encoding: .utf8)
    }

    /// The names in `enableUpcomingFeature("…")`.
    static func features(in text: String) -> Set<String> {
        Set(text.matches(of: /enableUpcomingFeature\("(\w+)"\)/).map { String($0.1) })
    }

    /// Declarations of targets that hold Swift code, each from its name to its end.
    static func targets(in text: String) -> [(name: String, text: Substring)] {
        let starts = text.matches(of: /\.(target|executableTarget|testTarget)\(\s*name: "([\w-]+)"/)
        return starts.map { start in
            var depth = 0
            let begin = start.range.lowerBound
            var end = begin
            for index in text[begin...].indices {
                if text[index] == "(" { depth += 1 }
                if text[index] == ")" {
                    depth -= 1
                    if depth == 0 {
                        end = index
                        break
                    }
                }
            }
            return (String(start.2), text[begin...end])
        }
    }

    /// What `swiftc` knows.
    private static func known() async throws -> Set<String> {
        var plan = ProcessPlan("/usr/bin/env", ["swiftc", "-print-supported-features"])
        plan.environment = ProcessInfo.processInfo.environment
        let data = Data(try await ChildProcess.tool(plan, within: .seconds(60)).output)
        struct Answer: Decodable {
            struct Features: Decodable { var upcoming: [Feature] }
            struct Feature: Decodable { var name: String }
            var features: Features
        }
        return Set(try JSONDecoder().decode(Answer.self, from: data).features.upcoming.map(\.name))
    }

    @Test func everyUpcomingFeatureIsOneTheCompilerKnows() async throws {
        let used = Self.features(in: try Self.manifest())
        let known = try await Self.known()
        #expect(used.isSubset(of: known), "unknown: \(used.subtracting(known).sorted())")
        #expect(used.isSuperset(of: Self.required))
        #expect(!known.contains("MemberImportVisiblity"))
    }

    @Test func everyTargetHasTheSameStrictSettings() throws {
        let targets = Self.targets(in: try Self.manifest())
        #expect(targets.count > 20)
        for target in targets where target.name != "CAgentSystem" {
            #expect(target.text.contains("swiftSettings: strict"), "\(target.name)")
        }
    }

    @Test func everyTestDirectoryIsATarget() throws {
        let text = try Self.manifest()
        let tests = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let names = Set(Self.targets(in: text).map(\.name))
        for directory in try FileManager.default.contentsOfDirectory(atPath: tests) where directory.hasSuffix("Tests") {
            let files = try FileManager.default.subpathsOfDirectory(atPath: "\(tests)/\(directory)")
            guard files.contains(where: { $0.hasSuffix(".swift") }) else { continue }
            #expect(names.contains(directory), "\(directory) is never built")
        }
    }

    @Test func warningsAreErrorsInTheNewestLanguageMode() throws {
        let text = try Self.manifest()
        #expect(text.contains(".treatAllWarnings(as: .error)"))
        #expect(text.contains("swiftLanguageModes: [.v6]"))
    }

    @Test func theReaderSeesATargetWithoutSettings() {
        let text = #".target(name: "A", dependencies: [b(1)], swiftSettings: strict), .testTarget(name: "B-x")"#
        let targets = Self.targets(in: text)
        #expect(targets.map(\.name) == ["A", "B-x"])
        #expect(targets.map { $0.text.contains("strict") } == [true, false])
        #expect(Self.features(in: #".enableUpcomingFeature("Xy")"#) == ["Xy"])
    }
}
