/// How large a document may be. What is larger is refused with a problem that says so.
package struct YAMLLimits: Sendable {
    /// Bytes of text.
    package var bytes: Int
    /// Values, each alias counted as the values it stands for.
    package var nodes: Int
    /// Lists and mappings within each other.
    package var depth: Int

    /// For configuration files: 1 MiB, 50,000 values, 32 levels.
    package static let configuration = YAMLLimits(bytes: 1 << 20, nodes: 50_000, depth: 32)

    /// For files of tasks: 64 MiB, 4,000,000 values, 32 levels.
    package static let tasks = YAMLLimits(bytes: 64 << 20, nodes: 4_000_000, depth: 32)
}
