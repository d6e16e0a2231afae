/// A file or directory that a task promises to leave, and where it is put once the task has succeeded.
package struct OutputSpec: Codable, Sendable, Hashable {
    /// Where the task writes it: a path below `$ACODE_OUTPUT_DIR`.
    package var path: String
    /// Where it goes: an absolute path of the host; `nil` means `<state>/outputs/<task>/<path>`.
    package var to: String?
    /// Whether the task has failed without it.
    package var required: Bool
    /// Whether a file without a byte, or a directory without a file, will do.
    package var allowEmpty: Bool
    /// Whether the task is run although a complete one is there already.
    package var replace: Bool

    /// Makes an output; required, not empty, and not made twice unless said otherwise.
    package init(
        path: String, to: String? = nil, required: Bool = true, allowEmpty: Bool = false, replace: Bool = false
    ) {
        self.path = path
        self.to = to
        self.required = required
        self.allowEmpty = allowEmpty
        self.replace = replace
    }
}
