/// Gathers the mistakes of one source, so that all of them can be told at once.
package struct ProblemCollector {
    /// The most problems that are kept; further ones are only counted.
    package static let limit = 100

    /// How problems call the source: a file, a variable or a flag.
    package let source: String
    /// Whether places in it have a line; false for a variable or a flag.
    package let hasLines: Bool
    private var found: [Problem] = []
    private var leftOut = 0

    /// Starts with no mistake.
    package init(source: String, hasLines: Bool = true) {
        self.source = source
        self.hasLines = hasLines
    }

    /// Everything found, in the order it was found; a last one tells how many were left out.
    package var problems: [Problem] {
        guard leftOut > 0 else { return found }
        return found + [Problem(file: source, message: "and \(leftOut) more mistakes")]
    }

    /// Whether nothing was found.
    package var isEmpty: Bool { found.isEmpty }

    /// How many were found.
    package var count: Int { found.count + leftOut }

    /// Adds mistakes that another collector of the same source found.
    package mutating func add(_ problems: [Problem]) {
        let room = max(0, Self.limit - found.count)
        found += problems.prefix(room)
        leftOut += max(0, problems.count - room)
    }

    /// Adds a mistake at a place of the source.
    package mutating func add(at mark: YAMLMark, path: String, _ message: String, hint: String? = nil) {
        guard found.count < Self.limit else {
            leftOut += 1
            return
        }
        found.append(
            Problem(
                file: source, line: hasLines ? mark.line : nil, column: hasLines ? mark.column : nil, path: path,
                message: message, hint: hint))
    }
}
