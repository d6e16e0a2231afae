/// A document that could be read.
package struct YAMLDocument: Sendable {
    /// Its value; `nil` when there is none.
    package var root: YAMLNode?
    /// A problem for each key that appears twice.
    package var problems: [Problem]
}

/// Reads one YAML or JSON document into nodes.
///
/// It takes less than YAML allows, so that a file means what it seems to mean: one document, text as keys, no key twice,
/// no tags, no merge keys, aliases only up to the limit of values.
package enum YAMLParser {
    /// A document and the keys that appear twice in it, so that they can be told together with other mistakes.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8, or UTF-16 with a byte order mark.
    ///   - name: how problems call the text.
    ///   - limits: how large it may be.
    /// - Throws: one problem, the first place where the text can't be read.
    package static func document(
        _ bytes: [UInt8], name: String, limits: YAMLLimits = .configuration
    ) throws(ConfigurationError) -> YAMLDocument {
        guard bytes.count <= limits.bytes else {
            let message = "is too large: \(bytes.count) bytes, at most \(limits.bytes) are read"
            throw ConfigurationError(problems: [Problem(file: name, message: message)])
        }
        var duplicates: [YAMLTreeBuilder.Duplicate] = []
        let root: YAMLNode?
        do throws(YAMLSyntaxError) {
            var builder = try YAMLTreeBuilder(bytes: bytes, limits: limits)
            root = try builder.document()
            duplicates = builder.duplicates
        } catch {
            let hint = indentsWithTab(bytes, line: error.mark.line) ? "indent with spaces, not with tabs" : nil
            throw ConfigurationError(problems: [
                Problem(
                    file: name, line: error.mark.line, column: error.mark.column, message: error.message, hint: hint)
            ])
        }
        return YAMLDocument(
            root: root,
            problems: duplicates.map { duplicate in
                Problem(
                    file: name, line: duplicate.mark.line, column: duplicate.mark.column,
                    path: duplicate.path.shortened, message: "appears twice, first at line \(duplicate.firstLine)",
                    hint: "remove one of them")
            })
    }

    /// The value of a text, or `nil` when it is empty.
    ///
    /// - Throws: also every key that appears twice; see `document(_:name:limits:)`.
    package static func parse(
        _ text: String, name: String, limits: YAMLLimits = .configuration
    ) throws(ConfigurationError) -> YAMLNode? {
        let document = try document(Array(text.utf8), name: name, limits: limits)
        guard document.problems.isEmpty else { throw ConfigurationError(problems: document.problems) }
        return document.root
    }

    private static func indentsWithTab(_ bytes: [UInt8], line: Int) -> Bool {
        let lines = bytes.split(separator: 0x0A, maxSplits: line, omittingEmptySubsequences: false)
        guard line >= 1, line <= lines.count else { return false }
        return lines[line - 1].prefix { $0 == 0x20 || $0 == 0x09 }.contains(0x09)
    }
}
