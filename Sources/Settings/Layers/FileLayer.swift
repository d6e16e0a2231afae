/// The settings of a configuration file.
enum FileLayer {
    /// Reads a document; what is not a setting is a problem.
    static func read(_ root: YAMLNode?, name: String) -> Layer {
        var layer = Layer()
        guard let root else { return layer }
        var problems = ProblemCollector(source: name)
        walk(root, section: "", into: &layer, problems: &problems)
        layer.problems = problems.problems
        return layer
    }

    private static func walk(
        _ node: YAMLNode, section: String, into layer: inout Layer, problems: inout ProblemCollector
    ) {
        // A section whose keys are all commented out has no value.
        if node.isNull { return }
        guard case .mapping(let entries) = node.content else {
            let keys = SettingTable.keys(in: section).joined(separator: ", ")
            problems.add(at: node.mark, path: section, "expected a mapping of \(keys), found \(node.summary)")
            return
        }
        for entry in entries {
            let path = section.isEmpty ? entry.key : "\(section).\(entry.key)"
            if let setting = SettingTable.descriptor(path) {
                layer.values.append(
                    LayerValue(
                        setting: setting, node: entry.value,
                        origin: .file(problems.source, line: entry.keyMark.line), source: problems.source,
                        hasLines: true))
            } else if SettingTable.isSection(path) {
                walk(entry.value, section: path, into: &layer, problems: &problems)
            } else {
                problems.add(
                    at: entry.keyMark, path: path.shortened, "is not a known setting",
                    hint: hint(for: entry.key, in: section))
            }
        }
    }

    /// The nearest key of the same section, else the same key elsewhere, else what there is.
    private static func hint(for key: String, in section: String) -> String {
        let keys = SettingTable.keys(in: section)
        if let hint = NearestName.hint(for: key, among: keys) { return hint }
        let paths = SettingTable.all.map(\.path) + SettingTable.sections.map(\.path)
        if let path = paths.first(where: { SettingTable.split($0).key == key }) { return "did you mean \(path)?" }
        return "known are \(keys.joined(separator: ", "))"
    }
}
