/// Paths as text; nothing here looks at a file system, so symbolic links are not followed.
package enum LexicalPath {
    /// An absolute path without empty parts, `.` and `..`; a relative one is taken from `/`.
    package static func normalised(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// Whether `path` is `directory` or lies in it. Both have to be normalised.
    package static func isWithin(_ path: String, _ directory: String) -> Bool {
        directory == "/" || path == directory || path.hasPrefix(directory + "/")
    }

    /// A path for one of our own files: as it is when absolute, else below `directory`.
    package static func absolute(_ path: String, in directory: String) -> String {
        path.hasPrefix("/") ? path : normalised(directory + "/" + path)
    }
}

/// What is wrong with the text of a path, `nil` if nothing is.
enum PathRules {
    /// Absolute and of visible characters.
    static func absolute(_ text: String) -> ValueMistake? {
        guard text.hasPrefix("/") else {
            return ValueMistake(hint: text.hasPrefix("~") ? "~ is not expanded; write the whole path" : nil)
        }
        // Podman splits mount options at commas, and control characters break log lines.
        if text.contains(",") {
            return ValueMistake("must not contain a comma", hint: "engines split options at commas")
        }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            return ValueMistake("must not contain control characters")
        }
        return nil
    }

    /// As `absolute`, or nothing.
    static func absoluteOrEmpty(_ text: String) -> ValueMistake? { text.isEmpty ? nil : absolute(text) }

    /// A directory in which sockets are made. Their addresses hold 107 bytes, of which ours take up to 35.
    static func socketDirectory(_ text: String) -> ValueMistake? {
        if let mistake = absolute(text) { return mistake }
        return text.utf8.count <= 72 ? nil : ValueMistake("is too long for the sockets in it: at most 72 bytes")
    }
}
