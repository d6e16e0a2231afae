import Foundation
import Testing

/// What is exported and what the page about monitoring says of it are the same, in both directions.
@Suite("Table of metrics")
struct MetricTableTests {
    private static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Names of metrics: texts that look like one, where metrics are made. Elsewhere they are names of something else.
    private static func exported() throws -> Set<String> {
        let sources = root.appendingPathComponent("Sources")
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var names: Set<String> = []
        for case let file as URL in files where file.pathExtension == "swift" {
            let source = try String(contentsOf: file, encoding: .utf8)
            if source.contains("import Metrics") { names.formUnion(Self.names(quotedIn: source)) }
        }
        return names
    }

    static func names(quotedIn source: String) -> [String] {
        source.matches(of: /"(acode_[a-z0-9_]+)"/).map { String($0.1) }
    }

    /// The first cells of the table.
    static func names(inTableOf page: String) -> [String] {
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        let table = lines.drop { !$0.hasPrefix("| metric |") }.dropFirst(2).prefix { $0.hasPrefix("|") }
        return table.flatMap { row in
            row.split(separator: "|").first.map { $0.matches(of: /`(acode_[a-z0-9_]+)`/).map { String($0.1) } } ?? []
        }
    }

    @Test func everyMetricIsInTheTableAndNoOther() throws {
        let page = Self.root.appendingPathComponent("Sources/acode/acode.docc/Monitoring.md")
        let told = Self.names(inTableOf: try String(contentsOf: page, encoding: .utf8))
        let exported = try Self.exported()
        #expect(exported.count > 40)
        #expect(exported.subtracting(told) == [], "not in the table of metrics")
        #expect(Set(told).subtracting(exported) == [], "in the table and nowhere else")
        #expect(told.count == Set(told).count, "twice in the table")
    }

    @Test func theReaderOfTheTableSeesWhatIsMissing() {
        #expect(
            Self.names(
                inTableOf: "x\n| metric | a |\n|---|---|\n| `acode_a`, `acode_b_c` | `acode_no` |\n\n| `acode_d` |")
                == ["acode_a", "acode_b_c"])
        #expect(
            Self.names(quotedIn: #"Gauge(label: "acode_x_total"); "acode_y z"; acode_z"#) == [
                "acode_x_total"
            ])
    }
}
