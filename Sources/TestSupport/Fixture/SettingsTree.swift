/// Makes the nested mapping of a configuration file of dotted paths.
enum SettingsTree {
    static func nested(_ settings: [String: JSONValue]) -> JSONValue {
        settings.reduce(.object([:])) { tree, setting in
            insert(setting.value, at: setting.key.split(separator: ".").map(String.init)[...], into: tree)
        }
    }

    private static func insert(_ value: JSONValue, at path: ArraySlice<String>, into tree: JSONValue) -> JSONValue {
        guard let key = path.first else { return value }
        var members = tree.members
        members[key] = insert(value, at: path.dropFirst(), into: members[key] ?? .object([:]))
        return .object(members)
    }
}
