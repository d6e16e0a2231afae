internal import Settings

/// Settings as JSON, nested as in the file.
enum SettingsTree: Encodable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case list([SettingsTree])
    case mapping([String: SettingsTree])

    /// All settings; with `origins` each is `{value, origin}`. Values that must not be seen are hidden.
    static func of(_ resolved: ResolvedSettings, origins: Bool) throws -> SettingsTree {
        // The text is the one place that knows what to hide, so it is read back.
        let text = resolved.render(origins: false)
        let values = try YAMLParser.parse(text, name: "settings").map(tree) ?? .mapping([:])
        guard origins else { return values }
        var root = SettingsTree.mapping([:])
        for setting in SettingTable.all {
            let path = setting.path.split(separator: ".").map(String.init)[...]
            let origin = (resolved.origins[setting.path] ?? .defaultValue).description
            root.set(.mapping(["value": values.value(at: path), "origin": .text(origin)]), at: path)
        }
        return root
    }

    /// A node of a configuration as the JSON that means the same.
    static func tree(_ node: YAMLNode) -> SettingsTree {
        switch node.content {
        case .sequence(let items): return .list(items.map(tree))
        case .mapping(let entries):
            return .mapping(Dictionary(entries.map { ($0.key, tree($0.value)) }) { first, _ in first })
        case .scalar(let scalar):
            if node.isNull { return .null }
            guard scalar.isPlain else { return .text(scalar.text) }
            if scalar.text == "true" || scalar.text == "false" { return .bool(scalar.text == "true") }
            return Double(scalar.text).map(SettingsTree.number) ?? .text(scalar.text)
        }
    }

    private func value(at path: ArraySlice<String>) -> SettingsTree {
        guard let key = path.first else { return self }
        guard case .mapping(let entries) = self, let child = entries[key] else { return .null }
        return child.value(at: path.dropFirst())
    }

    private mutating func set(_ value: SettingsTree, at path: ArraySlice<String>) {
        guard let key = path.first else {
            self = value
            return
        }
        var entries: [String: SettingsTree] = [:]
        if case .mapping(let existing) = self { entries = existing }
        var child = entries[key] ?? .mapping([:])
        child.set(value, at: path.dropFirst())
        entries[key] = child
        self = .mapping(entries)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value) where value == value.rounded() && abs(value) < 1e15:
            try container.encode(Int64(value))
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let items): try container.encode(items)
        case .mapping(let entries): try container.encode(entries)
        }
    }
}
