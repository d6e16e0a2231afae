/// One mistake in the configuration, or in a task file, with everything needed to mend it.
package struct Problem: Sendable, Equatable, CustomStringConvertible {
    /// The file as it was named, an environment variable (`ACODE_WORKERS_COUNT`) or a flag (`--count`).
    package var file: String
    /// Counted from 1; `nil` where there are no lines.
    package var line: Int?
    /// Counted from 1, in characters; `nil` where there are no lines.
    package var column: Int?
    /// The key, as in `workers.docker.mounts[0].source`; empty for the whole document.
    package var path: String
    /// What is wrong and what was expected.
    package var message: String
    /// What to do about it.
    package var hint: String?

    /// Makes a problem.
    package init(
        file: String, line: Int? = nil, column: Int? = nil, path: String = "", message: String, hint: String? = nil
    ) {
        self.file = file
        self.line = line
        self.column = column
        self.path = path
        self.message = message
        self.hint = hint
    }

    /// `file:line:column: path: message (hint)`, without the parts that are not known.
    package var description: String {
        var place = file
        if let line { place += ":\(line)" }
        if line != nil, let column { place += ":\(column)" }
        let key = path.isEmpty ? "" : "\(path): "
        let advice = hint.map { " (\($0))" } ?? ""
        return "\(place): \(key)\(message)\(advice)"
    }
}

/// Everything that is wrong with a configuration, found in one pass.
package struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// In the order of the files they are in; never empty.
    package var problems: [Problem]

    /// Makes an error of at least one problem.
    package init(problems: [Problem]) { self.problems = problems }

    /// One problem a line.
    package var description: String { problems.map(\.description).joined(separator: "\n") }
}
