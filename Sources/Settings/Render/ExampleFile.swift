/// The commented example of a configuration file, made of the table of settings, so that it can't miss one.
///
/// Prose follows `# `; a key that is commented out follows `#` directly, so that removing every such `#` gives a file
/// that sets everything.
package enum ExampleFile {
    private static let header = """
        # Every setting of acode, with its default.
        #
        # It is read from --config, $ACODE_CONFIG, ./acode.yaml, $XDG_CONFIG_HOME/acode/config.yaml or
        # /etc/acode/config.yaml, whichever is found first. With ACODE_ENV=prod, acode.prod.yaml beside it goes over it.
        # Every setting is a variable too: workers.docker.pullPolicy is ACODE_WORKERS_DOCKER_PULL_POLICY. Variables
        # go over files, and flags over everything. `acode config show --origin` tells where a value came from.
        #
        # Durations are seconds, or 250ms, 90s, 5m, 2h, 1h30m. Sizes are numbers, or 512MiB, 1GiB.
        """

    /// The text of the file.
    package static func render() -> String {
        // Derived defaults depend on the host and are shown by example, so those given here don't matter.
        let defaults = Settings(state: StateSettings(dir: "/", runtimeDir: "/"))
        let documentation = Dictionary(uniqueKeysWithValues: SettingTable.sections.map { ($0.path, $0.documentation) })
        var text = SettingsText()
        text.append(header.split(separator: "\n").map(String.init))
        for setting in SettingTable.all {
            let isSection = SettingTable.split(setting.path).section.isEmpty
            if isSection { text.append([""]) }
            let indent = text.enter(setting.path) { section, indent, lines in
                if indent == 0 { lines.append("") }
                lines += comment(documentation[section] ?? "", indent: indent)
            }
            text.append(comment("\(setting.documentation) Takes \(setting.expected).", indent: indent))
            text.append(value(setting, defaults, indent: indent))
        }
        return text.text
    }

    private static func value(_ setting: SettingDescriptor, _ defaults: Settings, indent: Int) -> [String] {
        let key = SettingTable.split(setting.path).key
        var lines = setting.isDerived ? [] : YAMLWriter.lines(key, setting.encode(defaults), indent: indent)
        if let example = setting.example {
            lines += YAMLWriter.lines(key, example, indent: indent).map { line in
                let spaces = line.prefix { $0 == " " }
                return spaces + "#" + line.dropFirst(spaces.count)
            }
        }
        return lines
    }

    /// Prose in lines of at most 110 characters.
    private static func comment(_ prose: String, indent: Int) -> [String] {
        let start = String(repeating: " ", count: indent) + "#"
        var lines: [String] = []
        var line = start
        for word in prose.split(separator: " ") {
            if line.count + 1 + word.count > 110 {
                lines.append(line)
                line = start
            }
            line += " " + word
        }
        return lines + [line]
    }
}
