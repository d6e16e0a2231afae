import TaskModel

extension ValueFormat where Value == EgressPolicy {
    /// `allow-all`, `deny`, or `{allow: [places]}`.
    static var egress: ValueFormat {
        let expected =
            "one of allow-all, deny, or {allow: [registry.example.org, \"*.example.org\", \"10.1.2.3:5432\"]}"
        let words = ["allow-all", "deny"]
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            guard case .scalar(let scalar) = node.content else {
                guard var reader = MappingReader(node, path: path, expected: expected, problems: &problems) else {
                    return nil
                }
                let rules = reader.required("allow", .egressRules, problems: &problems)
                reader.finish(problems: &problems)
                return rules.map { .only($0) }
            }
            switch scalar.text {
            case "allow-all": return .allowAll
            case "deny": return .only([])
            default:
                problems.add(
                    at: node.mark, path: path, "expected \(expected), found \(node.summary)",
                    hint: NearestName.hint(for: scalar.text, among: words))
                return nil
            }
        } encode: { policy in
            switch policy {
            case .allowAll: .plain("allow-all")
            case .only(let rules) where rules.isEmpty: .plain("deny")
            case .only(let rules): .map([("allow", .list(rules.map { .text($0.description) }))])
            }
        }
    }
}

extension ValueFormat where Value == [EgressRule] {
    fileprivate static var egressRules: ValueFormat {
        .list(of: .egressRule, expected: "a list of places, as registry.example.org, *.example.org or 10.1.2.3:5432")
    }
}

extension ValueFormat where Value == EgressRule {
    fileprivate static var egressRule: ValueFormat {
        .scalar(expected: "a place as registry.example.org, *.example.org or 10.1.2.3:5432") {
            scalar throws(ValueMistake) in
            do throws(EgressRule.Mistake) {
                return try EgressRule(scalar.text)
            } catch {
                throw ValueMistake("\"\(scalar.text.shortened)\" \(error.message)", hint: error.hint)
            }
        } encode: {
            .text($0.description)
        }
    }
}
