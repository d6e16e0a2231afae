package import TaskModel

/// Makes tasks of declared types, in files and on the command line alike.
package struct TypedTask {
    private let rules: TaskRules

    /// Makes tasks by rules.
    package init(_ rules: TaskRules) { self.rules = rules }

    /// A task of a type, by values that are written as `params` in a file. It is not routed yet.
    ///
    /// - Parameters:
    ///   - name: the type.
    ///   - params: the values by their names.
    /// - Throws: every mistake, at the path `type`, at those of the parameters, or at that of the key they went into; with
    ///   lines, which mean something for parameters that were read from a file.
    package func task(type name: String, params: [YAMLEntry]) throws(ConfigurationError) -> TaskSpec {
        var problems = ProblemCollector(source: "options")
        let node = YAMLNode.map([("type", .text(name)), ("params", YAMLNode(.mapping(params)))])
        let task = make(node, "", &problems)
        guard let task, problems.isEmpty else { throw ConfigurationError(problems: problems.problems) }
        return task
    }

    /// A task as it is written in a file, with its type, to the queue that the rules say.
    func read(_ node: YAMLNode, _ path: String, _ problems: inout ProblemCollector) -> TaskSpec? {
        guard case .mapping(let entries) = node.content else { return nil }
        let task = make(node, path, &problems)
        return task.map { entries.contains { $0.key == "queue" } ? $0 : rules.routed($0) }
    }

    private func make(_ node: YAMLNode, _ path: String, _ problems: inout ProblemCollector) -> TaskSpec? {
        guard case .mapping(let entries) = node.content,
            var own = MappingReader(node, path: path, expected: "a task", problems: &problems),
            let name = own.required("type", .text("the name of a task type"), problems: &problems)
        else { return nil }
        guard let type = rules.types[name] else {
            let known = rules.types.keys.sorted()
            let rest = known.isEmpty ? "declare it in handlers" : "known are \(known.joined(separator: ", "))"
            problems.add(
                at: own.mark(of: "type"), path: own.child("type"), "there is no task type \(name.shortened)",
                hint: NearestName.hint(for: name, among: known) ?? rest)
            return nil
        }
        if own.has("command") {
            problems.add(
                at: own.mark(of: "command"), path: own.child("command"), "is what the type \(name) says",
                hint: "leave out command, or type")
            return nil
        }
        let params = entries.first { $0.key == "params" }?.value ?? YAMLNode(.mapping([]), at: node.mark)
        guard let values = values(name, type, params, own.child("params"), &problems) else { return nil }
        let others = entries.filter { $0.key != "type" && $0.key != "params" }
        let whole = Self.over(type.task(with: values, at: own.mark(of: "type")), others)
        guard var reader = MappingReader(whole, path: path, expected: "a task", problems: &problems) else { return nil }
        Self.expectKeys(&reader, &problems)
        var task = TaskFormat.fields(&reader, rules.defaultRetry, &problems)
        reader.finish(problems: &problems)
        task?.type = name
        task?.params = values.isEmpty ? nil : values
        return task
    }

    /// Asks for the keys that are read apart, so that hints know of them.
    static func expectKeys(_ reader: inout MappingReader, _ problems: inout ProblemCollector) {
        _ = reader.optional("type", .anything, problems: &problems)
        _ = reader.optional("params", .anything, problems: &problems)
    }

    /// The values of all parameters, defaults included.
    private func values(
        _ name: String, _ type: TaskType, _ params: YAMLNode, _ path: String, _ problems: inout ProblemCollector
    ) -> [String: ParameterValue]? {
        var given: [YAMLEntry] = []
        if case .mapping(let entries) = params.content {
            given = entries
        } else if !params.isNull {
            problems.add(
                at: params.mark, path: path, "\(name): expected parameters and their values, found \(params.summary)")
            return nil
        }
        let before = problems.count
        var values: [String: ParameterValue] = [:]
        for entry in given {
            let place = "\(path).\(entry.key.shortened)"
            guard let parameter = type.parameter(entry.key) else {
                let names = type.parameters.map(\.name)
                let rest = names.isEmpty ? "it has none" : "its parameters are \(names.joined(separator: ", "))"
                problems.add(
                    at: entry.keyMark, path: place, "the type \(name) has no parameter \(entry.key.shortened)",
                    hint: NearestName.hint(for: entry.key, among: names) ?? rest)
                continue
            }
            var found = ProblemCollector(source: problems.source, hasLines: problems.hasLines)
            values[entry.key] = parameter.format.decode(entry.value, place, &found)
            problems.add(found.problems.map { $0.of(type: name) })
        }
        for parameter in type.parameters where !given.contains(where: { $0.key == parameter.name }) {
            values[parameter.name] = parameter.fallback
            guard parameter.isRequired else { continue }
            problems.add(
                at: params.mark, path: "\(path).\(parameter.name)",
                "\(name): is missing; expected \(parameter.expected)")
        }
        if let option = type.option(among: values) {
            problems.add(
                at: params.mark, path: "\(path).\(option)",
                "\(name): begins with a hyphen, and the command could take it for an option",
                hint: "let the type's command say it after --, or as --\(option)={{\(option)}}")
        }
        return problems.count == before ? values : nil
    }

    /// A task with what it says itself over what its type says: `env`, `resources` and `retry` key by key, labels beside
    /// those of the type.
    private static func over(_ base: YAMLNode, _ own: [YAMLEntry]) -> YAMLNode {
        guard case .mapping(var entries) = base.content else { return base }
        for entry in own {
            guard let index = entries.firstIndex(where: { $0.key == entry.key }) else {
                entries.append(entry)
                continue
            }
            switch (entry.key, entries[index].value.content, entry.value.content) {
            case ("env", .mapping(let old), .mapping(let new)), ("resources", .mapping(let old), .mapping(let new)),
                ("retry", .mapping(let old), .mapping(let new)):
                let kept = old.filter { pair in !new.contains { $0.key == pair.key } }
                entries[index].value = YAMLNode(.mapping(kept + new), at: entry.value.mark)
            case ("labels", .sequence(let old), .sequence(let new)):
                let kept = old.filter { label in !new.contains { $0.content == label.content } }
                entries[index].value = YAMLNode(.sequence(kept + new), at: entry.value.mark)
            default: entries[index] = entry
            }
        }
        return YAMLNode(.mapping(entries), at: base.mark)
    }
}

extension TaskType {
    /// The parameter that makes a word which the command could take for an option, since nothing that the type says itself
    /// begins it. Numbers alone may be negative: no text can come of them.
    fileprivate func option(among values: [String: ParameterValue]) -> String? {
        guard case .mapping(let entries) = template.content,
            case .sequence(let words)? = entries.first(where: { $0.key == "command" })?.value.content
        else { return nil }
        for word in words {
            guard case .scalar(let scalar) = word.content else { continue }
            if scalar.text == "--" { return nil }
            guard let pieces = try? Placeholder.pieces(of: scalar.text), case .parameter(let first)? = pieces.first,
                Placeholder.fill(scalar, values).text.hasPrefix("-")
            else { continue }
            let names = pieces.compactMap { piece in
                if case .parameter(let name) = piece { name } else { nil as String? }
            }
            if names.allSatisfy({ values[$0]?.size != nil }) { continue }
            return names.first { values[$0]?.text.hasPrefix("-") == true } ?? first
        }
        return nil
    }
}

extension Problem {
    /// The same, said of a task type.
    fileprivate func of(type name: String) -> Problem {
        var problem = self
        problem.message = "\(name): \(message)"
        return problem
    }
}

extension ValueFormat where Value == YAMLNode {
    /// Whatever is there.
    fileprivate static var anything: ValueFormat {
        ValueFormat(expected: "anything", shape: .mapping) { node, _, _ in
            node
        } encode: {
            $0
        }
    }
}

extension ValueFormat where Value == [String] {
    /// Marks of a task.
    static var labels: ValueFormat {
        .list(of: .name("a label")) { name, before in
            before.contains(name) ? ValueMistake("names \(name) twice") : nil
        }
    }
}
