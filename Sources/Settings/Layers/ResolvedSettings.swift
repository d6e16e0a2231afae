/// Settings and where each of them came from.
package struct ResolvedSettings: Sendable {
    /// The values.
    package var settings: Settings
    /// Where each value came from, by path (`workers.docker.image`); every setting is in here.
    package var origins: [String: Origin]
    /// What is not wrong but probably not meant, such as a variable that looks like a setting and is none.
    package var warnings: [Problem]
    /// The files that were read, the later ones over the earlier ones.
    package var files: [String]
}

/// Where a value came from; the later cases win over the earlier ones.
package enum Origin: Sendable, Hashable, CustomStringConvertible {
    /// Nobody set it.
    case defaultValue
    /// A configuration file or its overlay.
    case file(String, line: Int)
    /// An environment variable.
    case environment(String)
    /// A flag of the command line.
    case flag(String)

    package var description: String {
        switch self {
        case .defaultValue: "default"
        case .file(let name, let line): "\(name):\(line)"
        case .environment(let name): "$\(name)"
        case .flag(let name): name
        }
    }
}
