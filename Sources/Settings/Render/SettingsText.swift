/// Settings as YAML text, section by section in the order of the table.
struct SettingsText {
    private(set) var lines: [String] = []
    private var openSections: [Substring] = []

    /// The whole text.
    var text: String { lines.joined(separator: "\n") + "\n" }

    /// Opens the sections a path is in, as far as they are not open, and tells the indentation of its key.
    ///
    /// - Parameters:
    ///   - path: the path of a setting.
    ///   - opening: called before the line of each section, with its path and indentation.
    mutating func enter(_ path: String, opening: (String, Int, inout [String]) -> Void = { _, _, _ in }) -> Int {
        let sections = path.split(separator: ".").dropLast()
        var common = 0
        while common < min(sections.count, openSections.count), sections[common] == openSections[common] { common += 1 }
        openSections = Array(sections[..<common])
        for section in sections[common...] {
            let indent = openSections.count * 2
            openSections.append(section)
            opening(openSections.joined(separator: "."), indent, &lines)
            lines.append(String(repeating: " ", count: indent) + section + ":")
        }
        return openSections.count * 2
    }

    /// Adds lines as they are.
    mutating func append(_ more: [String]) { lines += more }
}

extension ResolvedSettings {
    /// Everything as YAML text that can be loaded again, except for hidden values (C-2).
    ///
    /// Secrets have only their sources in settings; values of variables that look like a secret are hidden.
    ///
    /// - Parameter origins: whether each line says in a comment where its value came from.
    package func render(origins showsOrigins: Bool) -> String {
        var text = SettingsText()
        for setting in SettingTable.all {
            let indent = text.enter(setting.path)
            let origin = origins[setting.path] ?? .defaultValue
            text.append(
                YAMLWriter.lines(
                    SettingTable.split(setting.path).key, Self.withoutSecrets(setting.encode(settings)), indent: indent,
                    comment: showsOrigins ? origin.description.shortened : nil))
        }
        return text.text
    }

    /// The text in place of a hidden value.
    package static let hidden = "(hidden)"

    private static func hasVariables(_ node: YAMLNode) -> Bool {
        guard case .mapping(let entries) = node.content else { return false }
        return entries.contains { $0.key == "env" && $0.value.summary == "a mapping" }
    }

    private static func withoutSecrets(_ node: YAMLNode) -> YAMLNode {
        guard case .mapping(let entries) = node.content else { return node }
        return .map(
            entries.map { entry in
                // The variables of a task type.
                if case .mapping = entry.value.content, entry.key == "env" || hasVariables(entry.value) {
                    return (entry.key, withoutSecrets(entry.value))
                }
                guard case .scalar = entry.value.content, SecretName.looksSecret(entry.key) else {
                    return (entry.key, entry.value)
                }
                return (entry.key, .text(hidden))
            })
    }
}
