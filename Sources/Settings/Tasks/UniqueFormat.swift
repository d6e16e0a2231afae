import TaskModel

extension ValueFormat where Value == UniqueKey {
    /// A key, or `{key: …, window: 1h}`.
    static var unique: ValueFormat {
        let expected = "a key, or a key and a window, as in {key: nightly, window: 1h}"
        let key = ValueFormat<String>.text("a key of at most 200 bytes") { text in
            text.isEmpty || text.utf8.count > 200 ? ValueMistake() : nil
        }
        let window = ValueFormat<Double>.seconds(.milliseconds(1)...(.seconds(365 * 86_400)))
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            if case .scalar = node.content, !node.isNull {
                return key.decode(node, path, &problems).map { UniqueKey($0) }
            }
            guard var reader = MappingReader(node, path: path, expected: expected, problems: &problems) else {
                return nil
            }
            let text = reader.required("key", key, problems: &problems)
            let seconds = reader.optional("window", window, problems: &problems)
            reader.finish(problems: &problems)
            return text.map { UniqueKey($0, window: seconds) }
        } encode: { unique in
            .map([("key", .text(unique.key))] + (unique.window.map { [("window", window.encode($0))] } ?? []))
        }
    }
}
