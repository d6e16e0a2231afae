import TaskModel

extension ValueFormat where Value == [RoutingRule] {
    /// Rules of routing, the first that fits counts.
    static var routingRules: ValueFormat {
        .list(of: .routingRule, expected: "a list of rules, each with conditions and a queue") { _, before in
            // A rule after one that takes everything never has its turn.
            before.contains(where: \.isUnconditional)
                ? ValueMistake("never has its turn: a rule before it takes every task", hint: "put that rule last")
                : nil
        }
    }
}

extension ValueFormat where Value == RoutingRule {
    /// One rule: `{type: create_cog, params: {file_size_mb: {above: 500}}, label: heavy, queue: big}`.
    static var routingRule: ValueFormat {
        let expected = "a rule, as in {type: create_cog, params: {file_size_mb: {above: 500}}, queue: heavy}"
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            guard var reader = MappingReader(node, path: path, expected: expected, problems: &problems) else {
                return nil
            }
            let before = problems.count
            let queue = reader.required("queue", .name("the name of a queue"), problems: &problems)
            var rule = RoutingRule(queue: queue ?? "")
            rule.types = reader.optional("type", .names("a task type"), problems: &problems) ?? []
            rule.labels = reader.optional("label", .names("a label"), problems: &problems) ?? []
            rule.params = reader.optional("params", .parameterTests, problems: &problems) ?? []
            reader.finish(problems: &problems)
            return problems.count == before ? rule : nil
        } encode: { rule in
            let names = ValueFormat<[String]>.names("")
            return .map(
                (rule.types.isEmpty ? [] : [("type", names.encode(rule.types))])
                    + (rule.params.isEmpty
                        ? [] : [("params", ValueFormat<[ParameterTest]>.parameterTests.encode(rule.params))])
                    + (rule.labels.isEmpty ? [] : [("label", names.encode(rule.labels))])
                    + [("queue", .text(rule.queue))])
        }
    }
}

extension ValueFormat where Value == [String] {
    /// One name, or a list of at least one.
    fileprivate static func names(_ what: String) -> ValueFormat {
        let name = ValueFormat<String>.name(what)
        let list = ValueFormat.list(of: name, expected: "\(what), or a list of such")
        return ValueFormat(expected: list.expected, shape: .list) { node, path, problems in
            if case .scalar = node.content { return name.decode(node, path, &problems).map { [$0] } }
            guard let names = list.decode(node, path, &problems) else { return nil }
            guard !names.isEmpty else {
                problems.add(at: node.mark, path: path, "expected \(list.expected), found an empty list")
                return nil
            }
            return names
        } encode: { names in
            names.count == 1 ? .text(names[0]) : .list(names.map(YAMLNode.text))
        }
    }
}

extension ValueFormat where Value == [ParameterTest] {
    /// What parameters have to be, by name.
    fileprivate static var parameterTests: ValueFormat {
        let expected = "parameters and what they have to be, as in {file_size_mb: {above: 500}, format: [cog, zarr]}"
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            guard case .mapping(let entries) = node.content, !entries.isEmpty else {
                problems.add(at: node.mark, path: path, "expected \(expected), found \(node.summary)")
                return nil
            }
            let tests = entries.compactMap { entry in
                ParameterTests.read(entry, "\(path).\(entry.key.shortened)", &problems)
            }
            return tests.count == entries.count ? tests : nil
        } encode: { tests in
            .map(tests.map { ($0.name, ParameterTests.encode($0)) })
        }
    }
}

/// How the test of one parameter is read and written.
private enum ParameterTests {
    private static let bounds: [(key: String, field: any WritableKeyPath<ParameterTest, Double?> & Sendable)] = [
        ("above", \.above), ("atLeast", \.atLeast), ("below", \.below), ("atMost", \.atMost),
    ]
    private static let texts = ValueFormat<[String]>.list(of: .text(), expected: "a list of values")

    static func read(_ entry: YAMLEntry, _ path: String, _ problems: inout ProblemCollector) -> ParameterTest? {
        var test = ParameterTest(name: entry.key)
        switch entry.value.content {
        case .scalar:
            guard let text = ValueFormat<String>.text("a value").decode(entry.value, path, &problems) else {
                return nil
            }
            test.oneOf = [text]
            return test
        case .sequence:
            guard let choices = texts.decode(entry.value, path, &problems) else { return nil }
            guard !choices.isEmpty else {
                problems.add(at: entry.value.mark, path: path, "expected a list of values, found an empty one")
                return nil
            }
            test.oneOf = choices
            return test
        case .mapping:
            return readBounds(entry, path, &problems)
        }
    }

    private static func readBounds(
        _ entry: YAMLEntry, _ path: String, _ problems: inout ProblemCollector
    ) -> ParameterTest? {
        let expected = "a value, a list of values, or bounds, as in {above: 500}"
        guard var reader = MappingReader(entry.value, path: path, expected: expected, problems: &problems) else {
            return nil
        }
        var test = ParameterTest(name: entry.key)
        let before = problems.count
        for (key, field) in bounds {
            test[keyPath: field] = reader.optional(key, .number(-1e15...1e15), problems: &problems)
        }
        reader.finish(problems: &problems)
        let lowest = max(test.above ?? -.infinity, test.atLeast ?? -.infinity)
        let highest = min(test.below ?? .infinity, test.atMost ?? .infinity)
        let isOpen = test.above == lowest || test.below == highest
        if problems.count == before, !bounds.contains(where: { reader.has($0.key) }) {
            problems.add(at: entry.value.mark, path: path, "expected \(expected), found no bound")
        } else if lowest > highest || lowest == highest && isOpen {
            problems.add(at: entry.value.mark, path: path, "no number is between these bounds")
        }
        return problems.count == before ? test : nil
    }

    static func encode(_ test: ParameterTest) -> YAMLNode {
        if let oneOf = test.oneOf {
            return oneOf.count == 1 ? .text(oneOf[0]) : .list(oneOf.map(YAMLNode.text))
        }
        return .map(
            bounds.compactMap { key, field in
                test[keyPath: field].map { (key, .plain(NumberText.format($0))) }
            })
    }
}
