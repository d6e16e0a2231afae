extension ValueFormat where Value == DatabaseURL? {
    /// A URL or a connection string of PostgreSQL; empty means none. What is wrong with one is told without quoting it.
    static var databaseURL: ValueFormat {
        let expected = "a URL or a connection string of PostgreSQL, or \"\""
        return ValueFormat(expected: expected, shape: .scalar) { node, path, problems in
            guard case .scalar(let scalar) = node.content else {
                problems.add(at: node.mark, path: path, "expected \(expected)")
                return nil
            }
            let text = scalar.text
            if YAMLNode(.scalar(scalar)).isNull || text.isEmpty { return .some(nil) }
            let isURL = ["postgresql://", "postgres://"].contains { text.hasPrefix($0) }
            guard isURL || (text.contains("=") && !text.contains("://")), !text.utf8.contains(0) else {
                problems.add(
                    at: node.mark, path: path, "expected \(expected), found something else",
                    hint: "such as postgresql://user@host/database; it is not shown, because a password may be in it")
                return nil
            }
            return .some(DatabaseURL(text))
        } encode: {
            .text($0?.description ?? "")
        }
    }
}
