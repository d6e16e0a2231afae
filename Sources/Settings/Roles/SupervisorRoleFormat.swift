extension ValueFormat where Value == SupervisorRole {
    /// `{queues: [heavy], orchestrate: false, http: false}`.
    static var role: ValueFormat {
        let expected = "a role, as in {queues: [heavy], orchestrate: false, http: false}"
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            guard var reader = MappingReader(node, path: path, expected: expected, problems: &problems) else {
                return nil
            }
            let before = problems.count
            var role = SupervisorRole()
            role.queues = reader.optional("queues", .consumption, problems: &problems)
            role.orchestrates = reader.value("orchestrate", .boolean, default: true, problems: &problems)
            role.servesHTTP = reader.optional("http", .boolean, problems: &problems)
            reader.finish(problems: &problems)
            if problems.count == before, role.queues == .nothing, !role.orchestrates, role.servesHTTP == false {
                problems.add(
                    at: node.mark, path: path,
                    "has nothing to do: it consumes no queue, does not orchestrate and serves no HTTP")
            }
            return problems.count == before ? role : nil
        } encode: { role in
            .map(
                [
                    role.queues.map { ("queues", ValueFormat<Consumption>.consumption.encode($0)) },
                    ("orchestrate", .plain(role.orchestrates ? "true" : "false")),
                    role.servesHTTP.map { ("http", .plain($0 ? "true" : "false")) },
                ].compactMap { $0 })
        }
    }
}

extension ValueFormat where Value == Consumption {
    /// `all`, `none`, or a list of queues.
    fileprivate static var consumption: ValueFormat {
        let names = ValueFormat<[String]>.list(of: .name("the name of a queue"))
        let expected = "one of all, none, or a list of queues"
        return ValueFormat(expected: expected, shape: .list) { node, path, problems in
            if case .scalar(let scalar) = node.content {
                switch scalar.text {
                case "all": return .all
                case "none": return .nothing
                default:
                    problems.add(
                        at: node.mark, path: path, "expected \(expected), found \(node.summary)",
                        hint: node.isNull ? nil : "write [\(scalar.text.shortened)] for the queue of that name")
                    return nil
                }
            }
            guard let list = names.decode(node, path, &problems) else { return nil }
            guard !list.isEmpty else {
                problems.add(
                    at: node.mark, path: path, "expected \(expected), found an empty list", hint: "write none, or all")
                return nil
            }
            return .only(list)
        } encode: { consumption in
            switch consumption {
            case .all: .plain("all")
            case .nothing: .plain("none")
            case .only(let list): names.encode(list)
            }
        }
    }
}
