import Foundation
import Settings
import Testing

@Suite("Settings as text")
struct RenderTests {
    @Test("what is shown can be loaded again and says the same", arguments: [true, false])
    func roundTrip(origins: Bool) throws {
        let first = try load(Self.everything)
        let text = first.render(origins: origins)
        #expect(try load(text).settings == first.settings)
    }

    @Test("each line tells where its value came from")
    func origins() throws {
        let text = try load("workers:\n  count: 2\n", environment: ["ACODE_LOGS_LEVEL": "debug"]).render(origins: true)
        #expect(text.hasPrefix("workers:\n  mode: docker  # default\n  count: 2  # acode.yaml:2\n"))
        #expect(text.contains("\n  level: debug  # $ACODE_LOGS_LEVEL\n"))
        #expect(text.contains("\nsecrets: {}  # default\n"))
    }

    @Test("the example file is the one in the repository")
    func exampleInRepository() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../config.example.yaml")
        // To write it anew after a change of the table, run the tests with ACODE_UPDATE_EXAMPLE=1.
        if ProcessInfo.processInfo.environment["ACODE_UPDATE_EXAMPLE"] != nil {
            try ExampleFile.render().write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == ExampleFile.render())
    }

    @Test("the example file loads and changes nothing")
    func exampleIsDefault() throws {
        let resolved = try load(ExampleFile.render())
        #expect(resolved.settings == Settings(state: .defaults(environment: [:], userID: 0)))
        #expect(resolved.warnings.isEmpty)
    }

    @Test("the example file with its comments taken away sets every setting")
    func exampleIsComplete() throws {
        let resolved = try load(Self.everything)
        let untouched = resolved.origins.filter { $0.value == .defaultValue }.keys.sorted()
        #expect(untouched == [])
        #expect(resolved.settings.secrets == ["api-token": .file("/etc/acode/api-token")])
        #expect(resolved.settings.queue.queues == ["default"])
    }

    @Test("every setting and every section is documented")
    func documentation() {
        #expect(SettingTable.all.allSatisfy { $0.documentation.hasSuffix(".") && !$0.expected.isEmpty })
        let sections = Set(
            SettingTable.all.flatMap { setting -> [String] in
                let keys = setting.path.split(separator: ".").dropLast()
                return keys.indices.map { keys[...$0].joined(separator: ".") }
            })
        #expect(Set(SettingTable.sections.map(\.path)) == sections)
        #expect(SettingTable.sections.count == sections.count)
        #expect(Set(SettingTable.all.map(\.path)).count == SettingTable.all.count)
    }

    /// The example with every key that is commented out in place of the default above it.
    private static let everything: String = {
        var lines: [String] = []
        for line in ExampleFile.render().split(separator: "\n").map(String.init) {
            let indent = line.prefix { $0 == " " }
            let rest = line.dropFirst(indent.count)
            guard rest.hasPrefix("#"), !rest.hasPrefix("# "), rest != "#" else {
                lines.append(line)
                continue
            }
            let text = rest.dropFirst()
            let key = text.prefix { $0 != ":" }
            if !text.hasPrefix("-"), let shown = lines.lastIndex(where: { $0.hasPrefix("\(indent)\(key):") }) {
                lines.remove(at: shown)
            }
            lines.append(String(indent) + String(text))
        }
        return lines.joined(separator: "\n")
    }()
}
