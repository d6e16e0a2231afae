extension ValueFormat {
    /// A list, each item in one format.
    ///
    /// - Parameters:
    ///   - item: the format of an item.
    ///   - expected: what is expected of the whole.
    ///   - stringHint: what to do about a text in its place.
    ///   - check: what is wrong with the item at an index in the light of those before it.
    package static func list<Item>(
        of item: ValueFormat<Item>, expected: String? = nil, stringHint: String? = nil,
        check: @escaping @Sendable (Item, ArraySlice<Item>) -> ValueMistake? = { _, _ in nil }
    ) -> ValueFormat where Value == [Item] {
        let expected = expected ?? "a list, each item \(item.expected)"
        return ValueFormat(expected: expected, shape: .list) { node, path, problems in
            if node.isNull { return [] }
            guard case .sequence(let nodes) = node.content else {
                problems.add(
                    at: node.mark, path: path, "expected \(expected), found \(node.summary)", hint: stringHint)
                return nil
            }
            var items: [Item] = []
            var failed = false
            for (index, node) in nodes.enumerated() {
                guard let value = item.decode(node, "\(path)[\(index)]", &problems) else {
                    failed = true
                    continue
                }
                if let mistake = check(value, items[...]) {
                    problems.add(at: node.mark, path: "\(path)[\(index)]", mistake.message ?? "", hint: mistake.hint)
                    failed = true
                }
                items.append(value)
            }
            return failed ? nil : items
        } encode: { items in
            .list(items.map(item.encode))
        }
    }

    /// A mapping of free keys, each value in one format.
    ///
    /// - Parameters:
    ///   - item: the format of a value.
    ///   - expected: what is expected of the whole.
    ///   - key: what is wrong with a key, `nil` if nothing is.
    package static func map<Item>(
        of item: ValueFormat<Item>, expected: String,
        key check: @escaping @Sendable (String) -> ValueMistake?
    ) -> ValueFormat where Value == [String: Item] {
        ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            if node.isNull { return [:] }
            guard case .mapping(let entries) = node.content else {
                problems.add(at: node.mark, path: path, "expected \(expected), found \(node.summary)")
                return nil
            }
            var items: [String: Item] = [:]
            var failed = false
            for entry in entries {
                let path = "\(path).\(entry.key.shortened)"
                if let mistake = check(entry.key) {
                    problems.add(at: entry.keyMark, path: path, mistake.message ?? "", hint: mistake.hint)
                    failed = true
                }
                if let value = item.decode(entry.value, path, &problems) {
                    items[entry.key] = value
                } else {
                    failed = true
                }
            }
            return failed ? nil : items
        } encode: { items in
            .map(items.sorted { $0.key < $1.key }.map { ($0.key, item.encode($0.value)) })
        }
    }
}
