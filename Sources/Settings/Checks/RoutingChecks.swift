import TaskModel

extension CrossCheck {
    /// What concerns task types, rules of routing, queues and roles.
    static let routing: [CrossCheck] = [
        ruleTypes, ruleParameters, ruleQueues, consumedQueues, chosenRole, roleCover, ownMarks,
    ]

    private static let queuePaths = ["queue.declared", "queue.queues", "roles"]

    /// The types that rules name have to be declared.
    private static let ruleTypes = CrossCheck(paths: ["routing", "handlers"]) { settings in
        let known = settings.handlers.keys.sorted()
        return settings.routing.enumerated().flatMap { index, rule in
            rule.types.enumerated().compactMap { place, type in
                guard settings.handlers[type] == nil else { return nil }
                return Finding(
                    path: "routing",
                    inside: [.index(index), .key("type")] + (rule.types.count > 1 ? [.index(place)] : []),
                    message: "there is no task type \(type)",
                    hint: NearestName.hint(for: type, among: known)
                        ?? (known.isEmpty ? "declare it in handlers" : "known are \(known.joined(separator: ", "))"))
            }
        }
    }

    /// The parameters that rules look at have to be those of the types they are about, and able to be what is asked.
    private static let ruleParameters = CrossCheck(paths: ["routing", "handlers"]) { settings in
        settings.routing.enumerated().flatMap { index, rule in
            rule.params.compactMap { test in
                mistake(of: test, in: rule, settings.handlers).map { mistake in
                    Finding(
                        path: "routing", inside: [.index(index), .key("params"), .key(test.name)],
                        message: mistake.message ?? "", hint: mistake.hint)
                }
            }
        }
    }

    private static func mistake(
        of test: ParameterTest, in rule: RoutingRule, _ handlers: [String: TaskType]
    ) -> ValueMistake? {
        let named = rule.types.filter { handlers[$0] != nil }
        // Another check tells of types that there are not.
        if named.count < rule.types.count { return nil }
        let types = rule.types.isEmpty ? handlers.keys.sorted() : named
        let found = types.compactMap { type in handlers[type]?.parameter(test.name).map { (type, $0) } }
        if let lacking = rule.types.first(where: { type in !found.contains { $0.0 == type } }) {
            return unknown(test.name, "the type \(lacking) has no parameter \(test.name)", handlers[lacking])
        }
        guard !found.isEmpty else { return unknown(test.name, "no task type has a parameter \(test.name)", nil) }
        for (type, parameter) in found {
            if test.looksAtSize, parameter.kind == .string || parameter.kind == .boolean {
                return ValueMistake("is no number: the type \(type) declares it as \(parameter.kind.rawValue)")
            }
            for text in test.oneOf ?? [] {
                let isText = parameter.kind == .string
                var problems = ProblemCollector(source: "")
                let node: YAMLNode = isText ? .text(text) : .plain(text)
                if parameter.format.decode(node, "", &problems) == nil {
                    return ValueMistake(
                        "can't be \(text.shortened): the type \(type) expects \(parameter.expected)",
                        hint: problems.problems.first?.hint)
                }
            }
        }
        return nil
    }

    private static func unknown(_ name: String, _ message: String, _ type: TaskType?) -> ValueMistake {
        ValueMistake(message, hint: NearestName.hint(for: name, among: type?.parameters.map(\.name) ?? []))
    }

    /// The queues that rules and types send tasks to have to be known, where anybody says which there are.
    private static let ruleQueues = CrossCheck(paths: ["routing", "handlers"] + queuePaths) { settings in
        guard let known = settings.knownQueues else { return [] }
        let rules = settings.routing.enumerated().compactMap { index, rule in
            Finding(queue: rule.queue, known, at: "routing", [.index(index), .key("queue")])
        }
        let types = settings.handlers.sorted { $0.key < $1.key }.compactMap { name, type in
            type.queue.flatMap { Finding(queue: $0, known, at: "handlers", [.key(name), .key("queue")]) }
        }
        guard !settings.routing.isEmpty, !settings.routing.contains(where: \.isUnconditional),
            !known.contains(TaskSpec.defaultQueue)
        else { return rules + types }
        let message = "tasks that no rule takes go to the queue \(TaskSpec.defaultQueue), which nobody consumes"
        let stray = Finding(
            path: "routing", message: message, hint: "end with a rule that has nothing but a queue", isWarning: true)
        return rules + types + [stray]
    }

    /// Who declares queues consumes and weighs no others.
    private static let consumedQueues = CrossCheck(paths: queuePaths + ["queue.weights"]) { settings in
        guard !settings.queue.declared.isEmpty else { return [] }
        let known = settings.queue.declared
        let weights = settings.queue.weights.keys.sorted().compactMap { name in
            Finding(queue: name, known, at: "queue.weights", [.key(name)])
        }
        let own =
            weights
            + settings.queue.queues.enumerated().compactMap { index, name in
                Finding(queue: name, known, at: "queue.queues", [.index(index)])
            }
        return settings.roles.sorted { $0.key < $1.key }.reduce(own) { findings, role in
            guard case .only(let names)? = role.value.queues else { return findings }
            return findings
                + names.enumerated().compactMap { index, name in
                    Finding(queue: name, known, at: "roles", [.key(role.key), .key("queues"), .index(index)])
                }
        }
    }

    /// The role in force has to be one, and to fit what else is said.
    private static let chosenRole = CrossCheck(
        paths: ["supervisor.role", "roles", "queue.queues", "http.listen"]
    ) { settings in
        guard let name = settings.supervisor.role else { return [] }
        let names = settings.roles.keys.sorted()
        guard let role = settings.roles[name] else {
            return [
                Finding(
                    path: "supervisor.role", message: "there is no role \(name)",
                    hint: NearestName.hint(for: name, among: names)
                        ?? (names.isEmpty ? "declare it in roles" : "known are \(names.joined(separator: ", "))"))
            ]
        }
        var findings: [Finding] = []
        if role.servesHTTP == true, settings.http.listen == nil {
            findings.append(
                Finding(
                    path: "supervisor.role",
                    message: "the role \(name) serves HTTP, and http.listen does not say where",
                    hint: "set http.listen, as in 127.0.0.1:8080"))
        }
        switch role.queues {
        case .nothing? where !settings.queue.queues.isEmpty:
            findings.append(
                Finding(
                    path: "supervisor.role",
                    message: "the role \(name) consumes no queue, but queue.queues names "
                        + settings.queue.queues.joined(separator: ", "),
                    hint: "leave queue.queues (--queue) empty, or take another role"))
        case .only(let own)?:
            for (index, queue) in settings.queue.queues.enumerated() where !own.contains(queue) {
                findings.append(
                    Finding(
                        path: "queue.queues", inside: [.index(index)],
                        message:
                            "the role \(name) does not consume the queue \(queue), but \(own.joined(separator: ", "))",
                        hint: "leave queue.queues (--queue) empty, or take another role"))
            }
        default: break
        }
        let duties = settings.duties
        if !duties.runsTasks, !duties.orchestrates, duties.listens == nil, findings.isEmpty {
            findings.append(
                Finding(
                    path: "supervisor.role",
                    message: "the role \(name) has nothing to do: it consumes no queue, does not orchestrate, and "
                        + "http.listen does not say where to serve HTTP"))
        }
        return findings
    }

    /// A supervisor does not wait for its own queues to get shorter, so that marks of those hold nothing up.
    private static let ownMarks = CrossCheck(
        paths: ["backpressure.queues", "queue.queues", "roles", "supervisor.role"]
    ) { settings in
        // Which role a supervisor will have may not be said here: then a mark is of use if it is to any.
        var each = [settings]
        if settings.supervisor.role == nil, !settings.roles.isEmpty {
            each = settings.roles.keys.map { name in
                var settings = settings
                settings.supervisor.role = name
                return settings
            }
        }
        let served = each.map(\.duties).filter(\.runsTasks).map(\.queues)
        guard !served.isEmpty else { return [] }
        return settings.backpressure.queues.keys.sorted().filter { queue in
            served.allSatisfy { $0.isEmpty || $0.contains(queue) }
        }.map { queue in
            let serves = served.contains { $0.isEmpty } ? "serves every queue" : "serves it itself"
            return Finding(
                path: "backpressure.queues", inside: [.key(queue)],
                message: "holds up nothing: the supervisor \(serves), and waits for the queues of others only",
                hint: "name in queue.queues those that it serves, without \(queue)", isWarning: true)
        }
    }

    /// What nobody would do, whoever is started.
    private static let roleCover = CrossCheck(paths: ["roles", "queue.declared"]) { settings in
        guard !settings.roles.isEmpty else { return [] }
        var findings: [Finding] = []
        if !settings.roles.values.contains(where: \.orchestrates) {
            findings.append(
                Finding(
                    path: "roles",
                    message: "no role orchestrates, so nobody gives back what supervisors held that died",
                    hint: "say orchestrate: true in one", isWarning: true))
        }
        var consumed: Set<String> = []
        for role in settings.roles.values {
            guard case .only(let names)? = role.queues else {
                if role.queues == .nothing { continue }
                return findings
            }
            consumed.formUnion(names)
        }
        for queue in settings.queue.declared where !consumed.contains(queue) {
            findings.append(
                Finding(path: "roles", message: "no role consumes the queue \(queue)", isWarning: true))
        }
        return findings
    }
}

extension CrossCheck.Finding {
    /// That a queue is not known; `nil` when it is.
    fileprivate init?(queue: String, _ known: [String], at path: String, _ inside: [YAMLStep]) {
        guard !known.contains(queue) else { return nil }
        self.init(
            path: path, inside: inside, message: "there is no queue \(queue)",
            hint: NearestName.hint(for: queue, among: known)
                ?? "known are \(known.joined(separator: ", ")); declare others in queue.declared")
    }
}

extension TaskType {
    /// The queue that its tasks go to unless a rule takes them.
    fileprivate var queue: String? {
        guard case .mapping(let entries) = template.content,
            case .scalar(let scalar)? = entries.first(where: { $0.key == "queue" })?.value.content
        else { return nil }
        return scalar.text
    }
}
