internal import ArgumentParser
internal import ControlPlane
internal import Foundation
internal import Settings
internal import TaskModel
internal import TaskStore

/// `acode task submit`.
struct TaskSubmit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Put tasks into a queue.",
        usage: """
            acode task submit [<options>] -- COMMAND [ARGUMENT ...]
            acode task submit [<options>] --type create_cog --param file_size_mb=900
            acode task submit [<options>] --file tasks.yaml
            """,
        discussion: """
            Prints the id of each task. With --wait, prints the tasks' output instead, as it comes, and exits with the \
            command's code; of several tasks with the code of the first that failed.
            """)

    @OptionGroup(title: "Global options") var global: GlobalOptions
    @OptionGroup var quiet: QuietOption
    @OptionGroup var task: TaskOptions
    @OptionGroup var kind: TypeOptions

    @Option(
        name: .shortAndLong, help: ArgumentHelp("A YAML or JSON file of tasks; - is standard input.", valueName: "file")
    )
    var file: String?

    @Flag(help: "Wait for the end, with the output as it comes.")
    var wait = false

    @Option(help: ArgumentHelp("The image of the container.", valueName: "image"))
    var image: String?

    @Option(help: ArgumentHelp("CPU cores.", valueName: "number"))
    var cpus: Double?

    @Option(help: ArgumentHelp("Memory in MiB.", valueName: "number"))
    var memoryMb: Int?

    @Option(help: ArgumentHelp("Processes and threads.", valueName: "number"))
    var pids: Int?

    @Option(help: ArgumentHelp("Disk in MiB.", valueName: "number"))
    var diskMb: Int?

    @Option(help: ArgumentHelp("The queue.", valueName: "name"))
    var queue: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Higher runs first; from -1000 to 1000. Now and then the oldest come first (queue.oldestEvery).",
            valueName: "number"))
    var priority: Int?

    @Option(help: ArgumentHelp("How long until it is due: 90s, 5m, 2h.", valueName: "duration"))
    var delay: String?

    @Option(help: ArgumentHelp("How often it is tried again after a failure.", valueName: "number"))
    var retries: Int?

    @Option(help: ArgumentHelp("How long until it must have begun, or it ends as expired.", valueName: "duration"))
    var ttl: String?

    @Option(
        help: ArgumentHelp(
            "While a task of the queue with this key has not ended, that one is meant and none is made.",
            valueName: "text"))
    var uniqueKey: String?

    @Option(help: ArgumentHelp("With --unique-key: also one submitted so recently counts.", valueName: "duration"))
    var uniqueWindow: String?

    @Option(
        help: ArgumentHelp(
            "container: wait for a container rather than run as a local process.", valueName: "any|container"))
    var isolation: String?

    @Argument(parsing: .postTerminator, help: "The program and its arguments.")
    var command: [String] = []

    func validate() throws {
        if file != nil, !command.isEmpty { throw ValidationError("Give either --file or a command, not both.") }
        if let type = kind.type {
            guard file == nil, command.isEmpty else {
                throw ValidationError(
                    "The command of the type \(type) is in the configuration: leave out --file and --.")
            }
        } else if file == nil, command.isEmpty {
            throw ValidationError("Give a command after --, --type, or --file.")
        }
        if file != nil, let option = (task.given + own).first {
            throw ValidationError("\(option) has no effect on tasks of a file: say it there, for each.")
        }
        if uniqueWindow != nil, uniqueKey == nil { throw ValidationError("--unique-window needs --unique-key.") }
    }

    /// The options for a task of the command line that are given, without those of `TaskOptions`.
    private var own: [String] {
        let all: [(name: String, isGiven: Bool)] = [
            ("--label", !kind.label.isEmpty), ("--queue", queue != nil), ("--image", image != nil),
            ("--cpus", cpus != nil), ("--memory-mb", memoryMb != nil), ("--pids", pids != nil),
            ("--disk-mb", diskMb != nil), ("--priority", priority != nil), ("--delay", delay != nil),
            ("--retries", retries != nil), ("--ttl", ttl != nil), ("--unique-key", uniqueKey != nil),
            ("--unique-window", uniqueWindow != nil), ("--isolation", isolation != nil),
        ]
        return all.filter(\.isGiven).map(\.name)
    }

    func run() async throws {
        let context = try CommandContext(global)
        let specs = try specs(context.settings.taskRules)
        // Those of a file are checked where they are read.
        if file == nil { try DeclaredQueues(context.settings).check(specs[0], isNamed: queue != nil) }
        if specs.contains(where: { $0.resources != ResourceRequest() || $0.egress != nil }) {
            try PoolLimits(try? await context.controlClient().status())?.check(specs, isFile: file != nil)
        }
        let code = try await context.withStore { store in
            let submissions = try await store.accept(specs)
            let tasks = submissions.map(\.task)
            for submission in submissions where !submission.isNew { noteDuplicate(submission.task, context.console) }
            if wait { return try await TaskWaiting(context: context, quiet: quiet.quiet).stream(tasks, from: store) }
            context.announce(.submitted)
            try show(submissions, context.console)
            return ExitCodes.done
        }
        if code != 0 { throw ExitCode(code) }
    }

    private func show(_ submissions: [Submission], _ console: Console) throws {
        if console.isJSON { return console.print(try JSONText.pretty(submissions.map(SubmissionSummary.init))) }
        console.print(try Listing.tasks(submissions.map(\.task), now: Date()).text(.ids, usesColor: false))
    }

    private func noteDuplicate(_ task: QueuedTask, _ console: Console) {
        guard !quiet.quiet else { return }
        let key = (task.spec.unique?.key ?? "").onOneLine
        console.note("acode: not submitted again: the task \(task.id) (\(task.state.rawValue)) has the key \(key)")
    }

    /// What is to be submitted.
    func specs(_ rules: TaskRules) throws(CommandFailure) -> [TaskSpec] {
        if let file {
            let text = try InputFile.text(file, limit: 64 << 20, flag: "--file")
            do throws(ConfigurationError) {
                return try TaskFile.parse(
                    contents: text, name: file == "-" ? "standard input" : file, rules: rules)
            } catch {
                throw CommandFailure(error, in: file == "-" ? "the task file" : file)
            }
        }
        var spec = try kind.task(rules) ?? TaskSpec(command: command, retry: rules.defaultRetry)
        try task.apply(to: &spec)
        kind.mark(&spec)
        spec.image = image ?? spec.image
        spec.resources = ResourceRequest(
            cpus: cpus ?? spec.resources.cpus, memoryMb: memoryMb ?? spec.resources.memoryMb,
            pidsLimit: pids ?? spec.resources.pidsLimit, diskMb: diskMb ?? spec.resources.diskMb)
        if let path = task.stdinFile { spec.stdin = try InputFile.text(path, limit: 1 << 20, flag: "--stdin-file") }
        // Whoever names a queue means it.
        if let queue { spec.queue = queue } else { spec = rules.routed(spec) }
        if let priority { spec.priority = priority }
        if let delay { spec.delay = try DurationOption.seconds(delay, flag: "--delay") }
        if let retries {
            guard (0..<1000).contains(retries) else {
                throw CommandFailure(ExitCodes.usage, "--retries: \(retries) is not from 0 to 999")
            }
            spec.retry.maxAttempts = retries + 1
        }
        if let isolation {
            guard let value = Isolation(rawValue: isolation) else {
                throw CommandFailure(ExitCodes.usage, "--isolation: \"\(isolation)\" is neither any nor container")
            }
            spec.isolation = value
        }
        if let ttl { spec.ttl = try DurationOption.seconds(ttl, flag: "--ttl") }
        if let uniqueKey {
            spec.unique = UniqueKey(uniqueKey)
            spec.unique?.window = try uniqueWindow.map { text throws(CommandFailure) in
                try DurationOption.seconds(text, flag: "--unique-window")
            }
        }
        try TaskSpecCheck.check(spec)
        return [spec]
    }
}
