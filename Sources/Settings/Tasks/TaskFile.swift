package import TaskModel

/// Files of tasks: `tasks:` with a list of tasks, as YAML or JSON.
package enum TaskFile {
    /// The most tasks one file may have.
    package static let mostTasks = 100_000

    /// The tasks of a file, in order.
    ///
    /// - Parameters:
    ///   - contents: the text, at most 64 MiB.
    ///   - name: how problems call the file.
    ///   - rules: what the configuration says about how tasks are made.
    /// - Throws: every mistake, at most 100 of them.
    package static func parse(
        contents: String, name: String, rules: TaskRules = TaskRules()
    ) throws(ConfigurationError) -> [TaskSpec] {
        let document = try YAMLParser.document(Array(contents.utf8), name: name, limits: .tasks)
        var problems = ProblemCollector(source: name)
        var tasks: [TaskSpec] = []
        if let root = document.root {
            tasks = read(root, TaskFormat.task(rules), &problems) ?? []
        } else {
            problems.add(at: YAMLMark(line: 1, column: 1), path: "", "is empty; expected tasks: and a list of tasks")
        }
        let all = document.problems + problems.problems
        guard all.isEmpty else { throw ConfigurationError(problems: all) }
        return tasks
    }

    /// Tasks as a file that reads back as the same tasks, one task a line; a task of a type as one that says everything
    /// itself.
    package static func render(_ tasks: [TaskSpec]) -> String {
        let format = TaskFormat.task(TaskRules())
        return YAMLWriter.lines("tasks", .list(tasks.map(format.encode)), indent: 0).joined(separator: "\n") + "\n"
    }

    private static func read(
        _ root: YAMLNode, _ task: ValueFormat<TaskSpec>, _ problems: inout ProblemCollector
    ) -> [TaskSpec]? {
        if case .sequence = root.content {
            problems.add(
                at: root.mark, path: "", "expected a mapping with the key tasks, found a list",
                hint: "put the list under tasks:")
            return nil
        }
        let expected = "a mapping with the key tasks"
        guard var reader = MappingReader(root, path: "", expected: expected, problems: &problems) else { return nil }
        let tasks = reader.required(
            "tasks", .list(of: task, expected: "a list of tasks, each with a command"), problems: &problems)
        reader.finish(problems: &problems)
        if let tasks, tasks.count > mostTasks {
            problems.add(
                at: reader.mark(of: "tasks"), path: "tasks",
                "has \(tasks.count) tasks; at most \(mostTasks) can be submitted at once", hint: "split the file")
        }
        return tasks
    }
}
