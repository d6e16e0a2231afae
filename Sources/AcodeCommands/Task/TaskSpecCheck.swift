internal import Settings
internal import TaskModel

/// Checks a specification made of options by the rules for task files, which are written down once and there.
enum TaskSpecCheck {
    /// Throws every mistake as a usage error that names the option.
    static func check(_ spec: TaskSpec) throws(CommandFailure) {
        do throws(ConfigurationError) {
            _ = try TaskFile.parse(contents: TaskFile.render([spec]), name: "options")
        } catch {
            let lines = error.problems.map { problem in
                "\(option(of: problem.path)): \(problem.message)" + (problem.hint.map { " (\($0))" } ?? "")
            }
            throw CommandFailure(ExitCodes.usage, lines.joined(separator: "\nacode: "))
        }
    }

    /// The option behind a path such as `tasks[0].resources.memoryMb`.
    static func option(of path: String) -> String {
        let keys = path.split(separator: ".").dropFirst().map { $0.prefix { $0 != "[" } }
        switch keys.first {
        case "command": return "the command"
        case "env": return "--env"
        case "mounts": return "--mount"
        case "worktree": return keys.contains("git") ? "--git" : "--worktree"
        case "outputs": return "--output"
        case "secrets": return "--secret"
        case "stdin": return "--stdin-file"
        case "labels": return "--label"
        case "unique": return keys.contains("window") ? "--unique-window" : "--unique-key"
        case "retry": return "--retries"
        case "resources":
            switch keys.last {
            case "memoryMb": return "--memory-mb"
            case "pidsLimit": return "--pids"
            case "diskMb": return "--disk-mb"
            default: return "--cpus"
            }
        case let key?: return "--\(key)"
        case nil: return "the task"
        }
    }
}
