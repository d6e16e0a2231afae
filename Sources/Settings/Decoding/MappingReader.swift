/// Reads the keys of one mapping, and tells of those nobody asked for.
package struct MappingReader {
    /// The path of the mapping.
    package let path: String
    private let mark: YAMLMark
    private let entries: [YAMLEntry]
    private var asked: [String] = []

    /// Reads `node`; `nil` when it is no mapping, which is added to the problems. No value counts as no keys.
    package init?(_ node: YAMLNode, path: String, expected: String, problems: inout ProblemCollector) {
        self.path = path
        mark = node.mark
        if case .mapping(let entries) = node.content {
            self.entries = entries
        } else if node.isNull {
            entries = []
        } else {
            problems.add(at: node.mark, path: path, "expected \(expected), found \(node.summary)")
            return nil
        }
    }

    /// The value of a key, or `fallback` when the key is absent or its value is wrong.
    package mutating func value<Value>(
        _ key: String, _ format: ValueFormat<Value>, default fallback: Value, problems: inout ProblemCollector
    ) -> Value {
        optional(key, format, problems: &problems) ?? fallback
    }

    /// The value of a key; `nil` when the key is absent or its value is wrong.
    package mutating func optional<Value>(
        _ key: String, _ format: ValueFormat<Value>, problems: inout ProblemCollector
    ) -> Value? {
        asked.append(key)
        guard let entry = entries.first(where: { $0.key == key }) else { return nil }
        return format.decode(entry.value, child(key), &problems)
    }

    /// The value of a key that has to be there; `nil` when it is absent or wrong, which is added to the problems.
    package mutating func required<Value>(
        _ key: String, _ format: ValueFormat<Value>, problems: inout ProblemCollector
    ) -> Value? {
        if !has(key) {
            problems.add(at: mark, path: child(key), "is missing; expected \(format.expected)")
        }
        return optional(key, format, problems: &problems)
    }

    /// Whether a key is there.
    package func has(_ key: String) -> Bool { entries.contains { $0.key == key } }

    /// Where a key begins, or the mapping if it has no such key.
    package func mark(of key: String) -> YAMLMark { entries.first { $0.key == key }?.keyMark ?? mark }

    /// The path of a key.
    package func child(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// Adds every key that was never asked for to the problems. To be called last.
    package func finish(problems: inout ProblemCollector) {
        for entry in entries where !asked.contains(entry.key) {
            problems.add(
                at: entry.keyMark, path: child(entry.key.shortened), "is not a known key",
                hint: NearestName.hint(for: entry.key, among: asked)
                    ?? "known are \(asked.sorted().joined(separator: ", "))")
        }
    }
}
