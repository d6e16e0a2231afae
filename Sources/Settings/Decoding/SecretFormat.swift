extension ValueFormat where Value == SecretSource {
    /// Where a secret comes from: exactly one of `{file}`, `{env}`, `{command}`.
    package static var secretSource: ValueFormat {
        let expected = "one of {file: path}, {env: NAME} or {command: [program, argument]}"
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            if case .scalar = node.content, !node.isNull {
                problems.add(
                    at: node.mark, path: path, "expected \(expected), found a text",
                    hint: "the value of a secret does not belong into a configuration file")
                return nil
            }
            guard var reader = MappingReader(node, path: path, expected: expected, problems: &problems) else {
                return nil
            }
            let sources: [SecretSource?] = [
                reader.optional("file", .path, problems: &problems).map { .file($0) },
                reader.optional("env", .text("the name of a variable"), problems: &problems).map { .environment($0) },
                reader.optional("command", .command, problems: &problems).map { .command($0) },
            ]
            reader.finish(problems: &problems)
            let named = ["file", "env", "command"].filter { reader.has($0) }
            guard named.count == 1 else {
                let found = named.isEmpty ? "none of them" : named.joined(separator: " and ")
                problems.add(at: node.mark, path: path, "expected \(expected), found \(found)")
                return nil
            }
            return sources.compactMap { $0 }.first
        } encode: { source in
            switch source {
            case .file(let path): .map([("file", .text(path))])
            case .environment(let name): .map([("env", .text(name))])
            case .command(let words): .map([("command", .list(words.map(YAMLNode.text)))])
            }
        }
    }
}

extension ValueFormat where Value == [String] {
    /// A program and its arguments; no shell is involved.
    package static var command: ValueFormat {
        let words = ValueFormat.list(
            of: .text(), expected: "a list of the program and its arguments",
            stringHint: #"no shell is involved; write ["sh", "-c", "…"] to use one"#)
        let decode = words.decode
        return ValueFormat(expected: words.expected, shape: .list) { node, path, problems in
            guard let command = decode(node, path, &problems) else { return nil }
            guard let program = command.first, !program.isEmpty else {
                problems.add(at: node.mark, path: path, "must begin with a program")
                return nil
            }
            return command
        } encode: {
            words.encode($0)
        }
    }
}
