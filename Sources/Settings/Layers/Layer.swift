/// What one source says about the settings.
struct Layer {
    /// Values of settings that exist, in the order they were found.
    var values: [LayerValue] = []
    /// What is wrong with the source itself, such as keys that mean nothing.
    var problems: [Problem] = []
    /// What is probably not meant.
    var warnings: [Problem] = []
}

/// The value of one setting in one source, not yet decoded.
struct LayerValue {
    var setting: SettingDescriptor
    var node: YAMLNode
    var origin: Origin
    /// The source and whether its places have lines, for problems.
    var source: String
    var hasLines: Bool

    /// An empty collection of problems of this source.
    var collector: ProblemCollector { ProblemCollector(source: source, hasLines: hasLines) }
}

/// A setting given on the command line.
package struct FlagValue: Sendable, Equatable {
    /// The flag as the user wrote it, for messages: `--count`.
    package var flag: String
    /// The setting: `workers.count`.
    package var path: String
    /// The value: for lists and mappings YAML in one line, or items separated by commas.
    package var text: String

    /// Makes a value of a flag.
    package init(flag: String, path: String, text: String) {
        self.flag = flag
        self.path = path
        self.text = text
    }
}
