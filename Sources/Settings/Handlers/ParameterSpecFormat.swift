import TaskModel

extension ValueFormat where Value == [ParameterSpec] {
    /// The parameters of a task type, by name, in the order they are written.
    static var parameters: ValueFormat {
        let expected = "parameters, as in file_size_mb: {type: number, min: 0, required: true}"
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            if node.isNull { return [] }
            guard case .mapping(let entries) = node.content else {
                problems.add(at: node.mark, path: path, "expected \(expected), found \(node.summary)")
                return nil
            }
            var parameters: [ParameterSpec] = []
            var failed = false
            for entry in entries {
                let place = "\(path).\(entry.key.shortened)"
                if let mistake = ParameterRules.name(entry.key, before: parameters.map(\.name)) {
                    problems.add(at: entry.keyMark, path: place, mistake.message ?? "", hint: mistake.hint)
                    failed = true
                }
                guard let parameter = ParameterRules.read(entry, place, &problems) else {
                    failed = true
                    continue
                }
                parameters.append(parameter)
            }
            return failed ? nil : parameters
        } encode: { parameters in
            .map(parameters.map { ($0.name, ParameterRules.encode($0)) })
        }
    }
}

/// How one parameter is read and written.
private enum ParameterRules {
    static func read(
        _ entry: YAMLEntry, _ path: String, _ problems: inout ProblemCollector
    ) -> ParameterSpec? {
        let expected = "a parameter, as in {type: number, min: 0, required: true}"
        guard var reader = MappingReader(entry.value, path: path, expected: expected, problems: &problems) else {
            return nil
        }
        let kind = reader.required("type", ValueFormat<ParameterSpec.Kind>.choice, problems: &problems)
        var parameter = ParameterSpec(name: entry.key, kind: kind ?? .string)
        let before = problems.count
        parameter.documentation = reader.optional("description", .text(), problems: &problems)
        parameter.isRequired = reader.value("required", .boolean, default: false, problems: &problems)
        let isNumber = kind == nil || kind == .number || kind == .integer
        for (key, bound) in [("min", \ParameterSpec.min), ("max", \ParameterSpec.max)] {
            parameter[keyPath: bound] = reader.optional(key, .number(-1e15...1e15), problems: &problems)
            if reader.has(key), !isNumber {
                problems.add(at: reader.mark(of: key), path: reader.child(key), "is for numbers only")
            }
        }
        if let min = parameter.min, let max = parameter.max, min > max {
            problems.add(
                at: reader.mark(of: "min"), path: reader.child("min"),
                "must not be more than max, which is \(NumberText.format(max))")
        }
        parameter.choices =
            reader.optional(
                "enum", .list(of: parameter.format, expected: "a list of values, each \(parameter.expected)"),
                problems: &problems) ?? []
        parameter.fallback = reader.optional("default", parameter.format, problems: &problems)
        reader.finish(problems: &problems)
        if parameter.isRequired, reader.has("default") {
            problems.add(
                at: reader.mark(of: "default"), path: reader.child("default"),
                "is never used, because the parameter is required", hint: "leave out one of them")
        }
        return kind == nil || problems.count > before ? nil : parameter
    }

    static func encode(_ parameter: ParameterSpec) -> YAMLNode {
        let number = { (value: Double) in YAMLNode.plain(NumberText.format(value)) }
        var pairs: [(String, YAMLNode)] = [("type", .plain(parameter.kind.rawValue))]
        if let text = parameter.documentation { pairs.append(("description", .text(text))) }
        if parameter.isRequired { pairs.append(("required", .plain("true"))) }
        if let min = parameter.min { pairs.append(("min", number(min))) }
        if let max = parameter.max { pairs.append(("max", number(max))) }
        if !parameter.choices.isEmpty { pairs.append(("enum", .list(parameter.choices.map(parameter.format.encode)))) }
        if let value = parameter.fallback { pairs.append(("default", parameter.format.encode(value))) }
        return .map(pairs)
    }

    /// What is wrong with a name: it becomes part of a variable's.
    static func name(_ text: String, before: [String]) -> ValueMistake? {
        guard text.utf8.count <= 64, Placeholder.isName(text) else {
            return ValueMistake(
                "is not a possible name of a parameter", hint: "1 to 64 letters, digits and _, not a digit first")
        }
        guard let other = before.first(where: { $0.uppercased() == text.uppercased() }) else { return nil }
        return ValueMistake("is the same variable as \(other), \(ParameterSpec.variable(of: text))")
    }
}
