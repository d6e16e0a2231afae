/// The settings of the environment.
enum EnvironmentLayer {
    /// Names that belong to us and are no settings.
    private static let others = ["ACODE_CONFIG", "ACODE_ENV"]

    /// Reads all variables; those that look like a setting and are none become warnings. An empty value counts
    /// as not set.
    static func read(_ environment: [String: String]) -> Layer {
        var layer = Layer()
        for setting in SettingTable.all {
            // The name made of the path comes first, so it wins over a shorter one.
            for name in setting.environmentNames {
                guard let text = environment[name], !text.isEmpty else { continue }
                TextValue.read(text, setting, origin: .environment(name), source: name, into: &layer)
                break
            }
        }
        let known = Set(SettingTable.all.flatMap(\.environmentNames) + others)
        for name in environment.keys.sorted() where name.hasPrefix("ACODE_") && !known.contains(name) {
            let near = NearestName.nearest(to: name, among: known.sorted(), within: 2)
            guard near != nil || looksLikeSetting(name) else { continue }
            layer.warnings.append(
                Problem(
                    file: name.shortened, message: "looks like a setting and is none; it is ignored",
                    hint: near.map { "did you mean \($0)?" }))
        }
        return layer
    }

    private static func looksLikeSetting(_ name: String) -> Bool {
        SettingTable.keys(in: "").contains { name.hasPrefix(EnvironmentName.of(path: $0) + "_") }
    }
}

/// The settings of the command line.
enum FlagLayer {
    /// Reads flags in their order; of several of the same path the last one wins.
    static func read(_ flags: [FlagValue]) -> Layer {
        var layer = Layer()
        for flag in flags {
            guard let setting = SettingTable.descriptor(flag.path) else {
                layer.problems.append(Problem(file: flag.flag, path: flag.path, message: "is not a known setting"))
                continue
            }
            TextValue.read(flag.text, setting, origin: .flag(flag.flag), source: flag.flag, into: &layer)
        }
        return layer
    }
}

/// Values given as a bare text.
private enum TextValue {
    static func read(
        _ text: String, _ setting: SettingDescriptor, origin: Origin, source: String, into layer: inout Layer
    ) {
        do throws(ConfigurationError) {
            let value = LayerValue(
                setting: setting, node: try node(text, shape: setting.shape), origin: origin, source: source,
                hasLines: false)
            layer.values.append(value)
        } catch {
            layer.problems.append(
                Problem(
                    file: source, path: setting.path, message: "can't be read as YAML in one line",
                    hint: "expected \(setting.expected)"))
        }
    }

    private static func node(_ text: String, shape: ValueShape) throws(ConfigurationError) -> YAMLNode {
        let start = text.drop(while: \.isWhitespace).first
        switch shape {
        case .scalar: return .plain(text)
        case .list where start != "[" && start != "-":
            return .list(text.split(separator: ",").map { .plain(String($0.trimmed)) })
        case .list, .mapping: return try YAMLParser.parse(text, name: "") ?? .plain("")
        }
    }
}

extension Substring {
    /// Without spaces at both ends.
    fileprivate var trimmed: Substring {
        var text = self.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
