import TaskModel

/// The formats of a task and its parts.
enum TaskFormat {
    /// The most bytes of a task's standard input.
    static let longestInput = 1 << 20

    /// A task, also one of a declared type. Writing it writes what it came to: everything but its type and parameters.
    static func task(_ rules: TaskRules) -> ValueFormat<TaskSpec> {
        let expected = "a task, as in {command: [make, test]}"
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            guard var reader = MappingReader(node, path: path, expected: expected, problems: &problems) else {
                return nil
            }
            if reader.has("type") {
                let task = TypedTask(rules).read(node, path, &problems)
                return task.flatMap { declared($0, rules, reader, &problems) }
            }
            if reader.has("params") {
                problems.add(
                    at: reader.mark(of: "params"), path: reader.child("params"), "is for tasks of a type",
                    hint: "name the type in type")
            }
            TypedTask.expectKeys(&reader, &problems)
            let task = fields(&reader, rules.defaultRetry, &problems)
            reader.finish(problems: &problems)
            let routed = task.map { reader.has("queue") ? $0 : rules.routed($0) }
            return routed.flatMap { declared($0, rules, reader, &problems) }
        } encode: {
            encode($0)
        }
    }

    /// The task, unless it is for a queue that there is not.
    private static func declared(
        _ task: TaskSpec, _ rules: TaskRules, _ reader: MappingReader, _ problems: inout ProblemCollector
    ) -> TaskSpec? {
        guard let mistake = UndeclaredQueue(task.queue, rules.queues) else { return task }
        problems.add(at: reader.mark(of: "queue"), path: reader.child("queue"), mistake.message, hint: mistake.hint)
        return nil
    }

    /// Reads what every task may say; the reader is still to be finished.
    static func fields(
        _ reader: inout MappingReader, _ defaultRetry: RetryPolicy, _ problems: inout ProblemCollector
    ) -> TaskSpec? {
        var task = TaskSpec(command: [])
        task.name = reader.optional("name", .text("a label", check: label), problems: &problems)
        let command = reader.required("command", .command, problems: &problems)
        task.env = reader.value("env", .variables, default: [:], problems: &problems)
        task.stdin = reader.optional("stdin", input, problems: &problems)
        task.workdir = reader.optional("workdir", .path, problems: &problems)
        task.user = reader.optional("user", .user, problems: &problems)?.description
        task.image = reader.optional("image", .image, problems: &problems)
        task.resources = reader.value("resources", resources, default: ResourceRequest(), problems: &problems)
        task.mounts = reader.value("mounts", .mounts, default: [], problems: &problems)
        task.worktree = reader.optional("worktree", .worktree, problems: &problems)
        task.outputs = reader.optional("outputs", .outputs, problems: &problems)
        task.secrets = reader.value("secrets", secrets, default: [], problems: &problems)
        task.egress = reader.optional("egress", .egress, problems: &problems)
        task.queue = reader.value(
            "queue", .name("the name of a queue"), default: TaskSpec.defaultQueue, problems: &problems)
        task.priority = reader.value("priority", .integer(-1000...1000), default: 0, problems: &problems)
        task.delay = reader.value("delay", .seconds(.zero...year), default: 0, problems: &problems)
        task.timeout = reader.optional("timeout", .seconds(.milliseconds(1)...year), problems: &problems)
        task.retry = reader.value("retry", retry(default: defaultRetry), default: defaultRetry, problems: &problems)
        task.isolation = reader.value("isolation", .choice, default: .any, problems: &problems)
        task.ttl = reader.optional("ttl", .seconds(.milliseconds(1)...year), problems: &problems)
        task.unique = reader.optional("unique", .unique, problems: &problems)
        task.labels = reader.optional("labels", .labels, problems: &problems)
        if let ttl = task.ttl, ttl <= task.delay {
            problems.add(
                at: reader.mark(of: "ttl"), path: reader.child("ttl"),
                "must be more than delay, or the task expires before it is due")
            return nil
        }
        guard let command else { return nil }
        task.command = command
        return task
    }

    private static let year: Duration = .seconds(365 * 86_400)

    private static let input = ValueFormat<String>.text("text for the standard input") { text in
        text.utf8.count <= longestInput
            ? nil : ValueMistake("is \(text.utf8.count) bytes long; at most \(longestInput) are possible")
    }

    private static let secrets = ValueFormat<[String]>.list(of: .name("the name of a secret")) { name, before in
        before.contains(name) ? ValueMistake("names \(name) twice") : nil
    }

    /// For people, on one line of a table.
    private static func label(_ text: String) -> ValueMistake? {
        guard text.utf8.count <= 200 else { return ValueMistake("is longer than 200 bytes") }
        return text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
            ? ValueMistake("must not contain control characters") : nil
    }

    private static let resources: ValueFormat<ResourceRequest> = {
        let expected = "limits, as in {cpus: 0.5, memoryMb: 256, pidsLimit: 50, diskMb: 1024}"
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            guard var reader = MappingReader(node, path: path, expected: expected, problems: &problems) else {
                return nil
            }
            var request = ResourceRequest()
            request.cpus = reader.optional("cpus", .number(0.01...1024), problems: &problems)
            request.memoryMb = reader.optional("memoryMb", .mebibytes(6...16_777_216), problems: &problems)
            request.pidsLimit = reader.optional("pidsLimit", .integer(2...4_194_304), problems: &problems)
            request.diskMb = reader.optional("diskMb", .mebibytes(1...1_073_741_824), problems: &problems)
            reader.finish(problems: &problems)
            return request
        } encode: { request in
            .map(
                [
                    request.cpus.map { ("cpus", .plain(NumberText.format($0))) },
                    request.memoryMb.map { ("memoryMb", .plain(String($0))) },
                    request.pidsLimit.map { ("pidsLimit", .plain(String($0))) },
                    request.diskMb.map { ("diskMb", .plain(String($0))) },
                ].compactMap { $0 })
        }
    }()

    private static func retry(default policy: RetryPolicy) -> ValueFormat<RetryPolicy> {
        let expected = "a retry policy, as in {maxAttempts: 3, backoff: 1s, maxBackoff: 5m}"
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            guard var reader = MappingReader(node, path: path, expected: expected, problems: &problems) else {
                return nil
            }
            var result = policy
            result.maxAttempts = reader.value(
                "maxAttempts", .integer(1...1000), default: policy.maxAttempts, problems: &problems)
            let day: Duration = .seconds(86_400)
            result.backoff = reader.value(
                "backoff", .seconds(.zero...day), default: policy.backoff, problems: &problems)
            result.maxBackoff = reader.value(
                "maxBackoff", .seconds(.zero...(day * 7)), default: max(policy.maxBackoff, result.backoff),
                problems: &problems)
            if let rules = reader.optional("rules", .retryRules, problems: &problems) {
                result.rules = rules.isEmpty ? nil : rules
            }
            reader.finish(problems: &problems)
            if result.backoff > result.maxBackoff {
                problems.add(
                    at: reader.mark(of: "backoff"), path: reader.child("backoff"),
                    "must not be more than maxBackoff, which is \(NumberText.format(result.maxBackoff))s")
                return nil
            }
            return result
        } encode: { policy in
            .map(
                [
                    ("maxAttempts", .plain(String(policy.maxAttempts))), ("backoff", duration(policy.backoff)),
                    ("maxBackoff", duration(policy.maxBackoff)),
                ] + (policy.rules.map { [("rules", ValueFormat<[RetryRule]>.retryRules.encode($0))] } ?? []))
        }
    }

    private static func duration(_ seconds: Double) -> YAMLNode {
        .plain(DurationText.format(.milliseconds(Int64((seconds * 1000).rounded()))))
    }

    /// A task as it is written, without what is as by default.
    private static func encode(_ task: TaskSpec) -> YAMLNode {
        var pairs: [(String, YAMLNode)] = []
        if let name = task.name { pairs.append(("name", .text(name))) }
        pairs.append(("command", .list(task.command.map(YAMLNode.text))))
        if !task.env.isEmpty { pairs.append(("env", ValueFormat<[String: String]>.variables.encode(task.env))) }
        if let stdin = task.stdin { pairs.append(("stdin", .text(stdin))) }
        if let workdir = task.workdir { pairs.append(("workdir", .text(workdir))) }
        if let user = task.user { pairs.append(("user", .text(user))) }
        if let image = task.image { pairs.append(("image", .text(image))) }
        if task.resources != ResourceRequest() { pairs.append(("resources", resources.encode(task.resources))) }
        if !task.mounts.isEmpty { pairs.append(("mounts", ValueFormat<[MountSpec]>.mounts.encode(task.mounts))) }
        if let worktree = task.worktree {
            pairs.append(("worktree", ValueFormat<WorktreeSpec>.worktree.encode(worktree)))
        }
        if let outputs = task.outputs { pairs.append(("outputs", ValueFormat<[OutputSpec]>.outputs.encode(outputs))) }
        if !task.secrets.isEmpty { pairs.append(("secrets", secrets.encode(task.secrets))) }
        if let egress = task.egress { pairs.append(("egress", ValueFormat<EgressPolicy>.egress.encode(egress))) }
        pairs.append(("queue", .text(task.queue)))
        if task.priority != 0 { pairs.append(("priority", .plain(String(task.priority)))) }
        if task.delay != 0 { pairs.append(("delay", duration(task.delay))) }
        if let timeout = task.timeout { pairs.append(("timeout", duration(timeout))) }
        pairs.append(("retry", retry(default: task.retry).encode(task.retry)))
        pairs.append(("isolation", .plain(task.isolation.rawValue)))
        if let ttl = task.ttl { pairs.append(("ttl", duration(ttl))) }
        if let unique = task.unique { pairs.append(("unique", ValueFormat<UniqueKey>.unique.encode(unique))) }
        if let labels = task.labels { pairs.append(("labels", ValueFormat<[String]>.labels.encode(labels))) }
        return .map(pairs)
    }
}
