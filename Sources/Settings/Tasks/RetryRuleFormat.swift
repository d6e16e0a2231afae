import TaskModel

extension ValueFormat where Value == [RetryRule] {
    /// Rules of a retry policy, each with conditions and what a failure that fulfils them means.
    static var retryRules: ValueFormat { .list(of: .retryRule, expected: "a list of retry rules") }
}

extension ValueFormat where Value == RetryRule {
    /// One rule: `{exitCode: [2, 64-78], outcome: timed_out, output: "refused", then: infrastructure}`.
    static var retryRule: ValueFormat {
        let expected = "a retry rule, as in {exitCode: [2, 64-78], then: fatal}"
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            guard var reader = MappingReader(node, path: path, expected: expected, problems: &problems) else {
                return nil
            }
            let codes = reader.optional("exitCode", .oneOrMore(.exitCodes), problems: &problems)
            let outcomes = reader.optional(
                "outcome", .oneOrMore(.word(RetryRule.possibleOutcomes)), problems: &problems)
            let output = reader.optional("output", .oneOrMore(.outputPattern), problems: &problems)
            let meaning = reader.required("then", .word(RetryRule.possibleMeanings), problems: &problems)
            reader.finish(problems: &problems)
            if !["exitCode", "outcome", "output"].contains(where: reader.has) {
                problems.add(
                    at: node.mark, path: path, "has no condition",
                    hint: "say when it counts with exitCode, outcome or output")
                return nil
            }
            return meaning.map { RetryRule(exitCodes: codes, outcomes: outcomes, output: output, meaning: $0) }
        } encode: { rule in
            .map(
                [
                    rule.exitCodes.map {
                        ("exitCode", ValueFormat<[ClosedRange<Int>]>.oneOrMore(.exitCodes).encode($0))
                    },
                    rule.outcomes.map { ("outcome", .list($0.map { .plain($0.rawValue) })) },
                    rule.output.map { ("output", .list($0.map(YAMLNode.text))) },
                    ("then", .plain(rule.meaning.rawValue)),
                ].compactMap { $0 })
        }
    }
}

extension ValueFormat {
    /// One item, or a list of at least one.
    fileprivate static func oneOrMore<Item>(_ item: ValueFormat<Item>) -> ValueFormat where Value == [Item] {
        let list = ValueFormat.list(of: item, expected: "\(item.expected), or a list of such")
        return ValueFormat(expected: list.expected, shape: .list) { node, path, problems in
            if case .scalar = node.content { return item.decode(node, path, &problems).map { [$0] } }
            guard let items = list.decode(node, path, &problems) else { return nil }
            if items.isEmpty { problems.add(at: node.mark, path: path, "is empty; expected \(list.expected)") }
            return items.isEmpty ? nil : items
        } encode: {
            list.encode($0)
        }
    }
}

extension ValueFormat where Value: RawRepresentable & Equatable & Sendable, Value.RawValue == String {
    /// One of these words.
    fileprivate static func word(_ values: [Value]) -> ValueFormat {
        let words = values.map(\.rawValue)
        return .scalar(expected: "one of \(words.joined(separator: ", "))") { scalar throws(ValueMistake) in
            if let value = Value(rawValue: scalar.text), values.contains(value) { return value }
            throw ValueMistake(hint: NearestName.hint(for: scalar.text, among: words))
        } encode: {
            .plain($0.rawValue)
        }
    }
}

extension ValueFormat where Value == ClosedRange<Int> {
    /// An exit code, or a range of them.
    fileprivate static var exitCodes: ValueFormat {
        .scalar(expected: "an exit code from 1 to 255, or a range such as 64-78") { scalar throws(ValueMistake) in
            let ends = scalar.text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard 1...2 ~= ends.count, let first = ends[0], let last = ends[ends.count - 1], 1...255 ~= first,
                first...255 ~= last || first == last
            else { throw ValueMistake() }
            return first...last
        } encode: {
            .plain(RetryRule.words($0))
        }
    }
}

extension ValueFormat where Value == String {
    /// A text that is looked for in output.
    fileprivate static var outputPattern: ValueFormat {
        .text("a text to be found in the output, with * for anything on the same line") { text in
            if text.utf8.count > 1000 { return ValueMistake("is longer than 1000 bytes") }
            if text.contains("\n") { return ValueMistake("must be of one line: lines are looked at one by one") }
            return text.contains { $0 != "*" } ? nil : ValueMistake("would fit any output")
        }
    }
}
