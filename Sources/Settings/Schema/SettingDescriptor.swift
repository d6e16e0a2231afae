/// One setting: the only place that knows its path, its default, what it may be and what it is for. Reading, the names
/// of variables, `config show`, hints and the example file all come from here.
package struct SettingDescriptor: Sendable {
    /// As in `workers.docker.resources.memoryMb`.
    package let path: String
    /// What it is for: one or more sentences.
    package let documentation: String
    /// What it may be, to follow "expected".
    package let expected: String
    /// Which kind of node it is written as.
    package let shape: ValueShape
    /// The variables that set it; the first is made of the path.
    package let environmentNames: [String]
    /// A value worth showing where the default shows nothing: an empty list, or a value that depends on the host.
    package let example: YAMLNode?
    /// Whether the default depends on the host or on other settings.
    package let isDerived: Bool
    /// Reads a node into settings; what is wrong goes to the problems and leaves the settings as they are.
    package let apply: @Sendable (YAMLNode, inout Settings, inout ProblemCollector) -> Void
    /// Writes the value that settings have.
    package let encode: @Sendable (Settings) -> YAMLNode

    /// Describes a setting.
    ///
    /// - Parameters:
    ///   - path: its path in the file.
    ///   - field: where its value is kept; the initial value there is the default.
    ///   - format: what it may be.
    ///   - documentation: what it is for.
    ///   - alias: a second, shorter name of its variable.
    ///   - example: a value for the example file.
    ///   - isDerived: whether the default depends on the host or on other settings.
    init<Value: Sendable>(
        _ path: String, _ field: any WritableKeyPath<Settings, Value> & Sendable, _ format: ValueFormat<Value>,
        _ documentation: String, alias: String? = nil, example: YAMLNode? = nil, isDerived: Bool = false
    ) {
        self.path = path
        self.documentation = documentation
        self.example = example
        self.isDerived = isDerived
        expected = format.expected
        shape = format.shape
        environmentNames = [EnvironmentName.of(path: path)] + [alias].compactMap { $0 }
        apply = { node, settings, problems in
            if let value = format.decode(node, path, &problems) { settings[keyPath: field] = value }
        }
        encode = { format.encode($0[keyPath: field]) }
    }
}

/// Names of variables, made mechanically of paths.
package enum EnvironmentName {
    /// `workers.docker.pullPolicy` → `ACODE_WORKERS_DOCKER_PULL_POLICY`.
    package static func of(path: String) -> String {
        var name = "ACODE_"
        for character in path {
            if character == "." {
                name += "_"
            } else {
                if character.isUppercase { name += "_" }
                name += character.uppercased()
            }
        }
        return name
    }
}
